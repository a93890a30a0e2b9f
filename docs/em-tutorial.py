# The EM tutorial in English and Chinese; `make docs` runs it and writes the notebooks.

# %% [markdown] lang="en"
# # EM, from the beginning
#
# [中文](em-tutorial.zh-CN.ipynb)
#
# Here are 272 eruptions of Old Faithful: how long each lasted, and how long the next one was
# waited for. You see two kinds of eruptions at once. But nobody wrote down which eruption is of
# which kind, and the two kinds overlap. How do we find them, and how sure can we be about each
# eruption?
#
# This page answers with a **Gaussian mixture** fitted by **expectation maximisation (EM)**. It goes
# from why simpler ideas fail, through the one inequality that makes EM work, to twenty lines of
# numpy that you can follow, and on to what goes wrong in practice. All you need is the normal
# distribution and a little linear algebra.

# %% [markdown] lang="zh"
# # 从头认识 EM 算法
#
# [English](em-tutorial.ipynb)
#
# 下面是老忠实间歇泉（Old Faithful）的 272 次喷发：每次喷发持续多久，以及等到下一次喷发要多久。
# 一眼就能看出有两种喷发。可是没有人记录过哪一次属于哪一种，而且两种之间还有重叠。
# 怎样把它们找出来？对每一次喷发，我们又能有多大把握？
#
# 本文的回答是：用 **EM 算法（期望最大化）** 拟合一个 **高斯混合模型**。我们先看简单的办法为什么不行，
# 再看让 EM 成立的那个不等式，然后写出二十来行能逐行看懂的 numpy 代码，最后看看实际使用时会出哪些问题。
# 需要的预备知识只有正态分布和一点线性代数。

# %% en="Scatter of waiting time against duration: two clouds, one of short eruptions with short waits, a larger one of long eruptions with long waits." zh="等待时间对持续时间的散点图：两团点，一团喷发短、等待短，另一团更大，喷发长、等待长。"
import matplotlib.pyplot as plt
import numpy as np

plt.rcParams |= {"figure.dpi": 130, "font.size": 9, "legend.frameon": False}
plt.rcParams |= {"axes.spines.top": False, "axes.spines.right": False}
COLOURS = np.array(["#CC3311", "#0077BB", "#009988", "#EE7733"])

x = np.loadtxt("../data/gmm.data")
fig, ax = plt.subplots(figsize=(4.6, 3), layout="constrained")
ax.plot(*x.T, "o", color="0.35", markersize=3, alpha=0.7)
ax.set(xlabel="eruption (min)", ylabel="waiting (min)")
plt.show()

# %% [markdown] lang="en"
# ## 1. Why k-means is not enough
#
# The first idea is k-means: put down $K$ centres, give each point to its nearest centre, move each
# centre to the mean of its points, repeat. It is EM's simpler cousin, and looking at where it fails
# tells us what we want instead. Two long clusters, side by side:

# %% [markdown] lang="zh"
# ## 1. 为什么 k 均值不够
#
# 最先想到的办法是 k 均值：放 $K$ 个中心，把每个点分给最近的中心，再把每个中心移到它那些点的均值处，
# 如此反复。它是 EM 的一个简化版；看看它在哪里失败，就知道我们真正想要的是什么。下面是两个并排的长条形的类：


# %% en="Left the truth, an upper and a lower strip; right k-means, which cuts both strips across the middle." zh="左图是真实分组，一上一下两个长条；右图是 k 均值的结果，把两个长条都从中间切断。"
def k_means(x, centres, iterations=50):
    for _ in range(iterations):
        squared = ((x[:, None] - centres) ** 2).sum(axis=2)
        nearest = squared.argmin(axis=1)
        centres = np.stack([x[nearest == k].mean(axis=0) for k in range(len(centres))])
    return nearest


rng = np.random.default_rng(0)
truth = np.repeat([0, 1], 150)
strips = rng.normal(size=(300, 2)) * [3.0, 0.35] + np.where(truth[:, None] == 0, [0, -1], [0, 1])
found = k_means(strips, strips[[0, 200]])

fig, axes = plt.subplots(1, 2, figsize=(7, 2.4), sharey=True, layout="constrained")
for ax, groups, title in zip(axes, (truth, found), ("truth", "k-means"), strict=True):
    ax.scatter(*strips.T, s=8, c=COLOURS[groups])
    ax.set_title(title)
