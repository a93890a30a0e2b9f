"""Two dimensions to look at a mixture in, whatever the number of features."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from gmmpipe.figures.style import Style
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.results.words.wording import elide

RIDGE = 1e-9  # relative: keeps a constant feature from dividing by zero
NOTHING = 1e-6  # a ratio of between to within variance below which nothing is separated


@dataclass(frozen=True)
class Plane:
    """A linear map of D features to two: directions (D, 2), centre (D,), and the axis labels.

    sentence: what the axes are, for a caption; "" where they are the features there are.
    """

    directions: Array
    centre: Array
    labels: tuple[str, str]
    short: tuple[str, str]
    sentence: str

    def points(self, x: Array) -> Array:
        """Return the samples (N, D) in the plane, (N, 2)."""
        used = self.directions.any(axis=1)  # what is missing elsewhere is not missed
        return np.asarray((x - self.centre)[:, used] @ self.directions[used])

    def mixture(self, mixture: Mixture) -> Mixture:
        """Return the marginal of ``mixture`` in the plane, exact as any of a Gaussian is.

        Noise is even over a box of all features, so it stays only where these are two.
        """
        covariances = self.directions.T @ mixture.covariances @ self.directions
        box = mixture.box if mixture.n_features == 2 else None
        return Mixture(mixture.weights, self.points(mixture.means), covariances, box)


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
    offsets = mixture.means - mixture.weights @ mixture.means / mixture.weights.sum()
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
            style.say("The axes are the two features that separate the components best."),
        )
    vectors, n_discriminant = _directions(within, between)
    kinds = [style.say("discriminant {i}", i=i + 1) for i in range(n_discriminant)]
    kinds += [style.say("principal {i}", i=i + 1) for i in range(2 - n_discriminant)]
    labels = [
        f"{kind} ({', '.join(elide(features[i], 14) for i in np.argsort(-np.abs(vector))[:2])}, …)"
        for kind, vector in zip(kinds, vectors.T, strict=True)
    ]
    sentence = (
        style.say(
            "The axes are the two leading principal directions,"
            " in standard deviations within components."
        ),
        style.say(
            "The axes are the discriminant and the leading principal direction,"
            " in standard deviations within components."
        ),
        style.say(
            "The axes are the two leading discriminant directions,"
            " in standard deviations within components."
        ),
    )[n_discriminant]
    centre = mixture.weights @ mixture.means / mixture.weights.sum()
    short = (kinds[0], kinds[1])
    return Plane(vectors / scale[:, None], centre, (labels[0], labels[1]), short, sentence)


def _features(features: list[str], pair: tuple[int, int], sentence: str) -> Plane:
    directions = np.zeros((len(features), 2))
    directions[pair, (0, 1)] = 1.0
    names = [features[index] for index in pair]
    labels = (elide(names[0], 40), elide(names[1], 40))
    short = (elide(names[0], 22), elide(names[1], 22))
    return Plane(directions, np.zeros(len(features)), labels, short, sentence)


def _separating_pair(within: Array, between: Array) -> tuple[int, int]:
    """Return the pair of features with the largest trace of within^-1 between."""
    pairs = np.array(list(combinations(range(len(within)), 2)))
    blocks = (pairs[:, :, None], pairs[:, None, :])
    separation = np.linalg.solve(within[blocks], between[blocks]).trace(axis1=1, axis2=2)
    first, second = pairs[int(np.argmax(separation))]
    return int(first), int(second)


def _directions(within: Array, between: Array) -> tuple[Array, int]:
    """Return two directions (D, 2) of unit variance within components; so many discriminate."""
    factor = np.linalg.cholesky(within)
    inverse = np.linalg.inv(factor)
    ratios, vectors = np.linalg.eigh(inverse @ between @ inverse.T)
    directions = [inverse.T @ vectors[:, -i] for i in (1, 2) if ratios[-i] > NOTHING]
    n_discriminant = len(directions)
    for principal in np.linalg.eigh(within + between)[1].T[::-1]:
        if len(directions) == 2:
            break
        rest = principal - sum(
            (v * (v @ within @ principal) for v in directions), np.zeros(len(within))
        )
        length = float(np.sqrt(max(rest @ within @ rest, 0.0)))
        if length > NOTHING:
            directions.append(rest / length)
    # an eigenvector's sign is arbitrary: its largest entry is made positive
    signed = [vector * np.sign(vector[np.argmax(np.abs(vector))]) for vector in directions]
    return np.array(signed).T, n_discriminant
