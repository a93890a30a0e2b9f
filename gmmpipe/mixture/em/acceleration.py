"""Accelerations of EM: the same optimum in fewer passes, by extrapolation.

From the mixtures that EM went through and its step from each. An extrapolation is kept only if the
objective of EM does not fall; otherwise the next mixture is EM's own.
"""

import numpy as np

from gmmpipe.mixture.mixture import Array


class Anderson:
    """Anderson's acceleration, which restarts when its memory is full or an extrapolation fails.

    One serves one fit. Walker & Ni 2011, Anderson acceleration for fixed-point iterations, SIAM
    Journal on Numerical Analysis 49, 1715-1735; memory and restarts as in Henderson & Varadhan
    2019, Damped Anderson acceleration with restarts and monotonicity control, Journal of
    Computational and Graphical Statistics 28, 834-846, whose damping costs passes here. It must go
    beyond EM's step, in its direction: others lead back to where EM comes from, a saddle between
    optima for one.
    """

    _MEMORY = 10  # steps, but no more than half of P

    def __init__(self) -> None:
        self.pairs: list[tuple[Array, Array]] = []

    def __call__(self, point: Array, image: Array, scale: Array) -> Array | None:
        """Return where to go on from a point (P,), image being EM's step from it; None: go there.

        That is where the last steps, combined, would come to nothing. Called once for each mixture
        that EM goes through; scale (P,) makes lengths alike.
        """
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
            self.reject()
            return None
        return image + beyond

    def reject(self) -> None:
        """Forget all but the last step: the last extrapolation was rejected."""
        self.pairs = self.pairs[-1:]


ACCELERATIONS = {"anderson": Anderson}