plt.show()
agree = (found == truth).mean()
print(f"k-means agrees with the truth on {max(agree, 1 - agree):.0%} of the points")

# %% [markdown] lang="en"
# No better than tossing a coin. k-means knows one shape only: round clusters of equal size. And it
# has two more troubles. It gives each point *wholly* to one cluster, also a point half way between
# two. And it measures distance in whatever units the columns happen to have; we come back to that.
#
# So we want a model in which each cluster has its own **place, shape and size**, and in which a
# point may belong to a cluster **with a probability**.
#
# ## 2. The model: a latent variable
#
# Tell a story of how a point came about. First a die with $K$ faces is cast, face $k$ having
# probability $\pi_k$; call the outcome $z$. Then the point is drawn from the normal distribution
# of that face. We see $x$; $z$ stays hidden, it is **latent**. Summing over what we do not see
# gives the density of a point, the **mixture density**:
#
# $$p(x \mid \theta) \;=\; \sum_{k=1}^{K} \pi_k \, \mathcal N(x \mid \mu_k, \Sigma_k),
# \qquad \mathcal N(x \mid \mu, \Sigma) = \frac{\exp\left(-\tfrac12 (x-\mu)^\top \Sigma^{-1} (x-\mu)\right)}{\sqrt{\det(2\pi\Sigma)}}$$
#
# with $\theta = (\pi_k, \mu_k, \Sigma_k)_{k=1}^K$: the weights sum to 1, $\mu_k$ is where component
# $k$ is, and the covariance $\Sigma_k$ how large it is and which way it points.

# %% [markdown] lang="zh"
# 跟抛硬币差不多。k 均值只认得一种形状：大小相同的圆形类。它还有另外两个毛病：每个点都 *完全*
# 归属一个类，哪怕这个点正好在两个类中间；而且距离是按各列碰巧使用的单位来算的，这一点后面再说。
#
# 所以我们想要这样一个模型：每个类有自己的 **位置、形状和大小**，每个点以某个 **概率** 属于某个类。
#
# ## 2. 模型：隐变量
#
# 先讲一个数据是怎么产生的故事。先掷一个 $K$ 面的骰子，第 $k$ 面朝上的概率是 $\pi_k$，结果记作 $z$；
# 再从这一面对应的正态分布里抽出一个点。我们只看到 $x$，看不到 $z$，所以 $z$ 叫 **隐变量**。
# 把看不到的部分加起来，就得到一个点的密度，即 **混合密度**：
#
# $$p(x \mid \theta) \;=\; \sum_{k=1}^{K} \pi_k \, \mathcal N(x \mid \mu_k, \Sigma_k),
# \qquad \mathcal N(x \mid \mu, \Sigma) = \frac{\exp\left(-\tfrac12 (x-\mu)^\top \Sigma^{-1} (x-\mu)\right)}{\sqrt{\det(2\pi\Sigma)}}$$
#
# 其中 $\theta = (\pi_k, \mu_k, \Sigma_k)_{k=1}^K$：权重 $\pi_k$ 之和为 1；$\mu_k$ 是第 $k$ 个分量的位置；
# 协方差 $\Sigma_k$ 是它的大小和方向。

# %% en="Left two clouds in two colours with their ellipses; right the same points in grey." zh="左图是两种颜色的两团点和它们的椭圆；右图是同样的点，全部为灰色。"
weights = np.array([0.35, 0.65])
means = np.array([[2.0, 55.0], [4.3, 80.0]])
covariances = np.array([[[0.07, 0.4], [0.4, 34.0]], [[0.17, 0.9], [0.9, 36.0]]])

z = rng.choice(2, size=272, p=weights)  # the die
drawn = np.stack([rng.multivariate_normal(means[k], covariances[k]) for k in z])


def ellipse(ax, mean, covariance, colour):
    """Draw the ellipse at 2 standard deviations, which holds 86 % of a component."""
    angle = np.linspace(0, 2 * np.pi, 100)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    ax.plot(*(mean[:, None] + 2 * np.linalg.cholesky(covariance) @ circle), color=colour)


fig, axes = plt.subplots(1, 2, figsize=(7, 2.8), sharex=True, sharey=True, layout="constrained")
axes[0].scatter(*drawn.T, s=8, c=COLOURS[z])
for k in range(2):
    ellipse(axes[0], means[k], covariances[k], COLOURS[k])
