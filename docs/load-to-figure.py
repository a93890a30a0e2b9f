# From gmmpipe.load to a figure for a paper; `make docs` runs it and writes the notebooks.

# %% [markdown] lang="en"
# # From results to a figure for a paper
#
# [中文](load-to-figure.zh-CN.ipynb)
#
# `make run` has fitted 6,720 cells: two data sets, four covariance families, two starts, six K, ten
# seeds, seven iteration counts. This page takes the results from there to what goes into a paper: a
# sentence on the model, a figure of one column, a table. Nothing is fitted again.

# %% [markdown] lang="zh"
# # 从结果到论文插图
#
# [English](load-to-figure.ipynb)
#
# `make run` 已经拟合了 6,720 个组合：两个数据集、四种协方差类型、两种初始化方法、六个 K、十个随机种子、
# 七个迭代次数。本文从这些结果出发，得到论文里需要的东西：一句话说明模型，一张单栏插图，一张表。不需要重新拟合。

# %%
import gmmpipe

run = gmmpipe.load("../results/default/latest")
run

# %% [markdown] lang="en"
# ## Which model, and how sure?
#
# Each table is a tidy data frame. `best` has the best sound fit of each family and K, ranked by BIC.
# A difference below 2 in BIC is hardly worth a mention, one above 10 is very strong evidence (Kass &
# Raftery 1995) if each model is at its best; what speaks against that is in the report's verdict:

# %% [markdown] lang="zh"
# ## 哪个模型，多大把握？
#
# 每张表都是整洁的 data frame。`best` 是每种协方差类型和 K 的最佳有效拟合，按 BIC 排名。BIC 相差不到 2 几乎不值一提，
# 如果每个模型都处于最优，相差 10 以上就是很强的证据（Kass & Raftery 1995）；是否如此，见报告开头的结论：

# %%
ours = run.best[run.best["dataset"] == "gmm"]
columns = ["rank", "covariance", "k", "log_likelihood", "n_parameters", "bic", "delta_bic"]
ours[columns].head(5).round(2)

# %% [markdown] lang="en"
# How many of the restarts found that optimum, and below what is the chance that one more finds a
# better one (at 95 % confidence)?

# %% [markdown] lang="zh"
# 有多少次重启找到了这个最优解？再来一次，找到更好的解的概率低于多少（95 % 置信度）？

# %%
ours[["covariance", "k", "finished", "optima", "hits", "p_better_bound"]].head(5).round(3)

# %% [markdown] lang="en"
# ## The model, ready to predict
#
# `estimator` gives the selected mixture as a fitted `GaussianMixture` in original units. The BIC of
# the data is that of the table, to the last digits:

# %% [markdown] lang="zh"
# ## 可以直接预测的模型
#
# `estimator` 返回选中的混合模型：一个已经拟合好的 `GaussianMixture`，使用原始单位。用它算出的 BIC
# 与表里的一致，直到最后几位：

# %%
model, x = run.estimator("gmm"), run.data("gmm")
assert abs(model.bic(x) / ours["bic"].iloc[0] - 1) < 1e-12
resp = model.predict_proba(x)
unsure = (resp.max(axis=1) < 0.9).sum()
print(f"{unsure} of {len(x)} eruptions are uncertain: no component has 90 %")
run.mixture("gmm")

# %% [markdown] lang="en"
# ## The figure
#
# The report's figures are in results/default/latest/figures/, and `gmmpipe figure clusters
# results/default/latest --width page` draws one again in another size, language or format. Here we
# make one of our own.
#
# 85 mm wide, 7 pt type, the colours of all other gmmpipe figures (safe for colour-blind readers).
# Left the classes, their ellipses at 1 and 2 standard deviations, and where one class ends and the
# next begins; right why this model.

