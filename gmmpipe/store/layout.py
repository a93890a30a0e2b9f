"""The layout of results/: each folder and file is named here, and nowhere else."""

from pathlib import Path

RESULTS = "results"
INDEX = f"{RESULTS}/index.html"  # all versions on one page
STORE = f"{RESULTS}/store"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
LATEST = "latest"  # in the folder of an experiment: a link to the version published last
FRAMES = f"{RESULTS}/frames"  # data frames that were fitted from Python, by content
REPLACED = f"{RESULTS}/.replaced"  # what was damaged, and made again
RESERVED = (
    RESULTS,
    *(Path(shared).name for shared in (STORE, LOGS, BENCHMARKS, FRAMES)),
)  # no experiments
LOCK = f"{RESULTS}/.lock"  # a run writes its process id there when it begins
STORE_LOCK = f"{STORE}/.lock"  # held beside it, as several folders may share a store
NOTES_LOCK = f"{RESULTS}/.notes.lock"  # held while notes are changed, or versions removed
STARTS = "starts"  # of the store; named by content, no plan lists them by name
KINDS = {  # folders of the store -> suffixes of what is in them
    "data": (".npz", ".json"),
    "normalised": (".npz",),
    "fits": (".npz",),
    "bootstrap": (".npz",),
    "plans": (".json",),
    "text": (".npz",),  # arrays of large texts, until `generate` takes them
    STARTS: (".npz",),
    "inputs": (".bin",),  # copies of files that were read, named by content
}

# in a version that was exported, beside its results/
BUNDLE = "bundle.json"  # says which version it is
INPUTS = "inputs"  # those from outside of the project's folders

# in the folder of a version
TABLES = "tables"
NUMBERS = "numbers.tex"  # in TABLES
FIGURES = "figures"
CAPTIONS = "captions.json"  # in FIGURES
TIMESTAMP = ".snakemake_timestamp"  # in a folder that is an output: when it was made
REPORT = "report.html"
CONFIG = "config.yaml"
WORKFLOW = "Snakefile"  # of the project, and a copy of it
MANIFEST = "manifest.json"
RUN = "run.json"
RECORDS = (MANIFEST, RUN)
NOTE = "note.json"  # what a person calls the version and says of it; no part of the manifest


def stored(kind: str, name: str, suffix: str = ".npz") -> str:
    """Return the path of an artifact in the store; kind: one of ``KINDS``."""
    return f"{STORE}/{kind}/{name}{suffix}"


def copy_of_input(sha256: str) -> str:
    """Return the path of the copy of a file that was read."""
    return stored("inputs", f"input-{sha256:.12}", ".bin")


def plan(experiment: str, version: str) -> str:
    """Return the path of the plan of a version."""
    return stored("plans", f"{experiment}-{version}", ".json")


def origins(plan: str | Path) -> Path:
    """Return the path of the file that says by what call a plan came to be, and what set what."""
    return Path(plan).with_suffix(".origins.json")


def engine(plan: str | Path) -> Path:
    """Return the path of the file that says which engine fits, on which no number depends."""
    return Path(plan).with_suffix(".engine.json")


def version(experiment: str, version: str) -> str:
    """Return the folder of a version."""
    return f"{RESULTS}/{experiment}/{version}"


def latest(experiment: str) -> str:
    """Return the path of the link to the version published last."""
    return f"{RESULTS}/{experiment}/{LATEST}"


def marker(experiment: str) -> str:
    """Return the path of the file that says that ``latest`` points at a published version."""
    return f"{RESULTS}/{experiment}/.published"


def table(folder: str | Path, name: str, suffix: str = ".parquet") -> str:
    """Return the path of a table of the version in ``folder``."""
    return f"{folder}/{TABLES}/{name}{suffix}"


def log(stage: str, name: str) -> str:
    """Return the path of what a job says; name: of its artifact, or of experiment and version."""
    return f"{LOGS}/{stage}/{name}.log"


def benchmark(stage: str, name: str) -> str:
    """Return the path of the time that a job took."""
    return f"{BENCHMARKS}/{stage}/{name}.tsv"
