import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmpipe.mixture.diagnostics.restarts import HITS, certify, is_closed_form, optima, reached
from gmmpipe.mixture.mixture import Mixture


def at(*means, weights=None):
    """Return components of unit variance at these means in one dimension."""
    k = len(means)
    w = np.full(k, 1 / k) if weights is None else np.array(weights)
    return Mixture(w, np.array(means, float)[:, None], np.ones((k, 1, 1)))


def drawn(values):
    """Certify restarts named by their log-likelihoods; equal ones are one optimum."""
    ends = ["maximum"] * len(values)
    return certify(reached(values, [at(v, 7.0) for v in values], ends), ends)


def test_distinct_optima_hits_and_chances_by_hand():
    found = drawn([-5, -3, -5, -4, -3, -3])
    assert (found.draws, found.finished, found.optima, found.hits) == (6, 6, 3, 3)
    assert found.p_new == pytest.approx(1 / 6)  # only -4 was seen once
    assert found.p_better == 0
    assert found.p_better_bound == pytest.approx(1 - 0.05 ** (1 / 6))


def test_a_best_found_once_may_be_bettered():
    assert drawn([-5, -5, -2, -5]).p_better == pytest.approx(1 / 4)


def test_one_optimum_whatever_the_order_of_components():
    values = np.array([-10.0, -10.004, -10.0])
    mixtures = [at(0, 5), at(5.01, 0.02), at(5, 0)]
    np.testing.assert_array_equal(optima(values, mixtures), [0, 0, 0])


def test_components_of_one_mean_are_paired_by_their_weights():
    ours, theirs = at(0, 0, 5, weights=[0.2, 0.3, 0.5]), at(0, 1e-9, 5, weights=[0.3, 0.2, 0.5])
    assert optima(np.array([-10.0, -10.0]), [ours, theirs]).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("value", "other"),
    [(-10.02, at(0, 5)), (-10.0, at(0, 6)), (-10.0, at(0, 5, weights=[0.45, 0.55]))],
    ids=["log-likelihood", "means", "weights"],
)
def test_what_makes_two_optima(value, other):
    assert optima(np.array([-10.0, value]), [at(0, 5), other]).tolist() == [0, 1]


def test_only_restarts_that_end_at_a_maximum_count():
    ends = ["degenerate", "maximum", "saddle", "maximum", "unfinished", "unfinished"]
    which = reached([-1.0, -9, -12, -9, -2, -2], [at(0, 5)] * 6, ends)
    assert which.tolist() == [-1, 0, -1, 0, -1, -1]
    found = certify(which, ends)
    assert (found.draws, found.sound, found.finished) == (6, 5, 2)
    assert (found.unfinished, found.saddles) == (2, 1)
    assert (found.optima, found.hits) == (1, 2)
    assert found.p_better_bound == pytest.approx(1 - 0.05 ** (1 / 2))


@pytest.mark.parametrize("end", ["degenerate", "saddle", "unfinished"])
def test_where_nothing_has_finished_no_chance_is_known(end):
    nothing = certify(reached([-1.0], [at(0, 5)], [end]), [end])
    assert (nothing.draws, nothing.finished, nothing.optima, nothing.hits) == (1, 0, 0, 0)
    assert np.isnan([nothing.p_new, nothing.p_better, nothing.p_better_bound]).all()
    assert not nothing.reaches(0.99)


def test_nothing_is_certified_where_nothing_is_drawn():
    assert is_closed_form(at(0))
    assert not is_closed_form(at(0, 5))
    one = certify([0] * 4, ["maximum"] * 4, closed_form=True)
    fixed = certify([0], ["maximum"], [False])
    for found in (one, fixed):
        chances = (found.p_new, found.p_better, found.p_better_bound)
        assert np.isnan([found.optima, found.hits, *chances]).all()
        assert found.reaches(0.01)


def test_a_start_without_chance_adds_an_optimum_but_no_draw():
    values, drawn = [-3.0, -5.0, -5.0], [False, True, True]
    ends = ["maximum"] * 3
    found = certify(reached(values, [at(v, 7.0) for v in values], ends), ends, drawn)
    assert (found.optima, found.hits) == (2, 1)
    assert (found.p_new, found.p_better) == (0, 0)
    assert found.p_better_bound == pytest.approx(1 - 0.05 ** (1 / 2))


def test_the_target_needs_hits_and_draws():
    assert drawn([-3] * 60).reaches(0.05)
    assert not drawn([-3] * 50).reaches(0.05)
    assert not drawn([-4] * 60 + [-3] * (HITS - 1)).reaches(0.05)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_the_order_of_restarts_does_not_matter(names, random):
    shuffled = random.sample(names, len(names))
    assert drawn(names) == drawn(shuffled)
    assert drawn(names).optima == len(set(names))


def test_the_chances_are_what_further_draws_show():
    """Over many experiments: estimates are unbiased, and the bound holds 19 times of 20."""
    rng = np.random.default_rng(1)
    share = np.array([0.02, 0.08, 0.2, 0.3, 0.4])  # the rarest is the best
    new, estimated, broken = [], [], []
    for _ in range(400):
        seen = rng.choice(5, 20, p=share)
        found = drawn((-seen).tolist())
        estimated.append(found.p_new)
        new.append(1 - share[np.unique(seen)].sum())
        broken.append(share[: seen.min()].sum() > found.p_better_bound)
    assert np.mean(estimated) == pytest.approx(np.mean(new), abs=0.01)
    assert np.mean(broken) <= 0.06
