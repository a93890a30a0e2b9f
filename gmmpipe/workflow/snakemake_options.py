"""The options passed on to Snakemake: none that it would run as code, none that gmmpipe sets."""

import os
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from gmmpipe.config.schema import BLOCK
from gmmpipe.errors import InputError, advice, missing, suggest
from gmmpipe.store import packaged, yaml_file

PROFILE = "profiles/default"  # which Snakemake would load by itself, after a folder `default`
FIXED = ("snakefile", "directory", "config", "configfile", "configfiles", "replace-workflow-config")
CODE = (
    "profile", "workflow-profile", "precommand", "jobscript", "js", "wrapper-prefix",
    "apptainer-args", "singularity-args", "scheduler-solver-path", "scheduler-ilp-solver-path",
    "trust-io-cache", "deploy-sources",  # a pickle of .snakemake, an archive
)  # fmt: skip
SUBMIT = "cluster-"  # begins options of plugins that are commands; a profile may have them
DELETING = (  # also of artifacts that other versions share
    "delete-all-output", "delete-temp-output", "all-temp", "unneeded-temp-files",
    "conda-cleanup-envs", "conda-cleanup-pkgs",
)  # fmt: skip
PROFILE_PATH = re.compile(r"profiles/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}/?")
SHORT_OPTION = re.compile(r"-[nptkfFlSDapqvh]*[sdC]")  # -s, -d, -C, perhaps after flags: -ns
ELSEWHERE = re.compile(r"-e|--exec|--profile|executor$")  # options, and an entry of a profile
EXECUTOR = re.compile(r"(?:-e=?|--executor(?:=|$))(.*)")
EXTRAS = {"slurm": "slurm", "cluster-generic": "generic"}  # plugin -> extra that brings it
BUILT_IN = ("local", "dryrun", "touch")
CATALOGUE = "https://snakemake.github.io/snakemake-plugin-catalog"
PLAIN_TEXT = re.compile(r"[\w=:,./@%+{} -]*")  # calls nothing when Snakemake evaluates a resource


def chosen(extra: Sequence[str]) -> tuple[str, list[str]]:
    """Return the profile that the options after -- choose, else PROFILE, and the other options.

    ``--workflow-profile profiles/NAME`` chooses one of the project's own; InputError for another.
    """
    named, rest = _profiles(extra)
    for name in named:
        if not PROFILE_PATH.fullmatch(name):
            raise InputError(
                f"--workflow-profile {name} after --: could run code of others;"
                f" give one of the project's own, profiles/NAME"
            )
    return [PROFILE, *named][-1], rest


