"""EM from its start to convergence: a strip of stills for print, and the same as an animation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.movie import Movie, View, hidden
from gmmpipe.figures.parts.densities import densities_sentence, draw_curves, draw_histogram, highest
from gmmpipe.figures.parts.ellipses import FAR, deviations, draw_ellipses, frame, sigmas_sentence
from gmmpipe.figures.parts.legends import legend_below, markers
from gmmpipe.figures.parts.projection import plane
from gmmpipe.figures.parts.scatter import draw_backdrop, rasterised_sentence
from gmmpipe.figures.parts.snapshots import distinct_snapshots, path_lengths, whole
from gmmpipe.figures.style import Style, styled
from gmmpipe.mixture.mixture import FIRST, Array, Mixture
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, iterations_from_start, model, number

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STILLS = 6
CANDIDATES = 300  # iterations of which some are shown
ROOM = 0.5  # of the span of the samples: mixtures that reach further out are zoomed out for
MOST_NUMBERS = 2**25  # in their mixtures, which are in memory at the same time


def applies(tables: DatasetTables) -> bool:
    """Say whether the selected run can go once more, and has gone an iteration at least."""
    return (
        tables.replay is not None
        and tables.has_selection
        and len(tables.trajectory(tables.selected())) > 1
    )


def caption(tables: DatasetTables, style: Style) -> str:
    """Return which run is shown, that some iterations are left out, and what the ellipses are."""
    row = tables.selected()
    total = len(tables.trajectory(row)) - 1
    text = style.say(
        "{dataset}: EM of {model} from its start ({start}, seed {seed}) to iteration {n}, and"
        " the log-likelihood at each iteration; dots: the iterations shown. Each component"
        " keeps its colour.",
        dataset=tables.dataset,
        model=model(row),
        start=row["start"],
        seed=row["seed"],
        n=total,
    )
    if len(tables.features) == 1:
        return style.sentences(text, densities_sentence(style))
    return style.sentences(
        text,
        plane(tables.features, tables.mixture(row), style).sentence,
        sigmas_sentence(style),
        rasterised_sentence(tables, style),
    )


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return stills from the start to the end of the selected run, beside its log-likelihood."""
    counts, mixtures = _pictures(tables, STILLS)
    columns = style.pick(2, 3)
    rows = -(-len(counts) // columns)
    figure = style.figure(style.pick(70, 30) + style.pick(36, 46) * rows)
    figure.suptitle(style.title(tables.dataset, f": {model(tables.selected())}"))
    grid = figure.add_gridspec(*style.pick((rows + 1, columns), (rows, columns + 1)))
    scene = _Scene(tables, mixtures, style)
    first = None
    for index, (count, mixture) in enumerate(zip(counts, mixtures, strict=True)):
        place, far = grid[index // columns, index % columns], index in scene.far
        shared = None if far else first
        axes = figure.add_subplot(place, sharex=shared, sharey=shared)
        first = axes if first is None and not far else first
        scene.backdrop(axes)
        scene.mixture(axes, mixture)
        scene.limits(axes, index)
        axes.set_title(_when(count, style) + (style.say(" (zoomed out)") if far else ""))
        outer = (index % columns == 0, index + columns >= len(counts))
        axes.set(
            xlabel=scene.short[0] if outer[1] else "", ylabel=scene.short[1] if outer[0] else ""
        )
        axes.tick_params(
            labelleft=outer[0] or far or index - 1 in scene.far, labelbottom=outer[1] or far
        )
        axes.locator_params(nbins=4)
    beside = figure.add_subplot(grid[rows, :] if style.width == "column" else grid[:, columns])
    _log_likelihood(beside, tables, style)
    values = _inside(beside, tables.trajectory(tables.selected()))
    beside.plot(counts, values[counts], "o", color="black", markersize=3.5, zorder=3)
    legend_below(figure, style, *scene.legend())
    return figure


@styled
def animate(tables: DatasetTables, style: Style) -> Movie:
    """Return the animation: the mixture over the samples, and the log-likelihood beside it."""
    counts, mixtures = _pictures(tables, style.frames)
    figure = style.figure(style.pick(118, 88))
    figure.suptitle(style.title(tables.dataset, f": {model(tables.selected())}"))
    if style.width == "column":
        axes, beside = figure.subplots(2, 1, height_ratios=(1.7, 1))
    else:
        axes, beside = figure.subplots(1, 2, width_ratios=(1.5, 1))
    scene = _Scene(tables, mixtures, style)
    scene.backdrop(axes)
    axes.set(xlabel=scene.short[0], ylabel=scene.short[1])
    _log_likelihood(beside, tables, style)
    values = tables.trajectory(tables.selected())
    heights = _inside(beside, values)
    pictures: list[list[Artist]] = []
    for count, mixture in zip(counts, mixtures, strict=True):
        artists = hidden(axes, partial(scene.mixture, axes, mixture))
        title = f"{_when(count, style)}, {style.say('{value} nats', value=number(values[count]))}"
        artists += hidden(beside, partial(_mark, beside, count, float(heights[count]), title))
        pictures.append(artists)
    views = scene.views(axes)
    beside.set_title(" ")  # room for the words of each picture
    legend_below(figure, style, *scene.legend())
    return Movie(figure, pictures, style.rate, axes, views)


class _Scene:
    """The samples and mixtures of a run, all in one plane or on one axis."""

    def __init__(self, tables: DatasetTables, mixtures: list[Mixture], style: Style) -> None:
        self.style, self.x = style, tables.x.to_numpy(float)
        self.final = tables.mixture(tables.selected())
        self.flat = len(tables.features) == 1
        if self.flat:
            self.x = self.x[~np.isnan(self.x)]
            self.short = (elide(tables.features[0], 24), style.say("density"))
            self.top = highest(self.x, self.final)
            self.seen, self.far = mixtures, set[int]()
        else:
            self.view = plane(tables.features, self.final, style)
            self.short, self.x = self.view.short, self.view.points(self.x)
            self.seen = [self.view.mixture(mixture) for mixture in mixtures]
            self.far = {i for i, mixture in enumerate(self.seen) if not self._is_near(mixture)}

    def backdrop(self, axes: Axes) -> None:
        """Draw what does not move."""
        if self.flat:
            draw_histogram(axes, self.x)
        else:
            draw_backdrop(axes, self.x, self.style)

    def mixture(self, axes: Axes, mixture: Mixture) -> None:
        """Draw what moves."""
        if self.flat:
            draw_curves(axes, self.x, mixture, self.style)
        else:
            draw_ellipses(axes, self.view.mixture(mixture), self.style)

    def limits(self, axes: Axes, index: int) -> None:
        """Set the limits of picture ``index``: those of all, or wider where its mixture is."""
        radius = max(self.style.sigmas)
        if self.flat:
            axes.set_ylim(0, self.top)
        elif index in self.far:
            frame(axes, self.x, self.seen[index], radius, beyond=FAR)
        else:
            near = [mixture for i, mixture in enumerate(self.seen) if i not in self.far]
            frame(axes, self.x, whole(near), radius, beyond=ROOM)

    def views(self, axes: Axes) -> list[View]:
        """Return the limits of every picture; ``axes`` end up with those of the last."""
        result = []
        for index in range(len(self.seen)):
            self.limits(axes, index)
            result.append((axes.get_xlim(), axes.get_ylim()))
        return result

    def _is_near(self, mixture: Mixture) -> bool:
        """Say whether the ellipses of a mixture reach little beyond the samples."""
        low, high = np.nanmin(self.x, axis=0), np.nanmax(self.x, axis=0)
        reach, room = max(self.style.sigmas) * deviations(mixture), ROOM * (high - low)
        inside = (mixture.means - reach >= low - room) & (mixture.means + reach <= high + room)
        return bool(inside.all())

    def legend(self) -> tuple[list[Artist], list[str]]:
        """Return the handles and names of the components."""
        k = self.final.n_components
        looks = [self.style.component(index) for index in range(k)]
        return markers(looks), [self.style.say("component {i}", i=i + FIRST) for i in range(k)]


def _pictures(tables: DatasetTables, most: int) -> tuple[list[int], list[Mixture]]:
    """Return up to ``most`` iteration counts of the selected run and the mixtures after them.

    The start is the first and the end the last; between them the way is cut evenly, and iterations
    in which nothing is seen to move are left out.
    """
    row = tables.selected()
    total = len(tables.trajectory(row)) - 1
    room = MOST_NUMBERS // (int(row["k"]) * len(tables.features) ** 2)
    counts = _spaced(total, max(most, min(CANDIDATES, room)))
    assert tables.replay is not None  # noqa: S101 - as ``applies`` asks
    mixtures = tables.replay(row, counts)
    chosen = distinct_snapshots(path_lengths(tables, mixtures), most)
    return [counts[i] for i in chosen], [mixtures[i] for i in chosen]


def _spaced(total: int, most: int) -> list[int]:
    """Return up to ``most`` of the counts from 0 to ``total``; of too many fewer late ones."""
    if total < most:
        return list(range(total + 1))
    spaced = np.geomspace(1, total + 1, most) - 1
    # the first ones lie closer than one apart: each is moved to the next that is free
    counts = np.maximum(np.rint(spaced).astype(int), np.arange(most))
    return [int(count) for count in np.minimum(counts, total - np.arange(most)[::-1])]


def _mark(axes: Axes, count: int, value: float, title: str) -> None:
    """Draw where the run is, and say so above."""
    axes.plot(count, value, "o", color="black", markersize=5, zorder=3)
    axes.text(0.5, 1.03, title, transform=axes.transAxes, ha="center", va="bottom")


def _when(count: int, style: Style) -> str:
    return style.say("start") if count == 0 else style.say("iteration {n}", n=count)


def _log_likelihood(axes: Axes, tables: DatasetTables, style: Style) -> None:
    """Draw the log-likelihood from the start on, which is named where it lies far below."""
    values: Array = tables.trajectory(tables.selected())
    axes.plot(np.arange(len(values)), values, color="0.55", linewidth=1.0, zorder=2)
    iterations_from_start(axes, len(values) - 1)
    axes.margins(x=0.05)
    low, high = float(values[1]), float(values.max())
    room = max(high - low, 1e-3)
    if len(values) > 2 and values[0] < low - 3 * room:  # it would flatten all that follows
        axes.set_ylim(low - 0.3 * room, high + 0.12 * room)
        text = style.say("start: {value} nats", value=number(float(values[0])))
        axes.annotate(text, (0, 0), (6, 3), xycoords=("data", "axes fraction"),
                      textcoords="offset points", va="bottom", backgroundcolor="white")  # fmt: skip
    axes.locator_params(axis="y", nbins=5)
    axes.set(xlabel=style.say("iteration"), ylabel=style.say("log-likelihood (nats)"))


def _inside(axes: Axes, values: Array) -> Array:
    """Return the values, one below the lower edge of the axes at that edge."""
    return np.maximum(values, axes.get_ylim()[0])