# %% [markdown] lang="zh"
# ## 插图
#
# 报告里的图在 results/default/latest/figures/ 中；用 `gmmpipe figure clusters results/default/latest
# --width page` 可以换一种大小、语言或格式重画其中一张。这里我们自己画一张。
#
# 宽 85 毫米，7 磅字，配色与 gmmpipe 的其他图一致（对色盲读者友好）。左图：各个类，1 倍和 2 倍标准差的椭圆，
# 以及类与类的分界；右图：为什么选这个模型。

# %% en="Left the eruptions in three classes with ellipses and boundaries; right BIC against K for four families, lowest for tied at K = 3." zh="左图是分成三类的喷发，带椭圆和分界线；右图是四种协方差类型的 BIC 随 K 的变化，tied 在 K = 3 处最低。"
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from gmmpipe.figures import Style
from gmmpipe.figures.parts.ellipses import draw_ellipses, frame

style = Style(width="column")
mixture, labels = run.mixture("gmm"), model.predict(x)
with style.applied():
    fig = plt.figure(figsize=(85 / 25.4, 55 / 25.4), dpi=250, layout="constrained")
    left, right = fig.subplots(1, 2, width_ratios=(3, 2))
    for k in range(mixture.n_components):
        look, members = style.component(k), x[labels == k].to_numpy()
        left.plot(*members.T, look.marker, color=look.colour, ms=1.6, alpha=0.5)
    draw_ellipses(left, mixture, style)
    frame(left, x.to_numpy(), mixture)

    grid = np.meshgrid(np.linspace(*left.get_xlim(), 300), np.linspace(*left.get_ylim(), 300))
    points = pd.DataFrame(np.stack([axis.ravel() for axis in grid], axis=1), columns=x.columns)
    classes = model.predict(points).reshape(300, 300)
    for k in range(mixture.n_components):  # where class k ends
        left.contour(*grid, classes == k, levels=[0.5], colors="0.6", linewidths=0.5, zorder=1)
    left.set(xlabel=x.columns[0], ylabel=x.columns[1])

    for place, family in enumerate(ours["covariance"].unique()):
        rows, look = ours[ours["covariance"] == family].sort_values("k"), style.series(place)
        right.plot(
            rows["k"], rows["bic"], look.marker, ls="-", color=look.colour, ms=2, label=family
        )
    best = ours.iloc[0]
    right.plot(best["k"], best["bic"], "o", ms=7, mfc="none", color="black", mew=0.7)
    right.set(
        xlabel="K", ylabel="BIC", xticks=range(1, 7), ylim=(best["bic"] - 15, best["bic"] + 150)
    )
    right.legend(frameon=False, fontsize=6, loc="upper right")
    fig.savefig("../results/eruptions.pdf", metadata={"CreationDate": None})
    plt.show()

# %% [markdown] lang="en"
# ## The table
#
# With `booktabs`, names escaped, numbers rounded to the digits you state. `gmmpipe table best
# results/default/latest --format latex` does the same on the command line, and `--format markdown`
# is for a README:

# %% [markdown] lang="zh"
# ## 表格
#
# 用 `booktabs`，名称已转义，数字按指定的位数取舍。命令行里用
# `gmmpipe table best results/default/latest --format latex` 也一样；`--format markdown` 适合放进 README：

# %%
columns = ["rank", "covariance", "k", "log_likelihood", "bic", "delta_bic"]
print(run.typeset("best", "latex", columns=columns, rows=4, digits=1))

# %% [markdown] lang="en"
# ## What changed since?
#
# When you change the configuration, the data or the code, a new version appears beside the old one.
# `gmmpipe.compare(old, new)`, or `gmmpipe compare results/default/V1 results/default/V2 -o
# compare.html`, says what changed and which numbers moved, and by how much.

# %% [markdown] lang="zh"
# ## 后来变了什么？
#
# 改动配置、数据或代码之后，旧版本旁边会出现一个新版本。用 `gmmpipe.compare(old, new)`，或者
# `gmmpipe compare results/default/V1 results/default/V2 -o compare.html`，可以看到改了什么、
# 哪些数字变了、变了多少。