def _profiles(extra: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the values of all --workflow-profile among options, and the other options."""
    named, rest = [], []
    options = iter(extra)
    for text in options:
        name, equals, value = text.partition("=")
        if name == "--workflow-profile":
            named.append(value if equals else next(options, ""))
        else:
            rest.append(text)
    return named, rest


def options(extra: Sequence[str]) -> list[str]:
    """Return the options for Snakemake after --; raises InputError for those not allowed."""
    for text in extra:
        name = text.removeprefix("--").partition("=")[0] if text.startswith("--") else ""
        refused = (*FIXED, *CODE, *DELETING, SUBMIT)
        meant = [full for full in refused if name and full.startswith(name)]
        meant += [SUBMIT] if name.startswith(SUBMIT) else []
        if any(full in FIXED for full in meant) or SHORT_OPTION.match(text):
            raise InputError(f"{text} after --: gmmpipe sets it; settings come before the --")
        if any(full in DELETING for full in meant):
            raise InputError(
                f"{text} after --: would also remove results that other versions need;"
                " `gmmpipe remove` takes versions away"
            )
        if meant:
            raise InputError(
                f"{text} after --: could run code of others; put settings of a project"
                f" into {PROFILE}/, or run snakemake itself"
            )
        if not PLAIN_TEXT.fullmatch(text):
            raise InputError(
                f"{text!r} after --: Snakemake evaluates what looks like code; give plain words"
            )
    for text, following in pairwise([*extra, ""]):
        if match := EXECUTOR.fullmatch(text):
            _refuse_missing(match[1] or following, f"{text} after --")
    return list(extra)


def _refuse_missing(executor: str, where: str) -> None:
    """Raise InputError for an executor without its plugin, where Snakemake prints its usage."""
    module = f"snakemake_executor_plugin_{executor}".replace("-", "_")
    if executor in BUILT_IN or (module.isidentifier() and find_spec(module)):
        return
    extra = EXTRAS.get(executor)
    how = missing(module, extra) if extra else f"there is no {module}; see {CATALOGUE}"
    raise InputError(f"{where}: for executor {executor}, {how}, or choose local")


def profile(root: Path, name: str = PROFILE) -> list[str]:
    """Return the options that make Snakemake load that profile and no other.

    It is the project's, or else the packaged one. Raises InputError where it is missing or holds
    expressions, which Snakemake would evaluate.
    """
    folder = packaged.find(root, name)
    if not folder.is_dir():
        profiles = [
            path for place in (root, packaged.PROJECT) for path in place.glob("profiles/*/")
        ]
        names = sorted({f"profiles/{path.name}" for path in profiles})
        raise InputError(advice(name.rstrip("/")) or suggest("--workflow-profile", name, names))
    for path in sorted(folder.glob("*.yaml")):
        for text in yaml_file.scalars(path):
            is_refused = text in (*FIXED, *CODE, *DELETING, "__use_yte__") and text != "config"
            if is_refused or not PLAIN_TEXT.fullmatch(text):
                raise InputError(
                    f"{path}: {text!r} is, or could name, code to be run, or removes results; leave"
                    " it out"
                )
        if executor := _entries(path).get("executor"):
            _refuse_missing(str(executor), str(path))
        for key in _config(path):
            if key not in BLOCK:
                raise InputError(suggest(f"{path}: config key", key, list(BLOCK)))
    return ["--workflow-profile", str(folder)]


def settings(root: Path, extra: Sequence[str]) -> dict[str, Any]:
    """Return the settings of `block` in the profile that Snakemake's options ``extra`` choose.

    Snakemake hands on the `config` of a profile only where its own command line has no --config.
    """
    name = ["default", *_profiles(extra)[0]][-1]
    folders = [root / name, root / "profiles" / name]  # in the order of Snakemake
    file = next((f for f in folders if f.exists()), root) / "config.yaml"
    config = _config(file) if file.is_file() else {}
    return {key: value for key, value in config.items() if key in BLOCK}


def runs_here(root: Path, extra: Sequence[str]) -> bool:
    """Return whether jobs run where Snakemake does, as far as options and profiles say."""
    file = packaged.find(root, PROFILE) / "config.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
    elsewhere = any(ELSEWHERE.match(text) for text in (*extra, *(content or ())))
    usual = {*_profiles(extra)[0]} <= {PROFILE, str(file.parent), "none"}
    return usual and not elsewhere and not os.environ.get("SNAKEMAKE_PROFILE")


def _config(path: Path) -> Mapping[str, Any]:
    """Return what the entry `config` of a profile has: a list of key=value, or a mapping."""
    config = _entries(path).get("config", {})
    if isinstance(config, list) and all(isinstance(text, str) and "=" in text for text in config):
        config = dict(text.split("=", 1) for text in config)
    if not isinstance(config, dict):
        raise InputError(f"{path}: config is {config!r}; give a list such as [target_seconds=600]")
    return config


def _entries(path: Path) -> Mapping[str, Any]:
    """Return the entries of a profile; none of a file that is no mapping."""
    with path.open(encoding="utf-8") as file:
        content = yaml.safe_load(file)
    return content if isinstance(content, dict) else {}
