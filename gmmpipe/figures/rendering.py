"""From a figure to the bytes of a file, the same bytes every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gmmpipe.errors import InputError, suggest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# None leaves out what would differ from one moment or machine to the next
METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": "gmmpipe"},
    "pdf": {"CreationDate": None, "Creator": "gmmpipe"},
}
PARAMETERS: dict[str, Any] = {
    "svg.hashsalt": "gmmpipe",  # identifiers by content, not by chance
    "svg.fonttype": "none",  # text stays text
    "svg.image_inline": True,
    "pdf.fonttype": 42,  # TrueType, embedded: text can be searched and edited
    "pdf.compression": 6,
    "text.parse_math": False,
}
RASTER_DPI = 300


def render(figure: Figure, file_format: str, dpi: float = 150) -> bytes:
    """Return ``figure`` as a png, svg or pdf file.

    dpi is the resolution of a PNG; rasterised points inside SVG and PDF have at least 300.
    Two renders of the same figure give the same bytes. Raises InputError for another format.
    """
    import io

    import matplotlib.style

    if file_format not in METADATA:
        raise InputError(suggest("figure format", file_format, list(METADATA)))
    resolution = dpi if file_format == "png" else max(dpi, RASTER_DPI)
    buffer = io.BytesIO()
    with matplotlib.style.context(["default", PARAMETERS]):
        figure.savefig(buffer, format=file_format, dpi=resolution, metadata=METADATA[file_format])
    return buffer.getvalue()
