"""From a figure back to its run: what the file of a figure says of where it comes from."""

import html
import io
import re
import shlex
from pathlib import Path
from typing import NamedTuple

from gmmpipe.data.user_file import arguments, paths, results_name
from gmmpipe.errors import InputError
from gmmpipe.store import artifacts
from gmmpipe.store.names import is_name
from gmmpipe.store.open_files import open_regular
from gmmpipe.store.plan import Plan

TEXT = re.compile(r"gmmpipe experiment (\S+), version (\S+)(?:; (.*))?", re.DOTALL)
PDF = re.compile(rb"/Subject \(((?:\\.|[^\\)])*)\)", re.DOTALL)
ESCAPES = {b"\\n": b"\n", b"\\r": b"\r", b"\\\\": b"\\", b"\\(": b"(", b"\\)": b")"}
SVG = re.compile(rb"<dc:source>(.*?)</dc:source>", re.DOTALL)
TEX = b"% "
PIXELS = (b"\x89PNG", b"GIF8")
MOST = 2**28  # bytes of a file


class Origin(NamedTuple):
    """The version that a figure shows, and the command that makes it; "" where that is unknown."""

    experiment: str
    version: str
    command: str = ""

    def __str__(self) -> str:
        """Return the text that files have."""
        made = f"; {self.command}" if self.command else ""
        return f"gmmpipe experiment {self.experiment}, version {self.version}{made}"


def command(plan: Plan, *, folders: bool = True) -> str:
    """Return the command line that makes this version again, whatever was typed.

    folders: whether to say in which folder the user's own file is.
    """
    call = artifacts.read_json(plan.origins)
    experiment, own, overrides = f"experiment={plan.experiment}", call["own"], call["overrides"]
    if not own or results_name(own) != plan.experiment:  # as all versions of older gmmpipes
        overrides = [experiment, *(text for text in overrides if text != experiment)]
        own = own and {**own, "name": plan.experiment}
    if own and not folders:
        own = {**own, "path": [Path(path).name for path in paths(own)]}
    return shlex.join(["gmmpipe", "run", *overrides, *arguments(own)])


def origin_of(plan: Plan) -> Origin:
    """Return what figures of a version say: figures are published, so no folders are named."""
    known = Path(plan.origins).is_file()  # not of old versions
    return Origin(plan.experiment, plan.version, command(plan, folders=False) if known else "")


def read_origin(path: str | Path) -> Origin:
    """Return what a file says, a figure or numbers.tex; InputError where it says nothing."""
    with open_regular(path) as file:
        content = file.read(MOST + 1)
    if len(content) > MOST:
        raise InputError(f"{path}: is larger than {MOST >> 20} MB; give a figure")
    match = TEXT.fullmatch(_text(content))
    if match is None or not (is_name(match[1]) and is_name(match[2])):
        raise InputError(
            f"{path}: names no run of gmmpipe; give a PNG, GIF, PDF or SVG file as gmmpipe wrote"
            " it, or numbers.tex"
        )
    return Origin(match[1], match[2], match[3] or "")


def _text(content: bytes) -> str:
    """Return the text on the origin in the content of a file, "" where there is none."""
    if content.startswith(PIXELS):
        return _of_picture(content)
    if content.startswith(b"%PDF"):
        found = PDF.findall(content)
        plain = re.sub(rb"\\.", lambda m: ESCAPES.get(m[0], m[0]), found[-1]) if found else b""
        utf16 = plain.startswith(b"\xfe\xff")
        return plain.decode("utf-16" if utf16 else "latin-1", "replace")
    if content.startswith(TEX):
        return content.removeprefix(TEX).split(b"\n")[0].decode("utf-8", "replace")
    match = SVG.search(content)
    return html.unescape(match[1].decode("utf-8", "replace")) if match else ""


def _of_picture(content: bytes) -> str:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            said = image.info.get("Source", image.info.get("comment", ""))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # a damaged picture
        return ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
