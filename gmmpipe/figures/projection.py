"""Two dimensions to look at a mixture in, whatever the number of features."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.wording import elide
from gmmpipe.numerics.mixture import Array, Mixture

if TYPE_CHECKING:
    from gmmpipe.figures.style import Style

RIDGE = 1e-9  # relative: keeps a constant feature from dividing by zero
NOTHING = 1e-6  # a ratio of between to within variance below which nothing is separated


@dataclass(frozen=True)
class Plane:
    """A linear map of D features to two: directions (D, 2), centre (D,), and the axis labels."""

    directions: Array
    centre: Array
    labels: tuple[str, str]
    short: tuple[str, str]
    name: str

    def points(self, x: Array) -> Array:
        """Return the samples (N, D) in the plane, (N, 2)."""
        return np.asarray((x - self.centre) @ self.directions)

    def mixture(self, mixture: Mixture) -> Mixture:
        """Return the marginal of ``mixture`` in the plane, exact as any of a Gaussian is."""
        covariances = self.directions.T @ mixture.covariances @ self.directions
        return Mixture(mixture.weights, self.points(mixture.means), covariances)


def plane(features: list[str], mixture: Mixture, style: Style) -> Plane:
    """Return the plane that shows the components of ``mixture`` apart; D >= 2 features.

    Two features are their own plane. Of more, ``style.projection`` takes the two leading
    discriminant directions (Fisher 1936; within and between components), completed by principal
    directions where fewer than two separate anything, or the two features that separate best.
    """
    n_features = len(features)
    if n_features == 2:
        return _features(features, (0, 1), "")
    within = np.einsum("k,kij->ij", mixture.weights, mixture.covariances)
    offsets = mixture.means - mixture.weights @ mixture.means
    between = np.einsum("k,ki,kj->ij", mixture.weights, offsets, offsets)
    scale = np.sqrt(np.diag(within + between))
    scale = np.where(scale > 0, scale, 1.0)
    units = np.multiply.outer(scale, scale)
    within = within / units + RIDGE * np.eye(n_features)
    between = between / units
    if style.projection == "features":
        return _features(
            features,
            _separating_pair(within, between),
            "the two features that separate the components best",
        )
    vectors, kinds = _directions(within, between)
    labels = [
        f"{kind} ({', '.join(elide(features[i], 14) for i in np.argsort(-np.abs(vector))[:2])}, …)"
        for kind, vector in zip(kinds, vectors.T, strict=True)
    ]
    centre = mixture.weights @ mixture.means
    n_discriminant = sum(kind.startswith("discriminant") for kind in kinds)
    name = (
        "the two leading principal directions",
        "the discriminant and the leading principal direction",
        "the two leading discriminant directions",
    )[n_discriminant] + ", in standard deviations within components"
    return Plane(
        vectors / scale[:, None], centre, (labels[0], labels[1]), (kinds[0], kinds[1]), name
    )


def _features(features: list[str], pair: tuple[int, int], name: str) -> Plane:
    directions = np.zeros((len(features), 2))
    directions[pair, (0, 1)] = 1.0
    names = [features[index] for index in pair]
    labels = (elide(names[0], 40), elide(names[1], 40))
    short = (elide(names[0], 22), elide(names[1], 22))
    return Plane(directions, np.zeros(len(features)), labels, short, name)


def _separating_pair(within: Array, between: Array) -> tuple[int, int]:
    """Return the pair of features with the largest trace of within^-1 between."""
    pairs = np.array(list(combinations(range(len(within)), 2)))
    blocks = (pairs[:, :, None], pairs[:, None, :])
    separation = np.linalg.solve(within[blocks], between[blocks]).trace(axis1=1, axis2=2)
    first, second = pairs[int(np.argmax(separation))]
    return int(first), int(second)


def _directions(within: Array, between: Array) -> tuple[Array, list[str]]:
    """Return two directions (D, 2) of unit variance within components, and what each is."""
    factor = np.linalg.cholesky(within)
    inverse = np.linalg.inv(factor)
    ratios, vectors = np.linalg.eigh(inverse @ between @ inverse.T)
    found = [inverse.T @ vectors[:, -i] for i in (1, 2) if ratios[-i] > NOTHING]
    kinds = [f"discriminant {i + 1}" for i in range(len(found))]
    for principal in np.linalg.eigh(within + between)[1].T[::-1]:
        if len(found) == 2:
            break
        rest = principal - sum((v * (v @ within @ principal) for v in found), np.zeros(len(within)))
        length = float(np.sqrt(max(rest @ within @ rest, 0.0)))
        if length > NOTHING:
            found.append(rest / length)
            kinds.append(f"principal {len(found) - len([k for k in kinds if k[0] == 'd'])}")
    # an eigenvector's sign is arbitrary: its largest entry is made positive
    signed = [vector * np.sign(vector[np.argmax(np.abs(vector))]) for vector in found]
    return np.array(signed).T, kinds
