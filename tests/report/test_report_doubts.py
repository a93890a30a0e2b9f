"""Each reason for care is said where it holds, and only there."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from figures.synthetic_tables import build, evaluate

from gmmpipe.report import evidence
from gmmpipe.report.doubts import doubts


def two_groups(**sweep):
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(size=(60, 2)), rng.normal(8, 1, size=(60, 2))])
    labels = pd.Series(np.repeat(["a", "b"], 60))
    axes = {"covariance": ["spherical", "full"], "k": [1, 2, 3], "seed": [0, 1, 2, 3]} | sweep
    axes = {"iteration": [1, 80]} | axes
    tables = build("two", pd.DataFrame(x, columns=["u", "v"]), labels, **axes)
    last = tables.fits["iteration"] == 80  # the toy never says that it has converged
    fits = tables.fits.assign(
        converged=last, reason=np.where(tables.fits["degenerate"], "component 0: thin", "")
    )
    best = tables.best
    if len(best):
        icl, others = best["bic"] + 1, dict.fromkeys(("aic", "sabic", "caic"), best["bic"])
        best = best.assign(icl=icl, reason="", **others)
    return replace(tables, fits=fits, best=best)


@pytest.fixture(scope="module")
def clear():
    return two_groups()


def texts(tables, target=0.9, dropped=0) -> str:
    return " ".join(doubt.text for doubt in doubts(tables, target, dropped))


def test_a_clear_case_leaves_nothing_to_distrust(clear):
    assert doubts(clear, 0.9, 0) == []


def test_a_run_cut_short_is_grave_where_it_is_the_selected_one():
    cut = two_groups(k=[2], iteration=[1, 2])
    found = doubts(cut, 0.9, 0)
    assert found[0].grave
    assert "had not converged" in texts(cut)


def test_dropped_rows_are_told(clear):
    assert "1,234 rows" in texts(clear, dropped=1234)


def test_a_certificate_below_its_target_is_told(clear):
    assert "53 %, not 5 %" in texts(clear, target=0.05)


def test_degenerate_fits_are_counted_and_the_first_is_quoted():
    bad = two_groups(degenerate=lambda run: run["k"] == 3)
    told = texts(bad)
    assert "8 of 24 fits are degenerate" in told
    assert "no sound fit of spherical with K = 3 and full with K = 3" in told
    assert "component 1: thin" in told
    assert "largest K" not in told


def test_where_nothing_is_sound_that_comes_first():
    bad = two_groups(k=[2], degenerate=lambda _: True)
    first, *_ = doubts(bad, 0.9, 0)
    assert first.grave
    assert first.text == "Every fit is degenerate, so no model is selected."


def test_the_edge_of_the_sweep_is_grave():
    edge = two_groups(k=[1, 2])
    assert [d.text for d in doubts(edge, 0.9, 0) if d.grave] == [
        "The lowest BIC is at the largest K of the sweep, 2: try more."
    ]


def test_equal_models_unstable_seeds_and_other_criteria_are_told(clear):
    second = clear.best.index[1]
    bic = clear.best["bic"].copy()
    bic[second] = bic.min() + 1.0
    icl = clear.best["icl"].copy()
    icl[second] = -1e6
    stability = clear.stability.assign(ari=0.5)
    other = replace(clear, best=clear.best.assign(bic=bic, icl=icl), stability=stability)
    told = texts(other)
    assert "is as good: its BIC is only 1.00 higher" in told
    assert "mean ARI 0.50" in told
    assert "Other criteria choose otherwise: ICL" in told


def test_more_parameters_than_the_samples_bear_are_told(clear):
    few = evaluate(replace(clear, x=clear.x.iloc[:40], labels=clear.labels[:40]))
    few = replace(few, best=few.best.assign(icl=0.0, aic=0.0, sabic=0.0, caic=0.0))
    assert "parameters were estimated from 40 samples" in texts(few)


@pytest.mark.parametrize(
    ("gap", "words"),
    [(0.5, "barely worth a mention"), (2, "positive"), (9.9, "strong"), (10, "very strong")],
)
def test_evidence_has_the_words_of_kass_and_raftery(gap, words):
    assert evidence.strength(gap) == words


def test_the_facts_are_those_of_the_tables(clear):
    facts = {fact.name: fact for fact in evidence.facts(clear)}
    best, second = clear.best_by_family().iloc[0], clear.best_by_family().iloc[1]
    assert f"{second['bic'] - best['bic']:.1f}" in facts["Runner-up"].value
    assert facts["Restarts"].value == f"{best['hits']} of 4 found it"
    assert facts["Known groups"].value == "ARI 1.000"
    assert facts["Criteria"].value == "5 of 5 agree"
    bic = clear.best_by_family()["bic"].to_numpy()
    weight = 1 / np.exp((bic.min() - bic) / 2).sum()
    assert facts["Weight"].value in (f"{100 * weight:.0f} %", "99 %")


def test_a_single_run_of_a_single_model_says_what_it_cannot_tell():
    alone = two_groups(covariance=["full"], k=[2], seed=[0])
    facts = {fact.name: fact for fact in evidence.facts(alone)}
    assert facts["Runner-up"].value == "none"
    assert facts["Restarts"].value == "1"
    assert "Weight" not in facts
    assert "Stability" not in facts


def test_components_are_counted_from_one_with_means_and_deviations(clear):
    features, rows = evidence.components(clear)
    assert features == ["u", "v"]
    mixture = clear.mixture(clear.selected())
    assert [row["number"] for row in rows] == [1, 2]
    assert rows[0]["weight"] == f"{mixture.weights[0]:.3f}"
    assert rows[1]["means"][0].startswith(f"{mixture.means[1, 0]:.4g}".replace("-", "\u2212"))
