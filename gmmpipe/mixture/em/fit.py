"""Expectation maximisation: from starts to fitted mixtures, with snapshots on the way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from gmmpipe.errors import UnusableStart
from gmmpipe.mixture.checks import family_for, frozen_parts, positive
from gmmpipe.mixture.defects import UNUSABLE, Defect, sentence, unnamed
from gmmpipe.mixture.densities import Evaluator
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.em.passes import Fused, for_moments
from gmmpipe.mixture.em.prior import Prior
from gmmpipe.mixture.em.problem import Problem, make_problem
from gmmpipe.mixture.engines.partitioned import Partitioned
from gmmpipe.mixture.families.family import Family
from gmmpipe.mixture.mixture import Array, Mixture

if TYPE_CHECKING:
    from gmmpipe.mixture.kernels.records import Fits


DEFAULTS = FitOptions()


@dataclass(frozen=True)
class Snapshot:
    """The mixture after some iterations of one fit.

    Parameters
    ----------
    iteration : int
        Iterations asked for.
    n_iter : int
        Iterations done; fewer where EM ended before.
    converged : bool
        Whether EM had met ``tol`` by then.
    log_likelihood : float
        Total of ``mixture`` in nats, in the units of the data given.
    mixture : Mixture
        The parameters.
    log_prior : float, default 0.0
        Log-density of the parameters up to a constant, nats; 0 without a prior.

    """

    iteration: int
    n_iter: int
    converged: bool
    log_likelihood: float
    mixture: Mixture
    log_prior: float = 0.0

    @property
    def objective(self) -> float:
        """Return what EM raises (nats): the log-likelihood, under a prior the log posterior."""
        return self.log_likelihood + self.log_prior


@dataclass(frozen=True)
class Fit:
    """What EM made of one start.

    Parameters
    ----------
    start : Mixture
        Where EM began.
    snapshots : tuple of Snapshot
        One for each of the iterations asked for; empty where the start cannot be used.
    trajectory : (n_iter + 1,) float64 array
        Log-likelihood (nats) after 0, 1, ... n_iter iterations, without the prior if there is one;
        empty where the start cannot be used.
    n_iter : int
        Iterations done.
    converged : bool
        Whether EM met ``tol``.
    degenerate : tuple of Defect
        What is wrong with the fit, empty when sound; ``defects.sentence`` puts it in words.

    """

    start: Mixture
    snapshots: tuple[Snapshot, ...]
    trajectory: Array
    n_iter: int
    converged: bool
    degenerate: tuple[Defect, ...]

    @property
    def lost(self) -> bool:
        """Return whether the start could not be used."""
        return not self.snapshots


def fit(  # noqa: PLR0913 - the data, and how they are fitted
    x: npt.ArrayLike | Partitioned,
    starts: Sequence[Mixture],
    family: str,
    iterations: Sequence[int],
    options: FitOptions = DEFAULTS,
    *,
    sample_weight: npt.ArrayLike | None = None,
    prior: Prior | None = None,
    threads: int = 1,
) -> list[Fit]:
    """Run EM from each start; the fits are the same for any number of threads.

    Parameters
    ----------
    x : (N, D) array_like or Partitioned
        The data; a memory-mapped array (float64 in C order) is read where it is. ``Partitioned``
        data take no weights, missing values, noise or prior.
    starts : sequence of Mixture
        Where EM begins, one fit each. With missing values draw them from ``missing.completed``.
    family : str
        A covariance family of ``gmmpipe list``, such as full, tied, diag, spherical or VEV.
    iterations : sequence of int
        Sorted counts >= 0 at which a snapshot is taken; EM runs to the largest.
    options : FitOptions, optional
        How EM runs.
    sample_weight : (N,) array_like, optional
        How many times each sample counts, >= 0; by default once.
    prior : Prior, optional
        EM then climbs the log posterior, log-likelihood + log prior, which never falls and which
        ``tol`` looks at; the log-likelihood alone may fall.
    threads : int, default 1
        Threads that share the passes over the samples.

    Returns
    -------
    list of Fit
        One for each start, in order. ``Fit.lost`` where a covariance of the start is not positive
        definite; the other starts are not affected.

    Raises
    ------
    InputError
        For data, starts or settings that cannot be fitted.
    UnusableStart
        An InputError, where all starts are lost.

    Notes
    -----
    The M step is the exact maximiser under the bound of ``regularisation``; a start that is below
    the bound sinks no further. A component without samples keeps its last mean and covariance at
    weight 0. Where a covariance is not positive definite (with neither ``regularisation`` nor
    ``reg_covar``: also where a variance is below 1e-14 in these units) the fit stops at the last
    sound mixture.

    With missing values the log-likelihood is that of what is observed; a row without any value is
    left out. Frozen covariances are members of the family, without regularisation and
    ``reg_covar``. With noise the starts' weights become smaller, unless a start has a box already
    (see ``Mixture``); frozen weights include that of the noise.

    With an acceleration each pass over the samples is an iteration, one that rejects an
    extrapolation too: it leaves the mixture as it is, so that the objective never falls, and
    ``tol`` looks at the gains of EM's own iterations alone.

    References
    ----------
    EM: Dempster, Laird & Rubin (1977), Maximum likelihood from incomplete data via the EM
    algorithm, JRSS B 39, 1-38. Families: Celeux & Govaert (1995), Gaussian parsimonious clustering
    models, Pattern Recognition 28, 781-793. Noise: Banfield & Raftery (1993), Biometrics 49,
    803-821.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmpipe import FitOptions, Mixture, fit
    >>> x = np.array([[0.0], [1.0], [2.0], [8.0], [9.0], [10.0]])
    >>> start = Mixture(np.full(2, 0.5), np.array([[0.0], [10.0]]), np.full((2, 1, 1), 9.0))
    >>> (one,) = fit(x, [start], "full", [0, 100], FitOptions(tol=1e-6))
    >>> one.converged, one.snapshots[-1].mixture.means.round(3).ravel().tolist()
    (True, [1.0, 9.0])
    >>> bool((np.diff(one.trajectory) >= 0).all())
    True

    """
    boxed = any(given.box is not None for given in starts)
    problem = make_problem(x, family, iterations, options, sample_weight, prior, boxed)
    placed = [problem.start(given, f"start {i}") for i, given in enumerate(starts)]
    if not placed:
        return []
    fits = _advance(problem, placed, positive("threads", threads))
    done = [_fit(problem, fits, i, given) for i, given in enumerate(placed)]
    if all(one.lost for one in done):
        every = f"none of {len(done)} starts can be used: " if len(done) > 1 else ""
        raise UnusableStart(every + sentence(UNUSABLE, unnamed))
    return done


def _advance(problem: Problem, starts: list[Mixture], threads: int) -> Fits:
    """Run all fits."""
    from gmmpipe.mixture.em.loop import advance_each
    from gmmpipe.mixture.kernels.engine import joined
    from gmmpipe.mixture.kernels.records import Rules

    code, fits = problem.family.kernel, joined(starts, problem.iterations)
    engine = for_moments(problem, threads)
    if code is None or problem.features or not isinstance(engine, Fused):
        advance_each(engine, problem, fits)
    else:
        rules = Rules(
            code, problem.iterations[-1], problem.options.tol, problem.variances,
            problem.regularisation, problem.vanishing, problem.reg_covar, problem.total,
        )  # fmt: skip
        engine.advance(rules, fits, _iteration(problem, max(s.n_components for s in starts)))
    return fits


def _iteration(problem: Problem, k: int) -> float:
    """Return about the seconds of an iteration with k components."""
    n, d = len(problem.weight), problem.x.shape[1]
    return seconds(n, d, problem.family, k, 1) - seconds(n, d, problem.family, k, 0)


def _fit(problem: Problem, fits: Fits, index: int, given: Mixture) -> Fit:
    """Return what became of one start."""
    from gmmpipe.mixture.em.degeneracy import collapses
    from gmmpipe.mixture.kernels.records import CONVERGED, REFUSED

    if fits.outcome[index] == REFUSED:
        return Fit(given, (), np.empty(0), 0, False, UNUSABLE)
    mine = slice(fits.first[index], fits.first[index + 1])
    done = int(fits.n_iter[index])
    converged = bool(fits.outcome[index] == CONVERGED)
    trajectory = fits.trajectory[index, : done + 1].copy()
    mixtures = [
        Mixture(fits.weights[s, mine], fits.means[s, mine], fits.covariances[s, mine], problem.box)
        for s in range(len(problem.iterations))
    ]
    snapshots = tuple(
        Snapshot(
            wanted,
            min(wanted, done),
            converged and wanted >= done,
            float(trajectory[min(wanted, done)]),
            mixture,
            problem.log_prior(mixture),
        )
        for wanted, mixture in zip(problem.iterations, mixtures, strict=True)
    )
    degenerate = collapses(problem, fits, index, mixtures[-1])
    return Fit(given, snapshots, trajectory, done, converged, degenerate)


def log_responsibilities(
    x: npt.ArrayLike,
    mixture: Mixture,
    threads: int = 1,
    missing: Literal["refuse", "mar"] = "refuse",
) -> tuple[Array, Array]:
    """Return the log-densities and the log responsibilities of samples under a mixture.

    Parameters
    ----------
    x : (N, D) array_like
        The samples.
    mixture : Mixture
        The parameters, in the units of x.
    threads : int, default 1
        Threads that share the samples.
    missing : {"refuse", "mar"}, default "refuse"
        "mar": NaN is a missing value, and each row counts by what is observed of it; one without
        any value has log p = 0, and the weights for responsibilities.

    Returns
    -------
    log_density : (N,) float64 array
        log p(x) in nats, at least about -1e300.
    log_responsibilities : (N, K) float64 array
        In nats; -inf for a component of weight 0. With noise (``mixture.box``) there are K + 1
        columns, that of the noise last.

    Raises
    ------
    InputError
        Where x is not samples, or the mixture is none.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmpipe import Mixture
    >>> from gmmpipe.mixture.em.fit import log_responsibilities
    >>> mixture = Mixture(np.full(2, 0.5), np.array([[0.0], [4.0]]), np.ones((2, 1, 1)))
    >>> density, logs = log_responsibilities([[2.0]], mixture)
    >>> density.round(4).tolist(), np.exp(logs).round(4).tolist()
    ([-2.9189], [[0.5, 0.5]])

    """
    return Evaluator(x, threads, missing)(mixture)


def n_parameters(
    family: str, k: int, d: int, frozen: Collection[str] = (), noise: bool = False
) -> int:
    """Return the number of free parameters of a mixture.

    Parameters
    ----------
    family : str
        A covariance family.
    k : int
        Number of components.
    d : int
        Number of features.
    frozen : collection of str, default ()
        The parts that were not estimated, see ``FitOptions``.
    noise : bool, default False
        Whether there is a noise component too; as in mclust it counts for two, its weight and the
        volume of its box.

    Returns
    -------
    int
        Parameters that ``bic`` counts.

    Raises
    ------
    InputError
        For a family that is not for d features.

    Examples
    --------
    >>> from gmmpipe.mixture.em.fit import n_parameters
    >>> n_parameters("full", 3, 2), n_parameters("tied", 3, 2)
    (17, 11)

    """
    free = {
        "weights": k - 1 + noise,
        "means": k * d,
        "covariances": family_for(family, d).n_parameters(k, d),
    }
    return noise + sum(free[part] for part in free.keys() - frozen_parts(frozen))


def seconds(  # noqa: PLR0913 - what the cost depends on
    n: int,
    d: int,
    family: str | Family,
    k: int,
    iterations: int,
    *,
    compiled: bool = True,
    patterns: int = 0,
    noise: bool = False,
) -> float:
    """Return about how long one fit takes one thread, without the compilation.

    compiled: the family's M step is, if it has one; not under a prior or an acceleration. patterns:
    in how many ways values are missing, 0 where none is; noise: there is a noise component.
    Calibrated on a Zen 4 core at 3.3 GHz: operations per sample and component, M step, call.
    Raises InputError for a family that is not for d features.
    """
    chosen = family_for(family, d) if isinstance(family, str) else family
    products = 0 if chosen.axis_aligned else d * (d + 1) / 2
    sample = 0.9e-9 + 0.2e-9 * d + 0.08e-9 * products
    component = 0.1e-6 + 0.5e-9 * d * products
    step = _in_python(chosen, k, d)
    if compiled and chosen.kernel is not None:
        step = 0.0
    if patterns:  # numpy, pattern by pattern
        step += 55e-6 * patterns + 40e-9 * n * k * d
    if noise:  # all densities come back to Python
        step += 15e-9 * n * k
    return iterations * (k * (n * sample + component) + step) + 50e-6


def _in_python(family: Family, k: int, d: int) -> float:
    """Return the seconds that an iteration adds where the M step is called from Python.

    Calls, then work on K x D variances, on K matrices, and the turns of common axes.
    """
    own = 0.0 if family.axis_aligned else 0.15e-6 * k * d**2
    common = 0.0 if family.m_step_from is None else 80e-6 + 70e-9 * k * d**3
    return 110e-6 + 1e-6 * k * d + own + common
