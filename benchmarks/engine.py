"""Compare the engine with its peers: ``python benchmarks/engine.py [--against COMMIT]``.

Each peer runs in a process of its own, in turns and alternating order, from the same data and
starts for the same number of iterations; the time of an iteration is the difference between a
long and a short fit. Results are printed and written to benchmarks/results/.
"""

import argparse
import csv
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from peers import PEERS
from process import LostError, Peer, interpreter
from roofline import Machine, measure

RESULTS = Path(__file__).parent / "results"


class Case(NamedTuple):
    """A size, and a kind of data: see ``problem``."""

    n: int
    d: int
    k: int
    kind: str = "apart"


GRID = [
    *(Case(*size) for size in [(272, 2, 2), (10_000, 2, 8), (100_000, 2, 8), (1_000_000, 2, 5)]),
    *(Case(*size) for size in [(100_000, 8, 16), (100_000, 8, 64)]),
    *(
        Case(*size, kind)
        for size in [(100_000, 32, 16), (20_000, 64, 32), (100_000, 32, 64)]
        for kind in ("apart", "digits", "overlapping")
    ),
]
COSTS = [
    *((n, 2, 8) for n in (1000, 10_000, 100_000, 1_000_000, 10_000_000)),
    *((20_000, d, 8) for d in (1, 2, 4, 8, 16, 32, 64)),
    *((20_000, 2, k) for k in (1, 2, 4, 8, 16, 32, 64)),
]
WHOLE = [(272, 2, 2), (100_000, 2, 8), (100_000, 8, 16), (20_000, 64, 32)]
ESTIMATORS = ("gmmpipe", "scikit-learn")  # peers that have one
SECONDS = {"gmmpipe": 0.5, "oneDAL": 1.0}  # aimed at, for one timing; 2 for others


def problem(folder: str, n: int, d: int, ks: Iterable[int], kind: str = "apart") -> str:
    """Write samples, and one start per k.

    Clusters of unit covariance whose centres are 2 ("apart") or 0.5 ("overlapping") standard
    deviations from the origin along each feature, and starts near them; "far": 4 apart in all, and
    starts at samples. "digits": scikit-learn's digits in d principal components, each repeated
    with noise, and starts that k-means found. All starts have identity covariances.
    """
    rng, sizes = np.random.default_rng(0), list(ks)
    if kind == "digits":
        x, means = _digits(rng, n, d, sizes)
    else:
        scale = {"apart": 2.0, "overlapping": 0.5, "far": 4 / np.sqrt(2 * d)}[kind]
        centres = scale * rng.normal(size=(max(sizes), d))
        x = centres[rng.integers(max(sizes), size=n)] + rng.normal(size=(n, d))
        means = [rng.normal(centres[:k], 0.5) for k in sizes]
        if kind == "far":
            means = [x[rng.choice(n, k, replace=False)] for k in sizes]
    path = f"{folder}/{n}x{d}x{sizes[0]}x{len(sizes)}{kind}.npz"
    np.savez(
        path,
        x=x,
        sizes=sizes,
        weights=np.concatenate([np.full(k, 1 / k) for k in sizes]),
        means=np.concatenate(means),
        covariances=np.array([np.eye(d)] * sum(sizes)),
    )
    return path


def _digits(rng: np.random.Generator, n: int, d: int, sizes: list[int]) -> tuple[Any, list[Any]]:
    """Return samples (n, d) of unit mean variance like the handwritten digits, and means."""
    from scipy.cluster.vq import kmeans2
    from sklearn.datasets import load_digits

    pixels = load_digits().data
    pixels = pixels - pixels.mean(axis=0)
    scores = pixels @ np.linalg.svd(pixels, full_matrices=False)[2][:d].T
    scores /= scores.std()
    x = scores[rng.integers(len(scores), size=n)] + rng.normal(0, 0.3, size=(n, d))
    return x, [kmeans2(x[:10_000], k, 10, minit="++", rng=rng)[0] for k in sizes]


