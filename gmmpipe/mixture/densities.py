"""What mixtures make of samples: densities and responsibilities, slice by slice."""

from collections.abc import Iterator
from typing import Literal

import numpy.typing as npt

from gmmpipe.errors import InputError
from gmmpipe.mixture.checks import positive, samples, start
from gmmpipe.mixture.engine import Engine, Workspace
from gmmpipe.mixture.engines.choose import for_densities
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.slices import slices_of
from gmmpipe.mixture.tails import stable_log_responsibilities


class Evaluator:
    """Evaluates mixtures on the same samples x (N, D), whose layout is kept from one to the next.

    missing "mar": NaN stands for a value that is missing at random. Raises InputError where x is no
    such thing.
    """

    def __init__(
        self, x: npt.ArrayLike, threads: int = 1, missing: Literal["refuse", "mar"] = "refuse"
    ) -> None:
        self.x, _ = samples(x, None, missing)
        self.threads = positive("threads", threads)
        self._engine: Engine | None = None
        self._workspaces: dict[int, Workspace] = {}

    def __call__(self, mixture: Mixture) -> tuple[Array, Array]:
        """Return log densities (N,) and responsibilities (N, K) as ``log_responsibilities``."""
        checked = start(mixture, "mixture", self.x.shape[1])
        k = checked.n_components
        if checked.box is None:
            engine = self._engine = self._engine or for_densities(self.x, checked, self.threads)
            if k not in self._workspaces:
                self._workspaces[k] = engine.workspace(k)
            work = self._workspaces[k]
        else:  # noise of its own box
            work = for_densities(self.x, checked, self.threads).workspace(k)
        broken = work.load(checked)
        if broken >= 0:
            raise InputError(
                f"mixture: covariance of component index {broken} is not positive definite"
            )
        densities, logs = work.densities()
        if checked.box is None:
            stable_log_responsibilities(self.x, checked, densities, logs)
        return densities, logs


def log_responsibilities(
    x: npt.ArrayLike,
    mixture: Mixture,
    threads: int = 1,
    missing: Literal["refuse", "mar"] = "refuse",
) -> tuple[Array, Array]:
    """Return log p(x) (N,), at least about -1e300, and the log responsibilities (N, K), both nats.

    Those of a component of weight 0 are -inf; with noise (``mixture.box``) there are K + 1 columns,
    that of the noise last. missing "mar": each row of x (N, D) counts by what is observed of it;
    one without any value has log p = 0, and the weights for responsibilities. Raises InputError
    where x is not samples, or the mixture is none.
    """
    return Evaluator(x, threads, missing)(mixture)


class Responsibilities:
    """Log responsibilities of mixtures for x (N, D), NaN where missing, slice by slice.

    No memory is taken for more than a slice; where that is all of x, its layout is kept.
    """

    def __init__(self, x: Array, threads: int = 1) -> None:
        self.x, self.threads = x, threads
        self._whole = Evaluator(x, threads, "mar") if len(slices_of(len(x))) == 1 else None

    def __call__(self, mixture: Mixture) -> Iterator[tuple[slice, Array]]:
        """Yield which rows, and their log responsibilities (n, K) in nats.

        With noise there is a column more, see ``log_responsibilities``.
        """
        for cut in slices_of(len(self.x)):
            evaluate = self._whole or Evaluator(self.x[cut], self.threads, "mar")
            yield cut, evaluate(mixture)[1]
