"""EM from its start to convergence: a strip of stills for print, and the same as an animation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.densities import densities_sentence, draw_curves, draw_histogram, highest
from gmmpipe.figures.ellipses import draw_ellipses, frame, sigmas_sentence
from gmmpipe.figures.movie import Movie, hidden
from gmmpipe.figures.projection import plane
from gmmpipe.figures.scatter import draw_backdrop, legend_below, markers, rasterised_sentence
from gmmpipe.figures.style import Style, styled
from gmmpipe.figures.tables import Tables
from gmmpipe.figures.wording import elide, iteration_ticks, model, number
from gmmpipe.numerics.mixture import FIRST

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gmmpipe.numerics.mixture import Array, Mixture

STILLS = 6


def applies(tables: Tables) -> bool:
    """Say whether the selected run can go once more, and has gone an iteration at least."""
    return (
        tables.replay is not None
        and tables.has_selection
        and len(tables.trajectory(tables.selected())) > 1
    )


def caption(tables: Tables, style: Style) -> str:
    """Return which run is shown, that some iterations are left out, and what the ellipses are."""
    row = tables.selected()
    total = len(tables.trajectory(row)) - 1
    text = style.say(
        "{dataset}: EM of {model} from its start ({start}, seed {seed}) to iteration {n}, and the"
        " log-likelihood at each iteration; dots: the iterations shown. A component keeps its"
        " colour.",
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
def draw(tables: Tables, style: Style) -> Figure:
    """Return stills from the start to the end of the selected run, beside its log-likelihood."""
    counts, mixtures = _pictures(tables, STILLS)
    columns = style.pick(2, 3)
    rows = -(-len(counts) // columns)
    figure = style.figure(style.pick(70, 30) + style.pick(36, 46) * rows)
    figure.suptitle(style.title(tables.dataset, f": {model(tables.selected())}"))
    grid = figure.add_gridspec(*style.pick((rows + 1, columns), (rows, columns + 1)))
    scene = _Scene(tables, style)
    first = None
    for index, (count, mixture) in enumerate(zip(counts, mixtures, strict=True)):
        place = grid[index // columns, index % columns]
        axes = figure.add_subplot(place, sharex=first, sharey=first)
        first = first or axes
        scene.backdrop(axes)
        scene.mixture(axes, mixture)
        scene.limits(axes)
        axes.set_title(_when(count, style))
        outer = (index % columns == 0, index + columns >= len(counts))
        axes.set(
            xlabel=scene.short[0] if outer[1] else "", ylabel=scene.short[1] if outer[0] else ""
        )
        axes.tick_params(labelleft=outer[0], labelbottom=outer[1])
        axes.locator_params(nbins=4)
    beside = figure.add_subplot(grid[rows, :] if style.width == "column" else grid[:, columns])
    _log_likelihood(beside, tables, style)
    values = tables.trajectory(tables.selected())
    beside.plot(counts, values[counts], "o", color="black", markersize=3.5, zorder=3)
    legend_below(figure, style, *scene.legend())
    return figure


@styled
def animate(tables: Tables, style: Style) -> Movie:
    """Return the animation: the mixture over the samples, and the log-likelihood beside it."""
    counts, mixtures = _pictures(tables, style.frames)
    figure = style.figure(style.pick(118, 88))
    figure.suptitle(style.title(tables.dataset, f": {model(tables.selected())}"))
    if style.width == "column":
        axes, beside = figure.subplots(2, 1, height_ratios=(1.7, 1))
    else:
        axes, beside = figure.subplots(1, 2, width_ratios=(1.5, 1))
    scene, values = _Scene(tables, style), tables.trajectory(tables.selected())
    scene.backdrop(axes)
    scene.limits(axes)
    axes.set(xlabel=scene.short[0], ylabel=scene.short[1])
    _log_likelihood(beside, tables, style)
    pictures: list[list[Artist]] = []
    for count, mixture in zip(counts, mixtures, strict=True):
        artists = hidden(axes, partial(scene.mixture, axes, mixture))
        words = f"{_when(count, style)}, {style.say('{value} nats', value=number(values[count]))}"
        artists += hidden(beside, partial(_mark, beside, count, float(values[count]), words))
        pictures.append(artists)
    beside.set_title(" ")  # room for the words of each picture
    legend_below(figure, style, *scene.legend())
    return Movie(figure, pictures, style.rate)


class _Scene:
    """The samples and mixtures of a run, all in one plane or on one axis."""

    def __init__(self, tables: Tables, style: Style) -> None:
        self.style, self.x = style, tables.x.to_numpy(float)
        self.final = tables.mixture(tables.selected())
        self.flat = len(tables.features) == 1
        if self.flat:
            self.x = self.x[~np.isnan(self.x)]
            self.short = (elide(tables.features[0], 24), style.say("density"))
            self.top = highest(self.x, self.final)
        else:
            self.view = plane(tables.features, self.final, style)
            self.short, self.x = self.view.short, self.view.points(self.x)

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

    def limits(self, axes: Axes) -> None:
        """Set limits that hold the samples and the last mixture, the same in every picture."""
        if self.flat:
            axes.set_ylim(0, self.top)
        else:
            frame(axes, self.x, self.view.mixture(self.final), max(self.style.sigmas))

    def legend(self) -> tuple[list[Artist], list[str]]:
        """Return the handles and names of the components."""
        k = self.final.n_components
        looks = [self.style.component(index) for index in range(k)]
        return markers(looks), [self.style.say("component {i}", i=i + FIRST) for i in range(k)]


def _pictures(tables: Tables, most: int) -> tuple[list[int], list[Mixture]]:
    """Return up to ``most`` iteration counts of the selected run and the mixtures after them.

    The start is the first and the end the last; of too many those are left out that come late.
    """
    row = tables.selected()
    total = len(tables.trajectory(row)) - 1
    counts = list(range(total + 1))
    if len(counts) > most:
        spaced = np.geomspace(1, total + 1, most) - 1
        # the first ones lie closer than one apart: each is moved to the next that is free
        whole = np.maximum(np.rint(spaced).astype(int), np.arange(most))
        counts = np.minimum(whole, total - np.arange(most)[::-1]).tolist()
    assert tables.replay is not None  # noqa: S101 - as ``applies`` asks
    return counts, tables.replay(row, counts)


def _mark(axes: Axes, count: int, value: float, words: str) -> None:
    """Draw where the run is, and say so above."""
    axes.plot(count, value, "o", color="black", markersize=5, zorder=3)
    axes.text(0.5, 1.03, words, transform=axes.transAxes, ha="center", va="bottom")


def _when(count: int, style: Style) -> str:
    return style.say("start") if count == 0 else style.say("iteration {n}", n=count)


def _log_likelihood(axes: Axes, tables: Tables, style: Style) -> None:
    """Draw the log-likelihood from the start on; the start itself may lie far below the rest."""
    values: Array = tables.trajectory(tables.selected())
    axes.plot(np.arange(len(values)), values, color="0.55", linewidth=1.0, zorder=2)
    if len(values) > 11:
        axes.set_xscale("symlog", linthresh=1.0, linscale=0.5)
        iteration_ticks(axes, len(values) - 1)
    else:
        axes.locator_params(axis="x", nbins=5, integer=True)
    low, high = float(values[1]), float(values.max())
    room = max(high - low, 1e-3)
    if len(values) > 2 and values[0] < low - 3 * room:  # it would flatten all that follows
        axes.set_ylim(low - 0.12 * room, high + 0.12 * room)
    axes.margins(x=0.05)
    axes.locator_params(axis="y", nbins=5)
    axes.set(xlabel=style.say("iteration"), ylabel=style.say("log-likelihood (nats)"))
