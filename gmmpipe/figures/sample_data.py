"""The EM tutorial's other figure: the true groups of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.groups import draw_groups
from gmmpipe.figures.projection import plane
from gmmpipe.figures.scatter import Groups, lost_sentence, rasterised_sentence
from gmmpipe.figures.style import Style, styled
from gmmpipe.figures.tables import Tables
from gmmpipe.numerics.mixture import Mixture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def applies(tables: Tables) -> bool:
    """Say whether the true classes are known."""
    return tables.labels is not None


def caption(tables: Tables, style: Style) -> str:
    """Return what the groups are."""
    names = tables.groups()[1]
    text = style.say(
        "{dataset}: the {n} samples in their {k} true groups.",
        dataset=tables.dataset,
        n=tables.n_samples,
        k=len(names),
    )
    several = len(tables.features) > 1
    axes = plane(tables.features, _moments(tables), style).sentence if several else ""
    return style.sentences(
        text, axes, lost_sentence(tables, style), rasterised_sentence(tables, style)
    )


@styled
def draw(tables: Tables, style: Style) -> Figure:
    """Return the true groups, the first as blue circles and the second as red squares."""
    groups, names = tables.groups()
    # the tutorial swaps the two: here circles come first
    order = [1, 0, *range(2, len(names))]
    looks = [style.component(order[index]) for index in range(len(names))]
    told = [
        style.say("group {name}", name=name) if name.lstrip("-").isdigit() else name
        for name in names
    ]
    figure = draw_groups(tables, style, Groups(groups, told, looks), _moments(tables))
    figure.suptitle(style.say("sample_data"))
    return figure


def _moments(tables: Tables) -> Mixture:
    """Return share, mean and covariance of each true group, as a mixture."""
    groups, names = tables.groups()
    x = tables.x.to_numpy(float)
    whole = ~np.isnan(x).any(axis=1)
    x, groups = x[whole], groups[whole]
    members = [x[groups == index] for index in range(len(names))]
    members = [group for group in members if len(group)]
    return Mixture(
        np.array([len(group) for group in members]) / len(x),
        np.array([group.mean(axis=0) for group in members]),
        np.array([np.atleast_2d(np.cov(group.T, bias=True)) for group in members]),
    )