axes[1].scatter(*drawn.T, s=8, color="0.35")
axes[0].set_title("what happened: (x, z)")
axes[1].set_title("what we see: x")
plt.show()

# %% [markdown] lang="en"
# Fitting means finding the $\theta$ under which the data we saw are most probable, that is, the
# highest **log-likelihood**
#
# $$\ell(\theta) = \sum_{n=1}^{N} \log \sum_{k=1}^{K} \pi_k \, \mathcal N(x_n \mid \mu_k, \Sigma_k).$$
#
# The sum *inside* the logarithm spoils it. If we knew each $z_n$, it would be easy: mean and
# covariance of each group, done. If we knew $\theta$, each $z_n$ would be easy: Bayes' rule. We know
# neither. A hen and an egg.
#
# ## 3. The bound: Jensen's inequality in three lines
#
# Take *any* probabilities $q_n(k)$ of the latent variables. Multiply and divide by them; a logarithm
# is concave, so the logarithm of an average is at least the average of the logarithms (Jensen):
#
# $$\ell(\theta) = \sum_n \log \sum_k q_n(k)\, \frac{\pi_k\, \mathcal N(x_n \mid \mu_k, \Sigma_k)}{q_n(k)}
# \;\ge\; \sum_n \sum_k q_n(k) \log \frac{\pi_k\, \mathcal N(x_n \mid \mu_k, \Sigma_k)}{q_n(k)} \;=:\; F(q, \theta).$$
#
# In $F$ the logarithm stands directly before the normal density: the sum is out of the way. How
# much is lost? Exactly a Kullback-Leibler divergence,
# $\ell(\theta) - F(q, \theta) = \sum_n \mathrm{KL}\big(q_n \,\|\, p(z \mid x_n, \theta)\big) \ge 0$,
# and nothing at all if $q_n$ is the posterior. So climb in turns:
#
# * **E step**: with $\theta$ held, make the bound touch: $q_n(k) = p(z_n = k \mid x_n, \theta)$.
# * **M step**: with $q$ held, move $\theta$ to the maximum of the bound.
#
# The bound starts at $\ell$ and only rises; $\ell$ is never below it. **So the log-likelihood never
# falls.** That is all of EM. Here it is on real data: the durations of the eruptions, two components
# of which all is fixed but one mean, $\mu_1$. Each dashed curve touches $\ell$ where we stand (E
# step); its top is where we go next (M step).

# %% [markdown] lang="zh"
# 所谓拟合，就是找一个 $\theta$，使我们看到的数据出现的可能性最大，也就是使 **对数似然** 最大：
#
# $$\ell(\theta) = \sum_{n=1}^{N} \log \sum_{k=1}^{K} \pi_k \, \mathcal N(x_n \mid \mu_k, \Sigma_k).$$
#
# 麻烦在于对数 *里面* 有一个求和。假如知道每个 $z_n$，事情很简单：分别算每一组的均值和协方差就行；
# 假如知道 $\theta$，每个 $z_n$ 也很简单：用贝叶斯公式就行。可是两样都不知道，成了鸡生蛋、蛋生鸡的问题。
#
# ## 3. 下界：三行讲完 Jensen 不等式
#
# 任取隐变量的一组概率 $q_n(k)$，乘上它再除以它。对数是凹函数，所以平均的对数不小于对数的平均（Jensen 不等式）：
#
# $$\ell(\theta) = \sum_n \log \sum_k q_n(k)\, \frac{\pi_k\, \mathcal N(x_n \mid \mu_k, \Sigma_k)}{q_n(k)}
# \;\ge\; \sum_n \sum_k q_n(k) \log \frac{\pi_k\, \mathcal N(x_n \mid \mu_k, \Sigma_k)}{q_n(k)} \;=:\; F(q, \theta).$$
#
# 在 $F$ 里，对数直接作用在正态密度上，求和不再碍事。损失了多少呢？恰好是一个 KL 散度：
# $\ell(\theta) - F(q, \theta) = \sum_n \mathrm{KL}\big(q_n \,\|\, p(z \mid x_n, \theta)\big) \ge 0$；
# 如果 $q_n$ 就是后验概率，则一点也不损失。于是轮流往上爬：
#
# * **E 步**：固定 $\theta$，让下界碰到 $\ell$：$q_n(k) = p(z_n = k \mid x_n, \theta)$。
# * **M 步**：固定 $q$，把 $\theta$ 移到下界的最高处。
#
# 下界从 $\ell$ 出发，只升不降，而 $\ell$ 始终不低于下界。**所以对数似然永远不会下降。** EM 就是这么一回事。
# 下面用真实数据画出来：喷发的持续时间，两个分量，除了一个均值 $\mu_1$ 以外全部固定。每条虚线在当前位置碰到
# $\ell$（E 步），它的最高点就是下一步要去的地方（M 步）。


