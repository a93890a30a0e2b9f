"""What EM must satisfy whatever the data: Hypothesis looks for a case where it does not."""

import numpy as np
import pytest
from em_cases import EVERY, enough, rounding
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from gmmpipe.mixture.em.fit import fit
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture

every_family = pytest.mark.parametrize("name", EVERY)
rescalable = pytest.mark.parametrize(
    "name", [name for name in EVERY if FAMILIES[name].scale_invariant]
)
seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(st.integers(6, 60), st.sampled_from([1, 2, 5]), st.integers(1, 4))
searched = settings(max_examples=25)


def problem(seed, size):
    n, d, k = size
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) + 3 * rng.integers(0, 3, size=(n, 1))
    means = x[rng.choice(n, k, replace=False)] + 0.1 * rng.normal(size=(k, d))
    weights = rng.dirichlet(np.full(k, 5.0))
    return rng, x, Mixture(weights, means, np.array([np.eye(d) * rng.uniform(0.5, 4)] * k))


@every_family
@searched
@given(seeds, sizes)
def test_the_likelihood_never_falls(name, seed, size):
    _, x, start = problem(seed, size)
    (found,) = fit(x, [start], name, [25])
    # the start may lie below the floor: the promise begins with the first M step
    rise = np.diff(found.trajectory[1:])
    assert (rise >= -rounding(name) * (1 + np.abs(found.trajectory[2:]))).all()


@every_family
@searched
@given(seeds, sizes)
def test_the_order_of_samples_and_components_is_of_no_account(name, seed, size):
    rng, x, start = problem(seed, enough(name, size))
    rows, parts = rng.permutation(len(x)), rng.permutation(start.n_components)
    turned = Mixture(start.weights[parts], start.means[parts], start.covariances[parts])
    (one,), (other,) = fit(x, [start], name, [3]), fit(x[rows], [turned], name, [3])
    assert_allclose(other.trajectory, one.trajectory, rtol=rounding(name), atol=1e-8)
    means = one.snapshots[0].mixture.means[parts]
    assert_allclose(other.snapshots[0].mixture.means, means, rtol=1e-6, atol=1e-6)


@rescalable
@searched
@given(seeds, sizes)
def test_units_are_of_no_account(name, seed, size):
    rng, x, start = problem(seed, enough(name, size))
    shift, scale = 10 * rng.normal(size=x.shape[1]), np.exp(3 * rng.normal(size=x.shape[1]))
    (one,) = fit(x, [start], name, [4])
    (other,) = fit(shift + scale * x, [start.rescaled(shift, scale)], name, [4])
    volume = len(x) * np.log(scale).sum()
    assert_allclose(other.trajectory + volume, one.trajectory, rtol=1e-7, atol=1e-6)


@every_family
@searched
@given(seeds, sizes)
def test_a_sample_may_be_split_into_parts_of_its_weight(name, seed, size):
    rng, x, start = problem(seed, enough(name, size))
    share = rng.uniform(0.1, 0.9, len(x))
    (one,) = fit(x, [start], name, [4])
    (other,) = fit(
        np.concatenate([x, x]), [start], name, [4], sample_weight=np.concatenate([share, 1 - share])
    )
    assert_allclose(other.trajectory, one.trajectory, rtol=rounding(name), atol=1e-8)


@every_family
@searched
@given(seeds, sizes, st.floats(1e-3, 1e3))
def test_weights_scale_the_likelihood_and_nothing_else(name, seed, size, factor):
    _, x, start = problem(seed, enough(name, size))
    weight = np.full(len(x), factor)
    (one,), (other,) = fit(x, [start], name, [4]), fit(x, [start], name, [4], sample_weight=weight)
    assert_allclose(other.trajectory / factor, one.trajectory, rtol=rounding(name), atol=1e-8)
