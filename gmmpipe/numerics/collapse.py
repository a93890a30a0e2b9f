"""What EM says of components that collapsed on the way: empty, at the floor, not definite."""

import numpy as np

from gmmpipe.numerics.kernels.records import BROKEN, EMPTY, FLOOR, STOPPED, Fits
from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.problem import Problem

BARE = 1e-10  # relative eigenvalue below which only reg_covar holds a covariance up


def collapses(problem: Problem, fits: Fits, index: int, mixture: Mixture) -> str:
    """Return what EM found wrong with the components of a fit, with numbers; "" when nothing.

    index is the fit's among ``fits``; mixture is its last. The parts are joined by "; ".
    """
    reasons = []
    mine = slice(fits.first[index], fits.first[index + 1])
    for k, (status, count) in enumerate(zip(fits.status[mine], fits.counts[mine], strict=True)):
        held = f"({count:.3g} effective samples)"
        if status == EMPTY:
            emptied = ", weight 0" if "weights" not in problem.frozen else ""
            reasons.append(f"component {k}: no samples left{emptied}")
        elif status == FLOOR:
            deviations = np.sqrt(problem.variances)
            scale = np.multiply.outer(deviations, deviations)
            least = np.linalg.eigvalsh(mixture.covariances[k] / scale)[0]
            reasons.append(
                f"component {k}: smallest relative eigenvalue {least:.1e} at the floor "
                f"{problem.regularisation:.1e} {held}"
            )
        elif status == BROKEN:
            reasons.append(f"component {k}: covariance not positive definite {held}")
        elif problem.reg_covar > 0 and (least := _bare(problem, mixture.covariances[k])) < BARE:
            reasons.append(
                f"component {k}: smallest relative eigenvalue {least:.1e} but for reg_covar"
                f" {problem.reg_covar:.1e} {held}"
            )
    if fits.outcome[index] == STOPPED:
        constant = np.flatnonzero(problem.variances == 0).tolist()
        reasons.append(f"stopped after {fits.n_iter[index]} iterations")
        if constant:
            reasons.append(f"constant features {constant} have no variance; drop them")
    return "; ".join(reasons)


def _bare(problem: Problem, covariance: Array) -> float:
    """Return the smallest eigenvalue, features of variance 1, that is not reg_covar's doing."""
    varies = problem.variances > 0
    bare = (covariance - problem.reg_covar * np.eye(len(covariance)))[varies][:, varies]
    deviations = np.sqrt(problem.variances[varies])  # of their squares' products many overflow
    scale = np.multiply.outer(deviations, deviations)
    return float(np.linalg.eigvalsh(bare / scale)[0]) if varies.any() else 0.0
