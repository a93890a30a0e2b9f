"""Densities that are negligible are left out, and nothing of it shows in the numbers."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gmmpipe.mixture.kernels import advance, engine, layout, mstep, team
from gmmpipe.mixture.kernels.compile import compiled
from gmmpipe.mixture.kernels.records import Rules
from gmmpipe.mixture.kernels.step import drift
from gmmpipe.mixture.mixture import Mixture


@pytest.fixture(autouse=True)
def always(monkeypatch):
    monkeypatch.setattr(engine, "_WORTH", 0)


def run(x, start, code, iterations=12):
    """Run a fit; return it, and its memory."""
    samples = engine.Engine(x, np.broadcast_to(np.ones(1), len(x)), code >= mstep.DIAG, 1)
    fits, memory = engine.joined([start], [iterations]), samples.memory(start.n_components, 1)
    rules = Rules(code, iterations, 0.0, x.var(axis=0), 1e-6, 1e-14, 0.0, float(len(x)))
    signals = np.zeros(team.SIGNALS, np.int64)
    compiled(advance.run_all)(samples.samples, memory, rules, fits, 0, 1, signals)
    return fits, memory, samples.layout


def apart(n, d, k=30):
    """Return samples of clusters far from each other, and a start near these."""
    rng = np.random.default_rng(8)
    centres = 10 * rng.normal(size=(k, d))
    x = centres[rng.integers(k, size=n)] + rng.normal(size=(n, d))
    means = centres + rng.normal(0, 0.5, size=(k, d))
    return x, Mixture(np.full(k, 1 / k), means, np.tile(np.eye(d), (k, 1, 1)))


@pytest.mark.parametrize("d", [5, 12])
@pytest.mark.parametrize("code", [mstep.FULL, mstep.TIED, mstep.DIAG])
@pytest.mark.parametrize("n", [900, 3001])
def test_pruned_passes_have_the_bits_of_whole_ones(monkeypatch, d, code, n):
    x, start = apart(n, d)
    pruned, memory, lay = run(x, start, code)
    state = memory.pruning.reshape(lay.blocks, -1)
    assert state[:, layout.PRUNED].any()
    monkeypatch.setattr(engine, "_STATE", 0)
    whole = run(x, start, code)[0]
    assert_array_equal(pruned.trajectory, whole.trajectory)
    assert_array_equal(pruned.means, whole.means)
    assert_array_equal(pruned.covariances, whole.covariances)


def test_no_bound_is_above_a_distance():
    x, start = apart(2000, 9)
    k = start.n_components
    fits, memory, lay = run(x, start, mstep.FULL, 8)
    place, state = layout.state_of(lay, k), memory.pruning.reshape(lay.blocks, -1)
    factors = np.linalg.inv(np.linalg.cholesky(fits.covariances[0]))
    distances = np.einsum("kij,nkj->nki", factors, x[:, None] - fits.means[0])
    distances = np.sqrt((distances**2).sum(axis=2) / np.log(4))
    above = 0
    for block in np.flatnonzero(state[:, layout.PRUNED]):
        order = state[block, place.order : place.order + lay.block].astype(int)
        bounds = state[block, place.bounds : place.end].reshape(k, -1)[:, : lay.block // 8]
        least = distances[block * lay.block + order].reshape(-1, 8, k).min(axis=1).T
        assert np.all(bounds <= least * (1 + 1e-9))
        above += (bounds > 0).sum()
    assert above > 0


@pytest.mark.parametrize("axis_aligned", [False, True])
@pytest.mark.parametrize("size", [1e-9, 0.05, 0.3, 3.0])
def test_distances_shrink_no_further_than_the_drift_says(axis_aligned, size):
    rng, d, k = np.random.default_rng(5), 6, 2
    samples = engine.Engine(rng.normal(size=(9, d)), np.ones(9), axis_aligned, 1)
    memory, shape = samples.memory(k, 1), np.eye(d) if axis_aligned else 1
    root = rng.normal(size=(d, d)) + 3 * np.eye(d)
    old, change = root @ root.T * shape, size * rng.normal(size=(d, d))
    new = (root + change) @ (root + change).T * shape
    moved = size * rng.normal(size=d)
    memory.covariances[1], memory.inverses[1] = old, np.linalg.inv(np.linalg.cholesky(new))
    memory.shifts[1] = moved
    drift(samples.samples, memory, 1, memory.scratch[0, 0])
    scale, shift = memory.drifts[1]
    away = rng.normal(size=(1000, d)) * rng.uniform(0, 9, size=(1000, 1))
    before = np.linalg.norm(away @ np.linalg.inv(np.linalg.cholesky(old)).T, axis=1)
    after = np.linalg.norm((away - moved) @ memory.inverses[1].T, axis=1)
    to_bits = np.sqrt(0.5 / np.log(2))
    assert np.all(after * to_bits >= (scale * before * to_bits - shift) * (1 - 1e-12))
    assert scale > 0.5 or size > 0.1