# %% en="The log-likelihood as a curve with one top, and three dashed bounds below it, each touching it at a point; the points climb towards the top." zh="对数似然是一条单峰曲线，下方有三条虚线下界，各在一点碰到它；这些点逐步爬向峰顶。"
def normal(x, mean, deviation):
    return np.exp(-0.5 * ((x - mean) / deviation) ** 2) / (np.sqrt(2 * np.pi) * deviation)


durations = x[:, 0]
other = 0.65 * normal(durations, 4.3, 0.41)  # component 2, all of it fixed


def log_likelihood(mean):
    return np.log(0.35 * normal(durations, mean, 0.6) + other).sum()


def bound(mean, resp):
    """Return F at ``mean`` for the probabilities resp of component 1."""
    first, second = 0.35 * normal(durations, mean, 0.6), other
    return (resp * np.log(first / resp) + (1 - resp) * np.log(second / (1 - resp))).sum()


grid = np.linspace(0.6, 4.1, 200)
fig, ax = plt.subplots(figsize=(5.4, 3.2), layout="constrained")
ax.plot(grid, [log_likelihood(m) for m in grid], color="black", label="log-likelihood")
mean = 3.4
for step in range(3):
    first = 0.35 * normal(durations, mean, 0.6)
    resp = first / (first + other)  # E step
    ax.plot(grid, [bound(m, resp) for m in grid], "--", color=COLOURS[step], label=f"bound {step}")
    ax.plot(mean, log_likelihood(mean), "o", color=COLOURS[step])
    assert np.isclose(bound(mean, resp), log_likelihood(mean))  # it touches
    mean = (resp * durations).sum() / resp.sum()  # M step
    print(f"mean {mean:.3f}, log-likelihood {log_likelihood(mean):.2f}")
ax.set(xlabel=r"mean of component 1 (min)", ylabel="nats", ylim=(-560, -260))
ax.legend()
plt.show()

# %% [markdown] lang="en"
# ## 4. The two steps for a Gaussian mixture
#
# **E step.** Bayes' rule gives each point its **responsibilities**, the probability of each component
# given the point:
#
# $$r_{nk} = \frac{\pi_k \, \mathcal N(x_n \mid \mu_k, \Sigma_k)}{\sum_{j} \pi_j \, \mathcal N(x_n \mid \mu_j, \Sigma_j)}$$
#
# **M step.** The maximum of the bound is what you would do with known groups, each point counted
# with its share $r_{nk}$. With the soft counts $N_k = \sum_n r_{nk}$:
#
# $$\pi_k = \frac{N_k}{N}, \qquad
# \mu_k = \frac{1}{N_k} \sum_n r_{nk}\, x_n, \qquad
# \Sigma_k = \frac{1}{N_k} \sum_n r_{nk}\, (x_n - \mu_k)(x_n - \mu_k)^\top$$
#
# (Set the derivatives of $F$ to zero; for $\pi$ with a Lagrange multiplier for the sum.) k-means is
# what remains when all $\Sigma_k$ are the same tiny sphere: the responsibilities become 0 or 1.
#
# ## 5. Twenty lines of numpy
#
# One trick only: products of small densities underflow, so stay with logarithms, and let
# `logsumexp` do the sum.

