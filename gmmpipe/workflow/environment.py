"""What makes results, beside configuration and data: code, libraries and machine.

Nothing here tells one run from the next.
"""

import ctypes
import json
import os
import platform
import re
import subprocess
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gmmpipe.store import artifacts, packaged
from gmmpipe.store.environments import LIBRARIES
from gmmpipe.store.layout import WORKFLOW
from gmmpipe.workflow.code_digest import package_digest, source_digest
from gmmpipe.workflow.threads import VARIABLES

TOOLS = ("snakemake", "hydra-core", "pydantic")
DECISIVE = re.compile(  # variables that choose code for a processor, or another library
    r"GLIBC_TUNABLES|LD_PRELOAD|LD_LIBRARY_PATH|OPENBLAS_CORETYPE|NPY_(EN|DIS)ABLE_CPU_FEATURES"
    r"|MKL_(CBWR|ENABLE_INSTRUCTIONS|DEBUG_CPU_TYPE)|BLIS_ARCH_TYPE|NUMBA_(?!NUM_THREADS|CACHE_).*"
)
FILTER = re.compile(r"^(?!system|global)\w+\tfilter\.", re.MULTILINE)  # of the checkout alone


def maker(stage: str) -> str:
    """Return as JSON what makes the artifacts of a stage here: stage, code, environment.

    stage: the dotted name of its module. code: see ``source_digest``.
    """
    name = stage.rpartition(".")[2]
    origin = {"stage": name, "code": source_digest(stage), "environment": environment()}
    return json.dumps(origin, sort_keys=True)


def environment() -> dict[str, Any]:
    """Return what decides the last bits of results: where it is equal, so are the bytes.

    python, libraries: versions. blas: what numpy and scipy call, and for which processor. machine:
    system, processor and what it can do. threads: see ``threads``. variables: those set of the
    process that may change last bits.
    """
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": dict(_libraries()),
        "blas": [dict(library) for library in _blas()],
        "machine": dict(_machine()),
        "threads": {name: os.environ.get(name, "") for name in VARIABLES},
        "variables": {k: v for k, v in sorted(os.environ.items()) if DECISIVE.fullmatch(k)},
    }


def code(root: Path) -> dict[str, Any]:
    """Return the code that works in the project ``root``.

    package: version and digest of gmmpipe's source. lock, workflow: those files where there are
    any, by path, size and digest. git: commit and whether tracked files differ from it, None
    outside a checkout; "dirty" is None where its configuration names programs that git would ask.
    tools: versions of what plans and runs, and decides no byte.
    """
    return {
        "package": package(),
        "lock": _file(root / "requirements.lock"),
        "workflow": _file(packaged.find(root, WORKFLOW)),
        "git": _git(root),
        "tools": {name: version(name) for name in TOOLS},
    }


def package() -> dict[str, str]:
    """Return name, version and digest of gmmpipe's source."""
    return {"name": "gmmpipe", "version": version("gmmpipe"), "sha256": package_digest()}


def _file(path: Path) -> dict[str, Any] | None:
    return {"path": path.name, **artifacts.describe(path)} if path.is_file() else None


def _git(root: Path) -> dict[str, Any] | None:
    """Return commit and dirty flag of the checkout that has the project's Snakefile, if one has."""
    if _ask_git(root, "ls-files", "--error-unmatch", WORKFLOW) is None:
        return None
    commit = _ask_git(root, "rev-parse", "HEAD")
    settings = _ask_git(root, "config", "--show-scope", "--name-only", "--list")
    if commit is None or settings is None:
        return None
    if FILTER.search(settings):
        return {"commit": commit, "dirty": None}
    status = _ask_git(
        root, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all"
    )
    return None if status is None else {"commit": commit, "dirty": status != ""}


def _ask_git(root: Path, *question: str) -> str | None:
    """Return git's answer; it writes nothing and runs no program that the checkout names.

    ``status`` is for checkouts without filters, which git would run.
    """
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", *question]
    offline = {**os.environ, "GIT_ALLOW_PROTOCOL": "none"}  # else it fetches objects that it lacks
    try:
        done = subprocess.run(
            command, cwd=root, env=offline, capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


@cache  # as they are loaded: the forks of a process share what these find
def _libraries() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}


@cache
def _blas() -> list[dict[str, str]]:
    import numpy as np  # noqa: F401 - loads its BLAS
    from threadpoolctl import threadpool_info

    scipy = find_spec("scipy")
    for place in scipy.submodule_search_locations or () if scipy else ():
        for library in Path(place).glob("linalg/_fblas*.so"):
            ctypes.CDLL(str(library))  # loads that of scipy, in a hundredth of the import's time
    keys = {"library": "internal_api", "version": "version", "architecture": "architecture"}
    libraries = [
        {name: str(library.get(key)) for name, key in keys.items()}
        for library in threadpool_info()
        if library["user_api"] == "blas"
    ]
    return sorted(libraries, key=str)


@cache
def _machine() -> dict[str, Any]:
    model, flags = platform.processor(), ""
    cpuinfo = Path("/proc/cpuinfo")  # Linux
    if cpuinfo.exists():
        first = cpuinfo.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
        cpu = {key.strip(): value.strip() for key, _, value in map(_cut, first.splitlines())}
        model = cpu.get("model name", model)
        flags = cpu.get("flags", cpu.get("Features", ""))
    return {
        "system": platform.system(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "architecture": platform.machine(),
        "cpu": model,
        "flags": " ".join(sorted(flags.split())),
    }


def _cut(line: str) -> tuple[str, str, str]:
    return line.partition(":")
