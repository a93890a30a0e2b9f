"""What is taken away is moved to one folder; only who asks for that by name removes it there."""

import errno
import re
from datetime import UTC, datetime
from os.path import lexists
from pathlib import Path

from gmmpipe.errors import InputError, Obstacle
from gmmpipe.store.files import remove_artifact
from gmmpipe.store.integrity import checksum_path
from gmmpipe.store.layout import REPLACED, RESULTS

MOUNTS = Path("/proc/self/mountinfo")
APART = (errno.EXDEV, errno.EBUSY)  # where a folder is mounted, or holds a mount


def replaced_now(project: Path = Path()) -> Path:
    """Return the folder for what is taken away at this moment."""
    return project / REPLACED / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"


def set_aside(project: Path, path: Path, aside: Path) -> None:
    """Move a file, its record with it, or a folder of results/ to where it is left alone.

    Its path below results/ stays the same. Raises Obstacle for what is on another disk.
    """
    for each in (checksum_path(path), path):
        if lexists(each):
            target = aside / each.relative_to(project / RESULTS)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                each.rename(target)
            except OSError as error:
                if error.errno not in APART:
                    raise
                raise Obstacle(
                    f"{each}: stays, as it is not on the disk of {REPLACED}; move it yourself"
                ) from None


def entries(project: Path) -> list[Path]:
    """Return what was set aside, a folder for each command that did."""
    return sorted((project / REPLACED).glob("*"))


def remove_replaced(project: Path) -> None:
    """Remove it; links are not followed. InputError where something is mounted there."""
    refuse_mounted(project / REPLACED, "it may be needed elsewhere; unmount it")
    for path in entries(project):
        remove_artifact(path)


def refuse_mounted(folder: Path, words: str) -> None:
    """Raise InputError where a folder, or one in it, is mounted apart from results/.

    Also by a bind mount, which only Linux's own list tells of.
    """
    if not MOUNTS.is_file():
        return
    for line in MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        place = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split()[4]))
        if place.is_relative_to(folder.resolve()):
            raise InputError(f"{place}: is mounted, so {words}")
