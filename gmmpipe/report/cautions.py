"""What to distrust in the results of one data set: the verdict's reasons, and what was left out."""

from collections.abc import Sequence

from gmmpipe.data.file_summary import counting
from gmmpipe.figures import DatasetTables
from gmmpipe.results.columns import FAMILY_AND_K
from gmmpipe.results.verdict import Verdict
from gmmpipe.results.words.language import listing
from gmmpipe.results.words.wording import elide

MOST = 4  # models that are named


def cautions(
    tables: DatasetTables, verdict: Verdict, dropped: int, rising: Sequence[str] = ()
) -> list[tuple[bool, str]]:
    """Return (whether the answer may change, a sentence) of each reason for care.

    dropped: rows of the data that were left out; rising: features that rise by one in every row.
    """
    reasons = [(reason.grave, reason.text) for reason in verdict.reasons]
    notes = [*_degenerate(tables)]
    if dropped:
        holed = bool(tables.x.isna().to_numpy().any())  # values may be missing: all of a row are
        lack = "without any value" if holed else "with missing values"
        notes.append(f"Left out: {dropped:,} row{'' if dropped == 1 else 's'} {lack}.")
    if rising:
        notes.append(f"Of the features, {counting(rising)}.")
    return [*reasons, *((False, note) for note in notes)]


def _degenerate(tables: DatasetTables) -> list[str]:
    ends = tables.ends()
    bad = ends[ends["degenerate"]]
    if bad.empty:
        return []
    text = f"Degenerate and left out: {len(bad):,} of {len(ends):,} fits"
    models = ends.groupby(FAMILY_AND_K, sort=False)["degenerate"].all()
    unfitted = [f"{elide(name, 16)} with K = {k}" for name, k in models[models].index.to_list()]
    if unfitted:
        more = [f"{len(unfitted) - MOST} more"] if len(unfitted) > MOST else []
        text += f"; no sound fit of {listing('en', [*unfitted[:MOST], *more])}"
    return [f"{text}. The first: {elide(bad['reason'].iloc[0], 160)}."]
