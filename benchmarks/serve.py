"""One peer in a process of its own: run as ``python serve.py NAME THREADS``.

Says first, as a line of JSON, {"version"} or {"missing"}: why the peer cannot be had. Then reads
lines {"data": npz file, "iterations": n}, answers each with {"seconds", "iterations",
"log_likelihood", "megabytes"}, those of the first fit. An npz file holds x (N, D) and the starts'
sizes (S,), weights, means and covariances, end to end.
"""

import json
import os
import resource
import sys
import time
from importlib import import_module
from typing import Any

import numpy as np
from peers import PEERS


def read(path: str) -> tuple[Any, list[Any]]:
    """Return the data and the starts of an npz file."""
    with np.load(path) as file:
        x, sizes = file["x"], file["sizes"]
        ends = np.cumsum(sizes)
        parts = [np.split(file[name], ends[:-1]) for name in ("weights", "means", "covariances")]
    return x, list(zip(*parts, strict=True))


def peak_memory(pid: int) -> float:
    """Return the most memory the process has held, in megabytes."""
    try:
        with open(f"/proc/{pid}/status") as status:  # noqa: PTH123 - pathlib costs more than it says
            return next(int(line.split()[1]) / 1024 for line in status if "VmHWM" in line)
    except OSError:  # not Linux; there a child does not start from its parent's peak
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def say(answer: dict[str, Any]) -> None:
    """Write a line of JSON."""
    print(json.dumps(answer), flush=True)


def main() -> None:
    """Answer the requests on standard input."""
    try:
        peer = import_module(f"peers.{PEERS[sys.argv[1]]}")
        say({"version": peer.version()})
    except ImportError as error:
        say({"missing": str(error)})
        return
    path, x, starts = "", None, []
    for line in sys.stdin:
        request = json.loads(line)
        if request["data"] != path:
            path = request["data"]
            x, starts = read(path)
        run = peer.prepare(x, starts, request["iterations"], int(sys.argv[2]))
        began = time.perf_counter()
        outcomes = run()
        seconds = time.perf_counter() - began
        value, iterations = outcomes[0]
        memory = peak_memory(getattr(peer, "pid", os.getpid)())
        say({"seconds": seconds, "iterations": iterations, "log_likelihood": value,
             "megabytes": memory})  # fmt: skip


if __name__ == "__main__":
    main()
