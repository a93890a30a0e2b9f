"""The project that comes with gmmpipe: rules, settings, profiles and data for any folder.

In a wheel it is gmmpipe/project/, in a checkout the repository itself.
"""

import shutil
from pathlib import Path

from gmmpipe.errors import InputError
from gmmpipe.store.layout import BUNDLE, MANIFEST, WORKFLOW
from gmmpipe.store.open_files import temporary_path

PACKAGE = Path(__file__).parents[1]
FOLDER = "project"
PROJECT = PACKAGE / FOLDER if (PACKAGE / FOLDER).is_dir() else PACKAGE.parent
RULES = PROJECT / WORKFLOW  # of this installation: those of a received folder are data
CONF = PROJECT / "conf"
DATA = ("data/gmm.data", "data/README.md")
PROFILES = "profiles"
PARTS = (WORKFLOW, "conf", PROFILES, *DATA)  # pyproject.toml puts these into the wheel

ROOT = "conf/config.yaml"
GROUPS = (  # folders of conf/
    "dataset", "normaliser", "covariance", "start", "fit", "sweep", "figures", "experiment",
)  # fmt: skip


def find(root: Path, name: str) -> Path:
    """Return where a part of the project ``root`` is: the packaged one where it has none.

    Its Snakefile is one of gmmpipe's if it stands beside conf/config.yaml, as ``write_out`` puts
    it; a version's is a record, and there are those of other workflows. Packaged data belong to the
    packaged conf/dataset/: a project with the entry in its own conf/ has, or lacks, its own.
    """
    own, packaged = root / name, PROJECT / name
    if name == WORKFLOW:
        is_own = has_settings(root) and (root / ROOT).is_file() and own.exists()
    elif name in DATA:
        is_own = own.exists() or (root / f"conf/dataset/{own.stem}.yaml").is_file()
    else:
        is_own = own.exists() or Path(name).parent != Path(PROFILES)
    return own if is_own or not packaged.exists() else packaged


def layers(conf: Path) -> list[Path]:
    """Return the folders of settings that ``conf`` of a project goes before, itself among them."""
    own = [conf] if conf.is_dir() else []
    return own if own and conf.resolve() == CONF.resolve() else [*own, CONF]


def has_settings(folder: Path) -> bool:
    """Return whether a folder has settings of gmmpipe in conf/, and is no version, nor a bundle."""
    has_groups = any((folder / "conf" / group).is_dir() for group in GROUPS)
    is_received = any((folder / name).is_file() for name in (MANIFEST, BUNDLE))
    return (has_groups or (folder / ROOT).is_file()) and not is_received


def write_out(folder: Path) -> list[Path]:
    """Write the packaged project into a folder, to be edited; return what was written.

    Raises InputError where anything of it is there already.
    """
    targets = {folder / name: PROJECT / name for name in PARTS}
    for target in targets:
        if target.exists() or target.is_symlink():
            raise InputError(f"{target}: is there already; give init a folder without it")
    for target, source in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_path(target)
        if source.is_dir():
            shutil.copytree(source, temporary, ignore=shutil.ignore_patterns(".*"))
        else:
            shutil.copyfile(source, temporary)
        temporary.replace(target)
    return list(targets)
