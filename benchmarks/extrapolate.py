"""A model of the cost, fitted to costs.json: run ``python benchmarks/extrapolate.py``.

Draws docs/images/scale-*.png and fills in the tables of docs/scale.md, between its marks.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import nnls

Row = dict[str, Any]
HERE = Path(__file__).parent
PAGE = HERE.parent / "docs/scale.md"
CORES = 1_000
MANY = [int(cores) for cores in np.unique(np.geomspace(1, 10_000, 60).round())]
POLL = 30.0  # seconds until the end of a job is seen, and its followers are queued
DRAW = 60.0  # seconds of figures and report, which do not grow with the fits
SUBMIT = 0.05  # seconds of the queue for a task of an array
DISK = 1e9  # bytes a second that a node reads
NODE = 64  # its cores
EXCHANGE = 0.02  # seconds of a scheduler to ask for and add up the sums of an iteration
CHUNKS = 32  # into which the engine cuts data of any length beyond some thousand rows
BYTES = ("values", "held", "reckoned")
TARGET = 600.0  # seconds of work in a block, as profiles/slurm has it
PARSE = 3.5  # seconds of Snakemake until it submits
LEVELS = 4  # jobs that wait for each other: fits, tables, figures, report


@dataclass(frozen=True)
class Model:
    """Coefficients in seconds, and how well they do."""

    iteration: np.ndarray  # of N K, N K D, N K D(D+1)/2, K, K D^2(D+1)/2, one
    deviation: np.ndarray  # measured over modelled
    start: float  # of a fit: to draw and to begin, over its iterations
    job: float  # that a job on a node takes beside its work
    task: float  # of Snakemake here for a job, over its work
    base: float  # of a run without jobs
    cell: float  # of a row of the tables
    sample: float  # of it, by N K
    cell_bytes: float
    fit_bytes: float
    job_bytes: float  # of the plan

    def seconds(self, n: float, d: int, k: int) -> float:
        """Return the seconds of an iteration on one core."""
        return float(terms(n, d, k) @ self.iteration)


def terms(n: float, d: int, k: int) -> np.ndarray:
    """Return what the time of an iteration is made up of."""
    products = d * (d + 1) / 2
    return np.array([n * k, n * k * d, n * k * products, k, k * d * products, 1.0])


def fitted(costs: Row) -> Model:
    """Return the model: non-negative least squares of relative deviations."""
    one = [row for row in costs["iterations"] if row["threads"] == 1]
    rows = np.array([terms(r["n"], r["d"], r["k"]) / r["seconds"] for r in one])
    scale = rows.max(axis=0)
    found, _ = nnls(rows / scale, np.ones(len(one)))
    coefficients = found / scale
    many = [r for r in costs["fits"] if r["threads"] == 1][-1]
    whole = sum(100 * terms(272, 2, k) @ coefficients for k in range(1, 11)) * many["fits"] / 10
    start = max(many["seconds"] + many["starts"] - whole, 0) / many["fits"]
    told = {row["what"]: row["seconds"] for row in costs["jobs"]}
    two = [(r["jobs"], r["seconds"]) for r in costs["sweeps"] if r["workers"] == 2]
    slope, base = np.polyfit(*zip(*two, strict=True), 1)
    small, large = (next(r for r in costs["tables"] if r["threads"] == 1 and r["cells"] == cells)
                    for cells in (1_000, 10_000))  # fmt: skip
    each = large["cells"] - small["cells"]
    wide = [row for row in costs["large"] if row["n"] == max(r["n"] for r in costs["large"])]
    cells, seconds = zip(*((row["cells"], row["seconds"]) for row in wide), strict=True)
    plans = costs["plans"][-1]
    return Model(
        iteration=coefficients,
        deviation=1 / (rows @ coefficients),
        start=start,
        job=told["a job as a node runs it"],
        task=slope,
        base=base,
        cell=(large["seconds"] - small["seconds"]) / each,
        sample=np.polyfit(cells, seconds, 1)[0] / wide[0]["n"] / wide[0]["k"],
        cell_bytes=(large["bytes"] - small["bytes"]) / each,
        fit_bytes=large["stored"] / large["cells"],
        job_bytes=plans["bytes"] / plans["jobs"],
    )


@dataclass(frozen=True)
class Sweep:
    """A sweep on a cluster: wall seconds of its parts, in the order they come."""

    jobs: int
    work: float  # core seconds of all fits
    planning: float
    fitting: float
    waiting: float
    tables: float

    @property
    def whole(self) -> float:
        """Return the wall seconds of it all."""
        return self.planning + self.fitting + self.waiting + self.tables + DRAW


def sweep(model: Model, fits: int, cores: int, n: int = 272) -> Sweep:
    """Return what fits of K = 1..10, 100 iterations on n x 2 cost on so many cores."""
    ks = range(1, 11)
    mean = np.mean([100 * model.seconds(n, 2, k) for k in ks]) + model.start
    seeds = 2 ** int(np.log2(1024 * TARGET / 30)) // 16  # aligned tiles of 16 K, of which 10
    while seeds > 1 and seeds * 10 * mean > TARGET:
        seeds //= 2
    block = min(seeds * 10, fits)
    jobs = int(np.ceil(fits / block))
    rounds = np.ceil(jobs / cores)
    return Sweep(
        jobs=jobs,
        work=fits * mean,
        planning=PARSE + 0.01 * jobs,
        fitting=rounds * (model.job + block * mean),
        waiting=LEVELS * POLL + jobs * SUBMIT,
        tables=fits * (model.cell + model.sample * n * np.mean(ks)),
    )


def pass_seconds(model: Model, n: float, cores: int, chunks: float) -> Row:
    """Return the seconds of an iteration over N rows, D = 2, K = 8, on many nodes."""
    read = 16 * n / (DISK * np.ceil(cores / NODE))
    return {"disk": read, "memory": model.seconds(n, 2, 8) / min(cores, chunks) + EXCHANGE}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as Markdown, numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spoken(seconds: float) -> str:
    """Return a duration in words."""
    units = {"d": 86_400, "h": 3_600, "min": 60, "s": 1, "ms": 1e-3}
    unit = next((name for name, size in units.items() if seconds >= size), "ms")
    return f"{seconds / units[unit]:.3g} {unit}"


def measured(costs: Row, model: Model) -> str:
    """Return the table of iterations: measured, and over the model."""
    rows, one = [], [r for r in costs["iterations"] if r["threads"] == 1]
    twos = {
        (r["n"], r["d"], r["k"]): r["seconds"] for r in costs["iterations"] if r["threads"] == 2
    }
    for row, ratio in zip(one, model.deviation, strict=True):
        shape = row["n"], row["d"], row["k"]
        rows.append([f"{row['n']:,} x {row['d']} x {row['k']}", f"{1e3 * row['seconds']:.3g}",
                     f"{ratio:.2f}", f"{row['seconds'] / twos[shape] / 2:.2f}"])  # fmt: skip
    return table(("N x D x K", "ms, one core", "over the model", "efficiency of two threads"), rows)


def parts(costs: Row, model: Model) -> str:
    """Return the table of what else costs."""
    fits = {(r["fits"], r["threads"]): r for r in costs["fits"]}
    most = max(count for count, _ in fits)
    one, two = fits[most, 1], fits[most, 2]
    sweeps = {(r["jobs"], r["workers"]): r["seconds"] for r in costs["sweeps"]}
    least = min(jobs for jobs, workers in sweeps if workers == 1)
    rows = [
        ["fits of 272 x 2, K = 1..10, 100 iterations, a second on one core",
         f"{most / (one['seconds'] + one['starts']):,.0f}"],
        ["efficiency of two threads over them", f"{one['seconds'] / two['seconds'] / 2:.2f}"],
        [f"efficiency of two workers over {least} jobs of 160 such fits",
         f"{sweeps[least, 1] / sweeps[least, 2] / 2:.2f}"],
        *([row["what"], spoken(row["seconds"])] for row in costs["jobs"]),
        ["Snakemake here, for each further job of 160 fits", spoken(model.task)],
        ["a row of fits.csv and all that belongs to it, in tables", spoken(model.cell)],
        ["the same for each million samples x components", spoken(1e6 * model.sample)],
        ["bytes of it in tables", f"{model.cell_bytes:,.0f}"],
        ["bytes of a fit in the store (K = 1..10)", f"{model.fit_bytes:,.0f}"],
        ["bytes of a block in the plan", f"{model.job_bytes:,.0f}"],
        *([f"planning {r['fits']:,} fits in {r['jobs']} jobs", spoken(r["seconds"])]
          for r in costs["plans"]),
    ]  # fmt: skip
    return table(("", "measured"), rows)


def reckoned(model: Model) -> str:
    """Return the table of sweeps on a cluster."""
    rows = []
    for n, fits in ((272, 10**5), (272, 10**6), (272, 10**7), (10_000, 10**6), (10**6, 10**6)):
        for cores in (64, CORES):
            s = sweep(model, fits, cores, n)
            size = fits * (model.cell_bytes + model.fit_bytes)
            rows.append([f"{fits:,} of {n:,} x 2", f"{cores:,}", f"{s.jobs:,}", spoken(s.work),
                         spoken(s.fitting), spoken(s.tables), spoken(s.whole),
                         f"{size / 1e9:.1f} GB"])  # fmt: skip
    head = ["fits", "cores", "jobs", "one core", "fitting", "tables", "in all", "bytes"]
    return table(head, rows)


def passes(model: Model) -> str:
    """Return the table of iterations over very many rows."""
    rows = []
    for n in (1e8, 1e9, 1e10, 1e11):
        now, then = (pass_seconds(model, n, CORES, chunks) for chunks in (CHUNKS, np.inf))
        rows.append([f"1e{int(np.log10(n))}", f"{16 * n / 1e9:,.1f} GB",
                     f"{16 * n / CHUNKS / 1e9:,.2f} GB", spoken(now["memory"]),
                     spoken(then["memory"]), spoken(then["disk"])])  # fmt: skip
    head = ["rows", "bytes", "bytes of a chunk", "an iteration, 32 cores", "1,000 cores, cut finer"]
    return table([*head, "to read all, 16 nodes"], rows)


def held(costs: Row) -> str:
    """Return the table of memory: held at the most, and what a job asks for."""
    rows = [
        [
            row["stage"],
            f"{row['n']:,} x {row['d']}",
            *(f"{row[key] / 1e6:,.0f} MB" for key in BYTES),
        ]
        for row in costs["memory"]
    ]
    return table(("", "data", "values", "held", "reckoned"), rows)


def family_ratios(costs: Row) -> str:
    """Return how far the planner's seconds are from those measured, family by family."""
    shapes = list(dict.fromkeys((r["n"], r["d"], r["k"]) for r in costs["families"]))
    found = {(r["family"], r["n"], r["d"], r["k"]): r["seconds"] / r["reckoned"]
             for r in costs["families"]}  # fmt: skip
    names = list(dict.fromkeys(row["family"] for row in costs["families"]))
    rows = [[name, *(f"{found[name, *shape]:.2f}" for shape in shapes)] for name in names]
    return table(("family", *(f"{n:,} x {d} x {k}" for n, d, k in shapes)), rows)


