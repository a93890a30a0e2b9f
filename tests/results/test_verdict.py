"""The verdict: each precondition that fails is said with its numbers, and nothing else is."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from gmmpipe.mixture.diagnostics.criteria import CRITERIA, bic, n_samples
from gmmpipe.results.bootstrap_tests import decided
from gmmpipe.results.preconditions import decide
from gmmpipe.results.verdict import strength

N = 1000
TRIED = list(product(["full", "tied"], [1, 2, 3]))
RUNS = {"draws": 20, "finished": 20, "unfinished": 0, "hits": 15, "p_better_bound": 0.01}
NONE = pd.DataFrame()


def table(*models, n=N, **changes):
    """Return rows of ``best``; a model is (family, K, BIC, what else differs); changes: of all."""
    rows = []
    for place, (family, k, value, *other) in enumerate(models):
        row = {"rank": place + 1, "normaliser": "none", "covariance": family, "k": k}
        row |= {"start": "kmeans", "seed": 0, "n_iter": 50, "n_parameters": 5 * k, **RUNS}
        row |= dict.fromkeys(CRITERIA, value) | {"end": "maximum", "beaten_by": ""}
        row |= changes | (other[0] if other else {})
        row["log_likelihood"] = (row["n_parameters"] * np.log(n) - row["bic"]) / 2
        rows.append(row | {"limit": row["log_likelihood"] + row.pop("gap", 0.0)})
    return pd.DataFrame(rows)


CLEAR = (("full", 2, 500.0), ("tied", 2, 520.0), ("full", 3, 540.0), ("full", 1, 900.0))


def verdict(best, tried=TRIED, restarts="fixed", stability=NONE, tests=None):
    return decide(best, tried, {"target": 0.05, "restarts": restarts}, stability, tests)


def test_where_every_precondition_holds_it_is_settled():
    found = verdict(table(*CLEAR))
    assert (found.level, found.sentence) == ("settled", "Settled: full, K = 2.")
    assert found.comparable


LESSER = {"end": "unfinished"}
CASES = {
    "scarce": (
        table(*CLEAR, n=178, n_parameters=185),
        "not settled",
        "185 parameters were estimated from 178 samples, under 2 for each",
    ),
    "few": (
        table(*CLEAR, n=99),
        "probably",
        "10 parameters were estimated from 99 samples, under 10 for each",
    ),
    "largest K": (
        table(("full", 3, 500.0), ("full", 2, 530.0)),
        "not settled",
        "the lowest BIC is at the largest K of the sweep, 3: try more",
    ),
    "last sound K": (
        table(("full", 2, 500.0), ("full", 1, 530.0)),
        "probably",
        "no K above 2 has a sound fit",
    ),
    "one sound model": (
        table(("full", 2, 500.0)),
        "not settled",
        "no other model of the 6 tried has a sound fit",
    ),
    "one restart": (
        table(*CLEAR, draws=1, finished=1, hits=1, p_better_bound=0.95),
        "not settled",
        "it rests on a single run",
    ),
    "a start that draws nothing": (
        table(*CLEAR, draws=2, finished=2, hits=np.nan, p_better_bound=np.nan),
        "not settled",
        "its starts are not random, so restarts cannot tell",
    ),
    "hit twice": (
        table(("full", 2, 500.0, {"hits": 2}), *CLEAR[1:]),
        "not settled",
        "only 2 of 20 finished restarts found it",
    ),
    "target": (
        table(*CLEAR, p_better_bound=0.139),
        "probably",
        "that chance is below 14 % (95 % confidence), and 5 % were asked for",
    ),
    "several starts of which two are drawn": (
        table(*CLEAR, draws=4, finished=4, hits=4, p_better_bound=0.776),
        "probably",
        "that chance is below 78 % (95 % confidence)",
    ),
    "unfinished": (
        table(("full", 2, 500.0, LESSER), *CLEAR[1:]),
        "not settled",
        "its run was cut off before a maximum (a larger fit.certify continues it)",
    ),
    "saddle": (
        table(("full", 2, 500.0, {"end": "saddle"}), *CLEAR[1:]),
        "not settled",
        "its run ended on a saddle",
    ),
    "degenerate": (
        table(("full", 2, 500.0, {"end": "degenerate"}), *CLEAR[1:]),
        "not settled",
        "its run, continued to a maximum, ends in a degenerate fit",
    ),
    "restarts cut off": (
        table(*CLEAR, unfinished=4),
        "probably",
        "4 of its 20 restarts were cut off before a maximum",
    ),
    "beaten": (
        table(("full", 2, 500.0, {"beaten_by": "tied K=2"}), *CLEAR[1:]),
        "not settled",
        "it is not at its best: tied, K = 2, which it contains, has a higher log-likelihood"
        " (fit.restarts=auto adds starts there)",
    ),
    "snapshot": (
        table(("full", 2, 500.0, {"gap": 0.51}), *CLEAR[1:]),
        "probably",
        "its run leads to a log-likelihood 0.51 nats higher than it has after 50 iterations",
    ),
    "overtaken": (
        table(CLEAR[0], ("tied", 2, 520.0, {"gap": 15.0}), *CLEAR[2:]),
        "not settled",
        "another model has the lower BIC: tied, K = 2",
    ),
    "a model far behind that is unfinished": (
        table(*CLEAR[:2], ("full", 3, 540.0, LESSER)),
        "probably",
        "the best fit of full, K = 3 (1 of 3 models) does not end at a maximum, or is less likely",
    ),
    "criteria": (
        table(
            CLEAR[0], ("tied", 2, 520.0, {"icl": 490.0, "icl_map": 490.0, "aic": 480.0}), *CLEAR[2:]
        ),
        "probably",
        "other criteria choose other models: tied, K = 2 (AIC, ICL, hard ICL)",
    ),
    "not recorded": (
        table(*CLEAR).drop(columns=["end", "limit", "beaten_by", "finished", "unfinished"]),
        "probably",
        "how its run ended is not recorded",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_precondition_that_fails_is_the_one_reason(name):
    best, level, words = CASES[name]
    found = verdict(best)
    assert (found.level, len(found.reasons)) == (level, 1), found.sentence
    assert words in found.sentence
    assert found.sentence.startswith({"probably": "Probably full, K = 2, but "}.get(level, "Not"))
    assert not found.comparable
    (reason,) = found.reasons
    assert reason.text == f"{reason.clause[0].upper()}{reason.clause[1:]}."


@pytest.mark.parametrize("change", [{"p_better_bound": 0.139}, {"beaten_by": "tied K=2"}])
def test_the_option_to_type_is_not_the_one_that_is_set(change):
    best = table(("full", 2, 500.0, change), *CLEAR[1:])
    for restarts, option in (("fixed", "fit.restarts=auto"), ("auto", "a larger fit.most_seeds")):
        (reason,) = verdict(best, restarts=restarts).reasons
        assert f"({option} adds " in reason.clause


@pytest.mark.parametrize(
    ("tried", "words"),
    [
        ([("full", 2)], "only one model was tried, so nothing was chosen"),
        ([("full", 2), ("tied", 2)], "only K = 2 was tried"),
        ([("full", 2), ("full", 3)], "the smallest K of the sweep, 2: try fewer"),
    ],
)
def test_a_sweep_that_cannot_choose_says_so(tried, words):
    best = table(*(row for row in CLEAR if row[:2] in tried))
    found = verdict(best, tried)
    assert found.level == "not settled"
    assert words in found.sentence


@pytest.mark.parametrize(("gap", "level"), [(1.99, "not settled"), (9.9, "probably")])
def test_a_model_that_is_near_may_be_weighed_all_the_same(gap, level):
    found = verdict(table(CLEAR[0], ("tied", 2, 500 + gap), *CLEAR[2:]))
    assert found.level == level
    assert "tied, K = 2" in found.sentence
    assert found.comparable


@pytest.mark.parametrize(
    ("rival", "words"),
    [
        ({"beaten_by": "tied K=1"}, "the best fit of tied, K = 2 (1 of 1 other models"),
        ({"hits": 1}, "fewer than 3 restarts found the best fit of tied, K = 2 (1 of 1"),
    ],
)
def test_a_near_model_that_may_be_better_than_it_is_here_is_grave(rival, words):
    found = verdict(table(CLEAR[0], ("tied", 2, 509.0, rival), *CLEAR[2:]))
    assert [reason.grave for reason in found.reasons] == [True, False]
    assert words in found.reasons[0].clause
    assert not found.comparable


def test_a_density_under_another_name_is_no_rival():
    """With one component the families of one shape are the same model."""
    best = table(("full", 1, 500.0), ("tied", 1, 500.0), ("full", 2, 530.0))
    assert verdict(best).sentence == "Settled: full, K = 1."


def resampled(kind, start, ari, runs=20):
    model = {"normaliser": "none", "covariance": "full", "k": 2}
    return {**model, "start": start, "kind": kind, "runs": runs, "ari": ari}


def test_resamples_count_before_seeds():
    seeds, resamples = resampled("seeds", "kmeans", 0.5), resampled("bootstrap", "all", 0.97)
    found = verdict(table(*CLEAR), stability=pd.DataFrame([seeds, resamples]))
    assert found.level == "settled"
    found = verdict(table(*CLEAR), stability=pd.DataFrame([seeds]))
    assert found.level == "probably"
    assert (
        "20 seeds from the start kmeans disagree on the clusters: mean ARI 0.50" in found.sentence
    )
    seeds, resamples = resampled("seeds", "kmeans", 1.0), resampled("bootstrap", "all", 0.62, 50)
    found = verdict(table(*CLEAR), stability=pd.DataFrame([seeds, resamples]))
    assert found.level == "not settled"
    assert "50 resamples disagree on the clusters: mean ARI 0.62" in found.sentence


@pytest.mark.parametrize(
    ("p_values", "where"),
    [
        ([0.005, 0.5, 0.5], ""),
        ([0.5, 0.005, 0.5], "ends at K = 1"),
        ([0.005, 0.005, 0.005], "rejects every K up to 3"),
        ([0.005, 0.055, 0.5], "is undecided at K = 2"),
        ([np.nan, 0.005, 0.5], ""),
    ],
)
def test_a_bootstrap_test_that_ends_elsewhere_is_said(p_values, where):
    tests = pd.DataFrame({"k0": [1, 2, 3], "p_value": p_values, "mc_error": 0.016})
    tests = tests.assign(dataset="x", normaliser="none", covariance="full")
    found = verdict(table(*CLEAR), tests=decided(tests, [], 0.05))
    assert [reason.values["where"] for reason in found.reasons] == ([where] if where else [])


def test_grave_reasons_come_first_and_what_is_too_much_is_counted():
    best = table(("full", 3, 500.0, {"hits": 1}), ("full", 2, 501.0), aic=1.0, n=60)
    found = verdict(best)
    assert [reason.grave for reason in found.reasons] == [True, True, True, False]
    assert found.sentence.startswith("Not settled, because the lowest BIC is at the largest K")
    assert found.sentence.endswith("only 1 of 20 finished restarts found it; and 2 more reasons.")


def test_without_a_sound_fit_there_is_no_model():
    found = verdict(table(*CLEAR).iloc[:0])
    assert (found.level, found.model) == ("not settled", "")
    assert "every fit is degenerate, so no model is selected" in found.sentence


@pytest.mark.parametrize(
    ("gap", "words"),
    [(0.5, "barely worth a mention"), (2, "positive"), (9.9, "strong"), (10, "very strong")],
)
def test_evidence_has_the_words_of_kass_and_raftery(gap, words):
    assert strength(gap) == words


def test_the_number_of_samples_is_in_a_bic():
    assert n_samples(bic(-1e5, 7, 272.5, 0.0), -1e5, 7) == pytest.approx(272.5)
    assert n_samples(2e5, -1e5, 0) == np.inf
