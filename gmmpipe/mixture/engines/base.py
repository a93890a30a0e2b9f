"""What EM asks of an engine, which does the passes over the samples."""

from typing import Any, Protocol

from gmmpipe.mixture.mixture import Array, Mixture


class Passes(Protocol):
    """What EM asks of an engine; a desk is the memory of one fit, of the engine's own type."""

    threads: int
    layout: Any

    def desk(self, k: int, team: int) -> Any:
        """Return the memory of one fit of at most k components."""

    def place(self, desk: Any, mixture: Mixture) -> int:
        """Put the mixture on the desk; return the first component not positive definite, or -1."""

    def measure(self, desk: Any, k: int, reg_covar: float) -> float:
        """Put counts, shifts and spreads on the desk; return the log-likelihood in nats."""

    def evaluate(self, desk: Any, k: int) -> tuple[Array, Array]:
        """Return log p(x) (N,) and log responsibilities (N, k) of the mixture on the desk."""


class Weighted(Passes, Protocol):
    """An engine whose samples may change their weights."""

    def reweigh(self, weight: Array) -> None:
        """Give the samples the weights (N,)."""
