"""The compiled M step: from a component's spread to a covariance of the family and its factor."""

import numpy as np
from numba import njit

from gmmpipe.mixture.kernels.records import BROKEN, FLOOR, SOUND

FULL, TIED, DIAG, SPHERICAL = range(4)
_ROUNDING = 4e-16  # what is left of a variance when others explain all of it
_SWEEPS = 60  # of the Jacobi method; ten are enough for any matrix met so far

compiled = njit(nogil=True, error_model="numpy")


@compiled
def copy(target, source):
    """Copy a matrix; numba takes seconds to compile ``target[:] = source``."""
    for i in range(len(source)):
        for j in range(source.shape[1]):
            target[i, j] = source[i, j]


@compiled
def _invert(upper, inverse):
    """Fill inverse (D, D) with L^-1, L^T being upper."""
    for i in range(len(upper)):
        for j in range(len(upper)):
            inverse[i, j] = 1.0 if i == j else 0.0
        for j in range(i):
            left = upper[j, i]
            for m in range(j + 1):
                inverse[i, m] -= left * inverse[j, m]
        pivot = 1 / upper[i, i]
        for m in range(i + 1):
            inverse[i, m] *= pivot


@compiled
def factorise(covariance, axis_aligned, upper, inverse):
    """Fill inverse (D, D) with L^-1, where covariance = L L^T; return whether it is definite.

    upper (D, D) is scratch for L^T. Loops run along rows, so that LLVM vectorises them.
    """
    d = len(covariance)
    if axis_aligned:
        for i in range(d):
            if not 0 < covariance[i, i] < np.inf:
                return False
            inverse[i, i] = 1 / np.sqrt(covariance[i, i])
        return True
    copy(upper, covariance)
    for j in range(d):
        if not _ROUNDING * covariance[j, j] < upper[j, j] < np.inf:
            return False
        pivot = 1 / np.sqrt(upper[j, j])
        for m in range(j, d):
            upper[j, m] *= pivot
        for i in range(j + 1, d):
            left = upper[j, i]
            for m in range(i, d):
                upper[i, m] -= left * upper[j, m]
    _invert(upper, inverse)
    return True


@compiled
def may_touch(inverse, floor):
    """Return whether an eigenvalue may lie under the floor: 1 / smallest <= trace(inverse)."""
    trace = 0.0
    for i in range(len(floor)):
        for j in range(i + 1):
            trace += inverse[i, j] * inverse[i, j] * floor[j]
    return not trace < 1


@compiled
def _rotate(matrix, vectors, p, q):
    """Zero the element (p, q) of the symmetric matrix by a rotation (Golub, Van Loan 8.5.2)."""
    ratio = (matrix[q, q] - matrix[p, p]) / (2 * matrix[p, q])
    tangent = 1 / (abs(ratio) + np.sqrt(1 + ratio * ratio))
    if ratio < 0:
        tangent = -tangent
    cosine = 1 / np.sqrt(1 + tangent * tangent)
    sine = tangent * cosine
    for m in range(len(matrix)):
        left, right = matrix[p, m], matrix[q, m]
        matrix[p, m], matrix[q, m] = cosine * left - sine * right, sine * left + cosine * right
        left, right = vectors[p, m], vectors[q, m]
        vectors[p, m], vectors[q, m] = cosine * left - sine * right, sine * left + cosine * right
    for m in range(len(matrix)):
        left, right = matrix[m, p], matrix[m, q]
        matrix[m, p], matrix[m, q] = cosine * left - sine * right, sine * left + cosine * right


@compiled
def _diagonalise(covariance, floor, matrix, vectors):
    """Fill in eigenvalues, in units of sqrt(floor (D,)), and eigenvectors in rows, by Jacobi.

    matrix and vectors (D, D); a feature whose floor is 0 stays apart, with an eigenvalue of 1.
    """
    d = len(floor)
    for i in range(d):
        for j in range(d):
            vectors[i, j] = matrix[i, j] = 1.0 if i == j else 0.0
            if floor[i] > 0 and floor[j] > 0:
                matrix[i, j] = covariance[i, j] / np.sqrt(floor[i] * floor[j])
    for _ in range(_SWEEPS):
        rotated = False
        for p in range(d):
            for q in range(p + 1, d):
                size = np.sqrt(abs(matrix[p, p]) * abs(matrix[q, q]))
                if abs(matrix[p, q]) > 1e-17 * size and abs(matrix[p, q]) > 1e-17:
                    _rotate(matrix, vectors, p, q)
                    rotated = True
        if not rotated:
            break


@compiled
def least(covariance, floor, matrix, vectors):
    """Return the smallest eigenvalue in units of sqrt(floor (D,)), at least 0.

    A feature whose floor is 0 is left out. matrix and vectors (D, D) are scratch.
    """
    _diagonalise(covariance, floor, matrix, vectors)
    found = np.inf
    for m in range(len(floor)):
        if floor[m] > 0:
            found = min(found, matrix[m, m])
    return max(found, 0.0)


@compiled
def clip(covariance, floor, matrix, vectors):
    """Raise the eigenvalues, in units of sqrt(floor (D,)), to 1; return whether any was below.

    matrix and vectors (D, D) are scratch. The slow twin is ``family.clip``.
    """
    d = len(floor)
    _diagonalise(covariance, floor, matrix, vectors)
    low = False
    for m in range(d):
        low = low or not matrix[m, m] >= 1
    if low:
        for i in range(d):
            for j in range(i + 1):
                value = 0.0
                for m in range(d):
                    value += max(matrix[m, m], 1.0) * vectors[m, i] * vectors[m, j]
                covariance[i, j] = value * np.sqrt(floor[i] * floor[j])
                covariance[j, i] = covariance[i, j]
    return low


@compiled
def finish_covariance(code, covariance, floor, vanishing, scratch, inverse):
    """Turn a spread into the family's covariance within the floor, in place, and factorise it.

    covariance, inverse (D, D); floor (D,), with any 0 there is none (spherical: the largest
    counts); vanishing (D,), variances that count as 0; scratch (2, D, D). Return SOUND, FLOOR (the
    bound holds some eigenvalue up) or BROKEN (not positive definite).
    """
    d = len(floor)
    axis_aligned = code >= DIAG
    lowest, highest, mean = floor[0], floor[0], 0.0
    for i in range(d):
        lowest, highest = min(lowest, floor[i]), max(highest, floor[i])
        mean += covariance[i, i] / d
    status = SOUND
    if axis_aligned:
        for i in range(d):
            value = mean if code == SPHERICAL else covariance[i, i]
            bound = highest if code == SPHERICAL else (floor[i] if lowest > 0 else 0.0)
            status = FLOOR if value < bound else status
            covariance[i, i] = max(value, bound)
    definite = factorise(covariance, axis_aligned, scratch[0], inverse)
    if (
        not axis_aligned
        and lowest > 0
        and not (definite and not may_touch(inverse, floor))
        and clip(covariance, floor, scratch[0], scratch[1])
    ):
        status = FLOOR
        definite = factorise(covariance, axis_aligned, scratch[0], inverse)
    for i in range(d):
        definite = definite and covariance[i, i] > vanishing[i]
    return status if definite else BROKEN
