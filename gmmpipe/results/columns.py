"""The columns of the tables of a version, with their units, and the keys of their rows.

A column is declared here, and computed by the module that makes its table.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from gmmpipe.mixture.diagnostics.criteria import CRITERIA, in_words
from gmmpipe.mixture.diagnostics.metrics import METRICS
from gmmpipe.store.plan import AXES

Type = Literal["text", "whole", "number", "yes or no", "numbers", "records"]

NAMED = AXES[:4]  # axes whose values are names in the configuration
# Keys are lists, which pandas takes for columns. The data set and the outer axes come besides.
FAMILY = ["normaliser", "covariance"]
MODEL = [*FAMILY, "k"]
FAMILY_AND_K = MODEL[1:]  # a model, whatever the normaliser
SETTINGS = [*FAMILY, "start", "k"]  # of runs that differ in the seed alone
RUN = [*SETTINGS, "seed"]
CELL = [*RUN, "iteration"]

BOX = ("noise_low", "noise_high")  # of parameters where there is noise: its box
MATRIX = "covariance_matrix"  # of a component; ``covariance`` is the name of the family
DEFECTS = "defects"  # of fits: (component, code, numbers), of which `reason` is made


@dataclass(frozen=True)
class Column:
    """A column of a table; unit: "" for names, counts, shares and what has none.

    optional: not in every version, as older ones lack it, or those of other settings. words: what a
    printed head calls it, "" for its name.
    """

    name: str
    text: str
    unit: str = ""
    type: Type = "number"
    optional: bool = False
    words: str = ""

    @property
    def head(self) -> str:
        """Return the head of the column in print, with the unit."""
        words = self.words or self.name.replace("_", " ")
        return f"{words} ({self.unit})" if self.unit else words


_Optional = partial(Column, optional=True)


def _first_line(function: object) -> str:
    return (function.__doc__ or "").partition("\n")[0].rstrip(".")


OUTER = Column("AXIS", "one column for each outer axis of the sweep, such as fit.tol", type="text")
_AXES = {
    "dataset": Column("dataset", "data set", type="text", words="data set"),
    "normaliser": Column("normaliser", "normaliser", type="text"),
    "covariance": Column("covariance", "covariance family", type="text", words="family"),
    "start": Column("start", "start; `all` where all starts are taken together", type="text"),
    "k": Column("k", "number of components", type="whole", words="K"),
    "seed": Column("seed", "seed of the start; below 0 it set out from a better fit", type="whole"),
    "iteration": Column("iteration", "iterations asked for", type="whole"),
}


def _axes(*names: str) -> tuple[Column, ...]:
    return tuple(_AXES[name] for name in names)


_CASE = (*_axes("dataset"), OUTER)
_CELL = (*_axes(*NAMED), OUTER, *_axes("k", "seed", "iteration"))
_LIKELIHOOD = Column(
    "log_likelihood", "log-likelihood of all samples", "nats", words="log-likelihood"
)
_CRITERIA = [
    Column(name, _first_line(f), "nats", optional=name != "bic", words=in_words(name))
    for name, f in CRITERIA.items()
]
_METRICS = [
    _Optional(name, _first_line(f), words=name.upper() if len(name) == 3 else "")
    for name, f in METRICS.items()
]
_FIT = (
    *_CELL,
    Column(
        "n_iter",
        "iterations made; fewer than `iteration` once EM has converged",
        type="whole",
        words="iterations made",
    ),
    Column("converged", "an iteration gained less than fit.tol", type="yes or no"),
    Column("degenerate", "never selected, for the `reason`", type="yes or no"),
    _LIKELIHOOD,
    Column("n_parameters", "free parameters", type="whole", words="parameters"),
    *_CRITERIA,
    *_METRICS,
    Column("least_eigenvalue", "least eigenvalue of a covariance, 1 being the pooled one"),
    Column("least_samples", "effective samples of the component that has the fewest"),
    Column("most_tied", "largest share of a component's samples with one value of a feature"),
    Column("noise", "weight of the noise component"),
    _Optional("log_prior", "log density of the prior, 0 without one", "nats"),
    _Optional(
        "end", "end of the run, carried on: maximum, saddle, unfinished or degenerate", type="text"
    ),
    _Optional("limit", "log-likelihood at that end", "nats"),
    _Optional("optimum", "which optimum of its model that is, 1 the best, 0 none", type="whole"),
    Column("status", "ok or failed", type="text"),
    Column("reason", "why the fit is degenerate or failed", type="text"),
)
_RESTARTS = (
    Column("draws", "restarts", type="whole"),
    _Optional("finished", "restarts that ended at a maximum", type="whole"),
    _Optional("unfinished", "restarts cut off before a maximum", type="whole"),
    _Optional("saddles", "restarts that stopped at a saddle", type="whole"),
    Column("optima", "distinct optima of the finished restarts"),
    Column("hits", "restarts that found the best of them"),
    Column("p_new", "chance that one more restart finds a new optimum (Good-Turing)"),
    Column("p_better", "chance that one more restart finds a better one (Good-Turing)"),
    Column(
        "p_better_bound",
        "upper bound of that chance, 95 % confidence; blank where none is drawn",
        words="P(better) at most",
    ),
)
RESTARTS = [column.name for column in _RESTARTS]  # of a model, over all its starts, in ``best``

FITS = (*_FIT, _Optional(DEFECTS, "the `reason` as data: component, code, numbers", type="records"))
BEST = (
    Column("rank", "place by BIC among the rows of the data set", type="whole"),
    *(
        replace(
            c,
            name=f"delta_{c.name}",
            text=f"distance from the lowest {c.name}",
            words=f"{c.words} above the lowest",
        )
        for c in _CRITERIA
    ),
    *_FIT,
    *_RESTARTS,
    _Optional("beaten_by", "a model that this one contains and that is likelier", type="text"),
)
_COMPONENT = Column("component", "number of the component, from 1; -1 for noise", type="whole")
PARAMETERS = (
    *_CELL,
    *(
        _Optional(name, "corner of the box of noise, if any", "units of the data", type="numbers")
        for name in BOX
    ),
    _COMPONENT,
    Column("weight", "weight"),
    Column("mean", "mean, D numbers", "units of the data", type="numbers"),
    Column(
        MATRIX, "covariance, D * D numbers row by row", "squared units of the data", type="numbers"
    ),
    Column("start_weight", "weight at the start"),
    Column("start_mean", "mean at the start", "normalised units", type="numbers"),
    Column("start_covariance", "covariance there", "squared normalised units", type="numbers"),
    Column("eigenvalue", "least eigenvalue of the covariance, 1 being the pooled one"),
    Column("samples", "effective samples"),
    Column("tied", "largest share of its samples with one value of a feature"),
)
TRAJECTORIES = (
    *_CELL[:-1],
    Column("log_likelihood", "log-likelihood after 0, 1, ... iterations", "nats", type="numbers"),
)
LABELS = (
    *_CASE,
    Column("row", "row of the file, from 0", type="whole"),
    _Optional("id", "name of the row, where the file has one (`--id`)", type="text"),
    _COMPONENT,
    Column("probability", "probability of that component"),
    Column("label", "known group, if any", type="text"),
)
CERTIFICATES = (
    *_CASE,
    *_axes(*MODEL, "start"),
    _RESTARTS[0],
    Column("sound", "restarts that did not end degenerate", type="whole"),
    *_RESTARTS[1:],
    Column("log_likelihood", "log-likelihood at the end of the best restart", "nats"),
)
LINEAGE = (
    *_CASE,
    *_axes("covariance"),
    Column("parent_k", "number of components of the fit before", type="whole"),
    Column("parent", "number of its component", type="whole"),
    *_axes("k"),
    _COMPONENT,
    Column("mass", "share of all samples that is in both components"),
    Column("share", "share of the component's samples that is in the parent"),
)
STABILITY = (
    *_CASE,
    *_axes(*SETTINGS),
    Column("kind", "what the fits differ in: seeds, or bootstrap (resamples)", type="text"),
    Column("runs", "fits compared", type="whole"),
    Column("ari", "mean adjusted Rand index of their pairs"),
    Column("standard_error", "its standard error"),
)
_RECOVERED = (  # errors of components, see ``diagnostics.recovery``: means by the true weights
    Column("mean_error", "distance of the means", "true standard deviations"),
    Column("mean_distance", "Euclidean distance of the means", "units of the data"),
    Column("covariance_error", "Frobenius distance of the covariances, relative to the true"),
    Column("covariance_distance", "affine-invariant distance of the covariances"),
    Column(
        "divergence", "Kullback-Leibler divergence of the fitted from the true component", "nats"
    ),
)
RECOVERED = [column.name for column in _RECOVERED]
RECOVERY = (
    *_CASE,
    *_axes(*CELL),
    Column("n", "number of samples", type="whole"),
    _LIKELIHOOD,
    Column("ari", "adjusted Rand index with the true components"),
    Column("bayes_ari", "the same of Bayes' rule with the true mixture"),
    Column("error", "share of samples in another component than the true one"),
    Column("bayes_error", "error rate of Bayes' rule"),
    Column("weight_error", "total variation distance of the weights"),
    *_RECOVERED,
)
_REPLICATES = (
    Column("replicates", "replicates", type="whole"),
    Column("degenerate", "degenerate replicates, which are left out", type="whole"),
)
BOOTSTRAP = (
    *_axes("dataset", *FAMILY),
    OUTER,
    Column("k0", "number of components under the null hypothesis", type="whole"),
    Column("k1", "number under the alternative", type="whole"),
    Column("statistic", "likelihood-ratio statistic, 2 log(ratio)"),
    *_REPLICATES,
    Column("p_value", "p-value"),
    Column("mc_error", "its Monte Carlo standard error"),
    _Optional("level", "level of the test (bootstrap.level)"),
    _Optional("decision", "rejected, not rejected or undecided", type="text"),
    Column("selected", "testing upwards stops here, and k0 is not rejected", type="yes or no"),
    Column("reason", "why a replicate is degenerate", type="text"),
    Column("null", "statistics of the replicates", type="numbers"),
)
INTERVALS = (
    *_axes("dataset", *FAMILY),
    OUTER,
    *_axes("k"),
    Column("kind", "how data are resampled: parametric, nonparametric or weighted", type="text"),
    _COMPONENT,
    Column("parameter", "weight, mean or covariance", type="text"),
    Column("feature", "feature of the mean or covariance", type="text"),
    Column("other_feature", "second feature of the covariance", type="text"),
    Column("estimate", "estimate", "units of the parameter"),
    Column("se", "standard error", "units of the parameter"),
    _Optional("level", "share of replicates outside of the interval (bootstrap.level)"),
    Column("low", "lower end of the percentile interval", "units of the parameter"),
    Column("high", "upper end", "units of the parameter"),
    *_REPLICATES,
)
IMPUTED = (
    *_CASE,
    Column("row", "row of the file, from 0", type="whole"),
    Column("feature", "feature", type="text"),
    Column("mean", "mean given what is observed of the row", "units of the data"),
)
