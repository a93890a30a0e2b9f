"""What is handed on to Snakemake: nothing that it would run as code, nothing that gmmpipe sets."""

import re
from collections.abc import Sequence
from pathlib import Path

from gmmpipe import vetting
from gmmpipe.errors import InputError, suggest

PROFILE = "profiles/default"  # which Snakemake would load by itself, after a folder `default`
OURS = ("snakefile", "directory", "config", "configfile", "configfiles", "replace-workflow-config")
CODE = (
    "profile", "workflow-profile", "precommand", "jobscript", "js", "wrapper-prefix",
    "apptainer-args", "singularity-args", "scheduler-solver-path", "scheduler-ilp-solver-path",
)  # fmt: skip
OWN = re.compile(r"profiles/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}/?")
SHORT = re.compile(r"-[nptkfFlSDapqvh]*[sdC]")  # -s, -d, -C, perhaps after flags: -ns
PLAIN = re.compile(r"[\w=:,./@%+{} -]*")  # calls nothing when Snakemake evaluates a resource


def chosen(extra: Sequence[str]) -> tuple[str, list[str]]:
    """Return the profile that the options after -- choose, else PROFILE, and the other options.

    ``--workflow-profile profiles/NAME`` chooses one of the project's own; InputError for another.
    """
    found, rest = PROFILE, []
    words = iter(extra)
    for text in words:
        name, given, value = text.partition("=")
        if name != "--workflow-profile":
            rest.append(text)
            continue
        found = value if given else next(words, "")
        if not OWN.fullmatch(found):
            raise InputError(
                f"--workflow-profile {found} after --: could run code of others;"
                f" give one of the project's own, profiles/NAME"
            )
    return found, rest


def options(extra: Sequence[str]) -> list[str]:
    """Return the options for Snakemake after --; raises InputError for what it may not be told."""
    for text in extra:
        name = text.removeprefix("--").partition("=")[0] if text.startswith("--") else ""
        meant = [full for full in (*OURS, *CODE) if name and full.startswith(name)]
        if any(full in OURS for full in meant) or SHORT.match(text):
            raise InputError(f"{text} after --: gmmpipe sets it; settings come before the --")
        if meant:
            raise InputError(
                f"{text} after --: could run code of others; what is settled for a project"
                f" belongs into {PROFILE}/, or run snakemake itself"
            )
        if not PLAIN.fullmatch(text):
            raise InputError(
                f"{text!r} after --: Snakemake evaluates what looks like code; give plain words"
            )
    return list(extra)


def profile(root: Path, name: str = PROFILE) -> list[str]:
    """Return the options that make Snakemake load that profile of the project and no other.

    Raises InputError where it is missing or holds expressions, which Snakemake would evaluate.
    """
    if not (root / name).is_dir():
        if name != PROFILE:
            there = sorted(f"profiles/{path.name}" for path in (root / "profiles").glob("*/"))
            raise InputError(suggest("--workflow-profile", name, there))
        return ["--workflow-profile", "none"]
    for path in sorted((root / name).glob("*.yaml")):
        for text in vetting.scalars(path):
            if text in (*OURS, *CODE, "__use_yte__") or not PLAIN.fullmatch(text):
                raise InputError(
                    f"{path}: {text!r} is, or could name, code to be run; leave it out"
                )
    return ["--workflow-profile", name]
