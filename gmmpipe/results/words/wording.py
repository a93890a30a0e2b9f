"""Names and numbers as they stand in figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def breadth(text: str) -> int:
    """Return how wide ``text`` is, in Latin characters; a Chinese one is as wide as two."""
    return len(text) + sum(east_asian_width(character) in "WF" for character in text)


def elide(name: object, length: int = 24) -> str:
    """Return ``name`` on one line, at most as wide as ``length`` Latin characters."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(name)).split())
    if breadth(text) <= length:
        return text
    text = text[: 4 * length]  # else a long text of others takes hours
    while breadth(text) > length - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def number(value: float, decimals: int = 1) -> str:
    """Return ``value`` rounded, with a true minus sign; large ones with seven digits."""
    text = f"{value:.7g}" if abs(value) >= 1e7 else f"{value:.{decimals}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def model(row: pd.Series) -> str:
    """Return the covariance family and K of a fit, such as "full, K = 2"."""
    return f"{elide(row['covariance'], 16)}, K = {row['k']}"


def share(fraction: float) -> str:
    """Return a fraction as a percentage that says 100 % only of all."""
    percent = 100 * fraction
    return f"{math.floor(percent) if percent > 99 else round(percent)} %"


def percent(fraction: float) -> str:
    """Return a level such as 0.05 as "5 %"."""
    return f"{100 * fraction:.3g} %"


def p_words(test: pd.Series) -> str:
    """Return a test's p-value with its Monte Carlo error."""
    return f"{test['p_value']:.3g} ± {test['mc_error']:.2g}"


def power_of_ten(value: float, _position: int | None = None) -> str:
    """Return a tick label of a logarithmic axis, such as 10⁻³, without mathtext."""
    exponent = round(math.log10(value)) if value > 0 else 0
    return "10" + str(exponent).translate(SUPERSCRIPTS)


def powers_of_ten(axis: Axis, n_ticks: int) -> None:
    """Label a logarithmic ``axis`` at up to ``n_ticks`` powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(numticks=n_ticks))
    axis.set_major_formatter(FuncFormatter(power_of_ten))
    axis.set_minor_formatter(NullFormatter())


def iteration_axis(axes: Axes, largest: int, *, narrow: bool) -> None:
    """Scale and label the x axis of iterations, logarithmic once there are more than ten."""
    from matplotlib.ticker import MaxNLocator

    if largest <= 10:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        return
    axes.set_xscale("log")
    steps = (1,) if narrow or largest > 2000 else (1, 2, 5)
    iteration_ticks(axes, largest, steps)


def iterations_from_start(axes: Axes, largest: int) -> None:
    """Scale and label an x axis of iterations that begins with the start, 0."""
    if largest <= 10:
        axes.locator_params(axis="x", nbins=5, integer=True)
        return
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.5)
    iteration_ticks(axes, largest)


def iteration_ticks(axes: Axes, largest: int, steps: tuple[int, ...] = (1,)) -> None:
    """Label a logarithmic axis of iterations at ``steps`` of each decade, and at 0 if it is on."""
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    decades = range(math.ceil(math.log10(largest)) + 1)
    ticks = [0.0, *(float(step * 10**decade) for decade in decades for step in steps)]
    ticks = ticks if axes.get_xscale() == "symlog" else ticks[1:]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
