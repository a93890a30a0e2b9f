"""The tables of a version: what a row is, which columns are shown where, and their files.

docs/tables.md is made of them by docs/tables_page.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gmmpipe.results import columns
from gmmpipe.results.columns import OUTER, Column
from gmmpipe.store import layout
from gmmpipe.store.plan import Plan


@dataclass(frozen=True)
class Table:
    """A table of a version: what a row is, and its columns in their order.

    title: on the page of the report, whose tables are in the order of ``place``, 0 = not there.
    shown: the columns that the page shows at first; readable: those of a table for print. These are
    names between blanks, "" = all. csv: whether it is written as text too; asked_by: a setting that
    asks for it, "" = always there.
    """

    name: str
    columns: tuple[Column, ...]
    note: str
    title: str = ""
    place: int = 0
    shown: str = ""
    readable: str = ""
    csv: bool = False
    asked_by: str = ""

    def names(self, outer: Iterable[str] = ()) -> list[str]:
        """Return the names of its columns where the sweep has these outer axes."""
        axes = list(outer)
        return [n for c in self.columns for n in (axes if c is OUTER else [c.name])]


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
        "How often the restarts of each model found its best.", "Certificates", 2, csv=True,
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
        csv=True, asked_by="bootstrap.replicates=199",
    ),
    Table(
        "intervals", columns.INTERVALS, "Bootstrap intervals of the parameters.", "Intervals", 7,
        csv=True, asked_by="bootstrap.replicates=199",
    ),
    Table(
        "resamples", columns.STABILITY,
        "Mean adjusted Rand index between the fits of resampled data.",
        csv=True, asked_by="bootstrap.stability=50",
    ),
    Table(
        "imputed", columns.IMPUTED, "The mean of each missing value by the selected model.",
        asked_by="fit.missing=mar on data with missing values",
    ),
)  # fmt: skip
TABLES = {table.name: table for table in _TABLES}
LONG = ("fits", "parameters", "trajectories")  # written block by block: see ``evaluation``
ALWAYS = tuple(name for name, table in TABLES.items() if not table.asked_by)
BOOTSTRAPPED = tuple(
    name for name, table in TABLES.items() if table.asked_by.startswith("bootstrap.")
)


def table_paths(plan: Plan) -> list[str]:
    """Return the paths of all files of tables but those of the bootstrap, drawn data included.

    failed.csv has the rows of fits whose status is failed.
    """
    text = [f"{name}.csv" for name in ALWAYS if TABLES[name].csv]
    names = [*ALWAYS, *(["imputed"] if plan.imputes else [])]
    files = [*text, "failed.csv", *(f"{name}.parquet" for name in names), *plan.drawn.values()]
    return [layout.table(plan.folder, file, "") for file in files]


def bootstrap_paths(plan: Plan) -> list[str]:
    """Return the paths of the tables that combine the replicates; none where there are none."""
    suffixes = (".csv", ".parquet") if plan.bootstrap_blocks else ()
    return [layout.table(plan.folder, name, s) for s in suffixes for name in BOOTSTRAPPED]
