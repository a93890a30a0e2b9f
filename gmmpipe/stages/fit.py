"""Fit one block of mixtures by EM."""

from collections.abc import Mapping, Sequence
from typing import Any

from gmmpipe import artifacts, blocks
from gmmpipe.errors import InputError
from gmmpipe.numerics import em
from gmmpipe.numerics.registry import build
from gmmpipe.numerics.starts import STARTS, prepared
from gmmpipe.numerics.streams import stream

KEYS = ("covariance", "start", "fit", "k", "seed", "iteration")


def run(inputs: Sequence[str], output: str, config: Mapping[str, Any], threads: int = 1) -> None:
    """Write the fits of every (k, seed) of a block of the normalised data ``inputs[0]``.

    config has `covariance`, `start` and `fit` (entries of conf/), and the lists `k`, `seed` and
    `iteration` (snapshots). What a fit yields depends on neither its neighbours nor ``threads``.
    """
    for axis in ("k", "seed", "iteration"):
        if not (config[axis] and all(type(value) is int for value in config[axis])):
            raise InputError(f"{axis} is {config[axis]!r}; give a list of whole numbers")
    for section in ("covariance", "start", "fit"):
        if not isinstance(config[section], Mapping):
            raise InputError(f"{section} is {config[section]!r}; give its options as an object")
    x = artifacts.read_arrays(inputs[0], "x")["x"]
    method = config["start"]["method"]
    family = str(config["covariance"].get("family"))
    start = prepared(build(STARTS, "start", config["start"], "method"), x, family)
    cells = [(k, seed) for k in config["k"] for seed in config["seed"]]
    starts = [start(k, stream("start", method, k, seed)) for k, seed in cells]
    fits = em.fit(
        x,
        starts,
        family,
        config["iteration"],
        threads=threads,
        **config["fit"],
    )
    stored = [blocks.Stored(k, seed, fit) for (k, seed), fit in zip(cells, fits, strict=True)]
    artifacts.write_arrays(output, blocks.to_arrays(stored))
    for k in config["k"]:
        _report(k, [s for s in stored if s.k == k])


def _report(k: int, fits: Sequence[blocks.Stored]) -> None:
    """Print the parameters of the best of the fits with ``k`` components, in normalised units."""
    best = max(fits, key=lambda s: (not s.fit.degenerate, s.fit.snapshots[-1].log_likelihood))
    last = best.fit.snapshots[-1]
    print(
        f"k={k}: best of {len(fits)} seeds is {best.seed}, log-likelihood"
        f" {last.log_likelihood:.6f} (normalised units) after {last.n_iter} iterations"
        + (f", {best.fit.degenerate}" if best.fit.degenerate else "")
    )
    print(last.mixture.describe())
