"""From the user's file to results: rows keep their number, and how it was read is said."""

import numpy as np
import pandas as pd
import pytest

from gmmpipe.data.file_summary import reading_of
from gmmpipe.figures.case_tables import version_frames
from gmmpipe.workflow import run as workflow_run
from gmmpipe.workflow.experiment import load

SWEEP = ("sweep.dataset=[mine]", "sweep.covariance=[full]", "sweep.start=[kmeans]", "sweep.k=[2]")
SWEEP += ("sweep.seed=[0]", "sweep.iteration=[20]", "sweep.normaliser=[none]")


@pytest.fixture
def frame(project):
    rng = np.random.default_rng(0)
    group = rng.integers(2, size=60)
    x = rng.normal(size=(60, 2)) + 9 * group[:, None]
    frame = pd.DataFrame({"id": [f"p{i}" for i in range(60)], "a": x[:, 0], "b": x[:, 1]})
    frame.loc[[1, 4, 17], "a"] = np.nan
    frame["group"] = group
    frame.to_csv(project / "mine.csv", index=False)
    return frame


def options(missing):
    return f"dataset.mine={{kind: file, path: mine.csv, missing: {missing}, columns: [a, b]}}"


def test_rows_that_stay_keep_their_number_in_the_file(study, frame):
    done = study(options("drop"), *SWEEP)
    run = load("results/default/latest")
    kept = frame.drop([1, 4, 17])
    joined = frame.join(run.labels.set_index("row"), how="inner")
    assert joined["id"].tolist() == kept["id"].tolist()
    one = joined.groupby("group")["component"].nunique()
    assert one.tolist() == [1, 1]
    np.testing.assert_array_equal(run.data().index, kept.index)
    pd.testing.assert_frame_equal(run.data(), kept[["a", "b"]], check_names=False, check_exact=True)
    shown = version_frames(done)["labels"]
    np.testing.assert_array_equal(shown["row"], kept.index)


def test_imputed_values_have_the_row_of_the_file(study, frame, project):
    frame.loc[0, ["a", "b"]] = np.nan  # which is left out, as nothing is known of it
    frame.to_csv(project / "mine.csv", index=False)
    study(options("auto"), "fit.missing=mar", *SWEEP)
    assert load("results/default/latest").imputed["row"].tolist() == [1, 4, 17]


@pytest.mark.usefixtures("frame")
def test_a_run_and_its_report_say_how_the_file_was_read(study):
    done = study(options("drop"), *SWEEP)
    line = "mine.csv: comma separated, header, 2 numeric columns, left out: id, group, 3 rows with"
    (said,) = workflow_run.how_read(done)
    assert said.startswith(line)
    (data,) = done.data_sets.values()
    assert reading_of(data) == said