def draw(costs: Row, model: Model, folder: Path) -> None:
    """Draw the pictures of the page."""
    _growth(costs, model, folder / "scale-iteration.png")
    _efficiency(costs, folder / "scale-threads.png")
    _sweeps(model, folder / "scale-sweeps.png")
    _passes(model, folder / "scale-rows.png")


def _save(figure: Any, path: Path, labels: Sequence[str], legend: str = "") -> None:
    (axes,) = figure.axes
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    if legend:
        figure.legend(title=legend, loc="outside upper center", ncols=2)
    figure.savefig(path, dpi=150, metadata={"Software": None})
    plt.close(figure)


def _growth(costs: Row, model: Model, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(6, 4.6), layout="constrained")
    ns = np.geomspace(200, 2e6, 50)
    for i, (d, k) in enumerate(((2, 2), (2, 8), (8, 8), (8, 32), (32, 32))):
        mine = [r for r in costs["iterations"] if (r["d"], r["k"], r["threads"]) == (d, k, 1)]
        axes.loglog([r["n"] for r in mine], [1e3 * r["seconds"] for r in mine], "o", color=f"C{i}")
        axes.loglog(ns, [1e3 * model.seconds(n, d, k) for n in ns], color=f"C{i}", linewidth=1,
                    label=f"D = {d}, K = {k}")  # fmt: skip
    _save(
        figure,
        path,
        ("samples N", "milliseconds of an iteration, one core"),
        "dots measured, lines modelled",
    )


