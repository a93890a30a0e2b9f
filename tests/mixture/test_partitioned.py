"""Data in partitions: the bits of one machine, whoever holds them, however many fits there are."""

import pickle

import numpy as np
import pytest
from em_cases import a_start, clusters, fit, same
from numpy.testing import assert_array_equal

from gmmpipe.errors import InputError
from gmmpipe.mixture import checks, slices
from gmmpipe.mixture.em.prior import Prior
from gmmpipe.mixture.engines.partitioned import InMemory, Partitioned, Threads, _Part, _sums
from gmmpipe.mixture.kernels import layout


def apart(x, threads=2):
    return Partitioned(InMemory(x), Threads(threads))


@pytest.mark.parametrize("n", [1, 9, 300, 8200, 20_001])
@pytest.mark.parametrize("resident", [0, 10**9])
def test_parts_are_the_chunks_of_the_engine(monkeypatch, n, resident):
    monkeypatch.setattr(layout, "_RESIDENT", resident)
    whole = layout.plan(n, 2, False)[1]
    rows = [layout.part(whole, chunk)[0] for chunk in range(whole.chunks)]
    assert_array_equal(np.concatenate([np.arange(n)[cut] for cut in rows]), np.arange(n))
    for chunk, cut in enumerate(rows):
        part = layout.part(whole, chunk)[1]
        assert part.blocks == -(-(cut.stop - cut.start) // whole.block)


@pytest.mark.parametrize("name", ["full", "tied", "diag", "spherical", "VEI", "EEV"])
@pytest.mark.parametrize("d", [2, 5])
def test_the_parameters_are_those_of_one_machine(name, d):
    x = clusters(41, n=10_001, d=d)
    starts = [a_start(x, k, seed=k) for k in (3, 1, 4)]
    for one, other in zip(
        fit(x, starts, name, [0, 4, 9]), fit(apart(x), starts, name, [0, 4, 9]), strict=True
    ):
        same(one, other)
        assert one.degenerate == other.degenerate


@pytest.mark.parametrize("options", [
    {"acceleration": "anderson"}, {"frozen": ["weights"]}, {"tol": 1e-4}, {"reg_covar": 0.1},
    {"regularisation": 0.5},
], ids=str)  # fmt: skip
def test_whatever_else_may_be_asked_for(options):
    x = clusters(42, n=5000)
    x[:9] = 40 + np.arange(9)[:, None] * 1e-9  # a far clump: bounds and jumps of means
    start = a_start(x, 3)
    start.means[1] = 39
    (one,) = fit(x, [start], "full", [1, 12], **options)
    (other,) = fit(apart(x), [start], "full", [1, 12], **options)
    same(one, other)


def test_fits_that_end_at_different_times_share_passes():
    x = clusters(43, n=3000)
    passes = []

    class Counting(Threads):
        def run(self, work, held, *given):
            if work is _sums:
                passes.append(len(given[0]))
            return super().run(work, held, *given)

    starts = [a_start(x, 3, seed) for seed in range(6)]
    together = fit(Partitioned(InMemory(x), Counting()), starts, "full", [60], tol=1e-6)
    for one, other in zip(fit(x, starts, "full", [60], tol=1e-6), together, strict=True):
        same(one, other)
    assert passes[0] == 6
    assert sum(passes) == sum(found.n_iter + 1 for found in together)
    assert len(passes) == 1 + max(found.n_iter for found in together)


def test_variances_are_the_same_bits(monkeypatch):
    monkeypatch.setattr(slices, "SLICE", 100)
    x = clusters(44, n=7777, d=3) * [1, 1e3, 1e-3] + 1e6
    expected = checks.variances(x, np.ones(len(x)))
    assert_array_equal(apart(x).variances(), expected)


def test_a_part_is_sent_as_its_source():
    x = clusters(45, n=600)
    whole = layout.plan(*x.shape, False)[1]
    part = _Part(InMemory(x), whole, 1, False)
    again = pickle.loads(pickle.dumps(part))  # noqa: S301 - our own
    assert_array_equal(again.chunk.engine.samples.slots, part.chunk.engine.samples.slots)


def test_an_error_on_the_way_is_raised():
    class Breaking(Threads):
        def run(self, work, held, *given):
            if work is _sums:
                raise OSError("the disk is gone")
            return super().run(work, held, *given)

    x = clusters(46)
    for name in ("full", "VEI"):
        with pytest.raises(OSError, match="the disk is gone"):
            fit(Partitioned(InMemory(x), Breaking()), [a_start(x, 2)] * 3, name, [50])


@pytest.mark.parametrize(("options", "words"), [
    ({"noise": 0.1}, "noise"), ({"prior": Prior()}, "prior"), ({"missing": "mar"}, "missing"),
    ({"sample_weight": np.ones(400)}, "weights"),
])  # fmt: skip
def test_what_partitions_cannot_do_is_refused(options, words):
    x = clusters(47)
    with pytest.raises(InputError, match=f"{words}: not for data in partitions"):
        fit(apart(x), [a_start(x, 2)], "full", [1], **options)


@pytest.mark.parametrize(("value", "words"), [
    (np.nan, "nan in row 150000, column 1"), (1e200, "variance of column 1 overflows"),
])  # fmt: skip
def test_values_that_cannot_be_fitted_are_named(value, words):
    x = np.ones((200_000, 2))
    x[150_000, 1] = value
    with pytest.raises(InputError, match=words):
        fit(apart(x), [a_start(clusters(1), 2)], "full", [1])
