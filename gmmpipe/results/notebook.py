"""What a notebook shows of an experiment."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gmmpipe.results import printing

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 12  # that a notebook shows


def experiment_html(
    name: str, version: str, fits: pd.DataFrame, best: pd.DataFrame, tables: Sequence[str]
) -> str:
    """Return how many cells there are, the selected model of each data set, and what else is."""
    outer = [column for column in best.columns if "." in column]
    winners = best[best["rank"] == 1][:MOST_ROWS].drop(columns=["rank", "delta_bic"])
    more = int((best["rank"] == 1).sum()) - len(winners)
    shown = winners[printing.readable("best", winners, outer)]
    words = [f"{len(fits):,} cells", f"{int(fits['degenerate'].sum()):,} of them degenerate"]
    return (
        f"<div><p><strong>{html.escape(name)}</strong> <code>{html.escape(version)}</code><br>\n"
        f"{', '.join(words)}. The models of lowest BIC:</p>\n{printing.typeset(shown, 'html')}"
        f"<p>{f'... and {more} more<br>' if more else ''}\n"
        f"tables: {html.escape(', '.join(tables))}</p></div>"
    )
