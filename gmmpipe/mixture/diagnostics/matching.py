"""Which component of one mixture is which of another, so that a number means the same in all.

Along one trajectory there is nothing to match: EM moves components and never swaps them.
Between fits, components are matched by the samples that they share: the Hungarian algorithm
(Kuhn 1955) maximises the overlap sum_n w_n r_nk s_nl over one-to-one matchings. Without samples
it is the overlap of the densities.
"""

import numpy as np
import numpy.typing as npt

from gmmpipe.errors import InputError
from gmmpipe.mixture.diagnostics.metrics import Codes
from gmmpipe.mixture.mixture import FIRST, Array, Indices, Mixture
from gmmpipe.mixture.slices import subset

NOISE = -1  # the label of a sample that is most probably noise: it has no number among components
MOST_ROWS = 8192  # with labels of one byte, 10,000 fits are 80 MB and aligned in a second


def overlap(resp_a: Array, resp_b: Array, weight: Array | None = None) -> Array:
    """Return sum_n w_n r_nk s_nl, (K, L), of responsibilities (N, K) and (N, L).

    weight (N,): none = 1 each. Raises InputError unless both are of the same samples.
    """
    if len(resp_a) != len(resp_b) or len(resp_a) == 0:
        raise InputError(
            f"responsibilities of {len(resp_a)} and of {len(resp_b)} samples; give the same ones"
        )
    weighted = resp_a if weight is None else resp_a * weight[:, None]
    table: Array = weighted.T @ resp_b
    return table


def overlap_of_labels(a: Codes, b: Codes, k: int, other: int, weight: Array | None = None) -> Array:
    """Return the number of samples in component i of a and j of b, (k, other).

    a, b: labels (N,), in 0..k - 1 and 0..other - 1, NOISE for none of them; weight (N,): none = 1
    each. What ``overlap`` is for hard responsibilities, at the cost of one pass; components without
    samples keep their rows.
    """
    if a.shape != b.shape:
        raise InputError(f"labels of shape {a.shape} and {b.shape}; give the same samples")
    labelled = (a != NOISE) & (b != NOISE)
    if not labelled.all():
        a, b, weight = a[labelled], b[labelled], None if weight is None else weight[labelled]
    cells = np.bincount(a.astype(np.int64) * other + b, weight, k * other)
    return cells.reshape(k, other).astype(np.float64)


def overlaps_of_labels(labels: Codes, other: Codes, k: int, weight: Array | None = None) -> Array:
    """Return ``overlap_of_labels(a, other, k, k, weight)`` for each row a of labels (F, N).

    That is (F, k, k), with the same bits.
    """
    labelled = (labels != NOISE) & (other != NOISE)
    cells = np.where(labelled, labels * k + other, 0).astype(np.int64)
    cells += k * k * np.arange(len(labels))[:, None]
    counted = labelled if weight is None else labelled * weight
    counts = np.bincount(cells.ravel(), counted.ravel(), k * k * len(labels))
    return counts.reshape(-1, k, k).astype(np.float64)