# %% [markdown] lang="zh"
# ## 4. 高斯混合模型的两个步骤
#
# **E 步。** 贝叶斯公式给出每个点的 **责任（responsibility）**，即已知这个点时，各个分量的概率：
#
# $$r_{nk} = \frac{\pi_k \, \mathcal N(x_n \mid \mu_k, \Sigma_k)}{\sum_{j} \pi_j \, \mathcal N(x_n \mid \mu_j, \Sigma_j)}$$
#
# **M 步。** 下界的最大值点，就是在已知分组时你会做的那些计算，只不过每个点按份额 $r_{nk}$ 计入。
# 记软计数 $N_k = \sum_n r_{nk}$，则
#
# $$\pi_k = \frac{N_k}{N}, \qquad
# \mu_k = \frac{1}{N_k} \sum_n r_{nk}\, x_n, \qquad
# \Sigma_k = \frac{1}{N_k} \sum_n r_{nk}\, (x_n - \mu_k)(x_n - \mu_k)^\top$$
#
# （令 $F$ 的导数为零即得；对 $\pi$ 要用拉格朗日乘子处理总和为 1 的约束。）如果让所有 $\Sigma_k$ 都是同一个
# 极小的球，责任就变成 0 或 1，剩下的正是 k 均值。
#
# ## 5. 二十行 numpy
#
# 只用到一个技巧：很小的密度相乘会下溢，所以一直用对数，求和交给 `logsumexp`。

# %%
from scipy.special import logsumexp


def log_normal(x, mean, covariance):
    lower = np.linalg.cholesky(covariance)
    y = np.linalg.solve(lower, (x - mean).T)  # then (x - mean)' covariance^-1 (x - mean) = y' y
    return -0.5 * (y**2).sum(axis=0) - np.log(np.sqrt(2 * np.pi) * np.diag(lower)).sum()


def e_step(x, weights, means, covariances):
    densities = [log_normal(x, m, c) for m, c in zip(means, covariances, strict=True)]
    joint = np.log(weights) + np.stack(densities, axis=1)  # log of weight times density, (N, K)
    log_p = logsumexp(joint, axis=1)  # log of the mixture density, (N,)
    return np.exp(joint - log_p[:, None]), log_p.sum()  # responsibilities, log-likelihood


def m_step(x, resp):
    counts = resp.sum(axis=0)
    means = resp.T @ x / counts[:, None]
    centred = x[:, None] - means  # (N, K, D)
    covariances = np.einsum("nk,nki,nkj->kij", resp, centred, centred) / counts[:, None, None]
    return counts / len(x), means, covariances


def em(x, mixture, iterations):
    history, trajectory = [mixture], []
    for _ in range(iterations):
        resp, total = e_step(x, *history[-1])
        history.append(m_step(x, resp))
        trajectory.append(total)
    return history, [*trajectory, e_step(x, *history[-1])[1]]


# %% [markdown] lang="en"
# Start badly on purpose, both means in the wrong places, and watch:

# %% [markdown] lang="zh"
# 故意从一个很差的起点开始，两个均值都放错地方，然后看它怎么走：

# %% en="Six pictures: two ellipses far off the data, then two that overlap along both clouds for long, at last one on each cloud." zh="六张图：两个椭圆起初远离数据，随后长时间重叠着覆盖两团点，最后各自落在一团点上。"
start = (
    np.array([0.5, 0.5]),
    np.array([[2.5, 85.0], [4.5, 60.0]]),
    np.tile(np.cov(x.T), (2, 1, 1)),
)
history, trajectory = em(x, start, 60)


def draw(ax, x, mixture):
    resp = e_step(x, *mixture)[0]
    mix = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in COLOURS])
    ax.scatter(*x.T, s=6, c=(resp @ mix[: resp.shape[1]]).clip(0, 1))  # colours mixed like resp
    for k in range(resp.shape[1]):
        ellipse(ax, mixture[1][k], mixture[2][k], COLOURS[k])


fig, axes = plt.subplots(2, 3, figsize=(7.4, 4.4), sharex=True, sharey=True, layout="constrained")
for ax, iteration in zip(axes.flat, (0, 1, 20, 26, 30, 60), strict=True):
    draw(ax, x, history[iteration])
    ax.set(title=f"after {iteration}: {trajectory[iteration]:.1f}", xlim=(1, 6), ylim=(35, 105))
plt.show()
assert all(np.diff(trajectory) > -1e-9)  # it never falls

# %% en="The log-likelihood jumps at once, is flat for 25 iterations, rises steeply until 38 and stays." zh="对数似然先猛升一步，平了 25 次迭代，然后陡升到第 38 次，此后不变。"
fig, ax = plt.subplots(figsize=(4.6, 2.6), layout="constrained")
ax.plot(trajectory, "o-", color="black", markersize=2.5, linewidth=1)
ax.set(xlabel="iteration", ylabel="log-likelihood (nats)", ylim=(-1300, -1120))
plt.show()
for name, array in zip(("weights", "means", "covariances"), history[-1], strict=True):
    print(name, array.round(3).tolist())

