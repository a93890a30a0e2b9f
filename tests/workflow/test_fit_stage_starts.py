import numpy as np
import pytest

from gmmpipe.mixture import fit_arrays
from gmmpipe.mixture.starts.registry import STARTS
from gmmpipe.store import artifacts
from gmmpipe.store.jobs import FitJob
from gmmpipe.workflow.stages import fit

NEEDS = {"given": {"means": [[0.0, 0.0], [4.0, 4.0]]}}
K = {"given": [2]}  # elsewhere 1..4


@pytest.fixture
def cells(tmp_path):
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.normal(m, 0.5, (40, 2)) for m in (0, 2, 5)])
    artifacts.write_arrays(tmp_path / "n.npz", {"x": x})

    def call(start, k, seed, family):
        config = {"covariance": {"family": family}, "start": start, "k": k, "seed": seed}
        config |= {"fit": {"tol": 0.0}, "iteration": [3]}
        fit.run([str(tmp_path / "n.npz")], str(tmp_path / "f.npz"), FitJob(**config))
        found = fit_arrays.from_arrays(artifacts.read_arrays(tmp_path / "f.npz"))
        return {(s.k, s.seed): s.fit for s in found}

    return call


@pytest.mark.parametrize("family", ["full", "tied"])
@pytest.mark.parametrize("name", STARTS)
def test_a_cell_from_any_start_depends_on_no_neighbour(name, family, cells):
    start = {"method": name, **NEEDS.get(name, {})}
    ks = K.get(name, [1, 2, 3, 4])
    block = cells(start, ks, [0, 7], family)
    for k in ks[1:] or ks:
        alone = cells(start, [k], [7], family)[k, 7]
        np.testing.assert_array_equal(alone.trajectory, block[k, 7].trajectory)
        np.testing.assert_array_equal(alone.start.covariances, block[k, 7].start.covariances)


@pytest.mark.parametrize("name", ["short-em", "split"])
def test_short_runs_are_of_the_family_that_is_fitted(name, cells):
    full, spherical = (
        cells({"method": name}, [3], [0], family)[3, 0].start for family in ("full", "spherical")
    )
    assert not np.array_equal(full.means, spherical.means)


def test_mixed_takes_the_kinds_of_start_in_turn(cells):
    mixed = cells({"method": "mixed"}, [3], list(range(8)), "full")
    for seed, name in ((0, "ward"), (1, "split")):
        fixed = cells({"method": name}, [3], [0], "full")[3, 0]
        np.testing.assert_array_equal(mixed[3, seed].trajectory, fixed.trajectory)
    others = [fit.start for (_, seed), fit in mixed.items() if seed >= 2]
    alike = [np.ptp(start.covariances, axis=0).max() == 0 for start in others]
    assert alike == [False, False, True, False, False, False]  # points alone share a covariance
