"""Acceleration at work on one fit: what a method extrapolates to becomes a mixture."""

from dataclasses import replace

import numpy as np

from gmmpipe.mixture.bounds import Bounds
from gmmpipe.mixture.coordinates import coordinates, from_coordinates, scale
from gmmpipe.mixture.em.acceleration import ACCELERATIONS, Anderson
from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.mixture import Array, Mask, Mixture


class Accelerator:
    """A method of ``ACCELERATIONS`` on the mixtures of one fit."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.method: Anderson | None = None
        self.positive: Mask = np.zeros(0, bool)

    def __call__(self, mixture: Mixture, image: Mixture, bounds: Bounds) -> Mixture | None:
        """Return the mixture to go on with; None: the image, EM's step from the mixture.

        What is frozen stays. Covariances are the members of the family that are nearest to those
        extrapolated (in the sense of Kullback and Leibler), within the bounds of EM's step.
        """
        mixture, image = (replace(m, box=self.problem.box) for m in (mixture, image))
        positive = np.asarray(image.weights > 0)
        if self.method is None or not np.array_equal(positive, self.positive):
            self.method = ACCELERATIONS[self.problem.options.acceleration]()
            self.positive = positive
        try:
            point, to = (coordinates(m, positive) for m in (mixture, image))
            values = self.method(point, to, scale(mixture, positive))
            with np.errstate(over="ignore", invalid="ignore"):
                return None if values is None else self._mixture(values, image, bounds)
        except np.linalg.LinAlgError:
            return None

    def reject(self) -> None:
        """Learn that the objective fell at the last extrapolation."""
        if self.method is not None:
            self.method.reject()

    def _mixture(self, values: Array, image: Mixture, bounds: Bounds) -> Mixture | None:
        """Return the mixture that is feasible and nearest to the coordinates."""
        problem, positive = self.problem, self.positive
        weights, means, lower = from_coordinates(values, image, positive)
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
            covariances = problem.family.monotone_m_step(counts, scatter, floor, image.covariances)
            covariances[~positive] = image.covariances[~positive]
        vanishing = np.diagonal(covariances, axis1=1, axis2=2) <= bounds.vanishing
        return None if vanishing.any() else Mixture(weights, means, covariances, image.box)
