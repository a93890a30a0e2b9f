"""Components thinner than the bound, in the families of one volume: they reach it by length."""

import numpy as np
import pytest

from gmmpipe.mixture.em.fit import fit
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture

ONE_VOLUME = ["EVI", "EVE", "EVV"]


def thin(d, rows, seed=0):
    """Return counts (2,) and scatter (2, D, D): one round component, one of so few rows."""
    rng = np.random.default_rng(seed)
    few = rng.normal(size=(rows, d))
    few -= few.mean(axis=0)
    return np.array([50.0, rows]), np.array([50 * np.eye(d), few.T @ few])


@pytest.mark.parametrize("name", ONE_VOLUME)
@pytest.mark.parametrize(("d", "rows"), [(2, 1), (2, 2), (5, 2), (9, 3)])
def test_a_thin_component_stays_within_what_doubles_can_bear(name, d, rows):
    counts, scatter = thin(d, rows)
    found = FAMILIES[name].m_step(counts, scatter, np.full(d, 1e-6))
    values = np.linalg.eigvalsh(found)
    assert values[:, 0].min() >= 1e-6 * (1 - 1e-6)
    assert (values[:, -1] / values[:, 0]).max() < 1e10
    assert np.ptp(np.linalg.slogdet(found)[1]) < 1e-6


@pytest.mark.parametrize("name", ONE_VOLUME)
@pytest.mark.parametrize(("seed", "n", "d", "k"), [(3, 6, 2, 2), (255, 7, 5, 2), (0, 7, 5, 3),
                                                   (14, 5, 9, 2)])  # fmt: skip
def test_a_fit_with_thin_components_runs_on_and_never_falls(name, seed, n, d, k):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) + 3 * rng.integers(0, 3, size=(n, 1))
    means = x[rng.choice(n, k, replace=False)] + 0.1 * rng.normal(size=(k, d))
    weights = rng.dirichlet(np.full(k, 5.0))
    start = Mixture(weights, means, np.array([np.eye(d) * rng.uniform(0.5, 4)] * k))
    share = rng.uniform(0.1, 0.9, n)
    (whole,) = fit(x, [start], name, [25])
    (split,) = fit(
        np.concatenate([x, x]), [start], name, [25],
        sample_weight=np.concatenate([share, 1 - share]),
    )  # fmt: skip
    for found in (whole, split):
        assert found.n_iter == 25
        assert (np.diff(found.trajectory[1:]) >= -1e-8 * (1 + np.abs(found.trajectory[2:]))).all()
