"""Refit one block of resampled data: tests of K against K + 1, intervals, or clusterings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gmmpipe.mixture import fit_arrays
from gmmpipe.mixture.affine import Affine
from gmmpipe.mixture.bootstrap.clusterings import FitWeighted, bootstrap_labels
from gmmpipe.mixture.bootstrap.likelihood_ratio import RatioTest, Refit, ratio_test
from gmmpipe.mixture.bootstrap.parameters import replicate
from gmmpipe.mixture.defects import Defect, sentence, unnamed
from gmmpipe.mixture.diagnostics.best_fit import best
from gmmpipe.mixture.diagnostics.criteria import Entropy, bic
from gmmpipe.mixture.diagnostics.matching import NOISE, comparison_rows
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.result import Fit
from gmmpipe.mixture.engines.missing import completed
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.moments import total
from gmmpipe.mixture.starts.short_em import ShortEM
from gmmpipe.store import artifacts
from gmmpipe.store.jobs import BootstrapJob

Arrays = dict[str, Any]


def run(inputs: Sequence[str], output: str, job: BootstrapJob, threads: int = 1) -> None:
    """Write the replicates of a block: of the fits ``inputs[1:]`` of the data ``inputs[0]``.

    A test sets out from the best fits of k and k + 1, a clustering from that of k and from random
    starts; the intervals are of the fit of lowest BIC. What a replicate yields depends on neither
    its neighbours nor ``threads``. Raises InputError for what is wrong.
    """
    stored = artifacts.read_arrays(inputs[0], "x", "shift", "scale")
    x, weight, family = stored["x"], stored.get("weight"), str(job.covariance.get("family"))
    settings = dict(job.refit)
    options = fit_arrays.fit_options({**settings.pop("options"), "tol": settings.pop("tol")})
    refit = Refit(family, options, threads=threads, **settings)
    fits = _best(inputs[1:], x, weight, refit)
    if job.kind == "test":
        arrays = _tests(x, weight, fits, refit, job)
    elif job.kind == "stability":
        arrays = _resamples(x, weight, fits, refit, job)
    else:
        affine = Affine(stored["shift"], stored["scale"])
        arrays = _intervals((x, weight), affine, fits, refit, job)
    artifacts.write_arrays(output, arrays)


def _best(paths: Sequence[str], x: Array, weight: Array | None, refit: Refit) -> dict[int, Fit]:
    """Return the best sound fit of each K that has any."""
    fits_by_k: dict[int, list[Fit]] = {}
    for path in paths:
        for stored in fit_arrays.from_arrays(artifacts.read_arrays(path)):
            fits_by_k.setdefault(stored.k, []).append(stored.fit)
    checker, top = refit.checker(x, weight), {}
    for k in sorted(fits_by_k):
        fit = fits_by_k[k][best(fits_by_k[k], checker.is_sound)]
        if checker.is_sound(fit):
            top[k] = fit
    return top


def _tests(
    x: Array,
    weight: Array | None,
    fits: Mapping[int, Fit],
    refit: Refit,
    job: BootstrapJob,
) -> Arrays:
    """Return k and observed (K,), and statistic and reason (K, R)."""
    if weight is not None:
        x, weight = x[weight > 0], weight[weight > 0]
    mixtures = {k: fit.snapshots[-1].mixture for k, fit in fits.items()}
    tests: list[RatioTest] = []
    reasons: list[list[str]] = []
    for k in job.k or ():
        null, alternative = mixtures.get(k), mixtures.get(k + 1)
        test = ratio_test(x, k, null, alternative, refit, job.replicates, job.seed, weight)
        tests.append(test)
        print(f"k={k} against {k + 1}: 2 log(ratio) = {test.observed.statistic:.6f}")
        reasons.append(_reasons(test.degenerate, bool(test.observed.degenerate)))
        _report(reasons[-1])
    return {
        "k": np.array(job.k),
        "replicate": np.array(job.replicates),
        "observed": np.array([test.observed.statistic for test in tests]),
        "statistic": np.stack([test.statistics for test in tests]),
        "reason": np.array(reasons, dtype=str),
    }


def _resamples(
    x: Array,
    weight: Array | None,
    fits: Mapping[int, Fit],
    refit: Refit,
    job: BootstrapJob,
) -> Arrays:
    """Return k (K,), replicate (R,), whether each is sound (K, R), and the labels (K, R, M).

    The labels are those of the samples by which fits are compared (``comparison_rows``).
    """
    rows, ks = comparison_rows(len(x)), job.k or []
    numbers, small = job.replicates, np.min_scalar_type(-max(ks) - 1)
    labels = np.full((len(ks), len(numbers), len(rows)), NOISE, small)
    sound = np.zeros(labels.shape[:2], bool)
    for i, k in enumerate(ks):
        if k not in fits:
            continue
        again = _refit_resample(fits[k].snapshots[-1].mixture, refit)
        purpose = ("stability", job.seed, k)
        clusterings = bootstrap_labels(x, weight, again, numbers, purpose, threads=refit.threads)
        for r, clustering in enumerate(clusterings):
            if clustering is not None:
                labels[i, r], sound[i, r] = clustering[rows], True
        print(f"k={k}: {np.count_nonzero(sound[i])} of {len(numbers)} resamples have a sound fit")
    axes = {"k": np.array(ks), "replicate": np.array(numbers)}
    return {**axes, "sound": sound, "labels": labels}


def _refit_resample(mixture: Mixture, refit: Refit) -> FitWeighted:
    """Return what fits a resample: from the fitted mixture and from new random starts."""
    k = mixture.n_components

    def fit(x: Array, counts: Array, rng: np.random.Generator) -> Mixture | None:
        drawn = counts > 0
        rows = completed(x[drawn], counts[drawn])
        random = ShortEM().prepare(rows, refit.family, counts[drawn])
        starts = [random(k, rng) for _ in range(refit.starts)] if k <= len(rows) else []
        fit = refit(x, [mixture, *starts], counts)
        return None if fit.degenerate else fit.snapshots[-1].mixture

    return fit


def _intervals(
    data: tuple[Array, Array | None],
    affine: Affine,
    fits: Mapping[int, Fit],
    refit: Refit,
    job: BootstrapJob,
) -> Arrays:
    """Return replicate (R,), and in original units the components of the fit and the replicates.

    weight (K,), mean (K, D), covariance (K, D, D), each with replicate_* (R, ...); reason (R,). K
    is 0 where no fit is sound.
    """
    (x, weight), numbers, frozen = data, job.replicates, refit.options.frozen
    n, d = total(x, weight), x.shape[1]
    if not fits:
        print("every fit is degenerate, so no model is resampled")
        empty = Mixture(np.empty(0), np.empty((0, d)), np.empty((0, d, d)))
        return {"replicate": np.array(numbers), **_parts(empty), "reason": np.array([], dtype=str)}

    def criterion(k: int) -> float:
        noisy = fits[k].snapshots[-1].mixture.box is not None
        parameters = em.n_parameters(refit.family, k, d, frozen, noisy)
        return bic(fits[k].trajectory[-1], parameters, n, Entropy(0, 0))

    chosen = fits[min(fits, key=criterion)].snapshots[-1].mixture
    replicates = replicate(x, chosen, job.kind, refit, numbers, job.seed, weight)
    print(f"k={chosen.n_components}, {job.kind}: {len(numbers)} replicates")
    reasons = _reasons(replicates.degenerate, bool(replicates.observed.degenerate))
    _report(reasons)
    mixtures = map(Mixture, replicates.weights, replicates.means, replicates.covariances)
    parts = [_parts(affine.invert(mixture)) for mixture in mixtures]
    return {
        "replicate": np.array(numbers),
        **_parts(affine.invert(replicates.observed.snapshots[-1].mixture)),
        **{f"replicate_{name}": np.stack([part[name] for part in parts]) for name in parts[0]},
        "reason": np.array(reasons, dtype=str),
    }


def _parts(mixture: Mixture) -> Arrays:
    return {
        "weight": mixture.weights,
        "mean": mixture.means,
        "covariance": mixture.covariances,
    }


def _reasons(defects: Sequence[tuple[Defect, ...]], observed: bool) -> list[str]:
    """Return why each replicate is degenerate; observed: because the fit to the data is.

    Components of replicates are not those of the tables: they have no number.
    """
    where = "observed data: " if observed else ""
    return [f"{where}{sentence(each, unnamed)}" if each else "" for each in defects]


def _report(reasons: Sequence[str]) -> None:
    """Print how many replicates are degenerate, and why."""
    for reason, count in Counter(filter(None, reasons)).most_common(3):
        print(f"  degenerate {count} of {len(reasons)}, e.g. {reason}")
