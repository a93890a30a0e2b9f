"""What a run says of its data sets at the end."""

from gmmpipe.results.summary import MOST, CaseVerdict, verdict_lines
from gmmpipe.results.verdict import Verdict, grave, mild

ALONE, LAST = Verdict("full, K = 2", (grave("alone"),)), Verdict("full, K = 2", (mild("open"),))


def test_of_many_data_sets_the_verdicts_are_counted():
    found = [CaseVerdict(f"set {i}", None, ALONE) for i in range(MOST + 2)]
    found.append(CaseVerdict("last", None, LAST))
    lines = list(verdict_lines(found))
    assert len(lines) == MOST + 1
    assert lines[0] == (
        "set 0: Not settled, because only one model was tried, so nothing was chosen."
    )
    assert lines[-1] == (
        "3 more data sets or points of the sweep: 2 not settled, 1 probably; see the report"
    )


def test_of_few_each_is_named():
    assert len(list(verdict_lines([CaseVerdict("one", None, ALONE)] * MOST))) == MOST
