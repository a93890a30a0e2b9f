"""The compiled code against plain numpy, piece by piece."""

import ctypes

import numpy as np
import pytest
from numba import cfunc, types
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from gmmpipe.mixture.families import family as covariance
from gmmpipe.mixture.kernels import layout, mstep, simd
from gmmpipe.mixture.kernels.engine import Engine
from gmmpipe.mixture.kernels.records import BROKEN, FLOOR, SOUND
from gmmpipe.mixture.mixture import Mixture

DOUBLES = types.CPointer(types.float64)


@cfunc(types.void(DOUBLES, DOUBLES, types.int64))
def _exp2(given, result, n):
    for i in range(0, n, simd.LANES):
        simd.store(result, i, simd.exp2(simd.load(given, i), simd.spread(-1000.0)))


@cfunc(types.void(DOUBLES, DOUBLES, types.int64))
def _log2(given, result, n):
    for i in range(0, n, simd.LANES):
        simd.store(result, i, simd.log2(simd.load(given, i)))


@cfunc(types.void(DOUBLES, DOUBLES, types.int64))
def _folds(given, result, n):
    for i in range(0, n, simd.LANES):
        result[i] = simd.total(simd.load(given, i))
        result[i + 1] = simd.lowest(simd.load(given, i))


def call(function, given):
    result = np.empty_like(given)
    pointer = ctypes.POINTER(ctypes.c_double)
    function.ctypes(given.ctypes.data_as(pointer), result.ctypes.data_as(pointer), len(given))
    return result


def a_mixture(rng, k, d):
    root = rng.normal(size=(k, d, d)) / np.sqrt(d) + np.eye(d)
    weights = rng.dirichlet(np.ones(k))
    return Mixture(weights, rng.normal(size=(k, d)), root @ root.transpose(0, 2, 1))


def slow_pass(x, weight, mixture, axis_aligned):
    """What a workspace finds in a pass, in plain numpy."""
    k, d = mixture.means.shape
    covariances = mixture.covariances * (np.eye(d) if axis_aligned else 1)
    logs = np.stack(
        [
            np.log(mixture.weights[j])
            + multivariate_normal(mixture.means[j], covariances[j]).logpdf(x).reshape(len(x))
            for j in range(k)
        ],
        axis=1,
    )
    total = logsumexp(logs, axis=1)
    r = weight[:, None] * np.exp(logs - total[:, None])
    deviation = x[:, None] - mixture.means
    counts = r.sum(axis=0)
    shifts = np.einsum("nk,nki->ki", r, deviation) / counts[:, None]
    second = np.einsum("nk,nki,nkj->kij", r, deviation, deviation) / counts[:, None, None]
    spreads = second - shifts[:, :, None] * shifts[:, None, :]
    return weight @ total, counts, shifts, spreads * (np.eye(d) if axis_aligned else 1)


def test_exp2_is_right_to_the_last_digits():
    given = np.random.default_rng(1).uniform(-1000, 1000, 80_000)
    assert_allclose(call(_exp2, given), np.exp2(given), rtol=4e-16)


def test_exp2_of_whole_numbers_is_exact():
    given = np.arange(-1000.0, 1000.0)
    assert_array_equal(call(_exp2, given), np.exp2(given))


@pytest.mark.parametrize("given", [-np.inf, np.nan, -1e300, -1000.5])
def test_exp2_is_zero_below_the_least(given):
    assert_array_equal(call(_exp2, np.full(8, given)), np.zeros(8))


def test_log2_is_right_to_the_last_digits():
    given = np.exp2(np.random.default_rng(2).uniform(-900, 10, 80_000))
    assert_allclose(call(_log2, given), np.log2(given), rtol=5e-16, atol=1e-16)
    near_one = 1 + np.linspace(-1e-3, 1e-3, 8000)
    assert_allclose(call(_log2, near_one), np.log2(near_one), rtol=1e-12, atol=0)


def test_lanes_fold_to_their_sum_and_their_least():
    given = np.random.default_rng(3).normal(size=(10, simd.LANES))
    folded = call(_folds, given.ravel()).reshape(given.shape)
    assert_allclose(folded[:, 0], given.sum(axis=1), rtol=1e-14)
    assert_array_equal(folded[:, 1], given.min(axis=1))


@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 8, 11])
@pytest.mark.parametrize("axis_aligned", [False, True])
def test_each_element_of_a_matrix_has_a_place_of_its_own(d, axis_aligned):
    _, plan = layout.plan(100, d, axis_aligned)
    table = layout.places(d, axis_aligned)
    held = np.eye(d, dtype=bool) if axis_aligned else np.tril(np.ones((d, d), bool))
    assert len(set(table[held])) == held.sum()
    assert table.max() < plan.size


@pytest.mark.parametrize("n", [1, 7, 8, 255, 256, 257, 272, 1000, 99_999])
def test_blocks_hold_every_sample_once(n):
    _, plan = layout.plan(n, 2, False)
    assert plan.block % simd.LANES == 0
    assert (plan.blocks - 1) * plan.block < n <= plan.blocks * plan.block
    assert plan.chunks <= plan.blocks
    assert plan.block - simd.LANES < n / plan.blocks  # blocks are even: hardly any padding


@pytest.mark.parametrize(("n", "d", "k"), [(1, 1, 1), (300, 1, 3), (272, 2, 2), (600, 3, 4),
                                           (5, 7, 2), (530, 7, 3), (700, 13, 2)])  # fmt: skip
