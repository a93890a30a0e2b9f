"""Jobs of a run are done by forks of one process that has loaded the libraries already.

A job is a command all the same: `gmmpipe fit ...` asks the server whose socket the variable names,
and does the work itself where there is none. Only what this needs is imported here.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gmmpipe.store.open_files import is_alive
from gmmpipe.workflow.process_groups import end

SERVER = "GMMPIPE_JOB_SERVER"  # variable of a run's processes: the socket
LENGTH = 8  # bytes in front of a request that say how long it is
OUTPUTS = (1, 2)  # descriptors that go along
OTHER_CODE = b"other"  # answer to a job of code that the server has not loaded


class JobServer:
    """The server of a run, begun when there is work.

    environment: what the run's processes need to find it. Where there are no sockets in the file
    system, or forks cannot be waited for, it is empty and each job is a process of its own.
    """

    def __init__(self, folder: str) -> None:
        self.environment: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = socket.socket(socket.AF_UNIX)
        path = f"{folder}/socket"
        with suppress(OSError):
            self._socket.bind(path)
            if hasattr(os, "pidfd_open"):
                self.environment = {SERVER: path}

    def begin(self, environment: Mapping[str, str]) -> None:
        """Start the process, unless it was started."""
        if not self.environment or self._process is not None:
            return
        from gmmpipe.workflow.code_digest import package_times, stage_digests

        times = package_times()  # before the server loads this code, or newer
        digests = json.dumps(stage_digests())
        self._socket.listen()
        number = self._socket.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gmmpipe.cli.job_server", digests, times, str(number)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[number],
            process_group=0,
        )
        self._socket.close()  # so that nobody waits for a server that has ended

    def close(self) -> None:
        """End the process and its jobs."""
        self._socket.close()
        if self._process is not None:
            end(self._process)
            self._process.wait()


@contextmanager
def job_server(*, local: bool) -> Iterator[JobServer]:
    """Give the server of a run and end it; local: whether jobs run where this process does."""
    _remove_stale(Path(tempfile.gettempdir()))
    prefix = f"gmmpipe-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:  # of this user alone
        server = JobServer(folder)
        if not local:
            server.environment = {}
        try:
            yield server
        finally:
            server.close()


def _remove_stale(place: Path) -> None:
    """Remove the folders of this user's runs that were killed."""
    for folder in place.glob("gmmpipe-*"):
        named = re.fullmatch(r"gmmpipe-([0-9]+)-[a-z0-9_]{8}", folder.name)
        with suppress(OSError):
            is_own = not folder.is_symlink() and folder.stat().st_uid == os.getuid()
            if named and is_own and not is_alive(int(named[1])):
                (folder / "socket").unlink(missing_ok=True)
                folder.rmdir()


def submit(arguments: Sequence[str]) -> int | None:
    """Let the run's server do a job; return its exit code, None where there is no server.

    None too where the job is of other code than the server loaded. The job ends with this process.
    """
    path = os.environ.get(SERVER)
    if not path:
        return None
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
            request = {"arguments": list(arguments), "folder": str(Path.cwd())}
            text = json.dumps({**request, "environment": dict(os.environ)}).encode()
            socket.send_fds(connection, [len(text).to_bytes(LENGTH)], OUTPUTS)
            connection.sendall(text)
        except OSError:
            return None
        code = b""
        with suppress(OSError):
            while part := connection.recv(LENGTH):
                code += part
    if code == OTHER_CODE:
        return None
    if not code:
        print("gmmpipe stopped: the process that does the jobs was ended", file=sys.stderr)
        return 1
    return int(code)
