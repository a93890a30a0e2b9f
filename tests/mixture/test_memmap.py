"""Data past memory: mapped files give the bits of memory, and nothing of their size is held."""

import tracemalloc

import numpy as np
import pytest
from em_cases import a_start, clusters, fit, same
from numpy.testing import assert_array_equal

from gmmpipe.mixture import checks
from gmmpipe.mixture.kernels import advance, layout
from gmmpipe.mixture.kernels.compile import compiled
from gmmpipe.mixture.starts.registry import STARTS, prepared, rows


@pytest.fixture
def large(monkeypatch):
    """Let any data be too large for copies."""
    monkeypatch.setattr(layout, "_RESIDENT", 0)
    monkeypatch.setattr(checks, "_MANY", 0)


def mapped(path, x):
    np.save(path, x)
    return np.load(path, mmap_mode="r")


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(("name", "d"), [("full", 2), ("tied", 5), ("diag", 1), ("VEI", 2)])
@pytest.mark.parametrize("options", [{}, {"acceleration": "anderson"}])
def test_a_mapped_file_gives_the_bits_of_memory(tmp_path, monkeypatch, name, d, options):
    x = clusters(31, n=3000, d=d)
    file = mapped(tmp_path / "x.npy", x)
    first = fit(file, [a_start(x, 3)], name, [2, 7], threads=2, **options)
    monkeypatch.undo()
    same(first[0], fit(x, [a_start(x, 3)], name, [2, 7], **options)[0])
    assert_array_equal(np.load(tmp_path / "x.npy"), x)


@pytest.mark.usefixtures("large")
def test_weights_that_change_on_the_way(tmp_path, monkeypatch):
    x = clusters(32, n=2000)
    file = mapped(tmp_path / "x.npy", x)
    (found,) = fit(file, [a_start(x, 2)], "full", [5], noise=0.1)
    monkeypatch.undo()
    same(found, fit(x, [a_start(x, 2)], "full", [5], noise=0.1)[0])


@pytest.mark.usefixtures("large")
def test_nothing_of_the_size_of_the_data_is_held(tmp_path):
    file = mapped(tmp_path / "x.npy", clusters(33, n=1_000_000))
    start = a_start(np.array(file[:1000]), 3)
    fit(file[:1000], [start], "full", [1])
    tracemalloc.start()
    fit(file, [start], "full", [2], threads=2)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4e6
    assert file.nbytes == 16e6


def test_starts_see_a_subset_of_many_rows():
    x = clusters(34, n=500)
    chosen = rows(500, 100)
    assert len(np.unique(chosen)) == 100
    assert_array_equal(chosen, rows(500, 100))
    for name in ("kmeans", "ward", "points", "short-em"):
        seen = prepared(STARTS[name](), x, "full", most_rows=100)(3, np.random.default_rng(1))
        drawn = prepared(STARTS[name](), x[chosen], "full")(3, np.random.default_rng(1))
        assert_array_equal(seen.means, drawn.means)
    x[np.setdiff1d(np.arange(500), chosen)[0]] = 1e3
    wide = prepared(STARTS["uniform"](), x, "full", most_rows=100)(3, np.random.default_rng(1))
    assert wide.means.max() > 20


def test_weights_that_may_not_be_written_to_compile_nothing_again():
    x, weight = clusters(34, n=200), np.full(200, 2.0)
    before = fit(x, [a_start(x, 2)], "full", [3], sample_weight=weight)[0]
    compiled_for = list(compiled(advance.run_all).signatures)
    weight.flags.writeable = False
    same(before, fit(x, [a_start(x, 2)], "full", [3], sample_weight=weight)[0])
    assert compiled(advance.run_all).signatures == compiled_for