# %% [markdown] lang="en"
# Fast at first, then a plateau where little seems to happen while EM crosses a saddle, then the rest.
# This is typical: **a flat stretch is not the end.** The colours show what k-means cannot say: a
# purple point belongs to both components, to each with its probability.
#
# Is our code right? gmmpipe's compiled engine, from the same start, must walk the same path, step
# by step:

# %% [markdown] lang="zh"
# 开头很快，中间有一段平台，看起来几乎不动，其实 EM 正在越过一个鞍点，然后才走完剩下的路。这很典型：
# **平了一段不等于到了终点。** 颜色表达了 k 均值说不出来的东西：紫色的点同时属于两个分量，各有各的概率。
#
# 我们的代码对吗？gmmpipe 的编译引擎从同一个起点出发，应该一步一步走同一条路：

# %%
from gmmpipe import FitOptions, Mixture, fit
from gmmpipe.mixture.defects import indexed, sentence

(ours,) = fit(x, [Mixture(*start)], "full", [60], FitOptions(regularisation=0))
apart = np.abs(ours.trajectory / trajectory - 1).max()
assert apart < 1e-9
np.testing.assert_allclose(ours.snapshots[-1].mixture.means, history[-1][1], rtol=1e-7)
print(f"{len(trajectory)} log-likelihoods agree to nine digits or more")
ours.snapshots[-1].mixture

# %% [markdown] lang="en"
# ## 6. What goes wrong
#
# ### EM climbs the hill it stands on
#
# EM finds *a* maximum, not *the* maximum. Fit four components from 40 random starts, each from four
# of the points, and look where they end:

# %% [markdown] lang="zh"
# ## 6. 会出什么问题
#
# ### EM 只会爬脚下的这座山
#
# EM 找到的是 *一个* 极大值，不一定是 *最大* 值。用 40 个随机起点拟合四个分量，每个起点随机取四个数据点作为均值，
# 看看它们各自停在哪里：

# %% en="Left 40 curves of log-likelihood that end at several heights; right two fits of four components, at -1106.0 and -1111.2, that divide the points differently." zh="左图是 40 条对数似然曲线，停在几个不同的高度；右边是两个四分量拟合，对数似然为 -1106.0 和 -1111.2，对点的划分不同。"
rng = np.random.default_rng(4)
starts = [
    Mixture(np.full(4, 0.25), rng.choice(x, 4, replace=False), np.tile(np.cov(x.T) / 4, (4, 1, 1)))
    for _ in range(40)
]
fits = fit(x, starts, "full", [1000], FitOptions(tol=1e-10))
totals = np.array([one.trajectory[-1] for one in fits])
sound = np.array([not one.degenerate for one in fits])
order = np.argsort(-np.where(sound, totals, -np.inf))
other = next(i for i in order if totals[i] < totals[order[0]] - 2)

fig, axes = plt.subplots(1, 3, figsize=(7.4, 2.6), layout="constrained")
for one in np.array(fits, dtype=object)[sound]:
    axes[0].plot(one.trajectory, color="0.3", linewidth=0.6, alpha=0.6)
axes[0].set(xscale="symlog", xlabel="iteration", ylabel="log-likelihood", ylim=(-1160, -1100))
for ax, i in zip(axes[1:], (order[0], other), strict=True):
    mixture = fits[i].snapshots[-1].mixture
    draw(ax, x, (mixture.weights, mixture.means, mixture.covariances))
    ax.set(title=f"{totals[i]:.1f}", xlim=(1, 6), ylim=(35, 105))
plt.show()
best = totals[order[0]]
print(f"{(totals[sound] > best - 0.01).sum()} of {len(fits)} starts reach the best, {best:.2f}")

# %% [markdown] lang="en"
# The remedy: many starts, keep the best, and ask how often the best was found. If once, there may be
# better ones still; gmmpipe puts a number on that (`certificates`, `experiment=restarts`).
#
# ### The likelihood has no upper bound
#
# Put one component on a single point and let it shrink. Its density there grows without end, the
# others look after the rest, and the log-likelihood goes to infinity:

# %% [markdown] lang="zh"
# 办法是：用许多起点，取最好的，再看最好的被找到了几次。如果只有一次，也许还有更好的；
# gmmpipe 会给出一个具体的概率（`certificates`，`experiment=restarts`）。
#
# ### 似然没有上界
#
# 把一个分量放在某一个点上，让它不断缩小。它在那里的密度会无限增大，其余的点由别的分量照管，
# 于是对数似然趋于无穷：