def iteration_times(peers: list[Peer], data: str, repeats: int) -> dict[str, dict[str, float]]:
    """Return milliseconds per iteration, the log-likelihood after 20 and megabytes, by peer.

    Wall time and that of processors. gmmpipe's do equally many iterations, as these differ in time.
    """
    found: dict[str, dict[str, float]] = {}
    counts: dict[str, int] = {}
    best: dict[tuple[str, int], dict[str, float]] = {}

    def prepare(peer: Peer) -> None:
        peer.ask(data, 1)  # compiles, loads
        after, one = peer.ask(data, 20), peer.ask(data, 1)
        each = max((after["seconds"] - one["seconds"]) / 19, 1e-6)
        aim = SECONDS.get(peer.name, 2.0) / repeats
        count = 1 + int(np.clip(aim / each, 2, 20_000))
        counts[peer.name] = max(count, counts.get(peer.name, 0))
        found[peer.label] = {key: after[key] for key in ("log_likelihood", "megabytes")}

    def take_time(peer: Peer) -> None:
        for count in (1, counts[peer.name]):
            answer = peer.ask(data, count)
            timed = {key: answer[key] for key in ("seconds", "processor", "iterations")}
            before = best.get((peer.label, count), timed)
            best[peer.label, count] = {key: min(before[key], timed[key]) for key in timed}

    for turn, work in enumerate([prepare, *[take_time] * repeats]):
        for peer in peers[:: 1 if turn % 2 else -1]:
            if peer.version:
                with suppress(LostError):
                    work(peer)
    there = [peer for peer in peers if peer.version]
    for peer in there:
        short, long = best[peer.label, 1], best[peer.label, counts[peer.name]]
        for key, name in (("seconds", "milliseconds"), ("processor", "processor")):
            found[peer.label][name] = (
                1e3 * (long[key] - short[key]) / (long["iterations"] - short["iterations"])
            )
    return {peer.label: found[peer.label] for peer in there}


def _gap(value: float | None, ours: float) -> float | None:
    """Return how far from ours, relatively; None: not from our start."""
    return None if value is None else abs(value / ours - 1)


def compare(
    peers: list[Peer], machine: Machine, repeats: int, cases: Sequence[Case]
) -> list[dict[str, Any]]:
    """Print and return a row for each case and peer."""
    rows = []
    ours = _ours(peers).label
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            n, d, k, kind = case
            found = iteration_times(peers, problem(folder, n, d, [k], kind), repeats)
            floor = 1e3 * machine.floor(n, d, k)
            for name, row in found.items():
                ratio = row["milliseconds"] / found[ours]["milliseconds"]
                gap = _gap(row["log_likelihood"], found[ours]["log_likelihood"])
                rows.append(case._asdict() | row | {"peer": name, "ratio": ratio, "floor": floor,
                                                    "gap": gap})  # fmt: skip
                told = "own start" if gap is None else f"gap {gap:.0e}"
                print(
                    f"{n:>9} x {d:2} x {k:2} {kind:11} {name:22} {row['milliseconds']:11.5f} ms"
                    f" (processor {row['processor']:.5f})"
                    f"  {ratio:7.1f} x ours  {row['milliseconds'] / floor:7.2f} x floor"
                    f"  {told:9}  {row['megabytes']:6.0f} MB",
                    flush=True,
                )
            write("comparison", rows)  # what is measured is kept, whatever comes after
    return rows


def _ours(peers: list[Peer]) -> Peer:
    """Return this engine, with the most threads."""
    return max((peer for peer in peers if peer.name == "gmmpipe" and not peer.tree),
               key=lambda peer: peer.threads)  # fmt: skip


def first_passes(peers: list[Peer]) -> list[dict[str, Any]]:
    """Print and return milliseconds of a fit of no iteration, from a start near and one far."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("apart", "far"):
            data = problem(folder, 20_000, 64, [32], kind)
            for peer in [peer for peer in peers if peer.version and peer.name == "gmmpipe"]:
                peer.ask(data, 0)
                milliseconds = 1e3 * min(peer.ask(data, 0)["seconds"] for _ in range(3))
                rows.append({"peer": peer.label, "start": kind, "milliseconds": milliseconds})
                print(f"first pass, start {kind:6} {peer.label:22} {milliseconds:8.1f} ms")
    return rows


def whole_calls(peers: list[Peer]) -> list[dict[str, Any]]:
    """Print and return milliseconds of fit() of estimators, 20 iterations, checks and all."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for n, d, k in WHOLE:
            data = problem(folder, n, d, [k])
            for peer in peers:
                if peer.name in ESTIMATORS and peer.threads == max(p.threads for p in peers):
                    answers = [peer.ask(data, 20, whole=True) for _ in range(4)][1:]
                    row = {
                        key: 1e3 * min(a[key] for a in answers) for key in ("seconds", "processor")
                    }
                    rows.append({"n": n, "d": d, "k": k, "peer": peer.label} | row)
                    print(
                        f"call {n:>9} x {d:2} x {k:2} {peer.label:22} {row['seconds']:9.2f} ms"
                        f" (processor {row['processor']:.2f})",
                        flush=True,
                    )
    return rows


