import numpy as np
import pandas as pd
import pytest

from gmmpipe.report import table_data


def values(column):
    if column["kind"] == "text":
        return [column["levels"][code] for code in column["codes"]]
    return column["values"]


def test_columns_keep_their_kind_and_what_is_missing():
    frame = pd.DataFrame(
        {
            "name": pd.array(["a", None, "a"], dtype="string"),
            "k": [3, 1, 2],
            "bic": [1 / 3, np.nan, -np.inf],
            "sound": [True, False, True],
            "null": [[1.0], [2.0], [3.0]],
        }
    )
    found = {c["name"]: c for c in table_data.page_table(("t", "T", "Note."), frame, {"k"}).columns}
    assert list(found) == ["name", "k", "bic", "sound"]
    assert values(found["name"]) == ["a", "", "a"]
    assert values(found["k"]) == [3, 1, 2]
    assert values(found["bic"]) == [0.3333333333, None, None]
    assert values(found["sound"]) == ["yes", "no", "yes"]
    assert {name: c["shown"] for name, c in found.items()}["k"] is False


def test_a_table_too_long_for_a_page_is_cut_and_says_so():
    frame = pd.DataFrame({"a": range(100), "b": range(100)})
    found = table_data.page_table(("t", "T", "Note."), frame, most_cells=40)
    assert found.rows == 20
    assert found.note == "Note. Only the first 20 of 100 rows are shown here."


@pytest.mark.parametrize(("limit", "rows"), [(10**6, 12), (20, 4)])
def test_of_too_many_fits_the_last_snapshots_stand_for_all(limit, rows):
    fits = pd.DataFrame({"iteration": [1, 5, 9] * 4, "bic": np.arange(12.0)})
    (found,) = table_data.page_tables({"fits": fits, "best": fits.head(0)}, [], 100, limit)
    assert (found.name, found.rows) == ("fits", rows)
    assert ("after the largest iteration" in found.note) == (rows < 12)
    assert "tables/fits.csv" in found.note


@pytest.mark.parametrize(("n", "told"), [(131_072, False), (131_073, True)])
def test_what_is_found_from_some_of_very_many_samples_says_so(n, told):
    fits = pd.DataFrame({"k": [2, 3], "most_tied": [0.1, 0.2]})
    (found,) = table_data.page_tables({"fits": fits}, [], n)
    assert ("most_tied is computed from 131,072 samples" in found.note) == told
