"""Hydra's part: conf/ and overrides to one tree. The only module that knows Hydra."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from shlex import quote
from typing import Any

import hydra
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gmmpipe.config import trust
from gmmpipe.errors import InputError, suggest
from gmmpipe.store import packaged
from gmmpipe.store.dotted import as_range
from gmmpipe.store.layout import RESERVED
from gmmpipe.store.names import ALLOWED, is_name

GROUPS = ("experiment", "fit", "sweep", "figures")  # one file of each is chosen
RANGE = re.compile(r"[^=]*=range\((?:(\d+),)?(\d+)\)")
OUTER = re.compile(r"sweep\.\w+\.")
LONGEST = 100_000  # characters of an override
DEEPEST = 10  # brackets within brackets of an override
OVERRIDE = "override"  # where a setting comes from that is in no file
UNREADABLE = (
    HydraException, OmegaConfBaseException, yaml.YAMLError, OSError, RecursionError,
    ValueError, TypeError, AttributeError, LookupError,  # Hydra says some things in these
)  # fmt: skip


def compose(conf: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """Return the tree of conf/config.yaml under the overrides, and the experiment's name.

    conf is that of a project, if it has one: its files go before the packaged ones of the same
    name. overrides are Hydra's. Nothing is checked yet but the form, and that nothing in it calls
    code or looks outside conf/. Raises InputError for what cannot be read, found or parsed.
    """
    trust.vet(conf)
    sys.modules["hydra_plugins"] = None  # type: ignore[assignment]  # Hydra runs all of that name
    picks, settings = _split(conf, overrides)
    try:
        with _search(conf):
            tree = hydra.compose("config", picks, return_hydra_config=True)
            experiment = tree.hydra.runtime.choices.experiment
            OmegaConf.set_readonly(tree, False)
            OmegaConf.set_struct(tree, False)
            del tree["hydra"]
            for path, value in settings:
                # A dotted axis is one key: it may begin like another axis.
                if OUTER.match(path) and OmegaConf.is_dict(tree.sweep):
                    tree.sweep[path.removeprefix("sweep.")] = value
                else:
                    OmegaConf.update(tree, path, value, merge=False)
            plain = OmegaConf.to_container(tree)
    except UNREADABLE as error:
        raise InputError(f"{conf}: {one_line(error)}") from None
    if not isinstance(plain, dict):
        raise InputError(f"{conf / 'config.yaml'}: expected keys and values")
    trust.refuse(trust.texts(plain), "configuration")
    if not is_name(experiment):
        raise InputError(f"experiment is {experiment!r}; a name is {ALLOWED}")
    if experiment.lower() in RESERVED:
        raise InputError(
            f"experiment is {experiment!r}: results/{experiment.lower()} holds what all experiments"
            f" share; rename conf/experiment/{experiment}.yaml"
        )
    if stray := plain.pop("experiment", None):
        key = next(iter(stray)) if isinstance(stray, dict) else stray
        raise InputError(
            f"experiment.{key} is not a key; the first line of a file in conf/experiment/ is"
            " `# @package _global_`, which puts its keys at the top"
        )
    return {"experiment": experiment, **plain}


@contextmanager
def _search(conf: Path) -> Iterator[Any]:
    """Let Hydra search a project's conf/, then the packaged one; yields what loads the files."""
    *before, last = (str(folder.resolve()) for folder in packaged.layers(conf))
    with hydra.initialize_config_dir(last, version_base="1.3"):
        loader: Any = GlobalHydra.instance().config_loader()
        path = loader.get_search_path()
        for folder in before:  # hydra.searchpath can only add what is searched afterwards
            path.prepend("project", f"file://{folder}", "main")
        loader.repository.initialize_sources(path)
        yield loader


