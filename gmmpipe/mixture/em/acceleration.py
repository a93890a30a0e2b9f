"""Accelerations of EM: the same optimum in fewer passes, by leaps along the way EM goes.

A leap extrapolates from the mixtures that EM went through and what EM made of each. It counts only
if the objective of EM does not fall; otherwise the next mixture is EM's own.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np

from gmmpipe.mixture.bounds import Bounds
from gmmpipe.mixture.coordinates import Mask, coordinates, parts, scale
from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.mixture import Array, Mixture


class Method(Protocol):
    """A way to extrapolate, in coordinates (P,); one serves one fit."""

    def __call__(self, point: Array, image: Array, scale: Array) -> Array | None:
        """Return where to go on from a point, image being EM's step from it; None: go there.

        Called once for each mixture that EM goes through. scale (P,) makes lengths alike.
        """

    def refuse(self) -> None:
        """Learn that the last leap was refused; the image of its point comes next."""


class Anderson:
    """Anderson's acceleration, which starts anew when its memory is full or a leap is no good.

    Walker & Ni 2011, Anderson acceleration for fixed-point iterations, SIAM Journal on Numerical
    Analysis 49, 1715-1735; memory and restarts as in Henderson & Varadhan 2019, Damped Anderson
    acceleration with restarts and monotonicity control, Journal of Computational and Graphical
    Statistics 28, 834-846, whose damping costs passes here. A leap must go beyond EM's step, in
    its direction: others lead back to where EM comes from, a saddle between optima for one.
    """

    _MEMORY = 10  # steps, but no more than half of P

    def __init__(self) -> None:
        self.pairs: list[tuple[Array, Array]] = []

    def __call__(self, point: Array, image: Array, scale: Array) -> Array | None:
        """Leap to where the last steps, combined, would come to nothing."""
        if len(self.pairs) > min(self._MEMORY, max(1, len(point) // 2)):
            self.pairs = self.pairs[-1:]
        self.pairs.append((point, image))
        if len(self.pairs) == 1:
            return None
        images = np.array([image for _, image in self.pairs])
        steps = (images - np.array([point for point, _ in self.pairs])) * scale
        shares = np.linalg.lstsq(np.diff(steps, axis=0).T, steps[-1], rcond=1e-12)[0]
        beyond: Array = -shares @ np.diff(images, axis=0)
        if (scale * beyond) @ steps[-1] <= 0:
            self.refuse()
            return None
        return image + beyond

    def refuse(self) -> None:
        """Forget all but the last step."""
        self.pairs = self.pairs[-1:]


class Leaps:
    """A method at work on the mixtures of one fit."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.method: Method | None = None
        self.held: Mask = np.zeros(0, bool)

    def __call__(self, mixture: Mixture, image: Mixture, bounds: Bounds) -> Mixture | None:
        """Return the mixture to go on with; None: the image, EM's step from the mixture.

        What is frozen stays. Covariances are the members of the family nearest to where the leap
        came to (in the sense of Kullback and Leibler), within the bounds of EM's step.
        """
        mixture, image = (replace(m, box=self.problem.box) for m in (mixture, image))
        held = np.asarray(image.weights > 0)
        if self.method is None or not np.array_equal(held, self.held):
            self.method, self.held = ACCELERATIONS[self.problem.acceleration](), held
        try:
            point, to = (coordinates(m, held) for m in (mixture, image))
            values = self.method(point, to, scale(mixture, held))
            with np.errstate(over="ignore", invalid="ignore"):
                return None if values is None else self._mixture(values, image, bounds)
        except np.linalg.LinAlgError:
            return None

    def refuse(self) -> None:
        """Take note that the last leap was refused."""
        if self.method is not None:
            self.method.refuse()

    def _mixture(self, values: Array, image: Mixture, bounds: Bounds) -> Mixture | None:
        """Return the mixture that is feasible and nearest to the coordinates."""
        problem, held = self.problem, self.held
        weights, means, lower = parts(values, image, held)
        if not all(np.isfinite(part).all() for part in (weights, means, lower)):
            return None
        if "weights" in problem.frozen:
            weights = image.weights
        if "means" in problem.frozen:
            means = image.means
        covariances = image.covariances
        if "covariances" not in problem.frozen:
            counts = weights * problem.total
            scatter = counts[:, None, None] * (lower @ lower.swapaxes(1, 2))
            floor = np.maximum(bounds.floor, problem.reg_covar)
            covariances = problem.family.step(counts, scatter, floor, image.covariances)
            covariances[~held] = image.covariances[~held]
        vanishing = np.diagonal(covariances, axis1=1, axis2=2) <= bounds.vanishing
        return None if vanishing.any() else Mixture(weights, means, covariances, image.box)


ACCELERATIONS: dict[str, Callable[[], Method]] = {"anderson": Anderson}
