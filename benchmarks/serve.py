"""One peer in a process of its own: run as ``python serve.py NAME THREADS``.

Says first, as a line of JSON, {"version"} or {"missing"}: why the peer cannot be had. Then reads
lines {"data": npz file, "iterations": n, "whole": whether to call its estimator}, and answers each
with {"seconds", "processor" (seconds of all threads, R's aside), "iterations",
"log_likelihood", "megabytes"}, the last three of the first fit. An npz file holds x (N, D) and the
starts' sizes (S,), weights, means and covariances, end to end.
"""

import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
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


def whole_call(
    estimator: Any, x: Any, start: Any, iterations: int
) -> Callable[[], list[tuple[float, int]]]:
    """Return a fit by an estimator of scikit-learn's parameters."""
    warnings.simplefilter("ignore")  # that it did not converge
    weights, means, covariances = start
    model = estimator(
        len(weights), weights_init=weights, means_init=means, tol=0.0, max_iter=iterations,
        precisions_init=np.linalg.inv(covariances),
    )  # fmt: skip

    def run() -> list[tuple[float, int]]:
        model.fit(x)
        return [(model.lower_bound_ * len(x), model.n_iter_)]

    return run


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
        if request["whole"]:
            run = whole_call(peer.ESTIMATOR, x, starts[0], request["iterations"])
        else:
            run = peer.prepare(x, starts, request["iterations"], int(sys.argv[2]))
        began = time.perf_counter(), time.process_time()
        outcomes = run()
        seconds, processor = time.perf_counter() - began[0], time.process_time() - began[1]
        value, iterations = outcomes[0]
        memory = peak_memory(getattr(peer, "pid", os.getpid)())
        say({"seconds": seconds, "processor": processor, "iterations": iterations,
             "log_likelihood": value, "megabytes": memory})  # fmt: skip


if __name__ == "__main__":
    main()
