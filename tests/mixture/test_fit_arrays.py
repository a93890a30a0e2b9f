import numpy as np
import pytest

from gmmpipe.errors import InputError
from gmmpipe.mixture import fit_arrays, multistart
from gmmpipe.mixture.defects import Defect
from gmmpipe.mixture.diagnostics.convergence import End
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.em.result import Fit, Snapshot
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.store import artifacts


def mixture(rng, k, d):
    return Mixture(rng.dirichlet(np.ones(k)), rng.normal(size=(k, d)), rng.normal(size=(k, d, d)))


def stored(seed, k, d, steps, degenerate=()):
    rng = np.random.default_rng(seed)
    snapshots = tuple(
        Snapshot(i, min(i, 5), i > 5, float(rng.normal()), mixture(rng, k, d)) for i in steps
    )
    fit = Fit(mixture(rng, k, d), snapshots, rng.normal(size=7), 6, True, degenerate)
    return multistart.FittedCell(
        k, seed, fit, End("saddle", float(rng.normal()), mixture(rng, k, d))
    )


def same(a, b):
    for name in ("weights", "means", "covariances"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), strict=True)


def through(tmp_path, given):
    artifacts.write_arrays(tmp_path / "b.npz", fit_arrays.to_arrays(given))
    return list(fit_arrays.from_arrays(artifacts.read_arrays(tmp_path / "b.npz")))


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("steps", [[0], [0, 5, 10]])
def test_fits_come_back_bit_for_bit(d, steps, tmp_path):
    wrong = (Defect(1, "floor", (0.1, 1e-300, 3.0)), Defect(None, "stopped", (4,)))
    ks = {0: (1, ()), 1: (4, ()), 7: (2, wrong)}
    given = [stored(seed, k, d, steps, degenerate) for seed, (k, degenerate) in ks.items()]
    for found, expected in zip(through(tmp_path, given), given, strict=True):
        assert (found.k, found.seed) == (expected.k, expected.seed)
        fit, wanted = found.fit, expected.fit
        assert (fit.n_iter, fit.converged, fit.degenerate) == (6, True, wanted.degenerate)
        np.testing.assert_array_equal(fit.trajectory, wanted.trajectory, strict=True)
        same(fit.start, wanted.start)
        assert found.end.kind == "saddle"
        assert found.end.log_likelihood == expected.end.log_likelihood
        same(found.end.mixture, expected.end.mixture)
        for a, b in zip(fit.snapshots, wanted.snapshots, strict=True):
            told = ("iteration", "n_iter", "converged", "log_likelihood")
            assert [getattr(a, n) for n in told] == [getattr(b, n) for n in told]
            same(a.mixture, b.mixture)


def test_types_are_plain_again(tmp_path):
    (found,) = through(tmp_path, [stored(3, 2, 2, [1])])
    values = (found.k, found.seed, found.fit.n_iter, found.fit.converged, found.fit.degenerate)
    assert [type(value) for value in values] == [int, int, int, bool, tuple]
    snapshot = found.fit.snapshots[0]
    assert type(snapshot.converged) is bool
    assert type(snapshot.iteration) is type(snapshot.n_iter) is int


def test_what_is_not_finite_survives(tmp_path):
    odd = stored(0, 2, 2, [1])
    odd.fit.trajectory[:] = [-np.inf, np.nan, np.inf, 0.0, -0.0, 5e-324, 1.7e308]
    (found,) = through(tmp_path, [odd])
    assert found.fit.trajectory.tobytes() == odd.fit.trajectory.tobytes()


def test_settings_of_an_older_version_are_read_or_refused():
    older = {"tol": 0.0, "restarts": "fixed", "algorithm": "exact"}
    assert fit_arrays.fit_options(older) == FitOptions()
    with pytest.raises(InputError, match="use the gmmpipe that made"):
        fit_arrays.fit_options({**older, "algorithm": "stepwise"})
