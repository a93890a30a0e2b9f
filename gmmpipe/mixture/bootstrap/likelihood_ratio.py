"""How many components? The bootstrapped likelihood ratio of K against K + 1.

McLachlan 1987, Applied Statistics 36, 318-324. The ratio has no chi-square limit here (under the
null the K + 1 components are not identified), so its distribution is found by refitting samples
drawn from the fitted mixture of K components.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.defects import Defect
from gmmpipe.mixture.diagnostics.best_fit import best
from gmmpipe.mixture.diagnostics.soundness import SoundnessChecker
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.em.result import Fit
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.moments import standard_deviations, total
from gmmpipe.mixture.rng import content, stream
from gmmpipe.mixture.sampling import draw
from gmmpipe.mixture.starts.short_em import ShortEM
from gmmpipe.mixture.starts.split import split

REFIT_OPTIONS = FitOptions(tol=1e-7)


@dataclass(frozen=True)
class Refit:
    """How samples are refitted: the covariance family, the rest as in ``em.fit``.

    starts: random starts (``ShortEM``) of each K beside those that grow from fitted mixtures.
    """

    family: str
    options: FitOptions = REFIT_OPTIONS
    iterations: int = 1000
    starts: int = 2
    threads: int = 1

    def __call__(self, x: Array, starts: Sequence[Mixture], weight: Array | None = None) -> Fit:
        """Return the best fit (``best_fit.best``) of x (N, D) with sample weights (N,).

        Where none is sound, its ``degenerate`` says what EM or ``soundness`` found wrong.
        """
        fits = em.fit(
            x,
            starts,
            self.family,
            [self.iterations],
            self.options,
            sample_weight=weight,
            threads=self.threads,
        )
        checker = self.checker(x, weight)
        chosen = fits[best(fits, checker.is_sound)]
        return replace(chosen, degenerate=checker.defects(chosen))

    def checker(self, x: Array, weight: Array | None = None) -> SoundnessChecker:
        """Return the checker of fits to x (N, D) with sample weights (N,)."""
        return SoundnessChecker(
            x,
            self.family,
            weight,
            frozen=self.options.frozen,
            prior="prior" in self.options.features(),
            threads=self.threads,
        )


@dataclass(frozen=True)
class NestedFits:
    """The best fits found with K components (null) and with K + 1 (alternative)."""

    null: Fit
    alternative: Fit

    @property
    def degenerate(self) -> tuple[Defect, ...]:
        """Return why there is no statistic; empty where there is one."""
        return self.null.degenerate or self.alternative.degenerate

    @property
    def statistic(self) -> float:
        """Return 2 (L of K + 1 - L of K) in nats, NaN where a fit is degenerate.

        Never below 0: K + 1 components of which two are alike are as likely as K.
        """
        if self.degenerate:
            return float("nan")
        gain = self.alternative.trajectory[-1] - self.null.trajectory[-1]
        return max(2 * float(gain), 0.0)


def fit_nested(  # noqa: PLR0913, PLR0917 - the two models, and how to find them
    x: Array,
    k: int,
    null: Mixture | None,
    alternative: Mixture | None,
    refit: Refit,
    rng: np.random.Generator,
    weight: Array | None = None,
) -> NestedFits:
    """Return the best fits of k and k + 1 components to x (N, D) of weight (N,) > 0.

    null and alternative are known mixtures of k and k + 1 components to set out from, if any.
    Beside them K sets out from random starts (the optimum of K = 1 is unique, so not there), K + 1
    from random starts and from the fit of K with each of its components split: a poor optimum of
    K + 1 would make the ratio too small. Raises InputError unless 1 <= k < N.
    """
    if not 1 <= k < len(x):
        raise InputError(f"k is {k}; choose from 1 to {len(x) - 1}, to compare with k + 1")
    if refit.starts < 1:
        raise InputError(f"starts is {refit.starts}; give 1 or more")
    random = ShortEM().prepare(x, refit.family, weight)
    fitted_null = [] if null is None else [null]
    drawn = 0 if k == 1 and fitted_null else refit.starts
    below = refit(x, [*fitted_null, *(random(k, rng) for _ in range(drawn))], weight)
    fitted, scale = below.snapshots[-1].mixture, standard_deviations(x, weight)
    grown = [] if alternative is None else [alternative]
    grown += [split(fitted, j, scale) for j in range(k)]
    above = refit(x, [*grown, *(random(k + 1, rng) for _ in range(refit.starts))], weight)
    return NestedFits(below, above)


@dataclass(frozen=True)
class RatioTest:
    """The observed comparison and the statistics of R replicates.

    statistics (R,) is NaN where degenerate (R of them) says why a replicate has none: where the
    observed fits are degenerate, what is wrong with these.
    """

    observed: NestedFits
    statistics: Array
    degenerate: tuple[tuple[Defect, ...], ...]


def ratio_test(  # noqa: PLR0913, PLR0917 - as ``fit_nested``
    x: Array,
    k: int,
    null: Mixture | None,
    alternative: Mixture | None,
    refit: Refit,
    replicates: Sequence[int],
    seed: int = 0,
    weight: Array | None = None,
) -> RatioTest:
    """Test k against k + 1 components on x (N, D) of weight (N,) > 0, none = 1 each.

    The observed statistic is searched for as that of every replicate is (``fit_nested``), and the
    null mixture is the one found then. Replicate b draws as many rows from it as those of x count
    for, and depends on (x, seed, k, b) alone. Where the observed fits are degenerate there is
    nothing to draw from, and every replicate is too.
    """
    purpose = ("bootstrap", content(x), "ratio", seed, k)
    observed = fit_nested(x, k, null, alternative, refit, stream(*purpose, "observed"), weight)
    if observed.degenerate:
        defects = (observed.degenerate,) * len(replicates)
        return RatioTest(observed, np.full(len(replicates), np.nan), defects)
    truth = observed.null.snapshots[-1].mixture
    larger = observed.alternative.snapshots[-1].mixture
    pairs, n = [], round(total(x, weight))
    for b in replicates:
        rng = stream(*purpose, b)
        pairs.append(fit_nested(resample(truth, n, rng), k, truth, larger, refit, rng))
    statistics = np.array([one.statistic for one in pairs], dtype=np.float64)
    return RatioTest(observed, statistics, tuple(one.degenerate for one in pairs))


def resample(mixture: Mixture, n: int, rng: np.random.Generator) -> Array:
    """Return n rows drawn from the mixture, (n, D), in the order of its components, noise last."""
    if mixture.box is None:
        return draw(mixture, rng.multinomial(n, mixture.weights), False, rng)[0]
    counts = rng.multinomial(n, [*mixture.weights, mixture.noise])
    gaussian = draw(mixture, counts[:-1], False, rng)[0]
    low, high = mixture.box
    return np.vstack([gaussian, rng.uniform(low, high, (counts[-1], len(low)))])
