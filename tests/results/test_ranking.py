import numpy as np
import pandas as pd
import pytest
from certifying import certificates
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmpipe.mixture.diagnostics.best_fit import TIE, best_sound
from gmmpipe.mixture.diagnostics.criteria import CRITERIA
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.build.ranking import FinishedRun, rank, rivals, trusted

MODEL = {"dataset": "x", "normaliser": "none", "covariance": "full"}


def run(k, seed, value, start="points", end="maximum"):
    means = np.linspace(0, 10, k)[:, None] - value  # another optimum, other means
    mixture = Mixture(np.full(k, 1 / k), means, np.ones((k, 1, 1)))
    return FinishedRun({**MODEL, "start": start, "k": k, "seed": seed}, value, value, mixture, end)


def cells(runs):
    """Return the rows of ``fits`` that belong to runs, every criterion = -2 log-likelihood."""
    rows = [
        {
            **r.key,
            "iteration": 10,
            "degenerate": r.end == "degenerate",
            "log_likelihood": r.log_likelihood,
            "log_prior": 0.0,
        }
        | dict.fromkeys(CRITERIA, -2 * r.log_likelihood)
        for r in runs
    ]
    return pd.DataFrame(rows)


def test_a_row_for_each_start_and_one_for_all():
    runs = [run(2, s, -5) for s in range(3)] + [run(2, s, -4, "kmeans") for s in range(2)]
    table = certificates(runs)
    assert table["start"].tolist() == ["points", "kmeans", "all"]
    assert table["draws"].tolist() == [3, 2, 5]
    assert table["hits"].tolist() == [3, 2, 2]
    assert table["optima"].tolist() == [1, 1, 2]
    assert certificates(runs[:3])["start"].tolist() == ["points"]


def test_all_restarts_of_a_seedless_start_are_one_draw():
    runs = [run(2, s, -5, "ward") for s in range(4)] + [run(2, s, -5) for s in range(3)]
    table = certificates(runs, seedless={"ward"}).set_index("start")
    assert table["draws"].to_dict() == {"ward": 1, "points": 3, "all": 4}
    assert table["p_better_bound"].isna().to_dict() == {"ward": True, "points": False, "all": False}
    assert table.loc["all", "p_better_bound"] == table.loc["points", "p_better_bound"]


def test_under_a_prior_the_best_optimum_is_that_of_the_highest_posterior():
    """The second run is likelier, the prior is against it."""
    runs = [run(2, 0, -5), run(2, 1, -4)._replace(objective=-6.0), run(2, 2, -5)]
    (row,) = certificates(runs).to_dict("records")
    assert (row["optima"], row["hits"], row["log_likelihood"]) == (2, 2, -5)


def test_the_best_are_ranked_with_their_certificates():
    runs = [
        run(1, 0, -9),
        run(1, 1, -9),
        run(2, 0, -7),
        run(2, 1, -6),
        run(3, 0, -1, end="degenerate"),
    ]
    best = trusted(rank(cells(runs), []), certificates(runs), [])
    assert best["k"].tolist() == [2, 1]
    assert best["rank"].tolist() == [1, 2]
    assert best["seed"].tolist() == [1, 0]
    assert best["delta_bic"].tolist() == best["delta_icl"].tolist() == [0, 6]
    assert best["draws"].tolist() == best["finished"].tolist() == [2, 2]
    assert best["hits"].iloc[0] == 1
    assert best["p_better"].iloc[0] == pytest.approx(1 / 2)
    assert best[["hits", "p_better"]].iloc[1].isna().all()  # one component, one optimum


def test_outer_points_are_certified_and_ranked_apart():
    runs = [run(2, s, -5) for s in range(2)]
    at = [r._replace(key={**r.key, "fit.tol": tol}) for tol in (0.0, 1e-6) for r in runs]
    table = certificates(at, ["fit.tol"])
    assert table["fit.tol"].tolist() == [0.0, 1e-6]
    assert rank(cells(at), ["fit.tol"])["rank"].tolist() == [1, 1]


