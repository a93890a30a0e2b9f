"""From conf/ and overrides to one checked, plain configuration."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

from gmmpipe.config import schema
from gmmpipe.config.combinations import EXCLUDE, ZIP, check_exclude, check_zip, is_kept
from gmmpipe.config.compose import GROUPS, as_override, compose, files, read
from gmmpipe.config.spans import is_span, numbers
from gmmpipe.data.user_file import EXPERIMENT, data_sets, results_name
from gmmpipe.errors import InputError, advice, suggest
from gmmpipe.figures import FIGURES
from gmmpipe.mixture.diagnostics.criteria import CRITERIA
from gmmpipe.mixture.diagnostics.metrics import METRICS
from gmmpipe.mixture.em.options import FitOptions, RestartOptions, descriptions
from gmmpipe.mixture.families.family import Family
from gmmpipe.store.dotted import flat
from gmmpipe.store.names import ALLOWED, is_name
from gmmpipe.store.plan import outer_axes
from gmmpipe.store.validate import check

PRESETS, PRESET = "presets", "fit.preset"  # its axis: files of conf/fit, as sweep.fit=[a,b]
NAMED = tuple(schema.REGISTRIES)
NUMBERS = {"k": (1, 1_000_000), "seed": (0, 2**32 - 1), "iteration": (0, 1_000_000)}
MOST_CELLS = 10_000_000  # each is a row of the tables


def load(
    conf: Path, overrides: Sequence[str] = (), user_files: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Compose, check and return the configuration of one experiment as plain JSON types.

    conf is that of a project, see ``compose``; overrides are Hydra's ("fit.tol=1e-8"). user_files:
    the user's own files and their options, which become the only data sets, named after the files,
    as the experiment is then. In the result every key is present, `sweep` maps each axis to its
    list of values, and the sections of the named axes hold only the entries in use.

    Raises InputError for whatever is wrong, before anything runs.
    """
    nothing: dict[str, Any] = {key: {} for key in ("fit", "figures", "sweep", *NAMED)}
    composed = {**nothing, **compose(conf, with_experiment(overrides, user_files))}
    sweep = composed["sweep"]
    if not isinstance(sweep, Mapping):
        raise InputError(f"sweep is {sweep!r}; give it axes, such as k: 1..6")
    if user_files is not None:
        _use_user_files(composed, overrides, user_files)
    _refuse_unknown(
        "",
        composed,
        {"experiment", "fit", "sweep", "figures", "bootstrap", "block", "engine", "store", *NAMED},
    )
    config: dict[str, Any] = {
        **_presets(conf, with_experiment(overrides, user_files), sweep),
        "experiment": composed["experiment"],
        "fit": check(schema.Fit, composed["fit"], "fit"),
        "figures": schema.check_figures(composed["figures"]),
        "bootstrap": schema.check_bootstrap(composed.get("bootstrap", {})),
        "block": check(schema.Block, composed.get("block", {}), "block"),
        "engine": check(schema.Engine, composed.get("engine", {}), "engine"),
        "store": check(schema.Store, composed.get("store", {}), "store"),
        "sweep": _sweep(sweep),
    }
    for axis in NAMED:
        names, section = config["sweep"][axis], composed[axis]
        _refuse_non_sections(axis, section)
        defined = {n for n, options in section.items() if schema.REGISTRIES[axis][0] in options}
        _refuse_unknown(axis, section, _available(conf, axis) | defined)
        entries = {n: _entry(conf, axis, n, section.get(n, {})) for n in [*names, *section]}
        config[axis] = {n: entries[n] for n in names}  # the others are right, but not in use
    for _ in points(config):  # every value of every outer axis is checked now
        pass
    return config


