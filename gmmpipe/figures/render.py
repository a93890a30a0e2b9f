"""From a figure to the bytes of a file, the same bytes every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gmmpipe.errors import InputError, suggest
from gmmpipe.figures.movie import Movie
from gmmpipe.figures.pdf_fonts import shared_fonts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# None leaves out what would differ from one moment or machine to the next
METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": "gmmpipe"},
    "pdf": {"CreationDate": None, "Creator": "gmmpipe"},
}
ORIGIN = {"png": "Source", "svg": "Source", "pdf": "Subject"}  # keys for what run it is of
PARAMETERS: dict[str, Any] = {
    "svg.hashsalt": "gmmpipe",  # identifiers by content, not by chance
    "svg.fonttype": "none",  # text stays text
    "svg.image_inline": True,
    "pdf.fonttype": 42,  # TrueType, embedded: text can be searched and edited
    "pdf.compression": 6,
    "text.parse_math": False,
}
RASTER_DPI = 300
COLOURS = 255  # of a GIF, one of 256 being kept for what does not change


def render(figure: Figure, file_format: str, dpi: float = 150, origin: str = "") -> bytes:
    """Return ``figure`` as a png, svg or pdf file; a movie is for ``render_movie``.

    dpi is the resolution of a PNG; rasterised points inside SVG and PDF have at least 300.
    origin: what the file says of its run; see ``origin``. Two renders of the same figure give the
    same bytes. Raises InputError for another format.
    """
    import io

    import matplotlib.style

    if file_format not in METADATA:
        raise InputError(suggest("figure format", file_format, list(METADATA)))
    resolution = dpi if file_format == "png" else max(dpi, RASTER_DPI)
    metadata = METADATA[file_format] | ({ORIGIN[file_format]: origin} if origin else {})
    buffer = io.BytesIO()
    with matplotlib.style.context(["default", PARAMETERS]), shared_fonts():
        figure.savefig(buffer, format=file_format, dpi=resolution, metadata=metadata)
    return buffer.getvalue()


def render_movie(movie: Movie, dpi: float = 150, origin: str = "") -> bytes:
    """Return ``movie`` as a GIF that loops for ever, the same bytes every time.

    origin: as in ``render``.
    """
    import io

    import matplotlib.style
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    with matplotlib.style.context(["default", PARAMETERS]):
        movie.figure.set_dpi(dpi)
        canvas: Any = FigureCanvasAgg(movie.figure)  # whose methods have no types
        pictures = []
        for artists, is_new in zip(movie.pictures, movie.views_set(), strict=True):
            if is_new:  # drawn once for each view, however many the samples
                canvas.draw()
                still = canvas.copy_from_bbox(movie.figure.bbox)
            canvas.restore_region(still)
            for artist in artists:
                artist.set_visible(True)
                artist.draw(canvas.get_renderer())
                artist.set_visible(False)
            pictures.append(np.array(canvas.buffer_rgba())[:, :, :3])
    # One palette for all, so that nothing flickers: the most frequent colours. Pillow tells only
    # steps of four apart, by their lower ends; shown are the upper ones, so that white is white.
    middle = pictures[len(pictures) // 2]
    sample = np.concatenate([pictures[0], middle, pictures[-1]]).reshape(-1, 3).astype(np.int64)
    codes, counts = np.unique((sample & 252) @ np.array([1 << 16, 1 << 8, 1]), return_counts=True)
    frequent = codes[np.lexsort((codes, -counts))][:COLOURS].astype(np.int64)
    colours = np.stack([frequent >> 16, frequent >> 8 & 255, frequent & 255], axis=1).ravel()
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours.tolist())
    frames = []
    for picture in pictures:
        frame = Image.fromarray(picture & 252).quantize(palette=palette, dither=Image.Dither.NONE)
        frame.putpalette((colours | 3).tolist())
        frames.append(frame)
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=movie.milliseconds,
        loop=0,
        **({"comment": origin.encode()} if origin else {}),
    )
    return buffer.getvalue()
