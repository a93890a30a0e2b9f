"""Dask: EM on partitions that the workers of a cluster hold (``pip install -e '.[dask]'``).

Where a worker ends, Dask makes its partitions anew elsewhere, from the source, and asks again for
the sums that are missing: the numbers are the same.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from typing import Any, ClassVar, Self

from gmmpipe.errors import InputError, Obstacle
from gmmpipe.mixture.engines.partitioned import missing

PATIENCE = 10  # seconds for a scheduler to answer


class Dask:
    """An executor for ``Partitioned`` data: a Dask cluster, by default one on this machine.

    That one talks over TLS with certificates made for it, kept in memory: who can reach a scheduler
    or a worker can have code run, and other users of the machine can reach its ports.

    address: of a scheduler, such as tcp://host:8786; its workers need gmmpipe, and the files under
    the same paths. workers: processes of a local cluster, none = one per core. Raises InputError
    where ``distributed`` or ``cryptography`` is missing, or no scheduler answers.
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
        """Return futures of what workers make and keep."""
        return [self.client.submit(make, *each, pure=False) for each in arguments]

    def run(self, work: Callable[..., Any], held: Sequence[Any], *given: Any) -> list[Any]:
        """Work on each thing where it is; only what comes of it comes here."""
        from distributed.comm import CommClosedError
        from distributed.scheduler import KilledWorker, NoWorkerError

        futures = [self.client.submit(work, thing, *given, pure=False) for thing in held]
        try:
            found: list[Any] = self.client.gather(futures)
        except (KilledWorker, NoWorkerError, CommClosedError, CancelledError) as error:
            raise Obstacle(
                f"engine dask: the cluster is gone or its workers end again and again ({error});"
                " give them more memory, or set engine.kind=local"
            ) from None
        return found

    def close(self) -> None:
        """End the connection, and the cluster if it is our own."""
        self.client.close()
        if self.cluster is not None:
            self.cluster.close()

    def __enter__(self) -> Self:
        """Return the executor."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
