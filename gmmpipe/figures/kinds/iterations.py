"""One mixture as EM proceeds: after each snapshot's iteration count, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gmmpipe.figures.parts.densities import densities_sentence, draw_densities
from gmmpipe.figures.parts.ellipses import draw_ellipses, frame, sigmas_sentence
from gmmpipe.figures.parts.legends import legend_below, markers
from gmmpipe.figures.parts.panels import panel_figure
from gmmpipe.figures.parts.projection import plane
from gmmpipe.figures.parts.scatter import draw_backdrop, rasterised_sentence
from gmmpipe.figures.parts.snapshots import SEEN, distinct_snapshots, path_lengths, whole
from gmmpipe.figures.style import Style, styled
from gmmpipe.mixture.mixture import FIRST, Array
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, model, number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
        "{dataset}: the mixture of {model} from start {start}, seed {seed}, during EM. Each"
        " component keeps its colour.",
        dataset=tables.dataset,
        model=model(row),
        start=row["start"],
        seed=row["seed"],
    )
    hidden = len(tables.snapshots(row)) - len(_snapshots(tables))
    if hidden:
        hint = style.say(
            "{n} snapshots that differ little from those shown are left out.", n=hidden
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
    figure, panels = panel_figure(style, len(snapshots), style.pick((26, 36), (28, 46)))
    figure.suptitle(style.title(tables.dataset, f": {model(tables.selected())}"))
    for panel, (_, row) in zip(panels, snapshots.iterrows(), strict=True):
        labels, handles = _panel(panel.axes, tables, row, style)
        panel.axes.set_title(_title(row, style), linespacing=1.3)
        panel.axes.locator_params(nbins=4)
        panel.name(*labels)
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
    return tables.snapshots(tables.selected()).iloc[distinct_snapshots(_way(tables), MOST_PANELS)]


def _way(tables: DatasetTables) -> Array:
    """Return how far the selected run has come at each of its snapshots."""
    rows = tables.snapshots(tables.selected())
    return path_lengths(tables, [tables.mixture(row) for _, row in rows.iterrows()])
