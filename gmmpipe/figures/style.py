"""The one style sheet of the figures: sizes, fonts, colours and markers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from gmmpipe.figures.movie import Movie
from gmmpipe.results.words.language import (
    Language,
    chinese_font,
    listing,
    require_font,
    say,
    sentences,
)
from gmmpipe.results.words.wording import breadth, elide

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from gmmpipe.mixture.mixture import Mixture
    from gmmpipe.results.dataset_tables import DatasetTables

T = TypeVar("T")
Drawn = TypeVar("Drawn", "Figure", Movie)

MILLIMETRES = {"column": 85.0, "page": 180.0}
# Paul Tol, "Colour schemes" (SRON/EPS/TN/09-002), vibrant, its grey darkened to show on white;
# red squares and blue circles first, as in the EM tutorial
COMPONENT_COLOURS = ("#CC3311", "#0077BB", "#009988", "#EE7733", "#33BBEE", "#EE3377", "#555555")
COMPONENT_MARKERS = ("s", "o", "^", "D", "v", "P", "X", "<", "p", ">")
NOISE_COLOUR = "#999999"
# Okabe & Ito (2008), "Color universal design"; for families and starts, which are no components
SERIES_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
SERIES_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", "p", ">")
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx")
SERIES_DASHES = ((0, ()), (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)))


@dataclass(frozen=True)
class Look:
    """How one component, family or start looks in every figure."""

    colour: str
    marker: str
    dashes: tuple[int, tuple[float, ...]]
    hatch: str


@dataclass(frozen=True)
class Style:
    """What a person may choose about all figures.

    Parameters
    ----------
    width : {"column", "page"}, default "column"
        85 mm, or 180 mm.
    language : {"en", "zh"}, default "en"
        English, or Chinese.
    font_size : float, default 7.0
        In points as printed.
    sigmas : tuple of float, default (1.0, 2.0)
        Radii of the ellipses in standard deviations.
    projection : {"discriminant", "features"}, default "discriminant"
        How more than two features are shown: by the two discriminant directions, or by the two
        features that separate best.
    rasterise_over : int, default 20000
        Above so many samples points become pixels in SVG and PDF too.
    frames : int, default 40
        Most pictures of an animation.
    rate : float, default 6.0
        Pictures of it a second.

    References
    ----------
    Colours: Paul Tol, Colour schemes (SRON/EPS/TN/09-002); Okabe & Ito (2008), Color universal
    design.

    Examples
    --------
    >>> from gmmpipe.figures import Style
    >>> style = Style(width="page")
    >>> style.pick("narrow", "wide"), style.component(1).marker
    ('wide', 'o')

    """

    width: Literal["column", "page"] = "column"
    language: Language = "en"
    font_size: Annotated[float, Ge(6.5), Le(14)] = 7.0
    sigmas: Annotated[tuple[Annotated[float, Gt(0), Le(10)], ...], MinLen(1), MaxLen(4)] = (
        1.0,
        2.0,
    )
    projection: Literal["discriminant", "features"] = "discriminant"
    rasterise_over: Annotated[int, Ge(0), Le(1_000_000_000)] = 20_000
    frames: Annotated[int, Ge(2), Le(1000)] = 40
    rate: Annotated[float, Gt(0), Le(50)] = 6.0

    def say(self, text: str, **values: Any) -> str:
        """Return a text in the figures' language.

        Parameters
        ----------
        text : str
            English, its {fields} not filled.
        **values
            What fills them.

        Returns
        -------
        str
            The translation, filled.

        """
        return say(self.language, text, **values)

    def sentences(self, *parts: str) -> str:
        """Return the parts of a caption that are not empty, as one text.

        Parameters
        ----------
        *parts : str
            Sentences, already in the figures' language.

        Returns
        -------
        str
            With the blanks that the language has between sentences.

        """
        return sentences(self.language, parts)

    def listing(self, words: list[str]) -> str:
        """Return words as "a, b and c".

        Parameters
        ----------
        words : list of str
            Already in the figures' language.

        Returns
        -------
        str
            The list in that language.

        """
        return listing(self.language, words)

    @property
    def noise(self) -> Look:
        """Return the look of samples that belong to no component."""
        return Look(NOISE_COLOUR, "*", SERIES_DASHES[0], "++")

    def component(self, index: int) -> Look:
        """Return the look of a component.

        Parameters
        ----------
        index : int
            From 0, as in the arrays of a mixture.

        Returns
        -------
        Look
            Colour, marker, dashes and hatch.

        """
        return _look(index, COMPONENT_COLOURS, COMPONENT_MARKERS)

    def looks(self, mixture: Mixture) -> list[Look]:
        """Return the looks of the components, then of the noise if there is any.

        Parameters
        ----------
        mixture : Mixture
            Whose components.

        Returns
        -------
        list of Look
            One each.

        """
        looks = [self.component(index) for index in range(mixture.n_components)]
        return looks if mixture.box is None else [*looks, self.noise]

    def series(self, index: int) -> Look:
        """Return the look of a family or start.

        Parameters
        ----------
        index : int
            Its position in the sweep, from 0.

        Returns
        -------
        Look
            Colour, marker, dashes and hatch.

        """
        return _look(index, SERIES_COLOURS, SERIES_MARKERS)

    def pick(self, column: T, page: T) -> T:
        """Return the value for the present width.

        Parameters
        ----------
        column : object
            Where width is column.
        page : object
            Where it is page.

        Returns
        -------
        object
            One of them.

        """
        return column if self.width == "column" else page

    def characters(self, millimetres: float) -> int:
        """Return about how many characters of text fit a length.

        Parameters
        ----------
        millimetres : float
            The length.

        Returns
        -------
        int
            At ``font_size``.

        """
        return int(millimetres / (0.57 * self.font_size / 72 * 25.4))

    def title(self, dataset: str, rest: str = "") -> str:
        """Return a figure's title of one line.

        Parameters
        ----------
        dataset : str
            Name of the data set, elided if need be.
        rest : str, default ""
            What follows it.

        Returns
        -------
        str
            The title.

        """
        room = self.characters(0.85 * MILLIMETRES[self.width]) - breadth(rest)
        return elide(dataset, max(room, 8)) + rest

    def figure(self, height: float) -> Figure:
        """Return an empty figure.

        Parameters
        ----------
        height : float
            In millimetres.

        Returns
        -------
        matplotlib.figure.Figure
            As wide as ``width`` says.

        """
        from matplotlib.figure import Figure

        size = (MILLIMETRES[self.width] / 25.4, height / 25.4)
        return Figure(figsize=size, layout="constrained")

    def parameters(self) -> dict[str, Any]:
        """Return matplotlib's parameters.

        Returns
        -------
        dict
            For ``matplotlib.style.context``.

        """
        return {
            "font.family": _fonts(),
            "font.size": self.font_size,
            "text.parse_math": False,  # a $ in a name is a $
            "axes.formatter.useoffset": False,
            "axes.formatter.limits": (-5, 8),  # a log-likelihood of 100,000 samples in full
            "axes.labelsize": "medium",
            "axes.titlesize": "medium",
            "figure.titlesize": self.font_size + 1,
            "legend.fontsize": "medium",
            "legend.title_fontsize": "medium",
            "xtick.labelsize": "medium",
            "ytick.labelsize": "medium",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.6,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "xtick.minor.width": 0.4,
            "ytick.minor.width": 0.4,
            "lines.linewidth": 1.0,
            "figure.constrained_layout.w_pad": 0.06,
            "figure.constrained_layout.h_pad": 0.045,
            "legend.frameon": False,
            "legend.handlelength": 1.6,
            "legend.columnspacing": 1.2,
            "legend.handletextpad": 0.5,
            "legend.borderaxespad": 0.2,
            "legend.borderpad": 0.1,
            "hatch.linewidth": 0.5,
        }

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Apply the style inside a ``with``, over matplotlib's defaults, not the user's file.

        Yields
        ------
        None
            While the style is in force.

        """
        import matplotlib.style

        with matplotlib.style.context(["default", self.parameters()]):
            yield