def sweep(peers: list[Peer], n_fits: int) -> list[dict[str, Any]]:
    """Print and return fits per second: 272 x 2, K = 1..10, 100 iterations."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for peer in [peer for peer in peers if peer.version]:
            share = n_fits if peer.name == "gmmpipe" else max(n_fits // 20, 10)
            data = problem(folder, 272, 2, [1 + i % 10 for i in range(share)])
            try:
                peer.ask(data, 2)
                seconds = min(peer.ask(data, 100)["seconds"] for _ in range(2))
            except LostError:
                continue
            rows.append({"peer": peer.label, "fits_per_second": share / seconds})
            print(f"sweep: {peer.label:18} {share / seconds:9.1f} fits per second", flush=True)
    return rows


def costs(peer: Peer, quick: bool) -> list[dict[str, Any]]:
    """Return the engine's milliseconds per iteration against N, D and K."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for n, d, k in COSTS:
            if not quick or n * d * k < 3_000_000:
                found = iteration_times([peer], problem(folder, n, d, [k]), 3)
                rows.append({"n": n, "d": d, "k": k} | found[peer.label])
    return rows


def write(name: str, rows: list[dict[str, Any]]) -> None:
    """Write the rows to a CSV file of that name."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{name}.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def case(text: str) -> Case:
    """Return the case of ``NxDxK`` or ``NxDxK:KIND``."""
    size, _, kind = text.partition(":")
    try:
        n, d, k = map(int, size.split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not NxDxK or NxDxK:KIND") from None
    return Case(n, d, k, kind or "apart")


def parser() -> argparse.ArgumentParser:
    """Return the options of this program."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="small problems only, one minute")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument(
        "--peer", action="append", default=[], metavar="NAME=PYTHON", type=interpreter,
        help="run a peer with an interpreter of its own; may be repeated",
    )  # fmt: skip
    options.add_argument(
        "--against", metavar="COMMIT", help="also measure the engine of another commit"
    )
    options.add_argument(
        "--case", action="append", metavar="NxDxK[:KIND]", type=case,
        help="measure this problem and no other; may be repeated; kinds: see problem()",
    )  # fmt: skip
    options.add_argument("--alone", action="store_true", help="leave out all peers but gmmpipe")
    return options


def extract(commit: str, folder: str) -> None:
    """Write the files of a commit into a folder."""
    archive = f"{folder}/files.tar"
    command = ["git", "archive", f"--output={archive}", commit]
    if subprocess.run(command, check=False, cwd=RESULTS.parents[1]).returncode:
        sys.exit(f"--against: {commit} is not a commit of this repository")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")


def start_peers(given: argparse.Namespace, tree: str) -> list[Peer]:
    """Return the processes to be compared; tree: a folder for the files of another commit."""
    trees = {"gmmpipe": ""}
    if given.against:
        extract(given.against, tree)
        trees[f"gmmpipe {given.against}"] = tree
    peers = [
        Peer("gmmpipe", sys.executable, threads, f"{name}, {threads} threads", folder)
        for threads in sorted({1, given.threads})
        for name, folder in trees.items()
    ]
    pythons = dict.fromkeys(PEERS, sys.executable) | dict(given.peer)
    del pythons["gmmpipe"]
    if not given.alone:
        peers += [Peer(name, python, given.threads) for name, python in pythons.items()]
    return [peer for peer in peers if peer.version]


def main() -> None:
    """Measure all, print, write tables and figures."""
    given = parser().parse_args()
    machine = measure(given.threads)
    print(
        f"{given.threads} threads: dgemm {machine.flops / 1e9:.0f} GF/s, memory "
        f"{machine.bandwidth / 1e9:.0f} GB/s, exp {machine.exponentials / 1e9:.2f} G/s"
    )
    cases = given.case or GRID[: 3 if given.quick else None]
    with tempfile.TemporaryDirectory() as tree:
        peers = start_peers(given, tree)
        try:
            comparison = compare(peers, machine, 2 if given.quick else 3, cases)
            if given.case:
                return
            write("first_passes", first_passes(peers))
            write("whole_calls", whole_calls(peers))
            write("sweep", sweep(peers, 200 if given.quick else 1000))
            growth = costs(_ours(peers), given.quick)
            write("costs", growth)
        finally:
            for peer in peers:
                peer.close()
    from charts import bars, growths

    bars(comparison, RESULTS / "comparison.png")
    growths(growth, RESULTS / "costs.png")


if __name__ == "__main__":
    main()
