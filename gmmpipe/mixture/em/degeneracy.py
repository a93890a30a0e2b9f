"""What EM says of components that collapsed on the way: empty, at the floor, not definite."""

import numpy as np

from gmmpipe.mixture.bounds import pooled
from gmmpipe.mixture.defects import Defect
from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.kernels.records import BROKEN, EMPTY, FLOOR, STOPPED, Fits
from gmmpipe.mixture.mixture import Mixture

BARE = 1e-10  # relative eigenvalue below which only reg_covar holds a covariance up


def collapses(problem: Problem, fits: Fits, index: int, mixture: Mixture) -> tuple[Defect, ...]:
    """Return what EM found wrong with the components of a fit.

    index is the fit's among ``fits``; mixture is its last.
    """
    defects = []
    rows = slice(fits.first[index], fits.first[index + 1])
    for k, (status, count) in enumerate(zip(fits.status[rows], fits.counts[rows], strict=True)):
        effective = float(count)
        if status == EMPTY:
            defects.append(Defect(k, "empty_frozen" if "weights" in problem.frozen else "empty"))
        elif status == FLOOR:
            deviations = np.sqrt(problem.bounds(mixture).within)
            scale = np.multiply.outer(deviations, deviations)
            least = float(np.linalg.eigvalsh(mixture.covariances[k] / scale)[0])
            defects.append(Defect(k, "floor", (least, problem.regularisation, effective)))
        elif status == BROKEN:
            defects.append(Defect(k, "indefinite", (effective,)))
        elif problem.reg_covar > 0 and (least := _bare(problem, mixture, k)) < BARE:
            defects.append(Defect(k, "reg_covar", (least, problem.reg_covar, effective)))
    stopped = fits.outcome[index] == STOPPED
    if stopped:
        defects.append(Defect(None, "stopped", (int(fits.n_iter[index]),)))
    constant = np.flatnonzero(problem.variances == 0).tolist()
    if constant and (stopped or problem.reg_covar > 0):
        defects.append(Defect(None, "constant", tuple(constant)))
    return tuple(defects)


def _bare(problem: Problem, mixture: Mixture, k: int) -> float:
    """Return component k's smallest eigenvalue that is not reg_covar's doing.

    In units where the features' variances within components are 1; constant features are left out.
    """
    varies = problem.variances > 0
    bare = mixture.covariances[k] - problem.reg_covar * np.eye(mixture.n_features)
    deviations = np.sqrt(pooled(mixture)[varies])  # of their squares' products many overflow
    scale = np.multiply.outer(deviations, deviations)
    return float(np.linalg.eigvalsh(bare[varies][:, varies] / scale)[0]) if varies.any() else 0.0
