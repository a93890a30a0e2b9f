"""Look whether certificates of restarts are right: ``python benchmarks/calibration.py``.

For each case, FRESH runs from seeds of their own say how often a run finds a new optimum, or a
better one. REPEATS certificates, each of as many other seeds as are asked for, say what they expect
of it. The table goes into docs/calibration.md.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_iris

from gmmpipe.data.generators import Blobs
from gmmpipe.mixture.diagnostics.convergence import RunFinisher
from gmmpipe.mixture.diagnostics.restarts import DEGENERATE, NATS, certify, reached
from gmmpipe.mixture.diagnostics.soundness import SoundnessChecker
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.options import FitOptions, RestartOptions
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.rng import content, stream
from gmmpipe.mixture.starts.registry import STARTS, prepared

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "calibration.md"
FAITHFUL = np.loadtxt(HERE.parent / "data" / "gmm.data")
FRESH, REPEATS, SIZES = 1_000, 100, (10, 20)
START = "points"  # the most varied
OPTIONS, ITERATIONS = FitOptions(tol=1e-8), 1_000  # of EM, before its runs are carried on


class Case(NamedTuple):
    """One model of one data set x (N, D)."""

    name: str
    x: np.ndarray
    family: str
    k: int


class Runs(NamedTuple):
    """Where runs end: log-likelihoods, mixtures, and what the ends are."""

    log_likelihoods: np.ndarray
    mixtures: Sequence[Mixture]
    kinds: Sequence[str]


def cases() -> Iterator[Case]:
    """Yield what is looked at."""
    drawn = {
        "drawn, 4 near": (Blobs(n=400, k=4, separation=1.5), 4),
        "drawn, 6 unequal": (Blobs(n=600, d=3, k=6, separation=2.0, imbalance=5.0), 6),
    }
    sets = [("Old Faithful", FAITHFUL, "tied", 4), ("Old Faithful", FAITHFUL, "full", 4)]
    sets += [("iris", load_iris().data, "full", 3)]
    for name, (kind, k) in drawn.items():
        sets += [(name, kind.sample(np.random.default_rng(0)).x, "full", k)]
    yield from (Case(*case) for case in sets)


def run(case: Case, seeds: range) -> Runs:
    """Return the ends of the runs from these seeds."""
    start = prepared(STARTS[START](), case.x, case.family)
    purpose = ("start", content(case.x), START, case.k)
    starts = [start(case.k, stream(*purpose, seed)) for seed in seeds]
    fits = em.fit(case.x, starts, case.family, [ITERATIONS], OPTIONS)
    finish = RunFinisher(
        partial(advance, case), RestartOptions().certify, OPTIONS, weight=float(len(case.x))
    )
    checker, ends = SoundnessChecker(case.x, case.family), finish(fits)
    return Runs(
        np.array([end.log_likelihood for end in ends]),
        [end.mixture for end in ends],
        [DEGENERATE if checker.soundness(end.mixture).defects else end.kind for end in ends],
    )


def advance(
    case: Case, starts: Sequence[Mixture], iterations: Sequence[int], options: FitOptions
) -> list[em.Fit]:
    """Run EM."""
    return em.fit(case.x, starts, case.family, iterations, options)


def row(case: Case, runs: Runs, size: int) -> list[str]:
    """Return what certificates of ``size`` restarts say, and what fresh runs find."""
    which = reached(runs.log_likelihoods, runs.mixtures, runs.kinds)
    fresh = which[:FRESH][which[:FRESH] >= 0]  # those that finished, of which chances are
    values = runs.log_likelihoods[:FRESH][which[:FRESH] >= 0]
    said, found = [], []
    for first in range(FRESH, FRESH + REPEATS * size, size):
        mine = slice(first, first + size)
        certificate = certify(which[mine], runs.kinds[mine])
        best = runs.log_likelihoods[mine][which[mine] >= 0].max(initial=-np.inf)
        said.append((certificate.p_new, certificate.p_better_bound))
        better = values > best + NATS
        found.append((np.mean(~np.isin(fresh, which[mine])), better.mean()))
    (new, bound), (truly_new, truly_better) = np.transpose(said), np.transpose(found)
    return [
        f"{case.name}, {case.family} K = {case.k}",
        f"{size}",
        f"{len(fresh) / FRESH:.1%}",
        f"{len(set(fresh))}",
        f"{np.mean(fresh == 0):.1%}",
        f"{new.mean():.1%}",
        f"{truly_new.mean():.1%}",
        f"{np.mean(bound):.1%}",
        f"{truly_better.mean():.1%}",
        f"{np.mean(truly_better <= bound):.1%}",
    ]


def filled(page: str, rows: Sequence[Sequence[str]]) -> str:
    """Return the page with these rows in its table."""
    lines = "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
    mark = re.compile(r"(\| ---[^\n]*\n)(?:\|[^\n]*\n)*")
    return mark.sub(lambda found: found[1] + lines, page, count=1)


def main() -> None:
    rows = []
    for case in cases():
        runs = run(case, range(FRESH + REPEATS * max(SIZES)))
        for size in SIZES:
            rows.append(row(case, runs, size))
            print(*rows[-1], sep=" | ", flush=True)
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    main()
