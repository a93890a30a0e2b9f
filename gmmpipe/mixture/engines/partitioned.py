"""Data in partitions that never come together: EM by passes of which only sums are exchanged.

A partition is a chunk of the engine's own cut, so that the parameters are those of one machine to
the last bit. Who holds the partitions is an executor's affair.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.checks import LEAST, refuse, tiny, unit_weights, variance, weighted_sums
from gmmpipe.mixture.mixture import Array
from gmmpipe.mixture.slices import slices_of

if TYPE_CHECKING:
    from gmmpipe.mixture.kernels.partitioned import PartitionedEngine

_PARTS = 32  # tasks in which the variances are made up


class Source(Protocol):
    """Rows that the process of a partition can read; the source is pickled and sent there."""

    @property
    def shape(self) -> tuple[int, int]:
        """Return (N, D)."""

    def rows(self, first: int, last: int) -> Array:
        """Return some rows.

        Parameters
        ----------
        first : int
            The first row, from 0.
        last : int
            The row after the last.

        Returns
        -------
        (last - first, D) array
            float64 in C order.

        """


class Executor(Protocol):
    """Who makes partitions, keeps them and works on them.

    Both methods get functions and arguments that can be pickled.
    """

    def hold(self, make: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Make one thing for each of the arguments, and keep it.

        Parameters
        ----------
        make : callable
            Called as ``make(*each)``.
        arguments : sequence of tuple
            The arguments of each call.

        Returns
        -------
        list
            Handles of what the calls returned, in order.

        """

    def run(self, work: Callable[..., Any], held: Sequence[Any], *given: Any) -> list[Any]:
        """Work on each of the things, where it is kept.

        Parameters
        ----------
        work : callable
            Called as ``work(thing, *given)``.
        held : sequence
            Handles that ``hold`` returned.
        *given
            Further arguments of every call.

        Returns
        -------
        list
            What the calls returned, in order.

        """


class Cluster(Executor, AbstractContextManager["Cluster"], Protocol):
    """An executor that ``engine.kind`` names, as does the extra that brings its packages.

    Parameters
    ----------
    address : str or None
        Of a cluster to connect to; None = start one here.
    workers : int or None
        Of a cluster that is started; None = as many as it likes.

    Attributes
    ----------
    packages : tuple of str
        What has to be installed.

    """

    packages: ClassVar[tuple[str, ...]]

    def __init__(self, address: str | None, workers: int | None) -> None:
        """Reach the one at an address, or begin one here with so many workers."""


@dataclass(frozen=True)
class InMemory:
    """The rows of an array in the memory of this process.

    Parameters
    ----------
    x : (N, D) float64 array
        In C order; a memory-mapped one too.

    """

    x: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Return (N, D)."""
        return self.x.shape

    def rows(self, first: int, last: int) -> Array:
        """Return some rows, not copied.

        Parameters
        ----------
        first : int
            The first row, from 0.
        last : int
            The row after the last.

        Returns
        -------
        (last - first, D) array
            A view.

        """
        return self.x[first:last]


class Threads:
    """The executor of this process.

    Parameters
    ----------
    threads : int, default 1
        Partitions worked on at a time.

    """

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads

    def hold(self, make: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Make the things in this process.

        Parameters
        ----------
        make : callable
            Called as ``make(*each)``.
        arguments : sequence of tuple
            The arguments of each call.

        Returns
        -------
        list
            The things themselves.

        """
        return [make(*each) for each in arguments]

    def run(self, work: Callable[..., Any], held: Sequence[Any], *given: Any) -> list[Any]:
        """Work on the things in threads.

        Parameters
        ----------
        work : callable
            Called as ``work(thing, *given)``.
        held : sequence
            What ``hold`` returned.
        *given
            Further arguments of every call.

        Returns
        -------
        list
            What the calls returned, in order.

        """
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(lambda thing: work(thing, *given), held))


class Partitioned:
    """Data for ``gmmpipe.fit`` that an executor reads from a source, chunk by chunk.

    Parameters
    ----------
    source : Source
        Where the rows are, such as ``gmmpipe.data.rows.Npy``.
    executor : Executor
        Who holds the partitions: ``Threads``, or ``gmmpipe.mixture.engines.dask.Dask``.

    Attributes
    ----------
    shape : tuple of int
        (N, D).

    Raises
    ------
    InputError
        Where there is no row or no feature.

    Notes
    -----
    The fits have the same bits as those of the whole array on one machine. Options, weights and
    priors that partitions do not support are refused.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmpipe import Mixture, Partitioned, fit
    >>> from gmmpipe.mixture.engines.partitioned import InMemory, Threads
    >>> x = np.random.default_rng(0).normal(size=(1000, 2))
    >>> start = Mixture(np.full(2, 0.5), x[:2], np.tile(np.eye(2), (2, 1, 1)))
    >>> (there,) = fit(Partitioned(InMemory(x), Threads(2)), [start], "full", [5])
    >>> (here,) = fit(x, [start], "full", [5])
    >>> bool((there.trajectory == here.trajectory).all())
    True

    """

    supports: ClassVar[frozenset[str]] = frozenset({"frozen", "acceleration"})

    def __init__(self, source: Source, executor: Executor) -> None:
        self.source, self.executor = source, executor
        self.shape = source.shape
        if 0 in self.shape:
            raise InputError(f"data: shape {self.shape}, expected (samples, features), none empty")

    def refuse_beyond(self, features: Collection[str]) -> None:
        """Refuse what partitions do not support.

        Parameters
        ----------
        features : collection of str
            Of ``FitOptions.features``, or "weights".

        Raises
        ------
        InputError
            For the first that is not in ``supports``.

        """
        for name in sorted(set(features) - self.supports):
            raise InputError(f"{name}: not for data in partitions; leave it out")

    def variances(self) -> Array:
        """Return the variance of each feature, bit by bit that of the whole array.

        Returns
        -------
        (D,) array
            In squared units of the data.

        Raises
        ------
        InputError
            For a value that is not finite or a variance beyond the range of doubles.

        """
        slices = slices_of(self.shape[0])
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
        """Return the engine of passes over the partitions, which the executor makes.

        Parameters
        ----------
        axis_aligned : bool
            Whether the family has diagonal covariances alone.

        Returns
        -------
        PartitionedEngine
            An ``Engine``.

        """
        from gmmpipe.mixture.kernels.layout import plan
        from gmmpipe.mixture.kernels.partitioned import PartitionedEngine

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
    """Some rows, read again each time."""

    source: Source
    first: int
    last: int


def _checked(span: _Span) -> None:
    refuse(span.source.rows(span.first, span.last), span.first, "refuse")


def _deviations(span: _Span, *given: Array) -> list[Array]:
    x = span.source.rows(span.first, span.last)
    with np.errstate(over="ignore", invalid="ignore"):
        return list(weighted_sums(x, unit_weights(*x.shape), *given))


class _Part:
    """A chunk with its samples laid out; sent elsewhere it is read there from the source."""

    def __init__(self, source: Source, lay: Any, chunk: int, axis_aligned: bool) -> None:
        from gmmpipe.mixture.kernels.layout import part
        from gmmpipe.mixture.kernels.partitioned import ChunkEngine

        self.made_of = source, lay, chunk, axis_aligned
        rows = part(lay, chunk)[0]
        self.chunk = ChunkEngine(source.rows(rows.start, rows.stop), lay, chunk, axis_aligned)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Part, self.made_of


def _sums(part: _Part, models: Sequence[Any]) -> list[Array]:
    return [part.chunk.sums(model) for model in models]
