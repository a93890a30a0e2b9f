"""``python -m gmmpipe.cli.job_server DIGESTS TIMES SOCKET``: the process whose forks do jobs.

It has one thread, so that a fork has all there is, and imports what jobs use before the first.
DIGESTS: of the code of each stage before any of it was loaded, as JSON; TIMES: ``package_times``
before these. Where a file was changed while it was loaded, no job is of the code that was.
"""

import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from types import FrameType
from typing import Any

from gmmpipe.cli.main import main as run
from gmmpipe.mixture import precompile
from gmmpipe.store import lock
from gmmpipe.store.validate import adapter_of
from gmmpipe.workflow.code_digest import package_times
from gmmpipe.workflow.environment import environment
from gmmpipe.workflow.job_server import LENGTH, OTHER_CODE, OUTPUTS, SERVER
from gmmpipe.workflow.pipeline import STAGES
from gmmpipe.workflow.threads import pin_threads

LIBRARIES = (  # what stages import only when they use it
    "PIL.GifImagePlugin",
    "contourpy",
    "jinja2",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_pdf",
    "matplotlib.backends.backend_svg",
    "matplotlib.patheffects",
    "matplotlib.style",
    "pyarrow.parquet",
    "scipy.cluster.vq",
    "scipy.optimize",
)
PATIENCE = 5.0  # seconds that a request may take to arrive
PR_SET_PDEATHSIG = 1  # of Linux: the signal that a process gets when the one that forked it ends


@dataclass(frozen=True)
class Job:
    """A job: its process, that as an open file, and the connection to who asked for it."""

    process: int
    handle: int
    connection: socket.socket


class Server:
    """Accepts jobs and waits for them, until it is asked to end or the run has ended.

    digests: of the code that it has loaded, by stage.
    """

    def __init__(self, number: int, digests: Mapping[str, str]) -> None:
        self.digests = digests
        self.listener = socket.socket(fileno=number)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.jobs: set[Job] = set()
        self.ending = False
        signal.signal(signal.SIGTERM, self._end)

    def serve(self) -> None:
        """Do jobs; where the run has ended these end at once, else they tidy up."""
        has_ended = lock.joined()
        while self.jobs or not self.ending:
            if has_ended and has_ended():
                os.killpg(0, signal.SIGKILL)
            for key, _ in self.selector.select(lock.PULSE):
                if key.data is None:
                    self._begin(self.listener.accept()[0])
                elif key.fileobj == key.data.handle:
                    self._finish(key.data)
                elif key.data in self.jobs:  # who asked for it has ended
                    self.selector.unregister(key.fileobj)
                    os.kill(key.data.process, signal.SIGTERM)

    def _end(self, number: int, frame: FrameType | None) -> None:
        """End once the jobs have, which are asked at the same time."""
        del number, frame
        self.ending = True
        if not self.jobs:
            os._exit(0)

    def _begin(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        try:
            request, outputs = received(connection)
        except (OSError, ValueError):  # who asked has ended
            connection.close()
            return
        process = -1
        if self._has_loaded(request["arguments"]):
            with suppress(OSError):  # of a limit of processes; who asked is one already
                process = os.fork()
        if process < 0:
            with suppress(OSError):
                connection.sendall(OTHER_CODE)
            connection.close()
            for number in outputs:
                os.close(number)
            return
        if process == 0:
            connection.close()
            self._let_go()
            code = 1
            try:
                code = perform(request, outputs)
            finally:
                os._exit(code)
        for number in outputs:
            os.close(number)
        job = Job(process, os.pidfd_open(process), connection)
        self.jobs.add(job)
        self.selector.register(job.handle, selectors.EVENT_READ, job)
        self.selector.register(job.connection, selectors.EVENT_READ, job)

    def _has_loaded(self, arguments: list[str]) -> bool:
        """Return whether what a command asks for by --code, if it does, is the loaded code."""
        asks = any(text.startswith("--code") for text in arguments)
        return not asks or self.digests.get(arguments[0]) in arguments

    def _let_go(self) -> None:
        """Close in a fork what is the server's, so that its end is noticed."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.selector.close()
        self.listener.close()
        for job in self.jobs:
            os.close(job.handle)
            job.connection.close()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def _finish(self, job: Job) -> None:
        self.jobs.remove(job)
        self.selector.unregister(job.handle)
        os.close(job.handle)
        with suppress(KeyError):  # who asked has ended
            self.selector.unregister(job.connection)
        code = os.waitstatus_to_exitcode(os.waitpid(job.process, 0)[1])
        with suppress(OSError):
            job.connection.sendall(str(code if code >= 0 else 128 - code).encode())
        job.connection.close()


def received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return a request, and where its output goes; raises ValueError for half of one."""
    head, outputs, _, _ = socket.recv_fds(connection, LENGTH, len(OUTPUTS))
    size, text = int.from_bytes(head), b""
    while len(text) < size and (part := connection.recv(size - len(text))):
        text += part
    request: dict[str, Any] = json.loads(text)
    return request, outputs


def perform(request: dict[str, Any], outputs: list[int]) -> int:
    """Run a command in this process as if it had been started as one; return its exit code."""
    for number, target in zip(outputs, OUTPUTS, strict=True):
        os.dup2(number, target)
        os.close(number)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for name in (SERVER, lock.RUN):  # the server sees to it that this ends with the run
        os.environ.pop(name, None)
    encoding = sys.stdout.encoding
    with (
        open(1, "w", encoding=encoding, closefd=False) as sys.stdout,
        open(
            2, "w", encoding=encoding, errors="backslashreplace", buffering=1, closefd=False
        ) as sys.stderr,
    ):
        try:
            return run(request["arguments"])
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 0
        except BaseException:
            traceback.print_exc()
            return 1


def load() -> None:
    """Import what jobs use, and find out what each would."""
    for name in (*(f"gmmpipe.workflow.stages.{stage}" for stage in STAGES), *LIBRARIES):
        import_module(name)
    for kind in filter(None, (stage.job for stage in STAGES.values())):
        adapter_of(kind)
    environment()


def main() -> None:
    """Load what jobs use, then do them."""
    pin_threads()
    server = Server(int(sys.argv[3]), json.loads(sys.argv[1]))
    load()
    if package_times() != sys.argv[2]:
        server.digests = {}
    precompile.main([])
    gc.freeze()  # what is there is not looked at again, and stays shared
    server.serve()


if __name__ == "__main__":
    main()
