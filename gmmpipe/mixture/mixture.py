"""The mixture: what EM moves and everything else reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
FIRST = 1  # number of the first component wherever a person reads it; arrays count from 0
MOST_COMPONENTS = 20  # rows that a notebook shows ...
MOST_FEATURES = 8  # ... and columns
RIGHT = 'style="text-align:right"'


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture of K components in D dimensions.

    Parameters
    ----------
    weights : (K,) float64 array
        They sum to one, or to less where there is noise.
    means : (K, D) float64 array
        In the units of the data.
    covariances : (K, D, D) float64 array
        Whole matrices whatever the family, in squared units of the data.
    box : (2, D) float64 array, optional
        With it there is one more component, noise of the same density all over the box from box[0]
        to box[1]; its weight is what the others leave of one. See ``noise``.

    Notes
    -----
    The arrays are not to be written to. Component i of a table, a figure or a text is row i - 1 of
    each.

    References
    ----------
    McLachlan & Peel (2000), Finite mixture models, Wiley. Noise: Banfield & Raftery (1993),
    Model-based Gaussian and non-Gaussian clustering, Biometrics 49, 803-821.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmpipe import Mixture
    >>> mixture = Mixture(np.array([0.3, 0.7]), np.array([[0.0], [5.0]]), np.ones((2, 1, 1)))
    >>> mixture.n_components, mixture.n_features, mixture.noise
    (2, 1, 0.0)
    >>> print(mixture.describe())
      component 1: weight 0.300000, mean [0.0], covariance [[1.0]]
      component 2: weight 0.700000, mean [5.0], covariance [[1.0]]

    """

    weights: Array
    means: Array
    covariances: Array
    box: Array | None = None

    @property
    def n_components(self) -> int:
        """Return K."""
        return len(self.weights)

    @property
    def n_features(self) -> int:
        """Return D."""
        return int(self.means.shape[1])

    @property
    def noise(self) -> float:
        """Return the weight of the noise component; 0 without one."""
        return 0.0 if self.box is None else max(0.0, 1 - float(self.weights.sum()))

    def rescaled(self, shift: Array, scale: Array) -> "Mixture":
        """Return the mixture of ``shift + scale * x``.

        Parameters
        ----------
        shift : (D,) float64 array
            In the new units.
        scale : (D,) float64 array
            New units per old unit of each feature.

        Returns
        -------
        Mixture
            The same weights in the new units.

        Examples
        --------
        >>> import numpy as np
        >>> from gmmpipe import Mixture
        >>> celsius = Mixture(np.ones(1), np.array([[20.0]]), np.array([[[4.0]]]))
        >>> fahrenheit = celsius.rescaled(np.array([32.0]), np.array([1.8]))
        >>> fahrenheit.means.item(), round(fahrenheit.covariances.item(), 6)
        (68.0, 12.96)

        """
        return Mixture(
            self.weights,
            shift + scale * self.means,
            self.covariances * np.multiply.outer(scale, scale),
            None if self.box is None else np.sort(shift + scale * self.box, axis=0),
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: weights, means and standard deviations."""
        return _html(self)

    def describe(self, *, numbered: bool = True) -> str:
        """Return one line per component: weight, mean, covariance; for noise weight and box.

        Parameters
        ----------
        numbered : bool, default True
            Whether components have their numbers.

        Returns
        -------
        str
            Components count from 1, as everywhere that a person reads; in the arrays from 0.

        """
        rows = zip(self.weights, self.means, self.covariances, strict=True)
        lines = [
            f"  {f'component {number}' if numbered else 'component'}: weight {w:.6f},"
            f" mean {m.round(6).tolist()}, covariance {c.round(6).tolist()}"
            for number, (w, m, c) in enumerate(rows, FIRST)
        ]
        if self.box is not None:
            low, high = self.box.round(6).tolist()
            lines.append(f"  noise: weight {self.noise:.6f}, even from {low} to {high}")
        return "\n".join(lines)


def restored(
    mixture: Mixture,
    rounded: Sequence[npt.NDArray[Any]],
    original: Mixture,
    as_rounded: Sequence[npt.NDArray[Any]],
) -> Mixture:
    """Return the mixture with the digits of ``original`` wherever it has the same parameters.

    rounded, as_rounded: three arrays (K, ...) for each mixture that were made of its weights, means
    and covariances. Equal rows, whatever their places, show equal parameters.
    """
    parts = []
    for i, name in enumerate(("weights", "means", "covariances")):
        originals = zip(as_rounded[i], getattr(original, name), strict=True)
        digits = {row.tobytes(): value for row, value in originals}
        pairs = zip(rounded[i], getattr(mixture, name), strict=True)
        parts.append(np.array([digits.get(row.tobytes(), value) for row, value in pairs]))
    weights, means, covariances = parts
    return Mixture(weights, means, covariances, original.box)


def _html(mixture: Mixture) -> str:
    """Return a table: weight, mean ± standard deviation of each feature, correlation if D = 2."""
    k, d = mixture.means.shape
    more = ["..."] if d > MOST_FEATURES else []
    names = ["component", "weight", *[f"x<sub>{j}</sub>" for j in range(min(d, MOST_FEATURES))]]
    rows = [_row(mixture, i, more) for i in range(min(k, MOST_COMPONENTS))]
    if k > MOST_COMPONENTS:
        rows.append([f"... {k - MOST_COMPONENTS} more"])
    if mixture.box is not None:
        low, high = ([f"{v:.4g}" for v in edge[:MOST_FEATURES]] for edge in mixture.box)
        spans = [f"{a} to {b}" for a, b in zip(low, high, strict=True)]
        rows.append(["noise", f"{mixture.noise:.3f}", *spans, *more])
    last = ["correlation"] if d == 2 else []
    return (
        f"<div><p>Mixture of {k} component{'s' * (k > 1)}, mean ± standard deviation</p>\n"
        f"<table>\n<thead>{_line('th', [*names, *more, *last])}</thead>\n<tbody>\n"
        f"{''.join(_line('td', row) for row in rows)}</tbody>\n</table></div>"
    )


def _row(mixture: Mixture, i: int, more: list[str]) -> list[str]:
    covariance = mixture.covariances[i]
    deviations = np.sqrt(np.diag(covariance))
    pairs = zip(mixture.means[i, :MOST_FEATURES], deviations, strict=False)
    row = [
        str(i + FIRST),
        f"{mixture.weights[i]:.3f}",
        *[f"{m:.4g} ± {s:#.2g}".rstrip(".") for m, s in pairs],
        *more,
    ]
    if len(deviations) == 2:
        row.append(f"{covariance[0, 1] / deviations.prod():.2f}")
    return row


def _line(tag: str, places: list[str]) -> str:
    return f"<tr>{''.join(f'<{tag} {RIGHT}>{text}</{tag}>' for text in places)}</tr>\n"
