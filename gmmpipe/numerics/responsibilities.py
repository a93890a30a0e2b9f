"""What mixtures make of samples, slice by slice: no memory for more than a slice."""

from collections.abc import Iterator

from gmmpipe.numerics import em
from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.slices import cuts


def by_slices(x: Array, mixture: Mixture, threads: int) -> Iterator[tuple[slice, Array]]:
    """Yield which rows of x (N, D), and their log responsibilities (n, K) in nats.

    NaN in x is a missing value; with noise there is a column more, see ``em.log_responsibilities``.
    """
    for cut in cuts(len(x)):
        yield cut, em.log_responsibilities(x[cut], mixture, threads, "mar")[1]
