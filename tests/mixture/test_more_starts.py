import numpy as np
import pytest

from gmmpipe.data.generators import Blobs
from gmmpipe.errors import InputError
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.moments import moments, soft_moments, total_covariance
from gmmpipe.mixture.starts import short_em
from gmmpipe.mixture.starts.given import ExplicitStart
from gmmpipe.mixture.starts.points import Points, Random
from gmmpipe.mixture.starts.registry import STARTS, Mixed, prepared, undrawn
from gmmpipe.mixture.starts.short_em import ShortEM

SAMPLE = Blobs(n=300, d=3, k=4, separation=4.0).sample(np.random.default_rng(5))
X = SAMPLE.x
FAMILY = ["full", "tied", "diag", "spherical"]


def rng(seed=0):
    return np.random.default_rng(seed)


def test_soft_moments_of_whole_rows_are_moments():
    labels = np.arange(300) % 3
    centres = X[[0, 1, 2, 7]]
    hard, soft = moments(X, labels, centres), soft_moments(X, np.eye(4)[labels], centres)
    np.testing.assert_allclose(soft.weights, hard.weights, rtol=1e-12)
    np.testing.assert_allclose(soft.means, hard.means, rtol=1e-12)
    np.testing.assert_allclose(soft.covariances, hard.covariances, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(soft.means[3], X[7])


def test_soft_moments_are_weighted_means_and_covariances_at_any_offset():
    shares = rng().dirichlet(np.ones(3), 300)
    for offset in (0.0, 1e8):
        x = X + offset
        found = soft_moments(x, shares, x[:3])
        for j, r in enumerate(shares.T):
            own = np.cov(X.T, aweights=r, ddof=0) * r.sum()
            expected = (own + 4 * np.cov(X.T, ddof=0)) / (r.sum() + 4)
            np.testing.assert_allclose(found.means[j] - offset, r @ X / r.sum(), atol=1e-7)
            np.testing.assert_allclose(found.covariances[j], expected, atol=1e-6)
            np.testing.assert_allclose(found.weights[j], (r.sum() + 1 / 3) / 301)


def test_concentration_goes_from_whole_rows_to_equal_shares():
    spread = [
        np.ptp(Random(concentration=c)(X, 3, rng()).means, axis=0).max() for c in (0.01, 1.0, 1e6)
    ]
    assert spread[0] > spread[1] > 100 * spread[2]


def test_random_means_scatter_about_the_whole_as_theory_says():
    # The mean of k = 2 uniform shares: variance about sum(r^2) / sum(r)^2 = (1/3) / (n/4) less
    # what the centring takes, (1/4) / (n/4): together (1/3) / n per unit of variance.
    x = rng(1).normal(size=(400, 1))
    means = [Random()(x, 2, rng(s)).means[0, 0] - x.mean() for s in range(400)]
    np.testing.assert_allclose(np.var(means), x.var() / 3 / 400, rtol=0.25)


@pytest.mark.parametrize("family", FAMILY)
def test_short_em_goes_on_from_the_likeliest_run(family):
    generator = rng(3)
    starts = [Points()(X, 4, generator) for _ in range(6)]
    runs = em.fit(X, starts, family, [7])
    best = max(runs, key=lambda run: run.trajectory[-1]).snapshots[-1].mixture
    assert not any(run.degenerate for run in runs)
    start = prepared(ShortEM(runs=6, iterations=7), X, family)(4, rng(3))
    shares = np.exp(log_responsibilities(X, best)[1])
    expected = soft_moments(X, shares, best.means)
    np.testing.assert_array_equal(start.means, expected.means)
    np.testing.assert_array_equal(start.covariances, expected.covariances)


def test_short_em_is_full_unless_told():
    a, b = ShortEM()(X, 6, rng()), prepared(ShortEM(), X, "full")(6, rng())
    other = prepared(ShortEM(), X, "spherical")(6, rng())
    np.testing.assert_array_equal(a.means, b.means)
    assert not np.allclose(a.means, other.means)


def test_more_short_runs_find_likelier_starts():
    def reached(runs):
        starts = [ShortEM(runs=runs)(X, 4, rng(s)) for s in range(20)]
        return np.mean([run.trajectory[0] for run in em.fit(X, starts, "full", [0])])

    assert reached(20) > reached(1) + 10


def test_a_sound_run_beats_a_likelier_degenerate_one():
    x = np.vstack([X, np.repeat(X[:1], 80, axis=0)])
    total = total_covariance(x)
    spike = Mixture(np.array([0.1, 0.9]), x[[0, 50]], np.stack([total * 1e-8, total]))
    broad = Mixture(np.array([0.5, 0.5]), x[[60, 90]], np.stack([total, total]))
    runs = em.fit(x, [spike, broad], "full", [5])
    assert runs[0].trajectory[-1] > runs[1].trajectory[-1]
    assert (bool(runs[0].degenerate), runs[1].degenerate) == (True, ())
    both, alone = (short_em.best_of(x, s, "full", 5) for s in ([spike, broad], [broad]))
    np.testing.assert_array_equal(both.means, alone.means)
    collapsed = short_em.best_of(x, [spike], "full", 5).covariances  # the start has not
    share = np.linalg.eigvals(np.linalg.solve(total, collapsed)).real
    assert share.min() > 4 / (len(x) + 4) - 1e-9


def test_given_is_what_was_written():
    start = ExplicitStart(
        means=((0, 0, 0), (1, 2, 3)), weights=(0.25, 0.75), covariances=(2.0, (1.0, 2.0, 3.0))
    )(X, 2, rng())
    np.testing.assert_array_equal(start.means, [[0, 0, 0], [1, 2, 3]])
    np.testing.assert_array_equal(start.weights, [0.25, 0.75])
    np.testing.assert_array_equal(start.covariances, [2 * np.eye(3), np.diag([1.0, 2, 3])])


def test_given_means_alone_get_equal_weights_and_the_whole_covariance():
    start = ExplicitStart(means=X[:3].tolist())(X, 3, rng())
    np.testing.assert_array_equal(start.weights, np.full(3, 1 / 3))
    np.testing.assert_array_equal(start.covariances, np.tile(total_covariance(X), (3, 1, 1)))


def test_a_stored_start_can_be_given_back():
    stored = STARTS["kmeans"]()(X, 4, rng())
    again = ExplicitStart(
        means=stored.means.tolist(),
        weights=stored.weights.tolist(),
        covariances=stored.covariances.tolist(),
    )(X, 4, rng())
    np.testing.assert_allclose(again.weights, stored.weights, rtol=1e-15)
    np.testing.assert_array_equal(again.means, stored.means)
    np.testing.assert_array_equal(again.covariances, stored.covariances)


@pytest.mark.parametrize(
    ("options", "words"),
    {
        "weights too few": ({"weights": (1.0,)}, "2 means but 1 weights"),
        "covariances too many": ({"covariances": (1, 1, 1)}, "2 means but 3 covariances"),
        "ragged means": ({"means": ((0, 0), (1,))}, r"means\[1\] is \[1\]; give 2 finite numbers"),
        "nan": ({"means": ((0, float("nan")),)}, r"means\[0\]"),
        "sum": ({"weights": (0.5, 0.6)}, "weights sum to 1.1"),
        "negative": ({"covariances": (1.0, -1.0)}, r"covariances\[1\]: not positive definite"),
        "lopsided": ({"covariances": (1.0, ((1, 0.5), (0, 1)))}, r"covariances\[1\]: not symm"),
        "too long": ({"covariances": (1.0, (1, 1, 1))}, r"covariances\[1\]: .* 2 rows of 2"),
        "ragged": ({"covariances": (1.0, ((1, 0), (1,)))}, r"covariances\[1\]: .* 2 rows of 2"),
        "wide": ({"covariances": (1.0, ((1, 0, 0),))}, r"covariances\[1\]: shape \(1, 3\)"),
    }.values(),
)
def test_given_refuses_what_contradicts_itself(options, words):
    with pytest.raises(InputError, match=words):
        ExplicitStart(**{"means": ((0.0, 0.0), (1.0, 1.0)), **options})


def test_given_refuses_another_k_or_another_number_of_features():
    start = ExplicitStart(means=((0.0, 0.0), (1.0, 1.0)))
    with pytest.raises(InputError, match="2 means, but k is 3; sweep k = 2"):
        start(X, 3, rng())
    with pytest.raises(InputError, match="means of 2 numbers, but the data have 3 features"):
        start(X, 2, rng())


@pytest.mark.parametrize("shift", [0.0, 1e-13])
def test_of_runs_that_agree_to_rounding_the_first_goes_on(shift):
    total = total_covariance(X)
    first = Mixture(np.array([0.5, 0.5]), X[[60, 90]], np.stack([total, total]))
    second = Mixture(first.weights, first.means[::-1] + shift, first.covariances)
    both, alone = (short_em.best_of(X, s, "full", 5) for s in ([first, second], [first]))
    np.testing.assert_array_equal(both.means, alone.means)


def test_mixed_goes_round_the_kinds_that_draw():
    mixed = prepared(Mixed(), X, "diag")
    names = ["ward", "split", *["kmeans", "short-em", "points", "kmeans++"] * 2]
    for turn, name in enumerate(names):
        expected = prepared(STARTS[name](), X, "diag")(4, rng(turn))
        found = mixed(4, rng(turn), turn)
        np.testing.assert_array_equal(found.means, expected.means)
        np.testing.assert_array_equal(found.covariances, expected.covariances)
        assert (turn >= undrawn(Mixed())) == (turn >= undrawn(STARTS[name]()))