def _efficiency(costs: Row, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    one = {(r["n"], r["d"], r["k"]): r["seconds"] for r in costs["iterations"] if r["threads"] == 1}
    for r in costs["iterations"]:
        if r["threads"] == 2:
            shape = r["n"], r["d"], r["k"]
            axes.semilogx(1e3 * one[shape], one[shape] / r["seconds"] / 2, "o", color="C0")
    axes.axhline(1, color="black", linewidth=0.8)
    axes.axhline(0.5, color="gray", linewidth=0.8, linestyle="--")
    axes.set_ylim(0, 1.3)
    _save(figure, path, ("milliseconds of an iteration, one core", "efficiency of two threads"))


def _sweeps(model: Model, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(6, 4.6), layout="constrained")
    for i, (n, fits) in enumerate(((272, 10**5), (272, 10**6), (272, 10**7), (10**6, 10**6))):
        found = [sweep(model, fits, c, n) for c in MANY]
        label = f"{fits:,} fits of {n:,} x 2"
        axes.loglog(MANY, [s.whole / 60 for s in found], color=f"C{i}", label=label)
        axes.loglog(MANY, [s.fitting / 60 for s in found], color=f"C{i}", linewidth=0.8,
                    linestyle="--")  # fmt: skip
    _save(figure, path, ("cores", "minutes"), "whole run; dashed: the fits alone")


def _passes(model: Model, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(6, 4.6), layout="constrained")
    for i, n in enumerate((1e8, 1e9, 1e10, 1e11)):
        label = f"1e{int(np.log10(n))} rows"
        for chunks, style in ((CHUNKS, "-"), (np.inf, "--")):
            found = [pass_seconds(model, n, c, chunks)["memory"] for c in MANY]
            axes.loglog(MANY, found, style, color=f"C{i}",
                        label=label if style == "-" else None)  # fmt: skip
    labels = ("cores", "seconds of an iteration, D = 2, K = 8")
    _save(figure, path, labels, "as the data are cut now; dashed: cut finer")


def filled(page: str, costs: Row) -> str:
    """Return the page with its tables made from the measurements."""
    model = fitted(costs)
    machine = costs["machine"]
    loads = ", ".join(f"{name} {load}" for name, load in costs["load"].items())
    made = {
        "machine": f"{machine['cpu']}, {machine['cores']} cores. Load before each part: {loads}.",
        "iterations": measured(costs, model),
        "families": family_ratios(costs),
        "memory": held(costs),
        "parts": parts(costs, model),
        "sweeps": reckoned(model),
        "passes": passes(model),
    }
    for name, text in made.items():
        mark = re.compile(rf"(<!-- {name} -->\n)(?:(?!<!--).)*(<!-- end -->)", re.DOTALL)
        page, count = mark.subn(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)
        if count != 1:
            raise ValueError(f"docs/scale.md: {count} places for {name}, expected one")
    return page


def main() -> None:
    costs = json.loads((HERE / "costs.json").read_text(encoding="utf-8"))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), costs), encoding="utf-8")
    draw(costs, fitted(costs), PAGE.parent / "images")


if __name__ == "__main__":
    main()
