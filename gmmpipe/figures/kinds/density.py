"""The density of the selected mixture, and which component is responsible where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.densities import densities_sentence, draw_densities
from gmmpipe.figures.parts.ellipses import frame
from gmmpipe.figures.parts.legends import legend_below, markers
from gmmpipe.figures.parts.projection import plane
from gmmpipe.figures.parts.scatter import component_groups, lost_sentence, marker_area, name_axes
from gmmpipe.figures.style import Look, Style, styled
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE = 220  # points of the grid along each axis
MASSES = (0.95, 0.75, 0.5, 0.25)  # of the mixture, inside the contours
DRAWN = 40_000  # samples from which the contours' levels are estimated, to some 0.2 %
SHADES = ("#E4EAF1", "#BACADB", "#88A3C0", "#53799F")
LINES = ("#9EC5EF", "#5598DC", "#1F6BB5", "#0B3C6F")  # the same over grey hexagons


def applies(tables: DatasetTables) -> bool:
    """Say whether a mixture was selected."""
    return tables.has_selection


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what the contours enclose, and what the colours and lines of the map are."""
    row = tables.selected()
    mixture = tables.mixture(row)
    text = style.say(
        "{dataset}: density and responsibilities of the selected mixture ({model}).",
        dataset=tables.dataset,
        model=model(row),
    )
    if len(tables.features) == 1:
        lines = style.say(
            "Below: the probability of each component at a value; vertical lines: where the"
            " most probable one changes."
        )
        return style.sentences(text, densities_sentence(style), lines)
    marginal = style.say("Both show the mixture's marginal in this plane.")
    hexagons = style.say(
        "The {n} samples are counted in hexagons; darker means more (logarithmic).",
        n=len(tables.x),
    )
    return style.sentences(
        text,
        style.say(
            "Contours enclose {shares} of the probability of all components.",
            shares=style.listing([f"{100 * mass:.0f} %" for mass in MASSES]),
        ),
        style.say(
            "Map: the colours of the components, mixed by their probabilities and paler where"
            " less certain; marks: means; black: where the most probable component changes."
        ),
        plane(tables.features, mixture, style).sentence,
        marginal if len(tables.features) > 2 else "",
        lost_sentence(tables, style),
        hexagons if len(tables.x) > style.rasterise_over else "",
    )


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return the density's contours over the samples, and the map of responsibilities."""
    from matplotlib.patches import Patch

    row = tables.selected()
    mixture, groups = tables.mixture(row), component_groups(tables, tables.mixture(row), style)
    figure = style.figure(style.pick(128, 88))
    figure.suptitle(style.title(tables.dataset, f": {model(row)}"))
    handles = markers(groups.looks)
    texts = [
        style.say("component {i}", i=name) if index < mixture.n_components else name
        for index, name in enumerate(groups.names)
    ]
    if len(tables.features) == 1:
        _one_feature(figure, tables, mixture, style)
    else:
        _plane(figure, tables, mixture, style)
        shades = LINES if len(tables.x) > style.rasterise_over else SHADES
        handles = [*(Patch(color=shade) for shade in shades), *handles]
        texts = [style.say("{share} % inside", share=f"{100 * m:.0f}") for m in MASSES] + texts
    legend_below(figure, style, handles, texts)
    return figure


def _one_feature(figure: Figure, tables: DatasetTables, mixture: Mixture, style: Style) -> None:
    """Draw histogram and density above, the responsibilities stacked below."""
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    draw_densities(upper, tables.x.to_numpy(float)[:, 0], mixture, style)
    upper.set_ylabel(style.say("density"))
    low, high = upper.get_xlim()
    grid = np.linspace(low, high, 4 * SIDE)
    resp, looks = np.exp(log_responsibilities(grid[:, None], mixture)[1]), style.looks(mixture)
    lower.stackplot(grid, resp.T, colors=[look.colour for look in looks], alpha=0.7, linewidth=0)
    winner = resp.argmax(axis=1)
    for place in (grid[1:] + grid[:-1])[np.diff(winner) != 0] / 2:
        lower.axvline(place, color="black", linewidth=0.9)
    lower.set_ylim(0, 1)
    name_axes(lower, (tables.features[0], style.say("probability")), style)


