"""Compare the engine with its peers: run ``python benchmarks/engine.py [--quick]``.

Each peer runs in a process of its own, in turns and alternating order, from the same data and
starts for the same number of iterations; the time of an iteration is the difference between a
long and a short fit. Results are printed and written to benchmarks/results/.
"""

import argparse
import csv
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from peers import PEERS
from process import LostError, Peer, interpreter
from roofline import Machine, measure

RESULTS = Path(__file__).parent / "results"
GRID = [
    (272, 2, 2), (10_000, 2, 8), (100_000, 2, 8), (1_000_000, 2, 5), (100_000, 8, 16),
    (100_000, 8, 64), (100_000, 32, 16), (20_000, 64, 32),
]  # fmt: skip
COSTS = [
    *((n, 2, 8) for n in (1000, 10_000, 100_000, 1_000_000, 10_000_000)),
    *((20_000, d, 8) for d in (1, 2, 4, 8, 16, 32, 64)),
    *((20_000, 2, k) for k in (1, 2, 4, 8, 16, 32, 64)),
]
SECONDS = {"gmmpipe": 0.5, "oneDAL": 1.0}  # aimed at, for one timing; 2 for others


def problem(folder: str, n: int, d: int, ks: Iterable[int], seed: int = 0) -> str:
    """Write clusters that overlap and one start per k, near them, with identity covariances."""
    rng, sizes = np.random.default_rng(seed), list(ks)
    centres = 2 * rng.normal(size=(max(sizes), d))
    x = centres[rng.integers(max(sizes), size=n)] + rng.normal(size=(n, d))
    path = f"{folder}/{n}x{d}x{sizes[0]}x{len(sizes)}.npz"
    np.savez(
        path,
        x=x,
        sizes=sizes,
        weights=np.concatenate([np.full(k, 1 / k) for k in sizes]),
        means=np.concatenate([rng.normal(centres[:k], 0.5) for k in sizes]),
        covariances=np.array([np.eye(d)] * sum(sizes)),
    )
    return path


def iteration_times(peers: list[Peer], data: str, repeats: int) -> dict[str, dict[str, float]]:
    """Return milliseconds per iteration, the log-likelihood after 20 and megabytes, by peer."""
    found: dict[str, dict[str, float]] = {}
    counts: dict[str, int] = {}
    best: dict[tuple[str, int], tuple[float, int]] = {}

    def prepare(peer: Peer) -> None:
        peer.ask(data, 1)  # compiles, loads
        after, one = peer.ask(data, 20), peer.ask(data, 1)
        each = max((after["seconds"] - one["seconds"]) / 19, 1e-6)
        aim = SECONDS.get(peer.name, 2.0) / repeats
        counts[_label(peer)] = 1 + int(np.clip(aim / each, 2, 20_000))
        found[_label(peer)] = {key: after[key] for key in ("log_likelihood", "megabytes")}

    def take_time(peer: Peer) -> None:
        for count in (1, counts[_label(peer)]):
            answer = peer.ask(data, count)
            timed = (answer["seconds"], answer["iterations"])
            best[_label(peer), count] = min(best.get((_label(peer), count), timed), timed)

    for turn, work in enumerate([prepare, *[take_time] * repeats]):
        for peer in peers[:: 1 if turn % 2 else -1]:
            if peer.version:
                with suppress(LostError):
                    work(peer)
    there = [_label(peer) for peer in peers if peer.version]
    for name in there:
        (short, few), (long, many) = best[name, 1], best[name, counts[name]]
        found[name]["milliseconds"] = 1e3 * (long - short) / (many - few)
    return {name: found[name] for name in there}


def _label(peer: Peer) -> str:
    return peer.name if peer.name != "gmmpipe" else f"gmmpipe, {peer.threads} threads"


def _gap(value: float | None, ours: float) -> float | None:
    """Return how far from ours, relatively; None: not from our start."""
    return None if value is None else abs(value / ours - 1)


def compare(peers: list[Peer], machine: Machine, repeats: int, quick: bool) -> list[dict[str, Any]]:
    """Print and return a row for each problem of the grid and peer."""
    rows = []
    ours = f"gmmpipe, {max(peer.threads for peer in peers)} threads"
    with tempfile.TemporaryDirectory() as folder:
        for n, d, k in GRID[: 3 if quick else None]:
            found = iteration_times(peers, problem(folder, n, d, [k]), repeats)
            floor = 1e3 * machine.floor(n, d, k)
            for name, row in found.items():
                ratio = row["milliseconds"] / found[ours]["milliseconds"]
                gap = _gap(row["log_likelihood"], found[ours]["log_likelihood"])
                rows.append({"n": n, "d": d, "k": k, "peer": name, "ratio": ratio, "floor": floor,
                             "gap": gap} | row)  # fmt: skip
                told = "own start" if gap is None else f"gap {gap:.0e}"
                print(
                    f"{n:>9} x {d:2} x {k:2}  {name:18} {row['milliseconds']:11.5f} ms"
                    f"  {ratio:7.1f} x ours  {row['milliseconds'] / floor:7.2f} x floor"
                    f"  {told:9}  {row['megabytes']:6.0f} MB",
                    flush=True,
                )
            write("comparison", rows)  # what is measured is kept, whatever comes after
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
            rows.append({"peer": _label(peer), "fits_per_second": share / seconds})
            print(f"sweep: {_label(peer):18} {share / seconds:9.1f} fits per second", flush=True)
    return rows


def costs(peer: Peer, quick: bool) -> list[dict[str, Any]]:
    """Return the engine's milliseconds per iteration against N, D and K."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for n, d, k in COSTS:
            if not quick or n * d * k < 3_000_000:
                found = iteration_times([peer], problem(folder, n, d, [k]), 3)
                rows.append({"n": n, "d": d, "k": k} | found[_label(peer)])
    return rows


def write(name: str, rows: list[dict[str, Any]]) -> None:
    """Write the rows to a CSV file of that name."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{name}.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def main() -> None:
    """Measure all, print, write tables and figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="small problems only, one minute")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument(
        "--peer", action="append", default=[], metavar="NAME=PYTHON", type=interpreter,
        help="run a peer with an interpreter of its own; may be repeated",
    )  # fmt: skip
    given = options.parse_args()
    machine = measure(given.threads)
    print(
        f"{given.threads} threads: dgemm {machine.flops / 1e9:.0f} GF/s, memory "
        f"{machine.bandwidth / 1e9:.0f} GB/s, exp {machine.exponentials / 1e9:.2f} G/s"
    )
    pythons = dict.fromkeys(PEERS, sys.executable) | dict(given.peer)
    peers = [Peer("gmmpipe", sys.executable, 1)]
    peers += [Peer(name, python, given.threads) for name, python in pythons.items()]
    peers = [peer for peer in peers if peer.version]
    try:
        comparison = compare(peers, machine, 2 if given.quick else 3, given.quick)
        write("sweep", sweep(peers, 200 if given.quick else 1000))
        growth = costs(peers[1], given.quick)
        write("costs", growth)
    finally:
        for peer in peers:
            peer.close()
    from charts import bars, growths

    bars(comparison, RESULTS / "comparison.png")
    growths(growth, RESULTS / "costs.png")


if __name__ == "__main__":
    main()
