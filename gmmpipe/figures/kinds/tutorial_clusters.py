"""The EM tutorial's figure: the classes the mixture finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gmmpipe.figures.parts.groups import draw_groups
from gmmpipe.figures.parts.legends import legend_below
from gmmpipe.figures.parts.projection import plane
from gmmpipe.figures.parts.scatter import (
    Groups,
    component_groups,
    lost_sentence,
    rasterised_sentence,
)
from gmmpipe.figures.style import Style, styled
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import model

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def applies(tables: DatasetTables) -> bool:
    """Say whether a mixture was selected."""
    return tables.has_selection


def caption(tables: DatasetTables, style: Style) -> str:
    """Return which mixture gave the classes."""
    row = tables.selected()
    text = style.say(
        "{dataset}: each sample in the class of its most probable component, for the"
        " selected mixture ({model}) after {n} iterations.",
        dataset=tables.dataset,
        model=model(row),
        n=row["n_iter"],
    )
    several = len(tables.features) > 1
    axes = plane(tables.features, tables.mixture(row), style).sentence if several else ""
    return style.sentences(
        text, axes, lost_sentence(tables, style), rasterised_sentence(tables, style)
    )


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return the samples in original units, class 1 as red squares, class 2 as blue circles."""
    mixture = tables.mixture(tables.selected())
    components = component_groups(tables, mixture, style)
    names = [
        style.say("class {name}", name=name) if index < mixture.n_components else name
        for index, name in enumerate(components.names)
    ]
    figure = style.figure(style.pick(72, 110))
    groups = Groups(components.codes, names, components.looks)
    legend_below(figure, style, *draw_groups(figure.add_subplot(), tables, style, groups, mixture))
    figure.suptitle(style.say("GMM Clustering By EM Algorithm"))
    return figure
