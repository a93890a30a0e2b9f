"""How much memory there is, and what is too much for it."""

from collections.abc import Iterator
from pathlib import Path

from gmmpipe.errors import InputError

COPIES = 3  # of the rows at the worst moment: as read, checked, scaled for a start
MOST = 2**34  # bytes that data may take where nothing says what is free
CGROUP = Path("/sys/fs/cgroup")


def refuse_beyond(what: str, numbers: int) -> None:
    """Raise InputError where memory has no room for so many numbers in the copies of a stage."""
    if numbers > capacity():
        need, free = 8 * COPIES * numbers / 1e9, 8 * COPIES * capacity() / 1e9
        raise InputError(
            f"{what} would take about {need:.1f} GB of memory, and {free:.1f} GB are free; cut it,"
            " or free some"
        )


def capacity() -> int:
    """Return how many numbers fit into memory in the copies of a stage."""
    free = available()
    return (MOST if free is None else free) // (8 * COPIES)


def available() -> int | None:
    """Return the bytes that this process could still get; None where that is not to be found out.

    Linux: what the kernel deems available, and what every control group above leaves.
    """
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    sizes = dict(line.split(":", 1) for line in lines)
    free = int(sizes["MemAvailable"].split()[0]) * 1024
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
        group = top / path.lstrip("/")
        for folder in (group, *group.parents):
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
