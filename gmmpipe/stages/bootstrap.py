"""Refit one block of resampled data: tests of K against K + 1, or intervals of parameters."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gmmpipe import artifacts, blocks
from gmmpipe.errors import InputError
from gmmpipe.numerics import em
from gmmpipe.numerics.bootstrap import RatioTest, Refit, ratio_test
from gmmpipe.numerics.em import Fit
from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.normalise import Affine
from gmmpipe.numerics.selection import bic
from gmmpipe.numerics.soundness import Ties, is_sound
from gmmpipe.numerics.uncertainty import replicate

KEYS = ("covariance", "refit", "kind", "replicates", "seed")
Arrays = dict[str, Any]


def run(inputs: Sequence[str], output: str, config: Mapping[str, Any], threads: int = 1) -> None:
    """Write the replicates of a block: of the fits ``inputs[1:]`` of the data ``inputs[0]``.

    config has `covariance`, `refit` (settings of ``Refit``), `kind` ("test", or a kind of
    interval), `replicates` (their numbers), `seed`, and for tests the list `k`. A test sets out
    from the best fits of k and k + 1; the intervals are of the fit of lowest BIC. What a replicate
    yields depends on neither its neighbours nor ``threads``. Raises InputError for what is wrong.
    """
    for key in ("replicates", *(["k"] if config["kind"] == "test" else [])):
        values = config.get(key)
        if not (isinstance(values, list) and values and all(type(v) is int for v in values)):
            raise InputError(f"{key} is {values!r}; give a list of whole numbers")
    stored = artifacts.read_arrays(inputs[0], "x", "shift", "scale")
    x, family = stored["x"], str(config["covariance"].get("family"))
    refit = Refit(family=family, threads=threads, **config["refit"])
    fits = _best(inputs[1:], x, refit)
    if config["kind"] == "test":
        arrays = _tests(x, fits, refit, config)
    else:
        affine = Affine(stored["shift"], stored["scale"])
        arrays = _intervals(x, affine, fits, refit, config)
    artifacts.write_arrays(output, arrays)


def _best(paths: Sequence[str], x: Array, refit: Refit) -> dict[int, Fit]:
    """Return the likeliest sound fit of each K that has any."""
    found: dict[int, list[Fit]] = {}
    for path in paths:
        for stored in blocks.from_arrays(artifacts.read_arrays(path)):
            found.setdefault(stored.k, []).append(stored.fit)
    ties, top = Ties(x), {}
    for k in sorted(found):
        order = sorted(found[k], key=lambda fit: -fit.trajectory[-1])
        sound = (fit for fit in order if is_sound(x, fit, refit.family, ties, refit.threads))
        if (fit := next(sound, None)) is not None:
            top[k] = fit
    return top


def _tests(x: Array, fits: Mapping[int, Fit], refit: Refit, config: Mapping[str, Any]) -> Arrays:
    """Return k, observed and observed_reason (K,), and statistic and reason (K, R)."""
    mixtures = {k: fit.snapshots[-1].mixture for k, fit in fits.items()}
    tests: list[RatioTest] = []
    for k in config["k"]:
        null, alternative = mixtures.get(k), mixtures.get(k + 1)
        test = ratio_test(x, k, null, alternative, refit, config["replicates"], config["seed"])
        tests.append(test)
        print(f"k={k} against {k + 1}: 2 log(ratio) = {test.observed.statistic:.6f}")
        _report(test.degenerate)
    return {
        "k": np.array(config["k"]),
        "replicate": np.array(config["replicates"]),
        "observed": np.array([test.observed.statistic for test in tests]),
        "observed_reason": np.array([test.observed.degenerate for test in tests], dtype=str),
        "statistic": np.stack([test.statistics for test in tests]),
        "reason": np.array([test.degenerate for test in tests], dtype=str),
    }


def _intervals(
    x: Array, affine: Affine, fits: Mapping[int, Fit], refit: Refit, config: Mapping[str, Any]
) -> Arrays:
    """Return replicate (R,), and in original units the components of the fit and the replicates.

    weight (K,), mean (K, D), covariance (K, D, D), each with replicate_* (R, ...); reason (R,). K
    is 0 where no fit is sound.
    """
    (n, d), numbers = x.shape, config["replicates"]
    if not fits:
        print("every fit is degenerate, so no model is resampled")
        empty = Mixture(np.empty(0), np.empty((0, d)), np.empty((0, d, d)))
        return {"replicate": np.array(numbers), **_parts(empty), "reason": np.array([], dtype=str)}

    def criterion(k: int) -> float:
        return bic(fits[k].trajectory[-1], em.n_parameters(refit.family, k, d), n, 0.0)

    chosen = fits[min(fits, key=criterion)].snapshots[-1].mixture
    found = replicate(x, chosen, str(config["kind"]), refit, numbers, config["seed"])
    print(f"k={chosen.n_components}, {config['kind']}: {len(numbers)} replicates")
    _report(found.degenerate)
    mixtures = map(Mixture, found.weights, found.means, found.covariances)
    parts = [_parts(affine.invert(mixture)) for mixture in mixtures]
    return {
        "replicate": np.array(numbers),
        **_parts(affine.invert(found.observed.snapshots[-1].mixture)),
        **{f"replicate_{name}": np.stack([part[name] for part in parts]) for name in parts[0]},
        "reason": np.array(found.degenerate, dtype=str),
    }


def _parts(mixture: Mixture) -> Arrays:
    return {
        "weight": mixture.weights,
        "mean": mixture.means,
        "covariance": mixture.covariances,
    }


def _report(reasons: Sequence[str]) -> None:
    """Print how many replicates are degenerate, and why."""
    for reason, count in Counter(filter(None, reasons)).most_common(3):
        print(f"  degenerate {count} of {len(reasons)}, e.g. {reason}")
