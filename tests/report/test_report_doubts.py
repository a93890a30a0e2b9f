"""The report's evidence for the selected model, and its reasons for care."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from synthetic_tables import build

from gmmpipe.mixture.diagnostics.criteria import CRITERIA
from gmmpipe.report import evidence
from gmmpipe.report.cautions import cautions
from gmmpipe.results.preconditions import decide


def two_groups(**sweep):
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(size=(60, 2)), rng.normal(8, 1, size=(60, 2))])
    labels = pd.Series(np.repeat(["a", "b"], 60))
    axes = {"covariance": ["spherical", "full"], "k": [1, 2, 3], "seed": [0, 1, 2, 3]} | sweep
    axes = {"iteration": [1, 80]} | axes
    tables = build("two", pd.DataFrame(x, columns=["u", "v"]), labels, **axes)
    fits = tables.fits.assign(reason=np.where(tables.fits["degenerate"], "component 1: thin", ""))
    best = tables.best
    if len(best):
        icl, others = (
            best["bic"] + 1,
            dict.fromkeys(("aic", "icl_map", "sabic", "caic"), best["bic"]),
        )
        best = best.assign(icl=icl, reason="", end="maximum", beaten_by="", **others)
    return replace(tables, fits=fits, best=best)


@pytest.fixture(scope="module")
def clear():
    return two_groups()


def judged(tables, target=0.9):
    tried = tables.fits[["covariance", "k"]].drop_duplicates()
    models = list(tried.itertuples(index=False, name=None))
    fit = {"target": target, "restarts": "fixed"}
    return decide(tables.best, models, fit, tables.stability, tables.tests)


def texts(tables, target=0.9, dropped=0) -> str:
    return " ".join(text for _, text in cautions(tables, judged(tables, target), dropped))


def facts_of(tables):
    return {fact.name: fact for fact in evidence.facts(tables, judged(tables))}


def test_a_clear_case_leaves_nothing_to_distrust(clear):
    assert judged(clear).level == "settled"
    assert texts(clear) == ""


def test_dropped_rows_are_told(clear):
    assert "Left out: 1,234 rows with missing values." in texts(clear, dropped=1234)
    holed = replace(clear, x=clear.x.where(clear.x < clear.x.max()))
    assert "Left out: 2 rows without any value." in texts(holed, dropped=2)
    assert "Left out: 1 row without any value." in texts(holed, dropped=1)


def test_features_that_are_row_numbers_are_named(clear):
    said = cautions(clear, judged(clear), 0, ["rownames"])
    assert (False, "rownames rises by one in every row") in [(g, t[17:51]) for g, t in said]


def test_a_certificate_below_its_target_is_told(clear):
    assert "below 53 % (95 % confidence), and 5 % were asked for" in texts(clear, target=0.05)


def test_degenerate_fits_are_counted_and_the_first_is_quoted():
    bad = two_groups(degenerate=lambda run: run["k"] == 3)
    told = texts(bad)
    assert "Degenerate and left out: 8 of 24 fits" in told
    assert "no sound fit of spherical with K = 3 and full with K = 3" in told
    assert "component 1: thin" in told
    assert "No K above 2 has a sound fit." in told
    assert "largest K" not in told


def test_where_nothing_is_sound_that_comes_first():
    bad = two_groups(k=[2], degenerate=lambda _: True)
    first, *_ = cautions(bad, judged(bad), 0)
    assert first == (True, "Every fit is degenerate, so no model is selected.")


def test_the_facts_are_those_of_the_tables(clear):
    facts = facts_of(clear)
    best, second = clear.best_by_family().iloc[0], clear.best_by_family().iloc[1]
    assert f"{second['bic'] - best['bic']:.1f}" in facts["Runner-up"].value
    assert facts["Restarts"].value == f"{best['hits']:.0f} of 4 found it"
    assert facts["Known groups"].value == "ARI 1.000"
    assert facts["Criteria"].value == f"{len(CRITERIA)} of {len(CRITERIA)} agree"
    bic = clear.best_by_family()["bic"].to_numpy()
    weight = 1 / np.exp((bic.min() - bic) / 2).sum()
    assert facts["Weight"].value in (f"{100 * weight:.0f} %", "99 %")


FAILING = {
    "more than a parameter for two samples": lambda t: few_rows(t, 20),
    "one restart": lambda t: t.best.assign(draws=1, hits=1, p_better_bound=0.95),
    "unfinished": lambda t: t.best.assign(end="unfinished"),
    "a saddle": lambda t: t.best.assign(end="saddle"),
    "beaten": lambda t: t.best.assign(beaten_by="full K=1"),
    "criteria that disagree": lambda t: t.best.assign(icl=t.best["n_parameters"] * 1.0),
}


def few_rows(tables, n):
    """Return ``best`` as if as many rows had been fitted, every criterion BIC."""
    best = tables.best
    bic = np.log(n) * best["n_parameters"] - 2 * best["log_likelihood"]
    return best.assign(**dict.fromkeys(CRITERIA, bic))


@pytest.mark.parametrize("name", FAILING)
def test_nothing_is_weighed_where_a_precondition_fails(clear, name):
    """No posterior weight, no strong evidence, no criteria that agree."""
    said = facts_of(replace(clear, best=FAILING[name](clear)))
    words = " ".join(f"{fact.name} {fact.value} {fact.meaning}" for fact in said.values())
    assert "Weight" not in said
    assert "strong" not in words
    assert f"of {len(CRITERIA)} agree" not in words
    assert "not interpreted" in said["Runner-up"].meaning


def test_an_equal_model_is_barely_better(clear):
    second = clear.best.index[1]
    bic = clear.best["bic"].copy()
    bic[second] = bic.min() + 1.0
    near = replace(clear, best=clear.best.assign(**dict.fromkeys(CRITERIA, bic)))
    assert "barely worth a mention" in facts_of(near)["Runner-up"].meaning
    assert "with a BIC only 1.00 higher" in texts(near)


def test_the_agreement_of_resamples_comes_before_that_of_seeds(clear):
    resamples = clear.stability.assign(start="all", kind="bootstrap", ari=0.5, runs=50)
    both = replace(clear, stability=pd.concat([clear.stability, resamples]))
    names = [name for name in facts_of(both) if name in ("Seeds", "Resamples")]
    assert names == ["Resamples", "Seeds"]
    assert facts_of(both)["Resamples"].value == "ARI 0.500"
    assert "50 resamples disagree" in texts(both)


def test_a_single_run_of_a_single_model_says_what_it_cannot_tell():
    alone = two_groups(covariance=["full"], k=[2], seed=[0])
    facts = facts_of(alone)
    assert facts["Runner-up"].value == "none"
    assert facts["Runner-up"].meaning == "no other model was tried"
    assert facts["Restarts"].value == "1"
    assert "Weight" not in facts
    assert "Seeds" not in facts
    assert "only one model was tried, so nothing was chosen" in judged(alone).sentence


def test_components_are_counted_from_one_with_means_and_deviations(clear):
    features, rows = evidence.components(clear)
    assert features == ["u", "v"]
    mixture = clear.mixture(clear.selected())
    assert [row["number"] for row in rows] == [1, 2]
    assert rows[0]["weight"] == f"{mixture.weights[0]:.3f}"
    assert rows[1]["means"][0].startswith(f"{mixture.means[1, 0]:.4g}".replace("-", "\u2212"))
