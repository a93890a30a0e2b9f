"""The selected mixture over the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.densities import densities_sentence, draw_densities
from gmmpipe.figures.parts.ellipses import draw_ellipses, frame, sigmas_sentence
from gmmpipe.figures.parts.legends import legend_below, markers
from gmmpipe.figures.parts.projection import plane
from gmmpipe.figures.parts.scatter import (
    component_groups,
    draw_points,
    lost_sentence,
    name_axes,
    rasterised_sentence,
)
from gmmpipe.figures.style import Style, styled
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import model, number

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def applies(tables: DatasetTables) -> bool:
    """Say whether a mixture was selected."""
    return tables.has_selection


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what is shown and what the ellipses enclose."""
    row = tables.selected()
    text = style.say(
        "{dataset}: the selected mixture ({model}), BIC {bic}.",
        dataset=tables.dataset,
        bic=number(row["bic"]),
        model=model(row),
    )
    if len(tables.features) == 1:
        return style.sentences(text, densities_sentence(style), lost_sentence(tables, style))
    return style.sentences(
        text,
        sigmas_sentence(style),
        style.say("Paler points belong to a component with less certainty."),
        plane(tables.features, tables.mixture(row), style).sentence,
        lost_sentence(tables, style),
        rasterised_sentence(tables, style),
    )


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return the selected mixture in original units, or projected where D > 2."""
    row = tables.selected()
    mixture = tables.mixture(row)
    figure = style.figure(style.pick(78, 115))
    figure.suptitle(style.title(tables.dataset, f": {model(row)}"))
    axes = figure.add_subplot()
    groups = component_groups(tables, mixture, style)
    if len(tables.features) == 1:
        handles = draw_densities(axes, tables.x.to_numpy(float)[:, 0], mixture, style)
        handles += markers(groups.looks[mixture.n_components :])
        name_axes(axes, (tables.features[0], style.say("density")), style)
    else:
        handles = _scatter(axes, tables, mixture, style)
    weights = [*mixture.weights, 1 - float(mixture.weights.sum())]
    texts = [f"{name} ({w:.2f})" for name, w in zip(groups.names, weights, strict=False)]
    legend_below(figure, style, handles, texts, title=style.say("component (weight)"))
    return figure


def _scatter(axes: Axes, tables: DatasetTables, mixture: Mixture, style: Style) -> list[Artist]:
    view = plane(tables.features, mixture, style)
    points, projected = view.points(tables.x.to_numpy(float)), view.mixture(mixture)
    groups = component_groups(tables, mixture, style)
    largest = tables.assignments["probability"].to_numpy(float)
    chance = 1 / len(groups.looks)
    # from 0, where all components are as likely, to 1
    certainty = np.clip((largest - chance) / max(1 - chance, chance), 0, 1)
    if len(groups.looks) == 1:
        certainty = np.ones(len(points))
    draw_points(axes, points, groups, style, certainty)
    draw_ellipses(axes, projected, style)
    frame(axes, points, projected, max(style.sigmas))
    name_axes(axes, view.labels, style)
    return markers(groups.looks)
