"""The engine's fits as scikit-learn's estimator counts them."""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gmmpipe.errors import UnusableStart
from gmmpipe.mixture.defects import UNUSABLE, sentence, unnamed
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.em.prior import Prior
from gmmpipe.mixture.em.result import Fit
from gmmpipe.mixture.estimator.validation import ill_defined
from gmmpipe.mixture.mixture import Array, Mixture


def run(  # noqa: PLR0913 - as ``em.fit``
    x: Array,
    starts: Sequence[Mixture],
    family: str,
    counts: Sequence[int],
    options: FitOptions,
    *,
    sample_weight: Array | None,
    before: float | None,
    prior: Prior | None,
    threads: int,
) -> list[Fit]:
    """Return one Fit for each start, with snapshots at the iteration counts given.

    As ``em.fit``; counts: ascending, the last is scikit-learn's max_iter. before: total
    log-likelihood one iteration before the start, where EM goes on from an earlier run; if the
    start itself gained less than tol, one iteration is the last. Raises DegenerateComponent where
    no start can be used, and warns of those that cannot.
    """
    resumed = before is not None and counts[-1] > 0
    iterations = sorted({*counts, 1}) if resumed else counts
    try:
        fits = em.fit(
            x, starts, family, iterations, options, sample_weight=sample_weight, prior=prior,
            threads=threads,
        )  # fmt: skip
    except UnusableStart:
        raise ill_defined(f"in {_of(len(starts))} a covariance is singular") from None
    if lost := sum(fit.lost for fit in fits):
        warnings.warn(
            f"{lost} of {len(fits)} starts could not be used: a covariance is singular; the best of"
            " the others is kept",
            UserWarning,
            stacklevel=3,
        )
    if before is None or not resumed:
        return fits
    least = options.tol * (len(x) if sample_weight is None else sample_weight.sum())
    return [
        _first_iteration(fit) if abs(fit.trajectory[0] - before) < least else fit for fit in fits
    ]


def _of(starts: int) -> str:
    return "the start" if starts == 1 else f"each of the {starts} starts"


def _first_iteration(fit: Fit) -> Fit:
    """Return the fit as if it had converged after one iteration, if it came that far."""
    if fit.n_iter == 0:
        return fit
    end = next(snapshot for snapshot in fit.snapshots if snapshot.iteration == 1)
    snapshots = tuple(
        snapshot
        if snapshot.iteration == 0
        else replace(end, iteration=snapshot.iteration, converged=True)
        for snapshot in fit.snapshots
    )
    return replace(
        fit, snapshots=snapshots, trajectory=fit.trajectory[:2], n_iter=1, converged=True
    )


def report(fits: Sequence[Fit], weight: float, verbose: int, interval: int) -> None:
    """Print how each fit went, as scikit-learn does; every ``interval`` iterations a line."""
    for number, fit in enumerate(fits):
        print(f"Initialization {number}")
        if fit.lost:
            print(f"  {sentence(UNUSABLE, unnamed)}")
            continue
        gains = np.diff(fit.trajectory) / weight
        for n_iter in range(interval, fit.n_iter + 1, interval):
            detail = f"\t ll change {gains[n_iter - 1]:.5f}" if verbose > 1 else ""
            print(f"  Iteration {n_iter}{detail}")
        bound = f"\t lower bound {fit.trajectory[-1] / weight:.5f}." if verbose > 1 else ""
        print(f"Initialization {'converged' if fit.converged else 'did not converge'}.{bound}")