def points(config: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield (outer coordinates, configuration there) over the axes with dotted names.

    Without such axes: one point with no coordinates. Raises InputError for a bad value.
    """
    sweep = config["sweep"]
    outer = {  # each value once, which those of pairs may not be
        axis: [v for i, v in enumerate(sweep[axis]) if v not in sweep[axis][:i]]
        for axis in outer_axes(sweep)
    }
    for values in itertools.product(*outer.values()):
        coordinates = dict(zip(outer, values, strict=True))
        if not is_kept(sweep, coordinates):
            continue
        settings = deepcopy(dict(config))
        if PRESET in coordinates:
            settings["fit"] = settings[PRESETS][coordinates[PRESET]]
        for path, value in coordinates.items():
            if path != PRESET:
                _assign(settings, path, value)
        settings["fit"] = check(schema.Fit, settings["fit"], "fit")
        for axis in NAMED:
            settings[axis] = {n: schema.options(axis, n, o) for n, o in settings[axis].items()}
        yield coordinates, settings


def choices(conf: Path) -> dict[str, dict[str, str]]:
    """Return {group: {name: one line about it}} of all in conf/ and the registries."""
    result = {}
    for group in (*NAMED, *GROUPS):
        paths = files(conf, group)
        registered = schema.REGISTRIES[group][1] if group in NAMED else {}
        result[group] = {
            name: _first_comment(paths[name]) if name in paths else _purpose(registered[name])
            for name in sorted(_available(conf, group))
        }
    settings = descriptions(FitOptions) | descriptions(RestartOptions)
    result["key of fit"] = {f"fit.{name}": text for name, text in settings.items()}
    measures: dict[str, object] = {**CRITERIA, **METRICS}
    result["metric"] = {name: _purpose(f) for name, f in measures.items()}
    result["figure"] = {name: kind.title for name, kind in FIGURES.items()}
    return result


def with_experiment(
    overrides: Sequence[str], user_files: Mapping[str, Any] | None
) -> Sequence[str]:
    """Return the overrides; where they choose no experiment, that made for the user's own files."""
    chosen = user_files is None or any(text.startswith("experiment=") for text in overrides)
    return overrides if chosen else [f"experiment={EXPERIMENT}", *overrides]


def _use_user_files(
    composed: dict[str, Any], overrides: Sequence[str], user_files: Mapping[str, Any]
) -> None:
    """Make the user's files the data sets; `dataset.NAME.KEY=...` may say more about one."""
    if any(text.startswith("sweep.dataset=") for text in overrides):
        raise InputError("--data and sweep.dataset both say what the data sets are; give one")
    _refuse_non_sections("dataset", composed["dataset"])
    files = data_sets(user_files)
    for name, options in files.items():
        more = composed["dataset"].get(name, {})
        composed["dataset"][name] = {"kind": "file", **options, **more}
    composed["sweep"]["dataset"] = list(files)
    composed["experiment"] = results_name(user_files)


def _presets(conf: Path, overrides: Sequence[str], sweep: Mapping[str, Any]) -> dict[str, Any]:
    """Return {"presets": {file of conf/fit: section `fit` with it}} where these are an axis."""
    names = dict(_axes(sweep)).get(PRESET)
    if names is None:
        return {}
    others = [text for text in overrides if not text.startswith("fit=")]
    sections = {}
    for name in names if isinstance(names, list) else [names]:
        section = compose(conf, [*others, f"fit={name}"])["fit"]
        sections[str(name)] = check(schema.Fit, section, f"conf/fit/{name}")
    return {PRESETS: sections}


def _axes(sweep: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the axes and their values; `fit` without a key is that of the files of conf/fit."""
    for axis, value in flat({k: v for k, v in sweep.items() if k not in (ZIP, EXCLUDE)}):
        yield PRESET if axis == "fit" else axis, value


def _values(axis: str, value: Any) -> list[Any]:
    """Return the checked values of one axis."""
    where = f"sweep.{axis}"
    if axis in NUMBERS:
        return [*schema.whole_numbers(where, value, *NUMBERS[axis])]
    values = value if isinstance(value, list) else [value]
    if axis in NAMED:
        for name in values:
            if not is_name(name, schema.REGISTRIES[axis][1]):
                raise InputError(f"{where} holds {name!r}; a name is {ALLOWED}")
    else:
        spread = (numbers(where, v) if is_span(v) else [v] for v in values)
        values = list(itertools.chain(*spread))
    if not values:
        raise InputError(f"{where} is empty; give at least one value")
    return values


def _sweep(sweep: Mapping[str, Any]) -> dict[str, list[Any]]:
    axes = {axis: _values(axis, value) for axis, value in _axes(sweep)}
    for axis in (*NAMED, *NUMBERS):
        if axis not in axes:  # left out, or a mapping
            raise InputError(f"sweep.{axis} is missing; give a list of values")
    for axis in set(axes) - {*NAMED, *NUMBERS}:
        if "." not in axis:
            raise InputError(suggest("an axis of sweep", axis, [*NAMED, *NUMBERS, "fit.tol"]))
    cells = math.prod(map(len, axes.values()))
    if cells > MOST_CELLS:
        raise InputError(f"sweep has {cells:,} cells; at most {MOST_CELLS:,} in one experiment")
    groups = check_zip(sweep[ZIP], axes) if ZIP in sweep else []
    paired = [*itertools.chain(*groups)]
    for axis in (axis for axis in axes if axis not in paired):
        if any(axes[axis].count(v) > 1 for v in axes[axis]):
            raise InputError(f"sweep.{axis} names a value twice: {axes[axis]}")
    if groups:
        axes[ZIP] = groups
    if EXCLUDE in sweep:
        axes[EXCLUDE] = check_exclude(sweep[EXCLUDE], axes)
    return axes


def _entry(conf: Path, axis: str, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked options of one named entry: its file, then the experiment's settings."""
    paths = files(conf, axis)
    key, registry = schema.REGISTRIES[axis]
    available = _available(conf, axis)
    if name not in available and key not in settings:
        raise InputError(suggest(f"sweep.{axis}", name, sorted(available)))
    base: dict[str, Any] = {key: name} if name in registry else {}
    if name in paths:
        base = read(paths[name])
    if key in settings:  # it stands alone: your iris.csv is not the bundled iris
        base = {}
    return schema.options(axis, name, {**base, **settings})


def _available(conf: Path, group: str) -> set[str]:
    registered = schema.REGISTRIES[group][1] if group in NAMED and group != "dataset" else ()
    return set(files(conf, group)) | set(registered)


def _assign(tree: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    node: Any = tree
    for parent in parents:
        node = node.get(parent) if isinstance(node, dict) else None
    if not isinstance(node, dict) or last not in node or isinstance(node[last], dict):
        allowed = [key for key, _ in flat({k: tree[k] for k in (*NAMED, "fit")})]
        raise InputError(advice(path) or suggest("an axis of sweep", path, allowed))
    node[last] = value


def _refuse_non_sections(axis: str, section: Any) -> None:
    """Refuse what is no {name: {option: value}}, e.g. covariance=full."""
    if not isinstance(section, Mapping):
        raise InputError(f"{axis} is {section!r}; to choose what is swept give sweep.{axis}=[...]")
    for name, options in section.items():
        if not isinstance(options, Mapping):
            raise InputError(f"{axis}.{name} is {options!r}; give options, {axis}.{name}.KEY=...")


def _refuse_unknown(where: str, section: Mapping[str, Any], allowed: set[str]) -> None:
    for key, value in section.items():
        if key not in allowed:
            meant = None if where else _long_name(key)
            if meant and (typed := as_override(meant, value)):
                raise InputError(f"{key} is no key of its own; give {typed}")
            raise InputError(suggest(f"{where} key".strip(), key, sorted(allowed)))


def _long_name(key: str) -> str | None:
    """Return the dotted key that somebody means who leaves its section out, None for none."""
    word = key.lower()
    axis = next((a for a in (*NAMED, *NUMBERS) if word in (a, f"{a}s")), None)
    if axis:
        return f"sweep.{axis}"
    return f"fit.{word}" if word in {field.name for field in fields(schema.Fit)} else None


def _purpose(entry: object) -> str:
    """Return one line on an entry of a registry."""
    text = entry.text if isinstance(entry, Family) else entry.__doc__ or ""
    return text.strip().partition("\n")[0]


def _first_comment(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = (line[1:].strip() for line in lines if line.startswith("#"))
    return next((c for c in comments if not c.startswith("@package")), "")
