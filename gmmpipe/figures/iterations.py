"""One mixture as EM goes on: after each snapshot's iteration count, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.densities import draw_densities
from gmmpipe.figures.ellipses import draw_ellipses, frame, sigmas_sentence
from gmmpipe.figures.projection import plane
from gmmpipe.figures.scatter import legend_below, marker_area, markers, rasterised_sentence
from gmmpipe.figures.style import Style, styled
from gmmpipe.figures.tables import Tables
from gmmpipe.figures.wording import elide, model, number
from gmmpipe.numerics.mixture import Mixture

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Panel = tuple[tuple[str, str], list[Artist]]

MOST_PANELS = 6


def applies(tables: Tables) -> bool:
    """Say whether the selected run has two snapshots or more."""
    return tables.has_selection and len(_snapshots(tables)) > 1


def caption(tables: Tables, style: Style) -> str:
    """Return which run is shown and what the ellipses enclose."""
    row = tables.selected()
    text = (
        f"{tables.dataset}: the mixture of {model(row)} from start {row['start']}, seed"
        f" {row['seed']}, as EM goes on; a component keeps its colour."
    )
    left_out = len(tables.snapshots(row)) - len(_snapshots(tables))
    if left_out:
        text += f" {left_out} snapshots in between are left out."
    if len(tables.features) == 1:
        return f"{text} Histogram, components (coloured) and their sum (black)."
    if len(tables.features) > 2:
        text += f" The axes are {plane(tables.features, tables.mixture(row), style).name}."
    return f"{text} {sigmas_sentence(style)}{rasterised_sentence(tables, style)}"


@styled
def draw(tables: Tables, style: Style) -> Figure:
    """Return one panel for each snapshot of the selected run, on shared axes."""
    snapshots, final = _snapshots(tables), tables.mixture(tables.selected())
    columns = min(style.pick(2, 3), len(snapshots))
    rows = -(-len(snapshots) // columns)
    figure = style.figure(style.pick(26, 28) + style.pick(36, 46) * rows)
    figure.suptitle(style.title(tables.dataset, f": {model(tables.selected())}"))
    panels: list[Axes] = []
    for index, (_, row) in enumerate(snapshots.iterrows()):
        shared = panels[0] if panels else None
        axes = figure.add_subplot(rows, columns, index + 1, sharex=shared, sharey=shared)
        labels, handles = _panel(axes, tables, row, style)
        axes.set_title(_title(row), linespacing=1.3)
        outer = (index % columns == 0, index + columns >= len(snapshots))
        axes.set(xlabel=labels[0] if outer[1] else "", ylabel=labels[1] if outer[0] else "")
        axes.tick_params(labelleft=outer[0], labelbottom=outer[1])
        axes.locator_params(nbins=4)
        panels.append(axes)
    names = [f"component {index + 1}" for index in range(final.n_components)]
    legend_below(figure, style, handles, names)
    return figure


def _panel(axes: Axes, tables: Tables, row: pd.Series, style: Style) -> Panel:
    """Draw the mixture of cell ``row``; return the axes' labels and the legend's handles."""
    x, mixture = tables.x.to_numpy(float), tables.mixture(row)
    mixtures = [tables.mixture(other) for _, other in _snapshots(tables).iterrows()]
    if len(tables.features) == 1:
        lines = draw_densities(axes, x[:, 0], mixture, style)
        return (elide(tables.features[0], 24), "density"), lines
    # the same plane in every panel: the selected mixture's
    view = plane(tables.features, tables.mixture(tables.selected()), style)
    points = view.points(x)
    axes.scatter(
        points[:, 0],
        points[:, 1],
        s=0.5 * marker_area(len(points)),
        color="0.7",
        linewidths=0,
        zorder=1,
        rasterized=len(points) > style.rasterise_over,
    )
    draw_ellipses(axes, view.mixture(mixture), style)
    frame(axes, points, _whole([view.mixture(m) for m in mixtures]), max(style.sigmas))
    looks = [style.component(index) for index in range(mixture.n_components)]
    return view.short, markers(looks)


def _title(row: pd.Series) -> str:
    """Return the iterations really done and the log-likelihood of a cell."""
    done = f"{row['n_iter']} iteration{'' if row['n_iter'] == 1 else 's'}"
    ended = ", converged" if row["converged"] and row["n_iter"] < row["iteration"] else ""
    return f"{done}{ended}\n{number(row['log_likelihood'])} nats"


def _snapshots(tables: Tables) -> pd.DataFrame:
    """Return the cells of the selected run; of too many, those that tell the most.

    One after the other goes whose log-likelihood is nearest to its neighbour's; ends stay.
    """
    rows = tables.snapshots(tables.selected())
    while len(rows) > MOST_PANELS:
        gains = np.diff(rows["log_likelihood"])
        dull = 1 + int(np.argmin(np.abs(gains[:-1] + gains[1:])))
        rows = rows.drop(rows.index[dull])
    return rows


def _whole(mixtures: list[Mixture]) -> Mixture:
    """Return all components of some mixtures as one, for the limits of the shared axes."""
    return Mixture(
        np.concatenate([mixture.weights for mixture in mixtures]) / len(mixtures),
        np.concatenate([mixture.means for mixture in mixtures]),
        np.concatenate([mixture.covariances for mixture in mixtures]),
    )