def frame(**columns):
    base = {"dataset": "x", "normaliser": "none", "covariance": "full", "k": 1, "degenerate": False}
    numbers = {
        "iteration": 1,
        "log_likelihood": 0.0,
        "log_prior": 0.0,
        **dict.fromkeys(CRITERIA, 0.0),
    }
    return pd.DataFrame({**base, **numbers, **columns})


def test_a_degenerate_fit_never_wins():
    fits = frame(
        log_likelihood=[9.0, 3.0, 5.0], bic=[-9.0, -3.0, -5.0], degenerate=[True, False, False]
    )
    best = rank(fits, [])
    assert best["log_likelihood"].tolist() == [5.0]
    assert best["rank"].tolist() == [1]
    assert rank(frame(degenerate=[True, True]), []).empty


def test_under_a_prior_the_log_posterior_decides():
    best = rank(frame(seed=[0, 1], log_likelihood=[2.0, 1.0], log_prior=[-5.0, -3.0]), [])
    assert best["seed"].tolist() == [1]


@given(st.lists(st.tuples(st.sampled_from([-9.0, -7.0, -7.0 - 1e-9]), st.booleans()), min_size=1))
def test_the_table_chooses_as_the_estimator_and_the_bootstrap_do(cells):
    values, sound = np.array([v for v, _ in cells]), [fine for _, fine in cells]
    fits = frame(seed=range(len(cells)), log_likelihood=values, degenerate=np.logical_not(sound))
    chosen = best_sound(values, sound.__getitem__)
    assert rank(fits, [])["seed"].tolist() == ([] if chosen is None else [chosen])


def test_of_equals_the_first_wins():
    best = rank(frame(seed=[0, 1], log_likelihood=[2.0, 2.0 + 1e-12]), [])
    assert best["seed"].tolist() == [0]


def test_of_equals_the_longest_run_wins():
    fits = frame(seed=[0, 0, 1], iteration=[5, 9, 9], log_likelihood=[2.0 + 1e-12, 2.0, 2.0])
    best = rank(fits, [])
    assert best[["seed", "iteration"]].to_numpy().tolist() == [[0, 9]]


VALUES = st.sampled_from([-9.0, -7.0, -7.0 * (1 + TIE / 2), -7.0 * (1 - TIE / 2), -2.0])
CELLS = st.lists(st.tuples(VALUES, st.booleans(), st.sampled_from([1, 5, 9])), max_size=8)


@settings(max_examples=60)
@given(st.lists(CELLS, min_size=1, max_size=4))
def test_the_rivals_of_each_part_are_enough_to_rank_the_whole(parts):
    key = {**MODEL, "start": "points", "k": 2, "seed": 0}
    rows = [
        {**key, "part": part, "iteration": iteration, "degenerate": lost, "log_likelihood": value}
        | {"log_prior": 0.0}
        | dict.fromkeys(CRITERIA, -2 * value)
        for part, cells in enumerate(parts)
        for value, lost, iteration in cells
    ]
    columns = [*key, "part", "iteration", "degenerate", "log_likelihood", "log_prior", *CRITERIA]
    fits = pd.DataFrame(rows, columns=columns).astype({"degenerate": bool, "k": int})
    kept = []
    for _, cells in fits.groupby("part"):
        names = ("log_likelihood", "degenerate", "iteration")
        values, lost, iteration = (cells[name].to_numpy() for name in names)
        kept.append(cells.iloc[rivals(values.astype(float), ~lost, iteration.astype(int))])
    some = pd.concat(kept) if kept else fits
    pd.testing.assert_frame_equal(rank(some, []), rank(fits, []))


def test_a_run_that_was_not_drawn_adds_an_optimum_but_no_chance():
    split = run(2, -1, -4)._replace(drawn=False)
    (row,) = certificates([run(2, 0, -5), run(2, 1, -5), split]).to_dict("records")
    assert (row["draws"], row["optima"], row["hits"], row["p_new"]) == (3, 2, 1, 0)
    assert row["p_better_bound"] == pytest.approx(1 - 0.05 ** (1 / 2))