def _look(index: int, colours: tuple[str, ...], markers: tuple[str, ...]) -> Look:
    patterns: tuple[tuple[Any, ...], ...] = (colours, markers, SERIES_DASHES, HATCHES)
    return Look(*(pattern[index % len(pattern)] for pattern in patterns))


@functools.cache
def _fonts() -> list[str]:
    """Return matplotlib's own font, then one for Chinese words and names if there is any."""
    return ["DejaVu Sans", *filter(None, [chinese_font()])]


def styled(
    draw: Callable[[DatasetTables, Style], Drawn],
) -> Callable[[DatasetTables, Style], Drawn]:
    """Return ``draw`` within its style, its layout computed once for every output format."""

    @functools.wraps(draw)
    def drawn(tables: DatasetTables, style: Style) -> Drawn:
        require_font(style.language)
        with style.applied():
            result = draw(tables, style)
            figure = result.figure if isinstance(result, Movie) else result
            sides = [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
            for axis in sides:
                if not axis.get_label_text():
                    axis.set_label_coords(0, 0)  # else each drawing looks for room for it
            if layout := figure.get_layout_engine():
                layout.execute(figure)
            figure.set_layout_engine(None)  # else every file would be drawn twice, to compute it
            for axis in sides:
                _keep_ticks(axis)
                axis.get_major_ticks()  # made here, as they take the style that is in force
                axis.get_minor_ticks()
        return result

    return drawn


def _keep_ticks(axis: Axis) -> None:
    """Fix the ticks chosen so far: the layout makes room for these and no others."""
    from matplotlib.ticker import FixedLocator, MaxNLocator

    if isinstance(axis.get_major_locator(), MaxNLocator):
        low, high = sorted(axis.get_view_interval())
        ticks = [tick for tick in axis.get_majorticklocs() if low <= tick <= high]
        axis.set_major_locator(FixedLocator(ticks))
