"""The EM tutorial's other figure: the true groups of the data, beside what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.groups import cross_table, draw_cross_table, draw_groups, matched_looks
from gmmpipe.figures.parts.legends import legend_below
from gmmpipe.figures.parts.projection import plane
from gmmpipe.figures.parts.scatter import (
    Groups,
    component_groups,
    lost_sentence,
    rasterised_sentence,
)
from gmmpipe.figures.style import Style, styled
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS = 20  # of the table, and columns


def applies(tables: DatasetTables) -> bool:
    """Say whether the true classes are known."""
    return tables.labels is not None


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what the groups are, and what the table beside them counts."""
    groups, components = _groups(tables, style)
    text = style.say(
        "{dataset}: the {n} samples in their {k} true groups.",
        dataset=tables.dataset,
        n=tables.n_samples if (groups.codes >= 0).all() else int((groups.codes >= 0).sum()),
        k=len(groups.names),
    )
    several = len(tables.features) > 1
    axes = plane(tables.features, _shown(tables), style).sentence if several else ""
    return style.sentences(
        text,
        _compared(tables, groups, components, style),
        axes,
        lost_sentence(tables, style),
        rasterised_sentence(tables, style),
    )


def _compared(
    tables: DatasetTables, groups: Groups, components: Groups | None, style: Style
) -> str:
    """Return the sentences on colours and table, "" where there is no mixture to compare with."""
    if components is None:
        return ""
    colours = style.say(
        "A group has the colour of the component of the selected mixture ({model}) that is matched"
        " to it.",
        model=model(tables.selected()),
    )
    table = style.say("The table counts the samples of each group in each component.")
    left_out = style.say("There are too many groups to show the table.")
    return style.sentences(colours, table if _has_table(groups, components) else left_out)


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return the true groups where ``clusters`` shows the components, and the table of both."""
    groups, components = _groups(tables, style)
    beside = components is not None and _has_table(groups, components)
    rows = len(groups.names)
    figure = style.figure(style.pick(72 + beside * (12 + 4.5 * rows), 110 - 25 * beside))
    if components is not None and beside:
        ratios = style.pick((60.0, 6 + 4.5 * rows), (1.6, 1.0))
        grid = (
            figure.add_gridspec(2, 1, height_ratios=ratios)
            if style.width == "column"
            else figure.add_gridspec(1, 2, width_ratios=ratios)
        )
        axes = figure.add_subplot(grid[0])
        draw_cross_table(figure.add_subplot(grid[1]), groups, components, style)
    else:
        axes = figure.add_subplot()
    handles, texts = draw_groups(axes, tables, style, groups, _shown(tables))
    legend_below(figure, style, handles, texts)
    figure.suptitle(style.say("sample_data"))
    return figure


def _has_table(groups: Groups, components: Groups) -> bool:
    return max(len(groups.names), len(components.names)) <= MOST_ROWS


def _groups(tables: DatasetTables, style: Style) -> tuple[Groups, Groups | None]:
    """Return the true groups, and those found, None where no mixture was selected."""
    codes, names = tables.groups()
    named = [
        style.say("group {name}", name=name) if name.lstrip("-").isdigit() else name
        for name in names
    ]
    looks = [style.component(index) for index in range(len(names))]
    if not tables.has_selection:
        return Groups(codes, named, looks), None
    components = component_groups(tables, tables.mixture(tables.selected()), style)
    groups = Groups(codes, named, looks)
    return Groups(codes, named, matched_looks(cross_table(groups, components), style)), components


def _shown(tables: DatasetTables) -> Mixture:
    """Return the mixture whose plane is shown: the selected one, else the groups' moments."""
    return tables.mixture(tables.selected()) if tables.has_selection else _moments(tables)


def _moments(tables: DatasetTables) -> Mixture:
    """Return share, mean and covariance of each true group, as a mixture."""
    groups, names = tables.groups()
    x = tables.x.to_numpy(float)
    whole = ~np.isnan(x).any(axis=1) & (groups >= 0)
    x, groups = x[whole], groups[whole]
    members = [x[groups == index] for index in range(len(names))]
    members = [group for group in members if len(group)]
    return Mixture(
        np.array([len(group) for group in members]) / len(x),
        np.array([group.mean(axis=0) for group in members]),
        np.array([np.atleast_2d(np.cov(group.T, bias=True)) for group in members]),
    )
