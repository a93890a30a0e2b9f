"""Table `bootstrap`: what the tests of K against K + 1 decide."""

from collections.abc import Iterator

import pandas as pd

from gmmpipe.mixture.bootstrap.intervals import KEPT, decision, stop
from gmmpipe.results.columns import FAMILY


def decided(tests: pd.DataFrame, outer: list[str], level: float) -> pd.DataFrame:
    """Return the tests with the level, the decision on each K, and which K is selected.

    Of each case and family that is the K at which testing upwards stops, where it is not rejected.
    """
    pairs = zip(tests["p_value"], tests["mc_error"], strict=True)
    decisions = [decision(p, error, level) for p, error in pairs]
    rows = tests.assign(level=level, decision=pd.Series(decisions, tests.index, dtype=object))
    chosen = pd.Series(False, index=rows.index)
    for family in groups(rows, outer):
        chosen[family.index] = (family["k0"] == stopping(family)) & (family["decision"] == KEPT)
    return rows.assign(selected=chosen)


def with_level(frame: pd.DataFrame, outer: list[str], level: float) -> pd.DataFrame:
    """Return tests or intervals with the level, which those of an older version do not say."""
    if "level" in frame:
        return frame
    return decided(frame, outer, level) if "p_value" in frame else frame.assign(level=level)


def groups(tests: pd.DataFrame, outer: list[str]) -> Iterator[pd.DataFrame]:
    """Yield the tests of each case and family."""
    for _, rows in tests.groupby(["dataset", *FAMILY, *outer], sort=False, dropna=False):
        yield rows


def stopping(tests: pd.DataFrame) -> int | None:
    """Return the K at which the tests of one case and family stop, None if all are rejected."""
    return stop(dict(zip(tests["k0"].tolist(), tests["decision"].tolist(), strict=True)))
