"""Data in partitions that never come together: EM by passes of which only sums are exchanged.

A partition is a chunk of the engine's own cut, so that the parameters are those of one machine to
the last bit. Who holds the partitions is an executor's affair.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.checks import LEAST, refuse, tiny, unit_weights, variance, weighted
from gmmpipe.mixture.mixture import Array
from gmmpipe.mixture.slices import cuts

if TYPE_CHECKING:
    from gmmpipe.mixture.kernels.spread import PartitionedEngine

_PARTS = 32  # tasks in which the variances are made up


class Source(Protocol):
    """Rows that whoever holds a partition can read; it is sent there."""

    @property
    def shape(self) -> tuple[int, int]:
        """Return (N, D)."""

    def rows(self, first: int, last: int) -> Array:
        """Return the rows from first to before last, float64 in C order."""


class Executor(Protocol):
    """Who makes partitions, keeps them and works on them."""

    def hold(self, make: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Return handles of what ``make`` returns for each of the arguments."""

    def run(self, work: Callable[..., Any], held: Sequence[Any], *given: Any) -> list[Any]:
        """Return what ``work(thing, *given)`` returns for each of the things, in order."""


class Cluster(Executor, Protocol):
    """An executor that ``engine.kind`` names, as does the extra that brings its packages."""

    packages: ClassVar[tuple[str, ...]]

    def __init__(self, address: str | None, workers: int | None) -> None:
        """Reach the one at an address, or begin one here with so many workers."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(self, *_: object) -> None:
        """End the connection, and what was begun here."""


def missing(package: str, extra: str) -> str:
    """Return the words about a package of an extra that is not installed."""
    return f"the package {package} is missing; pip install -e '.[{extra}]'"


@dataclass(frozen=True)
class InMemory:
    """Rows of an array (N, D), a memory-mapped one too, float64 in C order."""

    x: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Return (N, D)."""
        return self.x.shape

    def rows(self, first: int, last: int) -> Array:
        """Return the rows, not copied."""
        return self.x[first:last]


class Threads:
    """The executor of this process."""

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads

    def hold(self, make: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Return the things themselves."""
        return [make(*each) for each in arguments]

    def run(self, work: Callable[..., Any], held: Sequence[Any], *given: Any) -> list[Any]:
        """Work on the things by turns."""
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(lambda thing: work(thing, *given), held))


class Partitioned:
    """Data (N, D) for ``em.fit`` that an executor reads from a source, chunk by chunk."""

    supports: ClassVar[frozenset[str]] = frozenset({"frozen", "acceleration"})

    def __init__(self, source: Source, executor: Executor) -> None:
        self.source, self.executor = source, executor
        self.shape = source.shape
        if 0 in self.shape:
            raise InputError(f"data: shape {self.shape}, expected (samples, features), none empty")

    def refuse_beyond(self, features: Collection[str]) -> None:
        """Raise InputError for a feature of ``FitOptions``, or weights, that is not supported."""
        for name in sorted(set(features) - self.supports):
            raise InputError(f"{name}: not for data in partitions; leave it out")

    def variances(self) -> Array:
        """Return the variance of each feature (D,), those of ``problem.variances`` bit by bit.

        Raises InputError for a value that is not finite or a variance beyond the range of doubles.
        """
        slices = cuts(self.shape[0])
        step = -(-len(slices) // _PARTS)
        spans = [
            (self.source, part[0].start, part[-1].stop)
            for part in (slices[i : i + step] for i in range(0, len(slices), step))
        ]
        held = self.executor.hold(_Span, spans)
        origin = self.source.rows(0, 1)[0].copy()
        self.executor.run(_checked, held)
        total, nothing = float(self.shape[0]), np.zeros(self.shape[1])
        mean = sum(self._each(held, origin), nothing) / total
        result = variance(self._each(held, origin, mean), nothing, total)
        for column in np.flatnonzero((result > 0) & (result < LEAST)):
            raise tiny(int(column), float(result[column]))
        return result

    def engine(self, axis_aligned: bool) -> "PartitionedEngine":
        """Return the engine of passes over the partitions."""
        from gmmpipe.mixture.kernels.layout import plan
        from gmmpipe.mixture.kernels.spread import PartitionedEngine

        lay = plan(*self.shape, axis_aligned)[1]
        parts = [(self.source, lay, chunk, axis_aligned) for chunk in range(lay.chunks)]
        held = self.executor.hold(_Part, parts)

        def ask(models: Sequence[Any]) -> list[tuple[Array, ...]]:
            return list(zip(*self.executor.run(_sums, held, models), strict=True))

        return PartitionedEngine(self.shape, axis_aligned, ask)

    def _each(self, held: Sequence[Any], *given: Array) -> list[Array]:
        with np.errstate(over="ignore", invalid="ignore"):
            return [
                part for parts in self.executor.run(_deviations, held, *given) for part in parts
            ]


@dataclass(frozen=True)
class _Span:
    """Some rows, read anew each time."""

    source: Source
    first: int
    last: int


def _checked(span: _Span) -> None:
    refuse(span.source.rows(span.first, span.last), span.first, "refuse")


def _deviations(span: _Span, *given: Array) -> list[Array]:
    x = span.source.rows(span.first, span.last)
    with np.errstate(over="ignore", invalid="ignore"):
        return list(weighted(x, unit_weights(*x.shape), *given))


class _Part:
    """A chunk with its samples laid out; sent elsewhere it is read there from the source."""

    def __init__(self, source: Source, lay: Any, chunk: int, axis_aligned: bool) -> None:
        from gmmpipe.mixture.kernels.layout import part
        from gmmpipe.mixture.kernels.spread import ChunkEngine

        self.made_of = source, lay, chunk, axis_aligned
        rows = part(lay, chunk)[0]
        self.chunk = ChunkEngine(source.rows(rows.start, rows.stop), lay, chunk, axis_aligned)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Part, self.made_of


def _sums(part: _Part, models: Sequence[Any]) -> list[Array]:
    return [part.chunk.sums(model) for model in models]
