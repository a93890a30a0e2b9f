"""Where each value of a configuration was set, and the one call that makes it."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from gmmpipe.config import schema
from gmmpipe.config.compose import (
    GROUPS,
    OVERRIDE,
    as_override,
    files,
    find,
    layers,
    named,
    read,
)
from gmmpipe.config.load import NUMBERS, PRESETS, with_experiment
from gmmpipe.data.file import File
from gmmpipe.data.user_file import EXPERIMENT, SETTINGS, data_sets, default_name
from gmmpipe.errors import InputError
from gmmpipe.store.dotted import flat
from gmmpipe.store.validate import check

DEFAULT = "default"

Call = tuple[list[str], dict[str, Any] | None]  # overrides, and the user's files with options


def origins(
    conf: Path,
    overrides: Sequence[str],
    user_files: Mapping[str, Any] | None,
    config: Mapping[str, Any],
) -> dict[str, str]:
    """Return {dotted key: where it was set} for every value of ``config``.

    config is what ``config.load`` made of the other arguments. Where is "conf/fit/plain.yaml",
    "packaged conf/fit/plain.yaml", "override", "--data", or "default" for what nobody set. An
    override that says what holds without it does not count.
    """
    sources = dict.fromkeys(["experiment"], named(conf, find(conf, "config.yaml")))
    without = {"experiment": _default_experiment(conf), **_defaults()}  # values below the overrides
    for name, options in data_sets(user_files).items() if user_files else ():
        entry = f"dataset.{name}"
        sources |= {f"{entry}.kind": "--data", f"{entry}.path": "--data"}
        sources |= {f"{entry}.{key}": f"--{key}" for key in options if key != "path"}
        without |= {f"{entry}.{key}": value for key, value in options.items()}
    values = dict(flat(config))
    for where, settings in layers(conf, with_experiment(overrides, user_files)):
        for key, value in settings.items():
            leaves = dict(flat({key: value}))
            if where == OVERRIDE:  # it replaces what was there
                for below in [k for k in sources if k.startswith(f"{key}.")]:
                    del sources[below]
                leaves = {k: v for k, v in leaves.items() if not _is_same(k, without, values)}
            else:
                without |= leaves
            sources |= dict.fromkeys(leaves, where)
    for axis, (kind, _) in schema.REGISTRIES.items():
        for name, path in files(conf, axis).items():
            if name in config[axis] and f"{axis}.{name}.{kind}" not in sources:
                for key, _ in flat(read(path)):
                    sources.setdefault(f"{axis}.{name}.{key}", named(conf, path))
    sources |= {
        key: named(conf, find(conf, f"fit/{key.split('.')[1]}.yaml"))
        for key in values
        if key.startswith(f"{PRESETS}.")
    }
    if user_files is not None:
        sources["sweep.dataset"] = "--data"
        sources["experiment"] = "--name" if user_files.get("name") else "--data"
    return {key: sources.get(key, DEFAULT) for key in values}


def call_of(
    conf: Path,
    overrides: Sequence[str],
    user_files: Mapping[str, Any] | None,
    config: Mapping[str, Any],
) -> tuple[Call, dict[str, str]]:
    """Return the one call that makes ``config``, and its ``origins``; arguments as there.

    Files of conf/ are chosen as they were. Where an override replaces a whole section, or a value
    cannot be typed, the overrides are those that were given.
    """
    options = _options(user_files, config)
    sources = origins(conf, overrides, options, config)
    values = dict(flat(config))
    default = EXPERIMENT if user_files else _default_experiment(conf)
    chosen = _picks(overrides)
    experiment = chosen.pop("experiment", f"experiment={default}")
    result = [experiment] if experiment != f"experiment={default}" else []
    for pick in chosen.values():
        known = with_experiment(result, user_files)
        if _files(conf, [*known, pick]) != _files(conf, known):
            result.append(pick)
    keys = [key for key, where in sources.items() if where == OVERRIDE and key != "experiment"]
    typed = [as_override(key, values[key]) for key in keys]
    if None in typed or any("{" in text for text in overrides):
        return (list(overrides), options), sources
    return ([*result, *filter(None, typed)], options), sources


def _is_same(key: str, without: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Return whether a key has the same value without the overrides."""
    if key not in without or key not in values:
        return False
    value, axis = without[key], key.removeprefix("sweep.")
    if axis in NUMBERS:
        try:
            value = schema.whole_numbers(key, value, *NUMBERS[axis])
        except InputError:  # which the override mends
            return False
    elif axis != key and not isinstance(value, list):
        value = [value]
    return bool(value == values[key])


def _defaults() -> dict[str, Any]:
    """Return {dotted key: default} of the sections whose keys are always there."""
    kinds = {"fit": schema.Fit, "figures": schema.Figures}
    return dict(flat({name: check(kind, {}, name) for name, kind in kinds.items()}))


def _files(conf: Path, overrides: Sequence[str]) -> list[str]:
    """Return the files of conf/ that are composed, the weakest first."""
    return [where for where, _ in layers(conf, overrides) if where != OVERRIDE]


def _picks(overrides: Sequence[str]) -> dict[str, str]:
    """Return {group: the last choice of a file of it}, in the order of ``GROUPS``."""
    chosen = {text.partition("=")[0]: text for text in overrides}
    return {group: chosen[group] for group in GROUPS if group in chosen}


def _default_experiment(conf: Path) -> str | None:
    """Return the experiment that conf/config.yaml names."""
    chosen = read(find(conf, "config.yaml")).get("defaults", ())
    return next((pick["experiment"] for pick in chosen if "experiment" in pick), None)


def _options(
    user_files: Mapping[str, Any] | None, config: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the user's files, their name if given, and each common option that is not the default.

    What `dataset.NAME.KEY=...` says of one of several files stays an override.
    """
    if user_files is None:
        return None
    entries = [config["dataset"][name] for name in data_sets(user_files)]
    defaults = {field.name: field.default for field in fields(File)}
    settings = entries[0] if len(entries) == 1 else {**defaults, **user_files}
    changed = {key: settings[key] for key in SETTINGS if settings[key] != defaults[key]}
    name = config["experiment"]
    named_so = {} if name == default_name(user_files) else {"name": name}
    return {"path": user_files["path"], **named_so, **changed}
