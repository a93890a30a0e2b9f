"""How much memory a stage takes, and how much there is.

What a process holds itself is counted, not the pages of files that it maps. The constants are
measured: tests/test_memory.py and benchmarks/pipeline.py compare them with what jobs take. data is
a section `data` of a plan: n, d, bytes of its file, missing, and where rows have weights positive.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gmmpipe.archive import MAPPED
from gmmpipe.errors import InputError
from gmmpipe.numerics.ends import TOGETHER
from gmmpipe.numerics.slices import SLICE
from gmmpipe.numerics.soundness import MOST_ROWS as TIED_ROWS
from gmmpipe.numerics.starts import MOST_ROWS as START_ROWS

MB = 2**20
BASE = 200 * MB  # an interpreter with numpy, scipy and the compiled kernels
TABLES = 200 * MB  # pandas and Arrow, and the rows that are on their way into files
PARTS = 150 * MB  # the parts in which a large file is read
COPIES = 3  # of the rows at the worst moment: as read, checked, scaled for a start
MOST = 2**34  # bytes that data may take where nothing says what is free
MATRICES = 24  # D x D for each component of the fits at work: scatter, factors, their checks
TEXT = 30  # times the bytes of a text, while its cells are words
CGROUP = Path("/sys/fs/cgroup")

Data = Mapping[str, Any]


def held(n: int, d: int) -> int:
    """Return the bytes of an array of the store in memory: none where it stays in its file."""
    size = 8 * n * d
    return size if size < MAPPED else 0


def _read(data: Data) -> int:
    """Return the bytes of normalised rows, and of their weights if they have any, and of a copy."""
    return 2 * held(data["n"], data["d"] + ("total" in data))


def of_generate(data: Data, in_parts: bool) -> int:
    """Return about the bytes that reading or drawing a data set takes."""
    if in_parts:
        return BASE + PARTS
    return int(BASE + TEXT * data["bytes"] + 8 * COPIES * data["n"] * (data["d"] + 1))


def of_normalise(data: Data) -> int:
    """Return about the bytes that normalising takes."""
    return int(BASE + 2 * held(data["n"], data["d"]) + 8 * 6 * min(data["n"], SLICE) * data["d"])


def of_fit(
    data: Data, fit: Mapping[str, Any], ks: Sequence[int], seeds: int, iteration: Sequence[int]
) -> int:
    """Return about the bytes that a block takes, every k with every seed.

    fit: the section of that name. Data that stay in their file cost nothing, but for what is done
    on all rows at once: noise, missing values, rows of weight 0.
    """
    n, d, k = data["n"], data["d"], max(ks)
    mixtures = seeds * sum(ks) * (len(iteration) + 2) * (d * d + d + 1)
    trajectories = seeds * len(ks) * (iteration[-1] + 1) + TOGETHER
    seen = min(n, START_ROWS)  # of which a start may share every one among all components
    numbers = seen * (COPIES * d + 2 + k) + 3 * mixtures + 2 * trajectories
    numbers += MATRICES * sum(ks) * d * d
    if fit.get("noise", 0) > 0:
        numbers += n * (2 * k + 8)
    if data.get("missing"):
        numbers += n * (3 * d + 6)
    if data.get("positive", n) < n:
        numbers += n * (d + 1)
    return int(BASE + _read(data) + 8 * numbers)


def of_tables(data: Data, k: int) -> int:
    """Return about the bytes that making tables of mixtures of up to k components takes.

    Drawn data are compared with the truth all at once, missing values imputed so.
    """
    n, d = data["n"], data["d"]
    numbers = min(n, SLICE) * (6 * k + 2 * d) + min(n, TIED_ROWS) * (k + 2 * d)
    if "seed" in data["config"]:
        numbers += n * (4 * k + 2)
    if data["missing"]:
        numbers += 3 * n * d
    return int(TABLES + _read(data) + 8 * numbers)


def of_bootstrap(data: Data, k: int) -> int:
    """Return about the bytes that a resample and its fits of k components take, without others."""
    n, d = max(data["n"], round(data.get("total", 0))), data["d"]
    return int(8 * n * (4 * d + k + 6))


def refuse_beyond(what: str, numbers: int) -> None:
    """Raise InputError where so many numbers, held as often as a stage does, are too many."""
    need, free = 8 * COPIES * numbers, available()
    if need > (MOST if free is None else free):
        free_words = f"{(MOST if free is None else free) / 1e9:.1f} GB are free"
        raise InputError(
            f"{what} would take about {need / 1e9:.1f} GB of memory, and {free_words}; cut it, or"
            " free some"
        )


def available() -> int | None:
    """Return the bytes that this process could still get; None where that is not to be found out.

    Linux: what the kernel deems available, and what every control group above leaves.
    """
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    known = dict(line.split(":", 1) for line in lines)
    free = int(known["MemAvailable"].split()[0]) * 1024
    return min([free, *_left_by_groups()])


def _left_by_groups() -> Iterator[int]:
    """Yield what each memory control group of this process leaves; files in memory can go."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, kinds, path = line.split(":", 2)
        if kinds == "":  # version 2
            names = ("memory.max", "memory.current", "inactive_file")
            top = CGROUP
        elif "memory" in kinds.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            top = CGROUP / "memory"
        else:
            continue
        own = top / path.lstrip("/")
        for folder in (own, *own.parents):
            if folder.is_relative_to(top) and (left := _left_by(folder, *names)) is not None:
                yield left


def _left_by(folder: Path, limit: str, usage: str, files: str) -> int | None:
    try:
        most = (folder / limit).read_text(encoding="ascii").strip()
        used = int((folder / usage).read_text(encoding="ascii"))
        stat = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    if most == "max":
        return None
    droppable = dict(line.split() for line in stat).get(files, "0")
    return max(int(most) - used + int(droppable), 0)
