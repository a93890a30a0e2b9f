"""How far the restarts of each model can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.grid import COLOURS, cells, label, outline
from gmmpipe.figures.parts.runs import certificate, finished
from gmmpipe.figures.style import MILLIMETRES, Style, styled
from gmmpipe.results.columns import FAMILY_AND_K, MODEL
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, model, share

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def applies(tables: DatasetTables) -> bool:
    """Say whether a model has several restarts and some fit is sound."""
    return tables.has_selection and bool((tables.certificates["draws"] > 1).any())


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what the panels show, and the certificate of the selected model."""
    row = tables.selected()
    text = style.say(
        "{dataset}: for each family and K, in percent: the finished restarts that found the"
        " best optimum, the Good-Turing estimate of the chance that one more finds an optimum"
        " not seen so far, and the restarts that did not end at a maximum. Outlined: the"
        " selected model, {model}.",
        dataset=tables.dataset,
        model=model(row),
    )
    hatched = style.say(
        "Hatched: one component, starts that are not random, or no restart finished."
    )
    return style.sentences(text, certificate(row, style), hatched)


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return the share of restarts that found the best, and the chance of something new."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    row, families, best = tables.selected(), tables.families(), _widest(tables)
    ks = sorted({int(k) for k in tables.fits["k"]})
    grids = {
        style.say("found the best (%)"): 100 * best["hits"] / finished(best),
        style.say("chance of a new optimum (%)"): 100 * best["p_new"],
        style.say("ended at no maximum (%)"): 100 * (1 - finished(best) / best["draws"]),
    }
    figure = style.figure(
        style.pick(32 + 3 * (6.5 * len(families) + 4), max(30 + 8 * len(families), 52))
    )
    figure.suptitle(style.title(tables.dataset, f": {model(row)}{elide(_hits(row, style), 30)}"))
    panels = figure.subplots(*style.pick((3, 1), (1, 3)), sharex=True, sharey=True)
    room = style.pick(1.0, 0.33) * (MILLIMETRES[style.width] - 30) / len(ks) / style.font_size * 7
    norm = Normalize(0, 100)
    for axes, (title, values) in zip(panels, grids.items(), strict=True):
        grid = values.unstack("k").reindex(index=families, columns=ks).to_numpy(float)
        cells(axes, grid, _percent, norm, room)
        axes.set_title(title)
        axes.label_outer()
        outline(axes, (ks.index(int(row["k"])), families.index(str(row["covariance"]))))
    label(panels, families, ks, style)
    colours = ScalarMappable(norm, COLOURS)
    bar = figure.colorbar(colours, ax=list(panels), aspect=style.pick(25, 12))
    bar.set_label(style.say("percent"))
    return figure


def _widest(tables: DatasetTables) -> pd.DataFrame:
    """Return the certificate over all starts of each family and k, by them.

    Of several normalisers the one with the best log-likelihood stands.
    """
    widest = tables.certificates.drop_duplicates(MODEL, keep="last")
    order = widest.sort_values("log_likelihood", ascending=False, kind="stable")
    return order.drop_duplicates(FAMILY_AND_K).set_index(FAMILY_AND_K)


def _hits(row: pd.Series, style: Style) -> str:
    """Return how many restarts found the best of the selected model, "" where that says nothing."""
    if np.isnan(row["hits"]):
        return ""
    hits, n = f"{row['hits']:.0f}", f"{finished(row):.0f}"
    return style.say(", best found by {hits} of {n}", hits=hits, n=n)


def _percent(value: float) -> str:
    return "" if np.isnan(value) else share(value / 100).removesuffix(" %")