# %% en="The log-likelihood rises without end as the spike gets thinner, above the fit of section 5." zh="尖刺越细，对数似然越高，没有尽头，并高过第 5 节的拟合。"
weights, means, covariances = history[-1]
sizes = np.geomspace(1, 1e-12, 60)
spike = [
    e_step(
        x,
        np.append(0.999 * weights, 0.001),
        np.vstack([means, x[0]]),
        np.concatenate([covariances, [np.cov(x.T) * size**2]]),
    )[1]
    for size in sizes
]
fig, ax = plt.subplots(figsize=(5, 2.6), layout="constrained")
ax.plot(sizes, spike, color="black")
ax.axhline(trajectory[-1], color=COLOURS[1], linestyle="--", label="the fit of section 5")
ax.set(
    xscale="log",
    xlabel="standard deviations of the spike over those of the data",
    ylabel="log-likelihood",
)
ax.invert_xaxis()
ax.legend()
plt.show()

# %% [markdown] lang="en"
# The "best" fit in that sense is worthless. So a good program bounds how thin a component may become
# *relative to the data*, and tells you when a fit sits on that bound, rather than hand it out as the
# winner. gmmpipe keeps such fits, flagged `degenerate` with the reason, and never selects one:

# %% [markdown] lang="zh"
# 这种意义上的“最好”毫无价值。所以好的程序会限制一个分量 *相对于数据* 最薄能到什么程度，
# 并且在拟合碰到这个限制时告诉你，而不是把它当作胜者交出来。gmmpipe 会保留这样的拟合，
# 标记为 `degenerate` 并写明原因，但从不选中它：

# %%
twice = np.vstack([x, np.repeat(x[:1], 8, axis=0)])  # one eruption, written down nine times
spiked = Mixture(
    np.array([0.9, 0.1]),
    np.stack([x.mean(axis=0), x[0]]),
    np.stack([np.cov(x.T), np.cov(x.T) * 1e-4]),
)
(collapsed,) = fit(twice, [spiked], "full", [200], FitOptions(tol=1e-10))
print(sentence(collapsed.degenerate, indexed))

# %% [markdown] lang="en"
# ### Units
#
# Take the two strips of section 1 again, and write the second coordinate in millimetres instead of
# centimetres. Nothing about the points has changed, so nothing about the groups should:

# %% [markdown] lang="zh"
# ### 单位
#
# 再看第 1 节的两个长条，把第二个坐标的单位从厘米改成毫米。这些点本身没有任何变化，所以分组也不应该变：

# %%
from gmmpipe import GaussianMixture


def mixture_groups(x):
    return GaussianMixture(2, tol=1e-6, max_iter=500, random_state=0).fit_predict(x)


def right(groups):
    return max((groups == truth).mean(), (groups != truth).mean())


in_mm = strips * [1, 10]
k_means_right = [right(k_means(data, data[[0, 200]])) for data in (strips, in_mm)]
mixture_right = [right(mixture_groups(data)) for data in (strips, in_mm)]
print(f"k-means: {k_means_right[0]:.0%} right in cm, {k_means_right[1]:.0%} in mm")
print(f"mixture: {mixture_right[0]:.0%} right in cm, {mixture_right[1]:.0%} in mm")

# %% [markdown] lang="en"
# k-means goes by the unit we happened to write down; the mixture does not care, its covariances
# absorb the units (and it solves section 1, by the way). Families of covariances that
# compare features with each other (spheres, say) depend on units too: normalise first. (And mind the
# start and the regularisation, by which units often come back in through the back door.)
#
# ### How many components?
#
# The log-likelihood rises with each further component, so it cannot choose. The **Bayesian information
# criterion** makes each free parameter pay: $\mathrm{BIC} = -2\,\ell(\hat\theta) + P \log N$ with
# $P = K - 1 + K D + K D (D + 1) / 2$ for free covariances. Lower is better.

