"""The tables of a version: what a row is, which columns are shown where, and their files.

docs/tables.md is made of them by docs/tables_page.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gmmpipe.results import columns
from gmmpipe.results.columns import OUTER, Column
from gmmpipe.store import artifacts, layout
from gmmpipe.store.plan import Plan

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    """A table of a version: what a row is, and its columns in their order.

    title: on the page of the report, whose tables are in the order of ``place``, 0 = not there.
    shown: the columns that the page shows at first; readable: those of a table for print. These are
    names between blanks, "" = all. csv: whether it is written as text too; stage: which makes it;
    asked_by: a setting that asks for it, "" = always there; is_asked: whether a plan asks for it.
    """

    name: str
    columns: tuple[Column, ...]
    note: str
    title: str = ""
    place: int = 0
    shown: str = ""
    readable: str = ""
    csv: bool = False
    stage: str = "evaluate"
    asked_by: str = ""
    is_asked: Callable[[Plan], object] = lambda _: True

    def names(self, outer: Iterable[str] = ()) -> list[str]:
        """Return the names of its columns where the sweep has these outer axes."""
        axes = list(outer)
        return [n for c in self.columns for n in (axes if c is OUTER else [c.name])]


def _is_bootstrapped(plan: Plan) -> object:
    return plan.bootstrap_blocks


# of chances the bounds alone: an estimate of 0 from a few restarts tells little
_CERTIFIED = (
    "dataset normaliser covariance k start draws sound finished unfinished saddles optima hits"
    " p_better_bound log_likelihood"
)
_TABLES = (
    Table(
        "fits",
        columns.FITS,
        "One row per cell of the sweep; log-likelihoods in nats, original units.",
        title="All fits",
        place=8,
        shown="dataset normaliser covariance start k seed iteration n_iter degenerate"
        " log_likelihood n_parameters bic icl ari end reason",
        readable="dataset normaliser covariance start k seed iteration n_iter converged"
        " degenerate log_likelihood bic icl ari",
        csv=True,
    ),
    Table(
        "best",
        columns.BEST,
        "The best sound fit of each data set, normaliser, family and K.",
        title="Best fits",
        place=1,
        shown="rank delta_bic dataset normaliser covariance start k seed log_likelihood"
        " n_parameters bic icl ari end finished hits beaten_by",
        readable="rank dataset normaliser covariance k log_likelihood n_parameters bic"
        " delta_bic icl ari hits finished p_better_bound",
        csv=True,
    ),
    Table(
        "parameters",
        columns.PARAMETERS,
        "One row per cell and component.",
        readable="dataset normaliser covariance start k seed iteration component weight mean"
        " covariance_matrix samples",
    ),
    Table("trajectories", columns.TRAJECTORIES, "One row per fit."),
    Table("labels", columns.LABELS, "The component of each sample in the selected model."),
    Table(
        "certificates", columns.CERTIFICATES,
        "How often the restarts of each model found its best.", "Certificates", 2,
        shown=_CERTIFIED, readable=_CERTIFIED, csv=True,
    ),
    Table(
        "lineage", columns.LINEAGE,
        "What each component shares with those of the K before.", "Lineage", 4,
    ),
    Table(
        "stability", columns.STABILITY,
        "Mean adjusted Rand index between fits of equal settings.", "Stability", 3,
    ),
    Table(
        "recovery", columns.RECOVERY,
        "How near fits of drawn data come to the mixture they are from.", "Recovery", 5,
    ),
    Table(
        "bootstrap", columns.BOOTSTRAP,
        "Likelihood-ratio tests of k0 against k1 components.", "Bootstrap tests", 6,
        csv=True, stage="combine", asked_by="bootstrap.replicates=199", is_asked=_is_bootstrapped,
    ),
    Table(
        "intervals", columns.INTERVALS, "Bootstrap intervals of the parameters.", "Intervals", 7,
        csv=True, stage="combine", asked_by="bootstrap.replicates=199", is_asked=_is_bootstrapped,
    ),
    Table(
        "resamples", columns.STABILITY,
        "Mean adjusted Rand index between the fits of resampled data.",
        csv=True, stage="combine", asked_by="bootstrap.stability=50", is_asked=_is_bootstrapped,
    ),
    Table(
        "imputed", columns.IMPUTED, "The mean of each missing value by the selected model.",
        asked_by="fit.missing=mar on data with missing values",
        is_asked=lambda plan: plan.imputes,
    ),
)  # fmt: skip
TABLES = {table.name: table for table in _TABLES}
LONG = ("fits", "parameters", "trajectories")  # written block by block: see ``build.write``


def table_paths(plan: Plan, stage: str = "") -> list[str]:
    """Return the paths of all files of tables, or of those that one stage makes.

    Among those of ``evaluate`` are failed.csv, the rows of fits whose status is failed, the numbers
    for a paper, and the drawn data.
    """
    files: list[str] = []
    for maker in [stage] if stage else dict.fromkeys(t.stage for t in TABLES.values()):
        tables = [t for t in TABLES.values() if t.stage == maker and t.is_asked(plan)]
        first = maker == "evaluate"
        files += [f"{table.name}.csv" for table in tables if table.csv]
        files += ["failed.csv", layout.NUMBERS] if first else []
        files += [f"{table.name}.parquet" for table in tables]
        files += plan.drawn.values() if first else []
    return [layout.table(plan.folder, file, "") for file in files]


def write_tables(folder: str, frames: Mapping[str, pd.DataFrame]) -> None:
    """Write tables by name, those for which that is declared as .csv too, without lists."""
    for name, frame in frames.items():
        artifacts.write_frame(f"{folder}/{name}.parquet", frame)
        if TABLES[name].csv:
            lists = [c.name for c in TABLES[name].columns if c.type in ("numbers", "records")]
            artifacts.write_frame(f"{folder}/{name}.csv", frame.drop(columns=lists))
