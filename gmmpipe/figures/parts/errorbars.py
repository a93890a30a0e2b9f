"""Lines with a standard error at each point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gmmpipe.figures.style import Look

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer


def error_line(
    axes: Axes, x: pd.Series | pd.Index, y: pd.Series, error: pd.Series, look: Look
) -> ErrorbarContainer:
    """Draw y and its standard error (NaN: unknown, no bar) against x, in the series' look."""
    return axes.errorbar(
        x,
        y,
        error.fillna(0.0),
        color=look.colour,
        marker=look.marker,
        markersize=3.5,
        dashes=look.dashes[1] or (None, None),
        elinewidth=1.0,
        capsize=1.5,
    )
