"""Expectation maximisation: from starts to fitted mixtures, with snapshots on the way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gmmpipe.errors import UnusableStart
from gmmpipe.mixture.checks import family_for, frozen_parts, positive
from gmmpipe.mixture.defects import UNUSABLE, sentence, unnamed
from gmmpipe.mixture.em.cost import seconds
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.em.passes import Fused, for_moments
from gmmpipe.mixture.em.prior import Prior
from gmmpipe.mixture.em.problem import Problem, make_problem
from gmmpipe.mixture.em.result import Fit, Snapshot
from gmmpipe.mixture.engines.partitioned import Partitioned
from gmmpipe.mixture.mixture import Mixture

if TYPE_CHECKING:
    from gmmpipe.mixture.kernels.records import Fits


DEFAULTS = FitOptions()


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
    boxed = any(start.box is not None for start in starts)
    problem = make_problem(x, family, iterations, options, sample_weight, prior, boxed)
    placed = [problem.start(start, f"start {i}") for i, start in enumerate(starts)]
    if not placed:
        return []
    fits = _advance(problem, placed, positive("threads", threads))
    done = [_fit(problem, fits, i, start) for i, start in enumerate(placed)]
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


def _fit(problem: Problem, fits: Fits, index: int, start: Mixture) -> Fit:
    """Return what became of one start."""
    from gmmpipe.mixture.em.degeneracy import collapses
    from gmmpipe.mixture.kernels.records import CONVERGED, REFUSED

    if fits.outcome[index] == REFUSED:
        return Fit(start, (), np.empty(0), 0, False, UNUSABLE)
    rows = slice(fits.first[index], fits.first[index + 1])
    done = int(fits.n_iter[index])
    converged = bool(fits.outcome[index] == CONVERGED)
    trajectory = fits.trajectory[index, : done + 1].copy()
    mixtures = [
        Mixture(fits.weights[s, rows], fits.means[s, rows], fits.covariances[s, rows], problem.box)
        for s in range(len(problem.iterations))
    ]
    snapshots = tuple(
        Snapshot(
            iteration,
            min(iteration, done),
            converged and iteration >= done,
            float(trajectory[min(iteration, done)]),
            mixture,
            problem.log_prior(mixture),
        )
        for iteration, mixture in zip(problem.iterations, mixtures, strict=True)
    )
    degenerate = collapses(problem, fits, index, mixtures[-1])
    return Fit(start, snapshots, trajectory, done, converged, degenerate)


def n_parameters(
    family: str, k: int, d: int, frozen: Collection[str] = (), noise: bool = False
) -> int:
    """Return the number of free parameters of k components in d features, which ``bic`` counts.

    frozen: the parts that were not estimated. A noise component counts for two, its weight and the
    volume of its box, as in mclust. Raises InputError for a family that is not for d features.
    """
    free = {
        "weights": k - 1 + noise,
        "means": k * d,
        "covariances": family_for(family, d).n_parameters(k, d),
    }
    return noise + sum(free[part] for part in free.keys() - frozen_parts(frozen))