def _plane(figure: Figure, tables: DatasetTables, mixture: Mixture, style: Style) -> None:
    """Draw both panels of two features, or of the plane where there are more."""
    view = plane(tables.features, mixture, style)
    points, projected = view.points(tables.x.to_numpy(float)), view.mixture(mixture)
    left, right = figure.subplots(*style.pick((2, 1), (1, 2)), sharex=True, sharey=True)
    frame(left, points, projected, 2.0)
    gaussian = Mixture(
        projected.weights / projected.weights.sum(), projected.means, projected.covariances
    )
    projected = gaussian if projected.box is None else projected
    crowded = len(points) > style.rasterise_over
    _contours(left, gaussian, filled=not crowded)
    _samples(left, points, crowded=crowded)
    _map(right, projected, style.looks(projected))
    name_axes(left, view.labels, style)
    name_axes(right, view.labels, style)
    room = style.characters(style.pick(66, 70))
    right.set_xlabel(elide(view.labels[0], room))
    left.set_xlabel(style.pick("", elide(view.labels[0], room)))
    right.set_ylabel(style.pick(right.get_ylabel(), ""))


def _samples(axes: Axes, points: Array, *, crowded: bool) -> None:
    """Draw each point; of too many, which would hide the contours, how many there are where."""
    points = points[~np.isnan(points).any(axis=1)]
    if not crowded:
        size = 0.4 * marker_area(len(points))
        x, y = points.T
        axes.scatter(x, y, s=size, color="black", alpha=0.35, linewidths=0, zorder=2)
        return
    limits = (*axes.get_xlim(), *axes.get_ylim())
    axes.hexbin(
        *points.T, gridsize=60, extent=limits, bins="log", mincnt=1, cmap="Greys", linewidths=0,
        rasterized=True, zorder=1,
    )  # fmt: skip
    axes.set(xlim=limits[:2], ylim=limits[2:])


def _contours(axes: Axes, mixture: Mixture, *, filled: bool) -> None:
    """Fill or outline the regions of highest density that hold the ``MASSES``."""
    x, y, grid = _grid(axes)
    logs = log_responsibilities(grid, mixture)[0]
    drawn = log_responsibilities(_sample(mixture), mixture)[0]
    levels = np.quantile(drawn, [1 - mass for mass in MASSES])
    heights = logs.reshape(SIDE, SIDE)
    if filled:
        peak = max(float(logs.max()), float(drawn.max())) + 1.0
        axes.contourf(x, y, heights, [*levels, peak], colors=SHADES, zorder=1)
    else:
        axes.contour(x, y, heights, levels, colors=LINES, linewidths=1.1, zorder=3)


def _map(axes: Axes, mixture: Mixture, looks: list[Look]) -> None:
    """Colour the plane by responsibility, and draw where the most probable component changes."""
    from matplotlib.colors import to_rgb

    x, y, grid = _grid(axes)
    logs = log_responsibilities(grid, mixture)[1]
    resp, chance = np.exp(logs), 1 / len(looks)
    colours = resp @ np.array([to_rgb(look.colour) for look in looks])
    certainty = (resp.max(axis=1) - chance) / (1 - chance) if len(looks) > 1 else np.ones(len(grid))
    strength = (0.15 + 0.55 * certainty)[:, None]
    picture = (1 - strength + strength * colours).reshape(SIDE, SIDE, 3)
    limits = (*axes.get_xlim(), *axes.get_ylim())
    axes.imshow(
        np.clip(picture, 0, 1),
        origin="lower",
        extent=limits,
        aspect="auto",
        interpolation="bilinear",
    )
    for index in range(len(looks) if len(looks) > 1 else 0):
        others = np.delete(logs, index, axis=1).max(axis=1)
        margin = np.nan_to_num(logs[:, index] - others, nan=0.0, posinf=1e3, neginf=-1e3)
        if margin.min() < 0 < margin.max():
            axes.contour(
                x, y, np.clip(margin, -30, 30).reshape(SIDE, SIDE), [0.0], colors="black",
                linewidths=0.9,
            )  # fmt: skip
    for mean, look in zip(mixture.means, looks, strict=False):
        axes.plot(
            *mean, look.marker, color=look.colour, markersize=4.5, markeredgecolor="black",
            markeredgewidth=0.7,
        )  # fmt: skip


def _grid(axes: Axes) -> tuple[Array, Array, Array]:
    """Return the coordinates (SIDE,) along both axes, and all points (SIDE * SIDE, 2)."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    x, y = np.linspace(left, right, SIDE), np.linspace(low, high, SIDE)
    every = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return x, y, every


def _sample(mixture: Mixture) -> Array:
    """Return ``DRAWN`` samples of ``mixture``, always the same."""
    rng = np.random.default_rng(0)
    counts = rng.multinomial(DRAWN, mixture.weights)
    parts = zip(mixture.means, mixture.covariances, counts, strict=True)
    return np.concatenate([rng.multivariate_normal(m, c, n, method="eigh") for m, c, n in parts])
