"""The words of all figures in Chinese, by the English that stands in the code.

{fields} are filled alike in both. A test finds what is missing here and what nobody says.
"""

CHINESE = {
    # titles and categories
    "Selected mixture": "选中的混合模型",
    "Density and responsibilities": "密度与后验概率",
    "BIC and ICL against K": "BIC 和 ICL 随 K 的变化",
    "Bootstrap test of K against K + 1": "K 对 K + 1 的自助法检验",
    "Bootstrap intervals of parameters": "参数的自助法区间",
    "The sweep at a glance": "扫描一览",
    "Log-likelihood of every seed": "每个种子的对数似然",
    "The mixture during EM": "EM 迭代过程中的混合模型",
    "EM from start to convergence": "EM 从初始值到收敛",
    "Seeds that reach the best optimum": "达到最优解的种子",
    "Optimum reached by each seed": "哪些种子落入哪个局部最优",
    "Reliability of the restarts": "重启有多可信",
    "Component splits as K grows": "K 增大时哪个分量分裂",
    "Agreement from seed to seed": "不同种子之间的一致性",
    "Pairwise agreement of runs": "任意两次运行有多相似",
    "Recovery of the true mixture": "对真实混合模型的还原",
    "GMM Clustering By EM Algorithm": "用 EM 算法做 GMM 聚类",
    "True groups": "真实的组",
    "Clusters": "聚类",
    "Selection": "模型选择",
    "Sweep": "扫描",
    "Convergence": "收敛",
    "Recovery": "还原",
    "Data": "数据",
    # axes, legends, panels
    "{few} to {most}": "{few} 至 {most}",
    ", best found by {hits} of {n}": "，{n} 次中有 {hits} 次找到最佳",
    ": recovery": "：还原",
    "2 log likelihood ratio": "2 倍对数似然比",
    "adjusted Rand index": "调整兰德指数",
    "Bayes' rule": "贝叶斯判别",
    "below the best (nats)": "低于最优（nat）",
    "best fit": "最佳拟合",
    "BIC (lower is better)": "BIC（越低越好）",
    "BIC above the lowest": "BIC 与最低值之差",
    "BIC near the lowest": "BIC，最低值附近",
    "bootstrap resamples": "自助法重抽样",
    "chance of a new optimum (%)": "出现新最优解的概率（%）",
    "class {name}": "类 {name}",
    "component": "分量",
    "component (weight)": "分量（权重）",
    "component {i}": "分量 {i}",
    "covariance family": "协方差类型",
    "covariances": "协方差",
    "covariances, off by": "协方差的偏差",
    "dash-dotted": "点划线",
    "dashed": "虚线",
    "density": "密度",
    "discriminant {i}": "判别方向 {i}",
    "dotted": "点线",
    "drawn from K": "由 K 抽样",
    "found the best (%)": "找到最优解（%）",
    "gap to the best (nats)": "与最优之差（nat）",
    "group {name}": "组 {name}",
    "ICL (lower is better)": "ICL（越低越好）",
    "ICL near the lowest": "ICL，最低值附近",
    "iteration": "迭代",
    "iteration {n}": "第 {n} 次迭代",
    "{n} iteration": "{n} 次迭代",
    "{n} iterations": "{n} 次迭代",
    "{n} iterations, converged": "{n} 次迭代，已收敛",
    "K = {k0} against {k1}: ": "K = {k0} 对 {k1}：",
    "log-likelihood (nats)": "对数似然（nat）",
    "mean ARI of pairs": "两两 ARI 的均值",
    "means (std)": "均值（标准差）",
    "means, off by (std)": "均值的偏差（标准差）",
    "median of the runs": "各次运行的中位数",
    "median of the runs, {name}": "{name} 各次运行的中位数",
    "{n} runs": "{n} 次运行",
    "{n} at no maximum": "{n} 次未到极大值",
    "{name}, {share} interval": "{name}，{share} 区间",
    "noise": "噪声",
    "nonparametric": "非参数法",
    "number of components K": "分量数 K",
    "observed": "观测值",
    "parametric": "参数法",
    "percent": "百分比",
    "principal {i}": "主方向 {i}",
    "probability": "概率",
    "rejected at {level}": "在 {level} 水平上被拒绝",
    "not rejected at {level}": "在 {level} 水平上未被拒绝",
    "undecided at {level}": "在 {level} 水平上无法判定",
    "rejected beyond (at {level})": "由此向右被拒绝（{level}）",
    "replicates": "重复次数",
    "restarts that found the best (%)": "找到最优解的重启（%）",
    "runs at the best (%)": "达到最优的运行（%）",
    "runs, from the best optimum on": "各次运行，从最优解开始",
    "sample_data": "样本数据",
    "samples": "样本",
    "seed": "种子",
    "seeds, start {start}": "种子，初始化 {start}",
    "{share} % inside": "内含 {share} %",
    "share of the samples (height)": "样本占比（高度）",
    "solid": "实线",
    "start": "初始值",
    "start: {start}": "初始化：{start}",
    "start: {value} nats": "初始值：{value} nat",
    " (zoomed out)": "（缩小）",
    "{title} ({n} not finished)": "{title}（{n} 次未完成）",
    "{value} nats": "{value} nat",
    "true group": "真实的组",
    "weight": "权重",
    "weighted": "加权法",
    # captions
    "{dataset}: the selected mixture ({model}), BIC {bic}.": (
        "{dataset}：选中的混合模型（{model}），BIC {bic}。"
    ),
    "Ellipses: {radii} standard deviations ({names}), which enclose {shares} of a component;"
    " crosses: means.": (
        "椭圆：{radii} 倍标准差（{names}），包含一个分量的 {shares}；十字：均值。"
    ),
    "Paler points belong to a component with less certainty.": "点越淡，所属的分量越不确定。",
    "Histogram, components (coloured) and their sum (black).": (
        "直方图、各分量（彩色）及其总和（黑色）。"
    ),
    "The axes are the two features that separate the components best.": (
        "坐标轴是最能区分各分量的两个特征。"
    ),
    "The axes are the two leading principal directions, in standard deviations within"
    " components.": "坐标轴是前两个主方向，以分量内的标准差为单位。",
    "The axes are the discriminant and the leading principal direction, in standard deviations"
    " within components.": "坐标轴是判别方向和第一主方向，以分量内的标准差为单位。",
    "The axes are the two leading discriminant directions, in standard deviations within"
    " components.": "坐标轴是前两个判别方向，以分量内的标准差为单位。",
    "The {n} points are drawn as pixels, without outlines.": "{n} 个点以像素绘制，不带轮廓。",
    "{n} of {total} samples are shown, drawn at random.": (
        "图中为 {total} 个样本中随机抽取的 {n} 个。"
    ),
    "The {n} samples are counted in hexagons; darker means more (logarithmic).": (
        "{n} 个样本按六边形计数，越深越多（对数）。"
    ),
    "{n} samples have missing values; a point needs both of its values.": (
        "{n} 个样本有缺失值；两个坐标都有值的点才能画出。"
    ),
    "{dataset}: density and responsibilities of the selected mixture ({model}).": (
        "{dataset}：选中的混合模型（{model}）的密度与后验概率。"
    ),
    "Contours enclose {shares} of the probability of all components.": (
        "等高线包含全部分量概率的 {shares}。"
    ),
    "Map: the colours of the components, mixed by their probabilities and paler where less"
    " certain; marks: means; black: where the most probable component changes.": (
        "分布图：各分量的颜色按概率混合，越淡越不确定；标记：均值；黑线：最可能的分量在此改变。"
    ),
    "Both show the mixture's marginal in this plane.": "两者均为混合模型在该平面上的边缘分布。",
    "Below: the probability of each component at a value; vertical lines: where the most"
    " probable one changes.": "下图：在每个取值处各分量的概率；竖线处最可能的分量改变。",
    "{dataset}: BIC and ICL of the best fit of each covariance family and K (markers). Rings: the"
    " lowest, BIC {bic} ({model}) and ICL {icl} ({other}).": (
        "{dataset}：每种协方差类型和 K 的最佳拟合的 BIC 和 ICL（标记）。"
        "圆圈：最低值，BIC {bic}（{model}），ICL {icl}（{other}）。"
    ),
    "Bars: the range over the {n} sound runs (starts, seeds) of each.": (
        "竖条：各模型 {n} 次有效运行（初始化、种子）的范围。"
    ),
    "Bars: the range over the {n} sound runs (starts, seeds) of each that have the normaliser of"
    " its best fit.": (
        "竖条：各模型与其最佳拟合归一化方法相同的 {n} 次有效运行（初始化、种子）的范围。"
    ),
    "Certificate of the selected model: {hits} of {n} finished restarts found its best optimum;"
    " the chance that one more finds a better one is below {bound} % (95 % confidence).": (
        "选中模型的证书：{n} 次完成的重启中有 {hits} 次找到其最优解；再试一次找到更优解的概率低于"
        " {bound} %（95 % 置信度）。"
    ),
    "The starts are not random.": "这些初始化不含随机性。",
    "No restart of the selected model finished.": "选中的模型没有一次重启完成。",
    "Hollow: only one restart found it, so there may be a better one.": (
        "空心：只有一次重启找到它，因此可能还有更优解。"
    ),
    "{lost} of {n} fits are degenerate and left out.": "{n} 次拟合中有 {lost} 次退化，未计入。",
    "Crosses: no fit is sound.": "叉号处没有有效的拟合。",
    "{dataset}, {family}: likelihood ratio of K against K + 1 components, in {replicates}"
    " samples drawn from the fitted mixture of K (histogram) and observed (line; an arrow where"
    " it lies further right). K is rejected at {level} beyond the dashed line. p is followed by"
    " its Monte Carlo standard error; a test whose error reaches across {level} is undecided.": (
        "{dataset}，{family}：K 对 K + 1 个分量的似然比：从 K 个分量的拟合模型抽取的"
        " {replicates} 个样本（直方图）与观测值（竖线；若更靠右则为箭头）；虚线：由此向右，K 在"
        " {level} 水平上被拒绝。p 值后为其蒙特卡罗标准误；若误差范围跨过 {level}，则无法判定。"
    ),
    "K = {k} is the first that is not rejected (bold).": "K = {k} 是第一个未被拒绝的（粗体）。",
    "Every K is rejected.": "所有 K 都被拒绝。",
    "K = {k} (bold) is undecided, so the tests do not give the number of components; more"
    " replicates would.": "K = {k}（粗体）无法判定，因此检验未能给出分量数；需要更多重复。",
    "K = {k} has no sound replicate, so testing stops there.": (
        "K = {k} 没有有效的重复，检验止于此。"
    ),
    "{lost} of {n} replicates are degenerate and left out.": (
        "{n} 个重复中有 {lost} 个退化，未计入。"
    ),
    "Not shown: K = {ks}.": "未显示：K = {ks}。",
    "{dataset}, {family}, K = {k} (lowest BIC of the family): weights and means (markers) with"
    " {share} bootstrap percentile intervals (bars) of {replicates} replicates of each kind.": (
        "{dataset}，{family}，K = {k}（该类型中 BIC 最低）：权重和均值（标记），以及每种自助法"
        " {replicates} 个重复的 {share} 百分位区间（横条）。"
    ),
    "Parametric: samples drawn from the fitted mixture.": "参数法：样本由拟合的混合模型抽取。",
    "Nonparametric: rows drawn with replacement.": "非参数法：有放回地抽取各行。",
    "Weighted: every row stays, with a random (Dirichlet) weight instead of a count.": (
        "加权法：保留每一行，以随机（狄利克雷）权重代替抽取次数。"
    ),
    "Degenerate and left out: {lost}.": "退化而未计入：{lost}。",
    "The means of {n} further features are in the table.": "其余 {n} 个特征的均值见表格。",
    "{dataset}: difference in BIC from the lowest, {bic} ({model}, outlined). Colours are"
    " linear up to {linear:g} and logarithmic above.": (
        "{dataset}：BIC 比最低值 {bic}（{model}，方框）高多少。颜色在 {linear:g} 以内为线性，"
        "以上为对数。"
    ),
    "The best fit of each family and K is over all normalisers ({names}).": (
        "每种类型和 K 的最佳拟合取自任一归一化方法（{names}）。"
    ),
    "The median is over the sound runs (starts, seeds) of one normaliser.": (
        "中位数取自同一归一化方法的有效运行（初始化、种子）。"
    ),
    "{lost} of {n} fits are degenerate and left out; hatched: all.": (
        "{n} 次拟合中有 {lost} 次退化，未计入；斜线：全部退化。"
    ),
    "{dataset}, {model}: log-likelihood at the start (0) and after each iteration, one line for"
    " each of {n} runs, and the gap to the best optimum, {best} nats (gaps of converged runs"
    " below 10⁻⁸ nats are drawn at 10⁻⁸).": (
        "{dataset}，{model}：初始值（0）和每次迭代后的对数似然，{n} 次运行各一条线；以及与最优解"
        " {best} nat 之差（已收敛的运行若差值小于 10⁻⁸ nat，则画在该处）。"
    ),
    "Triangles: starts whose log-likelihood lies below the panel.": (
        "三角形：对数似然低于图幅的初始值。"
    ),
    "{n} degenerate runs are left out.": "{n} 次退化的运行未计入。",
    "{n} of {total} runs are used: the best, and others spread evenly over the seeds.": (
        "只看 {total} 次运行中的 {n} 次：最优者，以及按种子均匀选取的其他运行。"
    ),
    "{dataset}: the mixture of {model} from start {start}, seed {seed}, during EM. Each"
    " component keeps its colour.": (
        "{dataset}：{model} 的混合模型（初始化 {start}，种子 {seed}）在 EM 迭代中的变化；"
        "每个分量颜色不变。"
    ),
    "{n} snapshots that differ little from those shown are left out.": (
        "略去中间与所示差别最小的 {n} 个快照。"
    ),
    "{dataset}: EM of {model} from its start ({start}, seed {seed}) to iteration {n}, and the"
    " log-likelihood at each iteration; dots: the iterations shown. Each component keeps its"
    " colour.": (
        "{dataset}：{model} 的 EM，从初始值（{start}，种子 {seed}）到第 {n} 次迭代，以及每次迭代的"
        "对数似然；圆点：所示的迭代。每个分量颜色不变。"
    ),
    "{dataset}, {fixed}: share of the runs of each start whose log-likelihood is within {nats} nats"
    " of the best maximum found ({optima} nats).": (
        "{dataset}，{fixed}：每种初始化中，对数似然与已知最优解相差不超过 {nats} nat 的运行所占比例"
        "（{optima} nat）。"
    ),
    "{n} runs did not end at a maximum (unfinished, or at a saddle).": (
        "{n} 次运行未到达极大值（未完成，或停在鞍点）。"
    ),
    "Hollow: {n} runs that did not end at a maximum (unfinished, or at a saddle).": (
        "空心：{n} 次未到达极大值的运行（未完成，或停在鞍点）。"
    ),
    "Question marks: there is a better fit, as this one is not at a maximum or a model that it"
    " contains is likelier.": (
        "问号：该拟合未到达极大值，或其所包含的模型似然更高，因此存在更好的解。"
    ),
    "{dataset}, {fixed}: the optimum that each run ended in, as its distance below the best one"
    " found (0). Lines: distinct optima ({counts}), with the number of runs that found them;"
    " similar mixtures with log-likelihoods within {nats} nats count as one.": (
        "{dataset}，{fixed}：每次运行最终到达的局部最优，以其低于已知最优解（0）的程度表示。横线：不同"
        "的局部最优（{counts}），右侧为到达它的运行次数；对数似然相差不超过 {nats} nat"
        " 且混合模型相近的视为同一个。"
    ),
    "Crosses at the top: degenerate runs.": "顶部的叉号：退化的运行。",
    "{dataset}: for each family and K, in percent: the finished restarts that found the best"
    " optimum, the Good-Turing estimate of the chance that one more finds an optimum not seen"
    " so far, and the restarts that did not end at a maximum. Outlined: the selected model,"
    " {model}.": (
        "{dataset}：以百分比表示，每种类型和 K 中完成的重启找到最优解的比例、再重启一次找到未见过的"
        "最优解的概率（Good-Turing 估计），以及未到达极大值的重启的比例。方框：选中的模型 {model}。"
    ),
    "Hatched: one component, starts that are not random, or no restart finished.": (
        "斜线：只有一个分量、没有随机性，或没有一次重启完成。"
    ),
    "ended at no maximum (%)": "未到达极大值（%）",
    "{dataset}, {family}: origin of the components of the best fit of each K. The height of a"
    " bar is the component's share of the samples; a ribbon shows the samples that it shares"
    " with a component of the previous K, in the colour of that one. Outlined: new at this K.": (
        "{dataset}，{family}：每个 K 的最佳拟合中各分量的来源。竖条是一个分量，高度为其所占样本的"
        "比例；色带是它与前一个 K 的某个分量共有的样本，颜色取自后者。带边框：该 K 新出现的分量。"
    ),
    "Ribbons below 0.1 % of the samples are not drawn.": "不足样本 0.1 % 的色带未画出。",
    "Below K: the component that gives the most samples to the new one.": (
        "K 下方：给新分量样本最多的分量。"
    ),
    "Bold: the selected K, {k}.": "粗体：选中的 K，即 {k}。",
    "{dataset}: mean adjusted Rand index over all pairs of the {count} sound fits of each"
    " family and K. The panels name the fits: of the data, or of resamples (1: the same"
    " clusters, 0: agreement by chance). Bars: standard error (jackknife over fits).": (
        "{dataset}：每种类型和 K 的 {count} 个有效拟合两两之间调整兰德指数的均值，拟合的是数据本身"
        "还是其重抽样见各小图标题（1：聚类完全相同，0：与随机无异）。竖条：标准误（对拟合做刀切法）。"
    ),
    "{dataset}, {model}: adjusted Rand index between the clusterings of {n} runs (1: the same,"
    " 0: agreement by chance). The runs are ordered by the optimum they ended in, best first,"
    " with lines between optima; the marks show the start.": (
        "{dataset}，{model}：{n} 次运行中任意两次的聚类之间的调整兰德指数（1：相同，0：与随机无异）"
        "。运行按其到达的局部最优排序，从最优解开始，不同的局部最优之间有一条线；标记表示初始化方法。"
    ),
    "These {n} are chosen from {total} runs: equally many of each optimum and start, or all"
    " where there are fewer. The numbers at the left count all runs.": (
        "这 {n} 次取自 {total} 次运行：每个局部最优和初始化取同样多次，不足则全取；左侧为总次数。"
    ),
    "The last {n} did not reach a maximum, or ended at a saddle, so they are not optima.": (
        "最后 {n} 次未达到极大值，或停在鞍点，因此不算局部最优。"
    ),
    "The clusterings are those after the last iteration of the sweep, when {n} of the {total}"
    " runs were still more than {nats} nats below their maximum.": (
        "比较的是扫描的最后一次迭代之后的聚类；此时 {total} 次运行中有 {n} 次仍比其最终到达的极大值"
        "低 {nats} nats 以上。"
    ),
    "The clusterings are compared on {n} of the samples, drawn at random.": (
        "用随机抽取的 {n} 个样本比较。"
    ),
    "{dataset}: the best fit of each covariance family at the true K, compared with the mixture"
    " that the data were drawn from: agreement with the true groups (black: Bayes' rule, which"
    " knows the mixture), distance of the means in standard deviations of the true components,"
    " and affine-invariant distance of the covariances. Both distances are means over the"
    " components, weighted by the true weights.": (
        "{dataset}：每种协方差类型在真实 K 下的最佳拟合与生成数据的混合模型相比：与真实分组的一致性"
        "（黑色为已知模型的贝叶斯判别）、均值的距离（以真实分量的标准差为单位）、协方差的仿射不变距离"
        "（两者均按真实权重对各分量取加权平均）。"
    ),
    "Each point is one data set, so its standard error is unknown.": (
        "每个点是一个数据集，误差未知。"
    ),
    "Mean and standard error over {n} newly drawn data sets ({axis}).": (
        "均值和标准误取自 {n} 个重新抽取的数据集（{axis}）。"
    ),
    "{n} further combinations are in the table.": "其余 {n} 种组合见表格。",
    "{dataset}: each sample in the class of its most probable component, for the"
    " selected mixture ({model}) after {n} iterations.": (
        "{dataset}：每个样本归入其最可能的分量所对应的类，用选中的混合模型（{model}），"
        "迭代 {n} 次。"
    ),
    "{dataset}: the {n} samples in their {k} true groups.": (
        "{dataset}：{n} 个样本及其 {k} 个真实的组。"
    ),
    "A group has the colour of the component of the selected mixture ({model}) that is matched to"
    " it.": "每个组的颜色取自选中混合模型（{model}）中与之匹配的分量。",
    "The table counts the samples of each group in each component.": (
        "表格为每个组在各分量中的样本数。"
    ),
    "There are too many groups to show the table.": "组数过多，未附表格。",
}
