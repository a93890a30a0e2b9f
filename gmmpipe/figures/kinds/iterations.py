"""One mixture as EM proceeds: after each snapshot's iteration count, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gmmpipe.figures.parts.densities import densities_sentence, draw_densities
from gmmpipe.figures.parts.ellipses import draw_ellipses, frame, sigmas_sentence
from gmmpipe.figures.parts.projection import plane
from gmmpipe.figures.parts.scatter import draw_backdrop, legend_below, markers, rasterised_sentence
from gmmpipe.figures.parts.snapshots import SEEN, telling, way_of, whole
from gmmpipe.figures.style import Style, styled
from gmmpipe.mixture.mixture import FIRST
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, model, number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gmmpipe.mixture.mixture import Array

    Panel = tuple[tuple[str, str], list[Artist]]

MOST_PANELS = 6


def applies(tables: DatasetTables) -> bool:
    """Say whether the selected run has snapshots between which something moves."""
    if not tables.has_selection or len(tables.snapshots(tables.selected())) < 2:
        return False
    return float(_way(tables)[-1]) >= SEEN


def caption(tables: DatasetTables, style: Style) -> str:
    """Return which run is shown and what the ellipses enclose."""
    row = tables.selected()
    text = style.say(
        "{dataset}: the mixture of {model} from start {start}, seed {seed}, as EM goes on; a"
        " component keeps its colour.",
        dataset=tables.dataset,
        model=model(row),
        start=row["start"],
        seed=row["seed"],
    )
    hidden = len(tables.snapshots(row)) - len(_snapshots(tables))
    if hidden:
        hint = style.say(
            "{n} snapshots in between, which differ least from those shown, are left out.", n=hidden
        )
        text = style.sentences(text, hint)
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
        axes.set_title(_title(row, style), linespacing=1.3)
        outer = (index % columns == 0, index + columns >= len(snapshots))
        axes.set(xlabel=labels[0] if outer[1] else "", ylabel=labels[1] if outer[0] else "")
        axes.tick_params(labelleft=outer[0], labelbottom=outer[1])
        axes.locator_params(nbins=4)
        panels.append(axes)
    names = [style.say("component {i}", i=index + FIRST) for index in range(final.n_components)]
    legend_below(figure, style, handles, names)
    return figure


def _panel(axes: Axes, tables: DatasetTables, row: pd.Series, style: Style) -> Panel:
    """Draw the mixture of cell ``row``; return the axes' labels and the legend's handles."""
    x, mixture = tables.x.to_numpy(float), tables.mixture(row)
    mixtures = [tables.mixture(other) for _, other in _snapshots(tables).iterrows()]
    if len(tables.features) == 1:
        lines = draw_densities(axes, x[:, 0], mixture, style)
        return (elide(tables.features[0], 24), style.say("density")), lines
    # the same plane in every panel: the selected mixture's
    view = plane(tables.features, tables.mixture(tables.selected()), style)
    points = view.points(x)
    draw_backdrop(axes, points, style)
    draw_ellipses(axes, view.mixture(mixture), style)
    every = whole([view.mixture(other) for other in mixtures])
    frame(axes, points, every, max(style.sigmas), beyond=1.0)
    looks = [style.component(index) for index in range(mixture.n_components)]
    return view.short, markers(looks)


def _title(row: pd.Series, style: Style) -> str:
    """Return the iterations really done and the log-likelihood of a cell."""
    n = row["n_iter"]
    done = style.say("{n} iteration", n=n) if n == 1 else style.say("{n} iterations", n=n)
    if row["converged"] and n < row["iteration"]:
        done = style.say("{n} iterations, converged", n=n)
    return f"{done}\n{style.say('{value} nats', value=number(row['log_likelihood']))}"


def _snapshots(tables: DatasetTables) -> pd.DataFrame:
    """Return the cells of the selected run that show something new, the first and last always."""
    return tables.snapshots(tables.selected()).iloc[telling(_way(tables), MOST_PANELS)]


def _way(tables: DatasetTables) -> Array:
    """Return how far the selected run has come at each of its snapshots."""
    rows = tables.snapshots(tables.selected())
    return way_of(tables, [tables.mixture(row) for _, row in rows.iterrows()])
