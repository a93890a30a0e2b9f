"""Look which starts find the model that is there: ``python benchmarks/selection.py [NAME ...]``.

Thirty data sets of R and its packages, mclust's models of them (selection.R, mclust 6) and what
mixes of starts find in the same families. A mix finds a set if its lowest BIC is at most that of
mclust's best sound model, or the lowest that any start here finds where that is higher. Looked at
are the compiled families with every K and, of the others, the models that mclust has within NEAR of
its best. What a mix costs are passes over the data, those of the starts' own EM included.
"""

import argparse
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from gmmpipe.errors import InputError
from gmmpipe.mixture.diagnostics.soundness import SoundnessChecker
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.rng import content, stream
from gmmpipe.mixture.starts.registry import STARTS, prepared

SCRIPT = Path(__file__).with_suffix(".R")
COMPILED = [name for name, kind in FAMILIES.items() if kind.kernel is not None and len(name) == 3]
NEAR = 2.0  # of BIC
ITERATIONS, TOL = 200, 1e-8  # those of experiment=selection
SAME = 0.05  # of BIC: mclust stops earlier
DRAWS = {"ward": 1, "split": 1, "uniform": 10, "kmeans": 10, "points": 10, "mixed": 14}
MIXES = {
    "ward": {"ward": 1},
    "split": {"split": 1},
    "ward, split": {"ward": 1, "split": 1},
    "uniform x 10, kmeans x 10": {"uniform": 10, "kmeans": 10},
    "kmeans x 10": {"kmeans": 10},
    "points x 10": {"points": 10},
    "mixed x 4": {"mixed": 4},
    "mixed x 6": {"mixed": 6},
    "mixed x 10": {"mixed": 10},
    "mixed x 14": {"mixed": 14},
}
MOST = max(max(mix.values()) for mix in MIXES.values())
KINDS = ["ward", "split", *["kmeans", "short-em", "points", "kmeans++"] * MOST]  # of ``mixed``


def own_passes(start: str, k: int, seed: int) -> int:
    """Return the passes of EM that a start does itself; split grows with K, so shares its work."""
    kind = KINDS[seed] if start == "mixed" else start
    return {"short-em": 50, "split": 10 * (k - 1)}.get(kind, 0)  # ShortEM(), Split()


def models(folder: Path, name: str, x: np.ndarray) -> tuple[float, list[tuple[str, int]]]:
    """Return the BIC of mclust's best sound model, and the models to look at."""
    alias = {"E": "EII", "V": "VII", "X": "EII", "XII": "EII", "XXI": "EEI", "XXX": "EEE"}
    best = pd.read_csv(folder / f"{name}.models.csv").replace({"family": alias})
    bic = np.inf
    for row in best.itertuples():
        weights, means, covariances = (
            np.array(str(text).split(), float) for text in (row.weights, row.means, row.covariances)
        )
        d = x.shape[1]
        mixture = Mixture(weights, means.reshape(-1, d), covariances.reshape(-1, d, d))
        judged = SoundnessChecker(x, row.family).soundness(mixture)
        if is_estimable(x, row.family, row.k) and not judged.defects:
            bic = float(row.bic)
            break
    table = pd.read_csv(folder / f"{name}.bic.csv").replace({"family": alias})
    reach = (bic if np.isfinite(bic) else table["bic"].min()) + NEAR
    near = table[(table["bic"] <= reach) & (table["k"] > 1)]
    wanted = set(zip(near["family"], near["k"], strict=True))
    wanted |= {(family, k) for family in COMPILED for k in range(2, 10)}
    if x.shape[1] == 1:
        wanted = {(family, k) for family in ("EII", "VII") for k in range(2, 10)}
    return bic, sorted((f, int(k)) for f, k in wanted if is_estimable(x, f, int(k)))


def is_estimable(x: np.ndarray, family: str, k: int) -> bool:
    """Say whether there are as many rows as parameters."""
    return em.n_parameters(family, k, x.shape[1]) <= len(x)


def ends(x: np.ndarray, family: str, k: int, start: str, draws: int) -> pd.DataFrame:
    """Return the BIC (inf where the end is not sound) and the passes of each restart."""
    ready = prepared(STARTS[start](), x, family)
    purpose = ("start", content(x), start, k)
    starts = [ready(k, stream(*purpose, seed), seed) for seed in range(draws)]
    checker, p = SoundnessChecker(x, family), em.n_parameters(family, k, x.shape[1])
    rows = []
    try:
        fits = em.fit(x, starts, family, [ITERATIONS], FitOptions(tol=TOL))
    except InputError:  # all are lost
        fits = []
    for seed, fit in enumerate(fits):
        sound = not fit.lost and checker.is_sound(fit)
        bic = p * np.log(len(x)) - 2 * fit.trajectory[-1] if sound else np.inf
        rows.append((family, k, start, seed, bic, fit.n_iter + own_passes(start, k, seed)))
    return pd.DataFrame(rows, columns=["family", "k", "start", "seed", "bic", "passes"])


def found_by(runs: pd.DataFrame, mix: Mapping[str, int]) -> tuple[float, float]:
    """Return the lowest BIC that a mix finds, and its passes in a model."""
    mine = runs[runs["seed"] < runs["start"].map(mix).fillna(0)]
    return mine["bic"].min(), mine.groupby(["family", "k"])["passes"].sum().mean()


def main() -> None:
    parser = argparse.ArgumentParser(description="Which starts find the model that is there?")
    parser.add_argument("names", nargs="*", metavar="NAME", help="data sets; all by default")
    parser.add_argument(
        "--folder",
        default="results/selection",
        help="of data, models and runs; what is there stays",
    )
    args = parser.parse_args()
    folder = Path(args.folder)
    if not folder.is_dir():
        folder.mkdir(parents=True)
        command = ["Rscript", str(SCRIPT), str(folder)]  # whichever is on PATH
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    names = args.names or sorted(p.name[:-8] for p in folder.glob("*.bic.csv"))
    missed: dict[str, list[str]] = {name: [] for name in MIXES}
    passes: dict[str, list[float]] = {name: [] for name in MIXES}
    for name in names:
        x = np.loadtxt(folder / f"{name}.csv", delimiter=",", skiprows=1, ndmin=2)
        theirs, wanted = models(folder, name, x)
        kept = folder / f"{name}.runs.csv"
        if not kept.exists():
            runs = [ends(x, *model, *draw) for model in wanted for draw in DRAWS.items()]
            pd.concat(runs).to_csv(kept, index=False)
        runs = pd.read_csv(kept)
        best = runs.iloc[int(runs["bic"].argmin())]
        known = max(theirs, best.bic) if np.isfinite(theirs) else best.bic
        print(
            f"{name}: mclust {theirs:.2f}, best {best.family} {best.k} {best.bic:.2f}", flush=True
        )
        for label, mix in MIXES.items():
            bic, cost = found_by(runs, mix)
            passes[label].append(cost)
            if bic > known + SAME:
                missed[label].append(f"{name} ({bic - known:.1f})")
    for label, lost in missed.items():
        count = f"{len(names) - len(lost)} of {len(names)}"
        print(f"| {label} | {count} | {np.mean(passes[label]):.0f} | {', '.join(lost)} |")


if __name__ == "__main__":
    main()