# %% [markdown] lang="zh"
# k 均值的结果取决于我们碰巧写下的单位；混合模型不在乎，它的协方差会吸收单位（顺便也解决了第 1 节的难题）。有些协方差类型会把各个特征互相比较（例如球形），它们也依赖单位，
# 请先做归一化。（还要留意初始化和正则化：单位常常从这些后门又溜进来。）
#
# ### 几个分量？
#
# 分量越多，对数似然越高，所以它自己没法做选择。**贝叶斯信息准则（BIC）** 让每个自由参数都付出代价：
# $\mathrm{BIC} = -2\,\ell(\hat\theta) + P \log N$，协方差自由时 $P = K - 1 + K D + K D (D + 1) / 2$。越低越好。

# %% en="Left the log-likelihood, which rises with K; right BIC, lowest at K = 2." zh="左图是对数似然，随 K 上升；右图是 BIC，在 K = 2 处最低。"
ks = range(1, 7)
models = [GaussianMixture(k, n_init=20, tol=1e-6, max_iter=1000, random_state=0).fit(x) for k in ks]
fig, axes = plt.subplots(1, 2, figsize=(6.6, 2.5), layout="constrained")
axes[0].plot(ks, [model.trajectory_[-1] for model in models], "o-", color="black")
axes[1].plot(ks, [model.bic(x) for model in models], "o-", color="black")
axes[0].set(xlabel="K", ylabel="log-likelihood")
axes[1].set(xlabel="K", ylabel="BIC")
plt.show()
chosen = min(ks, key=lambda k: models[k - 1].bic(x))
print(f"BIC chooses K = {chosen}")

# %% [markdown] lang="en"
# ## 7. The same with gmmpipe
#
# As an estimator, with scikit-learn's names:

# %% [markdown] lang="zh"
# ## 7. 用 gmmpipe 做同样的事
#
# 作为估计器，名称与 scikit-learn 一致：

# %%
model = GaussianMixture(2, n_init=10, random_state=0).fit(x)
eruption = np.array([[3.0, 65.0]])  # neither short nor long
print(f"BIC {model.bic(x):.1f}, converged after {model.n_iter_} iterations")
print("probability of each kind:", model.predict_proba(eruption).round(2).tolist()[0])
model.mixture_

# %% [markdown] lang="en"
# And as an experiment, from data to report, every number kept and reproducible:
#
# ```sh
# gmmpipe run experiment=tutorial        # the classic EM tutorial: min-max, random means, 100 iterations
# gmmpipe run experiment=convergence     # how many seeds reach the best optimum, and how fast
# gmmpipe run experiment=selection       # which family, how many components
# gmmpipe run --data your.csv            # your own data
# ```
#
# [From results to a figure for a paper](load-to-figure.ipynb) goes on from there.
#
# ## Further reading
#
# * Dempster, Laird & Rubin (1977), *Maximum likelihood from incomplete data via the EM algorithm*,
#   JRSS B 39, 1-38: the paper.
# * Neal & Hinton (1998), *A view of the EM algorithm that justifies incremental, sparse, and other
#   variants*, Learning in Graphical Models, 355-368: the bound of section 3.
# * McLachlan & Peel (2000), *Finite Mixture Models*, Wiley: the book.
# * Fraley & Raftery (2002), *Model-based clustering, discriminant analysis, and density estimation*,
#   JASA 97, 611-631: families of covariances, and BIC.

# %% [markdown] lang="zh"
# 作为实验，从数据一直到报告，每个数字都保存下来，都可以复现：
#
# ```sh
# gmmpipe run experiment=tutorial        # 经典的 EM 教程：min-max 归一化、随机均值、100 次迭代
# gmmpipe run experiment=convergence     # 多少个种子能到达最优解，有多快
# gmmpipe run experiment=selection       # 哪种协方差类型，几个分量
# gmmpipe run --data your.csv            # 你自己的数据
# ```
#
# 接下来请看：[从结果到论文插图](load-to-figure.zh-CN.ipynb)。
#
# ## 延伸阅读
#
# * Dempster, Laird & Rubin (1977), *Maximum likelihood from incomplete data via the EM algorithm*,
#   JRSS B 39, 1-38：提出 EM 的论文。
# * Neal & Hinton (1998), *A view of the EM algorithm that justifies incremental, sparse, and other
#   variants*, Learning in Graphical Models, 355-368：第 3 节的下界。
# * McLachlan & Peel (2000), *Finite Mixture Models*, Wiley：专著。
# * Fraley & Raftery (2002), *Model-based clustering, discriminant analysis, and density estimation*,
#   JASA 97, 611-631：协方差类型与 BIC。
