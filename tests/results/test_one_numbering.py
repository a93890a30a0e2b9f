"""Component 2 is component 2 in everything that a person reads: one study, every place."""

import contextlib
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from projects import carry_out, make_project

import gmmpipe
from gmmpipe.figures import FIGURES, Style, case_tables
from gmmpipe.mixture.defects import Defect, numbered, sentence
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.report import evidence
from gmmpipe.results.compare.models import components

SWEEP = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=[1,2,3,24]", "sweep.iteration=[60]")
SWEEP += ("sweep.covariance=[tied,full]", "sweep.seed=0..3", "bootstrap.replicates=19")
SWEEP += ("bootstrap.max_k=1", "bootstrap.kind=[weighted]")


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Return the experiment, its tables as figures see them, and what its jobs printed."""
    root, said = make_project(tmp_path_factory.mktemp("numbers") / "project"), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.chdir(root)
        patch.delenv("GMMPIPE_RUN", raising=False)
        done = carry_out(*SWEEP)
        ((_, tables),) = case_tables.case_tables(done, case_tables.version_frames(done))
        return gmmpipe.load(done.folder), tables, said.getvalue()


def test_a_component_has_one_number(seen):
    found, tables, printed = seen
    row = found.best.iloc[0]
    rows = found.rows("parameters", row).set_index("component")
    k = int(row["k"])
    assert rows.index.tolist() == [*range(1, k + 1)]
    assert k > 1
    means = {number: tuple(mean) for number, mean in rows["mean"].items()}
    weights = rows["weight"].round(2).to_dict()
    assert len(set(weights.values())) == k  # so that the order is told

    x = found.data()
    _, logs = log_responsibilities(x, found.mixture())
    np.testing.assert_array_equal(found.labels["component"], logs.argmax(axis=1) + 1)
    np.testing.assert_array_equal(found.estimator().predict(x) + 1, found.labels["component"])

    log = printed.rpartition("'iteration': 60}: BIC")[2]
    assert _numbers(log, r"component (\d+): weight ([\d.]+)") == weights
    assert _numbers(found.mixture()._repr_html_(), r"<tr><td[^>]*>(\d+)</td><td[^>]*>([\d.]+)") == (
        weights
    )
    figure = FIGURES["clusters"].draw(tables, Style())
    legend = "\n".join(text.get_text() for text in figure.legends[0].get_texts())
    assert _numbers(legend, r"(\d+) \(([\d.]+)\)") == weights
    plt.close(figure)
    _, lines = evidence.components(tables)
    assert {line["number"]: round(float(line["weight"]), 2) for line in lines} == weights
    mine = f"parameter == 'weight' and covariance == '{row['covariance']}'"
    intervals = found.intervals.query(mine)
    assert intervals["component"].tolist() == [*means]
    np.testing.assert_allclose(intervals["estimate"], rows["weight"], atol=0.05)
    winner = found.table("winner").set_index("component")
    assert winner["weight"].round(2).to_dict() == weights
    se = intervals.set_index("component")["se"]
    np.testing.assert_array_equal(winner["se weight"], se)
    ses = found.intervals.query(
        mine.replace("'weight'", "'mean'") + " and feature == 'waiting (min)'"
    )
    np.testing.assert_array_equal(winner["se waiting (min)"], ses.sort_values("component")["se"])
    beside = components([("x", found.mixture(), found.mixture())])
    assert dict(zip(beside["component_a"], map(tuple, beside["mean_a"]), strict=True)) == means
    assert beside["component_b"].tolist() == beside["component_a"].tolist()


def _numbers(text: str, pattern: str) -> dict[int, float]:
    return {int(number): round(float(w), 2) for number, w in re.findall(pattern, text)}


def test_lineage_has_the_numbers_of_the_tables(seen):
    found, _, _ = seen
    for _, row in found.best.query("k in (2, 3)").iterrows():
        mass = found.lineage.query(f"covariance == '{row['covariance']}' and k == {row['k']}")
        weight = found.rows("parameters", row).set_index("component")["weight"]
        pd.testing.assert_series_equal(
            mass.groupby("component")["mass"].sum(), weight, check_names=False, atol=0.01
        )
        assert mass["parent"].min() == 1


def test_a_reason_names_the_component_that_the_table_has(seen):
    found, _, _ = seen
    bad = found.fits[found.fits["degenerate"]]
    named = 0
    for _, row in bad.iterrows():
        samples = found.rows("parameters", row).set_index("component")["samples"]
        defects = [
            Defect(**{**defect, "numbers": tuple(defect["numbers"])}) for defect in row["defects"]
        ]
        assert row["reason"] == sentence(defects, numbered)
        for defect in defects:
            if defect.code == "few":
                assert samples[defect.component] == defect.numbers[0]
                named += 1
    assert named > 2
    csv = pd.read_csv(found.folder / "tables/fits.csv", keep_default_na=False)
    assert "defects" not in csv
    assert csv["reason"].tolist() == found.fits["reason"].tolist()
    assert "defects" not in found.typeset("fits", "csv")