def assign(table: Array) -> Indices:
    """Return for each row of ``table`` (K, L) >= 0 its column in the best matching, else -1.

    The algorithm sees whole numbers: shares of the total in parts of 2^30, and below them a
    preference for columns near the diagonal. So neither rounding nor the machine decides, and
    components that share nothing keep their order. Raises InputError for a table that is
    negative, NaN or infinite.
    """
    from scipy.optimize import linear_sum_assignment

    if not (np.isfinite(table).all() and (table >= 0).all()):
        raise InputError("overlap of components: a number is negative or not finite")
    (k, other), size = table.shape, max(table.shape)
    unit = size * size + 1  # more than all preferences together
    shares = table / max(float(table.sum()), np.finfo(np.float64).tiny)
    steps = np.rint(shares * float(min(2**30, 2**52 // unit)))
    near = size - np.abs(np.subtract.outer(np.arange(k), np.arange(other)))
    rows, columns = linear_sum_assignment(steps * unit + near, maximize=True)
    partner = np.full(k, -1, np.int64)
    partner[rows] = columns
    return partner


def match(resp_a: Array, resp_b: Array, weight: Array | None = None) -> Indices:
    """Return for each component of a the component of b that shares most with it, one to one.

    resp_a (N, K), resp_b (N, L), weight (N,); -1 where K > L leaves a component without partner.
    """
    return assign(overlap(resp_a, resp_b, weight))


def affinity(a: Mixture, b: Mixture) -> Array:
    """Return sqrt(w_k v_l) times the overlap integral of sqrt(N_k N_l), (K, L), in [0, 1].

    The integral is Bhattacharyya's coefficient (1943, Bull. Calcutta Math. Soc. 35, 99-109): 1
    for equal components, 0 for distant ones, whatever the units.
    """
    mean = (a.covariances[:, None] + b.covariances[None]) / 2  # (K, L, D, D)
    shift = a.means[:, None] - b.means[None]
    distance = np.einsum(
        "kli,kli->kl", shift, np.linalg.solve(mean, shift[..., None])[..., 0], optimize=True
    )
    log_a, log_b = (np.linalg.slogdet(m.covariances)[1] for m in (a, b))
    logs = (log_a[:, None] + log_b[None]) / 4 - np.linalg.slogdet(mean)[1] / 2 - distance / 8
    shared: Array = np.sqrt(np.multiply.outer(a.weights, b.weights)) * np.exp(logs)
    return shared


def partners(a: Mixture, b: Mixture) -> Indices:
    """Return for each component of a the one of b that it is most like, one to one; -1 for none."""
    return assign(affinity(a, b))


def renumber(table: Array, other_numbers: Indices) -> Indices:
    """Return the numbers (K,), a permutation of 0..K - 1, that continue ``other_numbers`` (L,).

    table (K, L) is the overlap with the numbered components. A component takes its partner's
    number; those without one get the numbers left, the one of most mass the lowest.
    """
    k, partner = len(table), assign(table)
    numbers = np.where(partner >= 0, other_numbers[partner], -1)
    numbers[numbers >= k] = -1
    new = np.flatnonzero(numbers < 0)
    new = new[np.argsort(-table.sum(axis=1)[new], kind="stable")]
    numbers[new] = np.setdiff1d(np.arange(k), numbers)
    return numbers


def by_size(counts: npt.NDArray[np.number]) -> Indices:
    """Return the numbers (K,) of components by falling count (K,); of equals the first is first."""
    numbers = np.empty(len(counts), np.int64)
    numbers[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return numbers


def to_numbers(indices: Codes) -> Codes:
    """Return the numbers by which people know components: from ``FIRST`` on; NOISE stays."""
    return np.where(indices == NOISE, NOISE, indices + FIRST)


def to_indices(numbers: Codes) -> Codes:
    """Return the places in arrays of components known by their numbers; NOISE stays."""
    return np.where(numbers == NOISE, NOISE, numbers - FIRST)


def component_of(log_resp: Array, mixture: Mixture) -> Codes:
    """Return the most probable component of each sample (N,), NOISE where that is the noise.

    log_resp (N, K), or (N, K + 1) with noise, as ``densities.log_responsibilities`` gives them.
    """
    labels = log_resp.argmax(axis=1)
    return np.where(labels == mixture.n_components, NOISE, labels)


def count(labels: Codes, k: int, weight: Array | None = None) -> Array:
    """Return the number of samples in each of k components, (k,); labels as above."""
    labelled = labels != NOISE
    counted = np.bincount(labels[labelled], None if weight is None else weight[labelled], k)
    return counted.astype(np.float64)


def comparison_rows(n: int) -> Indices:
    """Return the rows, ascending, by which fits of n samples are compared: all, if not too many.

    Of more than ``MOST_ROWS`` a random choice, the same for every fit.
    """
    return subset(n, MOST_ROWS, "probe")


def component_differences(a: Mixture, b: Mixture) -> dict[str, float]:
    """Return the largest deviation of weights, of means and of covariances, same components.

    Weights absolute, means and covariances in standard deviations of a.
    """
    scale = np.sqrt(np.diagonal(a.covariances, axis1=1, axis2=2))
    means = (b.means - a.means) / scale
    covariances = b.covariances - a.covariances
    covariances = covariances / (scale[:, :, None] * scale[:, None, :])
    differences = {"weights": b.weights - a.weights, "means": means, "covariances": covariances}
    return {name: float(np.abs(values).max()) for name, values in differences.items()}


def reordered(mixture: Mixture, order: Indices) -> Mixture:
    """Return the mixture with the components ``order`` (K,), a permutation."""
    return Mixture(
        mixture.weights[order], mixture.means[order], mixture.covariances[order], mixture.box
    )
