"""The EM tutorial's figure: the classes the mixture finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.groups import draw_groups
from gmmpipe.figures.projection import plane
from gmmpipe.figures.scatter import Groups, rasterised_sentence
from gmmpipe.figures.style import Style, styled
from gmmpipe.figures.tables import Tables
from gmmpipe.figures.wording import model

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def applies(tables: Tables) -> bool:
    """Say whether a mixture was selected."""
    return tables.has_selection


def caption(tables: Tables, style: Style) -> str:
    """Return which mixture gave the classes."""
    row = tables.selected()
    text = (
        f"{tables.dataset}: each sample in the class of its most probable component, of the"
        f" mixture of lowest BIC ({model(row)}) after {row['iteration']} iterations."
    )
    if len(tables.features) > 2:
        text += f" The axes are {plane(tables.features, tables.mixture(row), style).name}."
    return text + rasterised_sentence(tables, style)


@styled
def draw(tables: Tables, style: Style) -> Figure:
    """Return the samples in original units, class 1 as red squares, class 2 as blue circles."""
    mixture = tables.mixture(tables.selected())
    looks = [style.component(index) for index in range(mixture.n_components)]
    names = [f"class {index + 1}" for index in range(mixture.n_components)]
    components = tables.assignments["component"].to_numpy(np.int64)
    figure = draw_groups(tables, style, Groups(components, names, looks), mixture)
    figure.suptitle("GMM Clustering By EM Algorithm")
    return figure
