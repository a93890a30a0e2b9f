"""How much memory a stage takes, and how much there is."""

from collections.abc import Iterator, Sequence
from pathlib import Path

MB = 2**20
BASE = 200 * MB  # an interpreter with numpy, scipy and the compiled kernels
COPIES = 3  # of the data at the worst moment: the file's bytes, the array, a start's scaled one
TABLES = 200 * MB  # pandas and Arrow, and the rows that are on their way into files
CGROUP = Path("/sys/fs/cgroup")


def of_fit(shape: tuple[int, int], ks: Sequence[int], seeds: int, iteration: Sequence[int]) -> int:
    """Return about the bytes that a block takes: data of that shape, every k with every seed."""
    n, d = shape
    mixtures = seeds * sum(ks) * (len(iteration) + 1) * (d * d + d + 1)
    trajectories = seeds * len(ks) * (iteration[-1] + 1)
    work = COPIES * n * d + n * (2 + max(ks))  # a start may share every sample among all components
    return BASE + 8 * (work + 3 * mixtures + 2 * trajectories)


def of_pass(shape: tuple[int, int], k: int) -> int:
    """Return about the bytes that the responsibilities of k components for all samples take."""
    n, d = shape
    return BASE + 8 * n * (COPIES * d + 3 * k)


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