def layers(conf: Path, overrides: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """Return (where, {dotted key: value}) of all that ``compose`` lays over one another.

    The weakest come first: the files in the order Hydra merges them, then each override. Keys are
    as deep as they are written there, a value may hold more. Raises InputError as ``compose`` does.
    """
    picks, settings = _split(conf, overrides)
    try:
        with _search(conf) as loader:
            chosen = loader.compute_defaults_list("config", picks, RunMode.RUN)
    except UNREADABLE as error:
        raise InputError(f"{conf}: {one_line(error)}") from None
    result = [(OVERRIDE, dict([pick.split("=", 1)])) for pick in picks]
    for default in chosen.defaults:
        file = f"{default.config_path}.yaml"
        if not file.startswith("hydra/"):
            place = find(conf, file)
            tree = OmegaConf.to_container(OmegaConf.load(place))
            above = f"{default.package}." if default.package else ""
            keys = {f"{above}{k!s}": v for k, v in tree.items()} if isinstance(tree, dict) else {}
            keys.pop(f"{above}defaults", None)
            result.append((named(conf, place), keys))
    return result + [(OVERRIDE, {key: value}) for key, value in settings]


def _split(conf: Path, overrides: Sequence[str]) -> tuple[list[str], list[tuple[str, Any]]]:
    """Separate the choice of files (experiment=x) from settings (fit.tol=1)."""
    picks, settings = [], []
    for text in overrides:
        _refuse_bare(conf, text)
        key, value = parse(text)
        if key in GROUPS:
            allowed = sorted(filter(is_name, files(conf, key)))
            if value not in allowed:
                raise InputError(suggest(key, value, allowed))
            picks.append(f"{key}={value}")
        else:
            settings.append((key, value))
    return picks, settings


def _refuse_bare(conf: Path, text: str) -> None:
    """Raise InputError for the name of an experiment or a file where a setting belongs."""
    if text in files(conf, "experiment"):
        raise InputError(f"{text!r} is an experiment; give experiment={text}")
    if "=" not in text and len(text) < 256 and Path(text).is_file():
        raise InputError(f"{text!r} is a file; give --data {quote(text)}")


def parse(text: str) -> tuple[str, Any]:
    """Return key and value of an override; raises InputError for what is none."""
    if len(text) > LONGEST or _depth(text) > DEEPEST:
        raise InputError(
            f"override {text[:60]!r}...: {len(text)} characters, brackets {_depth(text)} deep;"
            f" at most {LONGEST} and {DEEPEST}: write it into a file of conf/experiment/"
        )
    try:
        override = OverridesParser.create().parse_override(text)
    except HydraException as error:
        raise InputError(
            f"override {text!r}: {one_line(error)}; expected key=value, e.g. fit.tol=1e-8"
        ) from None
    key = override.key_or_group
    if override.is_delete() or override.is_sweep_override():
        ends = RANGE.fullmatch(text.replace(" ", ""))
        first, beyond = map(int, ends.groups("0")) if ends else (0, 0)
        instead = f"give one value; a list is written {key}=[1,2]"
        if first < beyond:
            instead = f"give {key}={first}..{beyond - 1} (range() ends before {beyond})"
        raise InputError(f"override {text!r}: {instead}")
    if re.match(r"hydra\b", key):
        raise InputError(f"override {text!r}: Hydra's own keys are not allowed")
    trust.refuse([text], "override")
    return key, override.value()


def files(conf: Path, group: str) -> dict[str, Path]:
    """Return {name: path} of the files of a group: the project's, and the other packaged ones."""
    folders = [folder / group for folder in reversed(packaged.layers(conf))]
    paths = (path for folder in folders for path in folder.glob("*.yaml") if path.is_file())
    return dict(sorted({path.stem: path for path in paths}.items()))


def find(conf: Path, file: str) -> Path:
    """Return where a file of conf/ is: the project's, or else the packaged one."""
    places = [folder / file for folder in packaged.layers(conf)]
    return next((place for place in places if place.is_file()), places[-1])


def named(conf: Path, path: Path) -> str:
    """Return what a file of settings is called in records, wherever project and package are."""
    if path.is_relative_to(conf):
        return f"conf/{path.relative_to(conf).as_posix()}"
    return f"packaged conf/{path.relative_to(packaged.CONF).as_posix()}"


def read(path: Path) -> dict[str, Any]:
    """Return the keys of one file; raises InputError for what is no such file."""
    try:
        tree = OmegaConf.to_container(OmegaConf.load(path))  # refuses doubled keys, reads 1e-6
    except UNREADABLE as error:
        raise InputError(f"{path}: {one_line(error)}") from None
    if not isinstance(tree, dict) or not tree:
        raise InputError(f"{path}: expected lines of the form key: value")
    return {str(key): value for key, value in tree.items()}


def _depth(text: str) -> int:
    """Return how deep the brackets of a text are within each other."""
    return max(accumulate((c in "[{(") - (c in "]})") for c in text), default=0)


def one_line(error: Exception) -> str:
    """Return the words of an error without line breaks."""
    return " ".join(str(error).split())


def as_override(key: str, value: Any) -> str | None:
    """Return the override that sets a key to a plain value; None where Hydra has none for it."""
    for text in (_typed(value), json.dumps(value, ensure_ascii=False)):
        try:
            override = OverridesParser.create().parse_override(f"{key}={text}")
        except HydraException:
            continue
        if override.key_or_group == key and override.value() in (value, as_range(value)):
            return f"{key}={text}"
    return None


def _typed(value: Any) -> str:
    """Return a value as a person would type it, without quotes."""
    if isinstance(value, list):
        return as_range(value) or f"[{','.join(map(_typed, value))}]"
    return value if isinstance(value, str) else json.dumps(value)
