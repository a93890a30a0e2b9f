"""Dask: EM on partitions that the workers of a cluster hold (``pip install 'gmmpipe[dask]'``).

Where a worker ends, Dask makes its partitions anew elsewhere, from the source, and asks again for
the sums that are missing: the numbers are the same.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from typing import Any, ClassVar, Self

from gmmpipe.errors import InputError, Obstacle, missing

PATIENCE = 10  # seconds for a scheduler to answer


class Dask:
    """An executor for ``Partitioned`` data: a Dask cluster, by default one on this machine.

    Parameters
    ----------
    address : str, optional
        Of a scheduler, such as tcp://host:8786; its workers need gmmpipe, and the files under the
        same paths. By default a cluster is made.
    workers : int, optional
        Processes of the cluster that is made; by default one per core.

    Raises
    ------
    InputError
        Where ``distributed`` or ``cryptography`` is missing, or no scheduler answers.

    Notes
    -----
    The cluster that is made talks over TLS with certificates made for it, kept in memory: who can
    reach a scheduler or a worker can have code run, and other users of the machine can reach its
    ports.

    It is a context manager: ``with Dask() as cluster: fit(Partitioned(source, cluster), ...)``.

    """

    packages: ClassVar[tuple[str, ...]] = ("distributed", "cryptography")

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        try:
            from distributed import Client, LocalCluster  # isort: skip
            import cryptography  # noqa: F401 - makes the certificates
        except ImportError as error:
            raise InputError(f"engine dask: {missing(str(error.name), 'dask')}") from None
        self.cluster = None
        if address is None:
            self.cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=None,
                protocol="tls://",
                security=True,
            )
        try:
            self.client = Client(self.cluster if address is None else address, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            raise InputError(f"engine dask: no scheduler at {address} ({error})") from None

    def hold(self, make: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Have workers make things and keep them.

        Parameters
        ----------
        make : callable
            Called as ``make(*each)``.
        arguments : sequence of tuple
            The arguments of each call.

        Returns
        -------
        list of distributed.Future
            Handles of the things.

        """
        return [self.client.submit(make, *each, pure=False) for each in arguments]

    def run(self, work: Callable[..., Any], held: Sequence[Any], *given: Any) -> list[Any]:
        """Work on each thing where it is; only the results are sent here.

        Parameters
        ----------
        work : callable
            Called as ``work(thing, *given)``.
        held : sequence of distributed.Future
            What ``hold`` returned.
        *given
            Further arguments of every call.

        Returns
        -------
        list
            What the calls returned, in order.

        Raises
        ------
        Obstacle
            Where the cluster is gone, or its workers end again and again.

        """
        from distributed.comm import CommClosedError
        from distributed.scheduler import KilledWorker, NoWorkerError

        futures = [self.client.submit(work, thing, *given, pure=False) for thing in held]
        try:
            result: list[Any] = self.client.gather(futures)
        except (KilledWorker, NoWorkerError, CommClosedError, CancelledError) as error:
            raise Obstacle(
                f"engine dask: the cluster is gone or its workers end again and again ({error});"
                " give them more memory, or set engine.kind=local"
            ) from None
        return result

    def close(self) -> None:
        """End the connection, and the cluster if it was made here."""
        self.client.close()
        if self.cluster is not None:
            self.cluster.close()

    def __enter__(self) -> Self:
        """Return the executor."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
