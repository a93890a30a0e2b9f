"""The selected mixture over the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.densities import draw_densities
from gmmpipe.figures.ellipses import draw_ellipses, frame, sigmas_sentence
from gmmpipe.figures.projection import plane
from gmmpipe.figures.scatter import Groups, draw_points, legend_below, markers, rasterised_sentence
from gmmpipe.figures.style import Style, styled
from gmmpipe.figures.tables import Tables
from gmmpipe.figures.wording import elide, model, number

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gmmpipe.numerics.mixture import Mixture


def applies(tables: Tables) -> bool:
    """Say whether a mixture was selected."""
    return tables.has_selection


def caption(tables: Tables, style: Style) -> str:
    """Return what is shown and what the ellipses enclose."""
    row, dimension = tables.selected(), len(tables.features)
    text = f"{tables.dataset}: the mixture of lowest BIC, {number(row['bic'])} ({model(row)})."
    if dimension == 1:
        return f"{text} Histogram, components (coloured) and their sum (black)."
    text = f"{text} {sigmas_sentence(style)} The paler a point, the less certain its component."
    if dimension > 2:
        text += f" The axes are {plane(tables.features, tables.mixture(row), style).name}."
    return text + rasterised_sentence(tables, style)


@styled
def draw(tables: Tables, style: Style) -> Figure:
    """Return the selected mixture in original units, or projected where D > 2."""
    row = tables.selected()
    mixture = tables.mixture(row)
    figure = style.figure(style.pick(78, 115))
    figure.suptitle(style.title(tables.dataset, f": {model(row)}"))
    axes = figure.add_subplot()
    if len(tables.features) == 1:
        handles = draw_densities(axes, tables.x.to_numpy(float)[:, 0], mixture, style)
        axes.set(xlabel=elide(tables.features[0], 40), ylabel="density")
    else:
        handles = _scatter(axes, tables, mixture, style)
    texts = [f"{index + 1} ({weight:.2f})" for index, weight in enumerate(mixture.weights)]
    legend_below(figure, style, handles, texts, title="component (weight)")
    return figure


def _scatter(axes: Axes, tables: Tables, mixture: Mixture, style: Style) -> list[Artist]:
    view = plane(tables.features, mixture, style)
    points, seen = view.points(tables.x.to_numpy(float)), view.mixture(mixture)
    components = tables.assignments["component"].to_numpy(np.int64)
    largest = tables.assignments["probability"].to_numpy(float)
    chance = 1 / mixture.n_components
    # from 0, where all components are as likely, to 1
    certainty = np.clip((largest - chance) / max(1 - chance, chance), 0, 1)
    if mixture.n_components == 1:
        certainty = np.ones(len(points))
    looks = [style.component(index) for index in range(mixture.n_components)]
    groups = Groups(components, [], looks)
    draw_points(axes, points, groups, style, certainty)
    draw_ellipses(axes, seen, style)
    frame(axes, points, seen, max(style.sigmas))
    axes.set_xlabel(elide(view.labels[0], style.characters(style.pick(66, 150))))
    axes.set_ylabel(elide(view.labels[1], style.characters(style.pick(44, 75))))
    return markers(looks)