@pytest.mark.parametrize("axis_aligned", [False, True])
def test_a_pass_is_what_numpy_finds(n, d, k, axis_aligned):
    rng = np.random.default_rng(n + d)
    x, weight, mixture = rng.normal(size=(n, d)), rng.uniform(0.1, 2, n), a_mixture(rng, k, d)
    engine = Engine(x, weight, axis_aligned, threads=1)
    work = engine.workspace(k)
    assert work.load(mixture) == -1
    found = work.statistics()
    slow, counts, shifts, spreads = slow_pass(x, weight, mixture, axis_aligned)
    assert found.log_likelihood == pytest.approx(slow, rel=1e-13, abs=1e-13)
    assert_allclose(found.counts, counts, rtol=1e-11)
    assert_allclose(found.shifts, shifts, rtol=1e-9, atol=1e-12)
    assert_array_equal(found.means, mixture.means + found.shifts)
    assert_allclose(found.covariances, spreads, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("d", [3, 5, 8, 9, 18])
@pytest.mark.parametrize("axis_aligned", [False, True])
@pytest.mark.parametrize("apart", [1.0, 30.0, 1e4])
def test_far_components_have_no_part_in_a_pass(d, axis_aligned, apart):
    rng = np.random.default_rng(d)
    mixture, n = a_mixture(rng, 6, d), 700
    mixture.means[:] *= apart
    x = mixture.means[rng.integers(6, size=n)] + rng.normal(size=(n, d))
    engine = Engine(x, np.ones(n), axis_aligned, threads=1)
    work = engine.workspace(6)
    work.load(mixture)
    fast = work.statistics()
    slow, counts, shifts, spreads = slow_pass(x, np.ones(n), mixture, axis_aligned)
    assert fast.log_likelihood == pytest.approx(slow, rel=1e-12)
    assert_allclose(fast.counts, counts, rtol=1e-11)
    assert_allclose(fast.shifts, shifts, rtol=1e-9, atol=1e-11)
    assert_allclose(fast.covariances, spreads, rtol=1e-8, atol=1e-10)
    # of the last block: nothing that becomes subnormal where it is multiplied by deviations
    stride = engine.layout.stride
    densities = work.memory.work[0, : 6 * stride].reshape(6, stride)[:, : engine.layout.block // 2]
    assert np.all((densities == 0) | (densities >= (2.0**-60 if d > 4 else 2.0**-400)))


def test_data_laid_out_anew_in_each_pass_give_the_same_bits(monkeypatch):
    rng = np.random.default_rng(5)
    x, weight, mixture = rng.normal(size=(3001, 3)), rng.uniform(size=3001), a_mixture(rng, 3, 3)
    results = []
    for resident, threads in ((10**9, 1), (0, 1), (0, 2), (10**9, 3)):
        monkeypatch.setattr(layout, "_RESIDENT", resident)
        engine = Engine(x, weight, False, threads)
        work = engine.workspace(3)
        work.load(mixture)
        found = work.statistics()
        results.append(
            np.concatenate([[found.log_likelihood], found.counts, found.covariances.ravel()])
        )
    assert_array_equal(results, [results[0]] * 4)


@pytest.mark.parametrize("d", [1, 2, 6, 17])
def test_the_factor_is_the_inverse_of_choleskys(d):
    mixture = a_mixture(np.random.default_rng(d), 1, d)
    inverse, scratch = np.zeros((d, d)), np.zeros((d, d))
    assert mstep.factorise(mixture.covariances[0], False, scratch, inverse)
    slow = np.linalg.inv(np.linalg.cholesky(mixture.covariances[0]))
    assert_allclose(inverse, slow, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("entry", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("axis_aligned", [False, True])
def test_what_is_not_positive_definite_has_no_factor(entry, axis_aligned):
    matrix = np.diag([1.0, entry])
    assert not mstep.factorise(matrix, axis_aligned, np.zeros((2, 2)), np.zeros((2, 2)))


@pytest.mark.parametrize("rank", [0, 1, 3])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_clipped_eigenvalues_are_the_slow_twins(rank, scale):
    rng = np.random.default_rng(rank)
    root = rng.normal(size=(4, rank)) * scale
    matrix, floor = root @ root.T, scale**2 * np.array([1e-3, 1e-2, 1e-4, 1e-3])
    slow = covariance.clip(matrix[None], floor)[0]
    fast = matrix.copy()
    assert mstep.clip(fast, floor, np.zeros((4, 4)), np.zeros((4, 4)))
    assert_allclose(fast / scale**2, slow / scale**2, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["full", "diag", "spherical"])
def test_a_compiled_m_step_is_its_familys(name):
    family, rng = covariance.FAMILIES[name], np.random.default_rng(9)
    d, seen = 4, set()
    floor = np.array([1e-3, 2e-3, 1e-3, 5e-4])
    for size in (3.0, 0.02, 0.0):
        root = rng.normal(size=(d, d)) * size
        spread = root @ root.T
        slow = family.m_step(np.array([5.0]), 5.0 * spread[None], floor)[0]
        fast = spread * np.eye(d) if family.axis_aligned else spread.copy()
        status = mstep.finish_covariance(
            family.kernel, fast, floor, np.zeros(d), np.zeros((2, d, d)), np.zeros((d, d))
        )
        assert_allclose(fast, slow, rtol=1e-10, atol=1e-14)
        seen.add(status)
    assert seen == {SOUND, FLOOR}


def test_without_a_floor_a_singular_spread_is_broken():
    zero, floor = np.zeros((2, 2)), np.zeros(2)
    for code in (mstep.FULL, mstep.DIAG, mstep.SPHERICAL):
        status = mstep.finish_covariance(
            code, zero.copy(), floor, floor, np.zeros((2, 2, 2)), np.zeros((2, 2))
        )
        assert status == BROKEN
