"""A Gaussian mixture with scikit-learn's interface, fitted by gmmpipe's engine."""
# ruff: noqa: N803, ARG002 - X and the unused y are scikit-learn's arguments

import warnings
from collections.abc import Collection, Sequence
from numbers import Integral
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from gmmpipe.errors import InputError
from gmmpipe.mixture.defects import indexed, sentence
from gmmpipe.mixture.diagnostics import best_fit
from gmmpipe.mixture.diagnostics.soundness import SoundnessChecker
from gmmpipe.mixture.em.fit import n_parameters
from gmmpipe.mixture.em.options import FitOptions, from_section
from gmmpipe.mixture.em.prior import Prior
from gmmpipe.mixture.em.result import Fit
from gmmpipe.mixture.engines.missing import completed
from gmmpipe.mixture.estimator import init_params as starting
from gmmpipe.mixture.estimator import n_init as runs
from gmmpipe.mixture.estimator import parameter_shapes, validation
from gmmpipe.mixture.estimator.predict import Density
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.slices import extremes

_NOT_CONVERGED = (
    "Best performing initialization did not converge. Try different init parameters, or "
    "increase max_iter, tol, or check for degenerate data."
)


class GaussianMixture(Density, DensityMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Gaussian mixture fitted by expectation maximisation; drop-in for scikit-learn's.

    Parameters
    ----------
    n_components : int, default 1
        K, at most the number of samples of positive weight.
    covariance_type : str, default "full"
        A covariance family of ``gmmpipe list``: full, tied, diag, spherical and others.
    tol : float, default 1e-3
        EM ends when the mean log-likelihood per sample changes by less (nats).
    reg_covar : float, default 1e-6
        Added to each variance in each M step, in squared units of X. Columns that vary, but whose
        variance is below 10 times that, are named in a warning.
    max_iter : int, default 100
        Most EM iterations; 0 keeps the start.
    n_init : int, default 1
        Number of starts, all fitted in one batch. The result is the sound fit of highest final
        log-likelihood (log posterior under a prior); a degenerate one only where all are. Starts
        with a singular covariance are left out, with a warning.
    init_params : {"kmeans", "k-means++", "random", "random_from_data", "mixed"}, default "kmeans"
        How starts are drawn: as in scikit-learn, or "mixed", all kinds of the pipeline in turn, in
        which units do not matter: Ward's hierarchy and a start grown by splitting, then again and
        again k-means, the best of short EM runs, random points and k-means++. With n_init=20 they
        miss the best known fit less often (benchmarks/estimator_starts.py).
    weights_init, means_init, precisions_init : array-like or None
        What to start from instead: (K,), (K, D), and the shape of ``precisions_``.
    random_state : int, RandomState or None
        Of the starts and of ``sample``.
    warm_start : bool, default False
        Go on from the last fit; n_init is then ignored.
    verbose : int, default 0
        1 prints how each start went, 2 adds log-likelihoods; printed once all are done.
    verbose_interval : int, default 10
        Iterations between printed lines.
    snapshots : sequence of int or None
        Iteration counts, up to max_iter, whose mixtures ``snapshots_`` keeps.
    prior : gmmpipe.mixture.em.prior.Prior or None
        Prior of means and covariances: the fit is then maximum a posteriori; see ``Prior``. With
        reg_covar=0 the log posterior, `lower_bound_` and the prior's part together, never falls.
    missing : {"refuse", "mar"}, default "refuse"
        What NaN in X is: an error, or a value missing at random, for which the fit, predictions and
        scores go by the values observed; rows without any are left out, with a warning. Starts are
        drawn from ``missing.completed(X)``.
    frozen : tuple of {"weights", "means", "covariances"}, default ()
        What stays as it starts (see weights_init, means_init, precisions_init); ``bic`` and
        ``aic`` do not count it.
    acceleration : {"none", "anderson"}, default "none"
        Extrapolates ahead of EM: the same kind of optimum in fewer iterations, each a pass over X.
    n_jobs : int or None
        Threads; -1 is one for each core, and so is None, but at most OMP_NUM_THREADS where that is
        set. Small fits take fewer. The result has the same bits whatever it is.

    Attributes
    ----------
    weights_ : (K,) array
        They sum to one.
    means_ : (K, D) array
        In units of X.
    covariances_, precisions_, precisions_cholesky_ : (K, D, D) array
        (D, D) for "tied", (K, D) for "diag", (K,) for "spherical"; in squared units of X, their
        inverses, and the upper triangular factors of these.
    converged_ : bool
        Whether the fit met ``tol``.
    n_iter_ : int
        Iterations done.
    lower_bound_ : float
        Mean log-likelihood per sample (unit weight) of the final parameters, nats.
    lower_bounds_ : list of float
        The same after each of the `n_iter_` iterations.
    trajectory_ : (`n_iter_` + 1,) float64 array
        Total log-likelihood (nats) at the start and after each iteration.
    degenerate_ : str
        "" for a sound fit, else what EM or the soundness of the components (smallest eigenvalue,
        effective samples, tied share) finds wrong, as in the column `reason` of an experiment;
        "component index 0" is the first of these arrays, the tables' component 1.
    n_parameters_ : int
        Free parameters, which ``bic`` and ``aic`` count.
    mixture_ : gmmpipe.mixture.mixture.Mixture
        The parameters in float64; covariances (K, D, D).
    snapshots_ : list of Mixture
        After the iterations of ``snapshots``, or after the last one where EM ended before.
    n_features_in_ : int
        D.
    feature_names_in_ : (D,) array of str
        Where X has names.

    Notes
    -----
    X is (N, D) throughout, float64 or float32; results have the type of the data, sums are float64
    in either case.

    References
    ----------
    Dempster, Laird & Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm,
    JRSS B 39, 1-38.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmpipe import GaussianMixture
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> model = GaussianMixture(n_components=2, random_state=0).fit(X)
    >>> sorted(model.means_[:, 0].round(6).tolist())
    [1.0, 10.0]

    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **validation.constraints(without={"regularisation", "noise"}),
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "covariance_type": [StrOptions(set(FAMILIES))],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "init_params": [StrOptions({*starting.INIT_PARAMS, starting.MIXED})],
        "weights_init": ["array-like", None],
        "means_init": ["array-like", None],
        "precisions_init": ["array-like", None],
        "random_state": ["random_state"],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "verbose_interval": [Interval(Integral, 1, None, closed="left")],
        "snapshots": ["array-like", None],
        "prior": [Prior, None],
        "n_jobs": [Integral, None],
    }

    def __init__(  # noqa: PLR0913 - scikit-learn's signature
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: str = "kmeans",
        weights_init: npt.ArrayLike | None = None,
        means_init: npt.ArrayLike | None = None,
        precisions_init: npt.ArrayLike | None = None,
        random_state: int | np.random.RandomState | None = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        snapshots: Sequence[int] | None = None,
        prior: Prior | None = None,
        missing: Literal["refuse", "mar"] = "refuse",
        frozen: Collection[str] = (),
        acceleration: str = "none",
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.snapshots = snapshots
        self.prior = prior
        self.missing = missing
        self.frozen = frozen
        self.acceleration = acceleration
        self.n_jobs = n_jobs

    def fit(
        self, X: npt.ArrayLike, y: object = None, sample_weight: npt.ArrayLike | None = None
    ) -> Self:
        """Fit the mixture.

        Parameters
        ----------
        X : (N, D) array_like
            The samples, at least 2 and at least n_components.
        y : object, optional
            Ignored.
        sample_weight : (N,) array_like, optional
            Non-negative: a sample of weight 2 counts as that sample twice, one of weight 0 as
            absent.

        Returns
        -------
        GaussianMixture
            The estimator itself, fitted.

        Raises
        ------
        InputError
            A ValueError, for parameters or data that cannot be used.
        DegenerateComponent
            A ValueError, where components collapsed and reg_covar does not keep them from it.

        Warns
        -----
        ConvergenceWarning
            Where the best start did not converge within max_iter.

        """
        self._validate_params()
        validation.refuse_booleans(vars(self))
        data = self._validated(X, ensure_min_samples=2)
        samples, weight = validation.with_weights(data, sample_weight)
        if self.missing == "mar":
            counted = validation.with_values(samples)
            samples, weight = samples[counted], None if weight is None else weight[counted]
        if len(samples) < self.n_components:
            raise InputError(
                "Expected n_samples >= n_components but got n_components = "
                f"{self.n_components}, n_samples = {len(samples)}"
            )
        low, high = extremes(samples)
        validation.refuse_extremes(low, high)
        names = getattr(self, "feature_names_in_", None)
        validation.warn_of_small(samples, high - low, self.reg_covar, names)
        counts = validation.checked_snapshots(self.snapshots, self.max_iter)
        warm = self.warm_start and hasattr(self, "converged_")
        fits = runs.run(
            samples.astype(np.float64, copy=False),
            [self._resumed(samples.shape[1])] if warm else self._starts(samples, weight),
            self.covariance_type,
            sorted({*counts, self.max_iter}),
            self._options(),
            sample_weight=weight,
            before=self.trajectory_[-2] if warm and self.n_iter_ else None,
            prior=self.prior,
            threads=self._threads(),
        )
        total = float(len(samples) if weight is None else weight.sum())
        if self.verbose:
            runs.report(fits, total, self.verbose, self.verbose_interval)
        checker = self._checker(samples.astype(np.float64, copy=False), weight)
        defects = {id(fit): fit.degenerate for fit in fits}

        def is_sound(fit: Fit) -> bool:  # costs a pass over the samples
            if not fit.degenerate:
                defects[id(fit)] = checker.defects(fit)
            return not defects[id(fit)]

        best = fits[best_fit.best(fits, is_sound)]
        self._keep(best, counts, total, data.dtype)
        if best.degenerate:
            defects[id(best)] = checker.defects(best)
        self.degenerate_ = sentence(defects[id(best)], indexed)
        return self

    def fit_predict(
        self, X: npt.ArrayLike, y: object = None, sample_weight: npt.ArrayLike | None = None
    ) -> npt.NDArray[np.int64]:
        """Fit the mixture and return the most probable component of each sample.

        Parameters
        ----------
        X : (N, D) array_like
            The samples.
        y : object, optional
            Ignored.
        sample_weight : (N,) array_like, optional
            As in ``fit``.

        Returns
        -------
        (N,) int64 array
            From 0 on.

        """
        return self.fit(X, y, sample_weight).predict(X)

    def _options(self) -> FitOptions:
        """Return those parameters that are options of a fit; reg_covar alone regularises."""
        return from_section(FitOptions, {**vars(self), "regularisation": 0.0})

    def _starts(self, x: starting.Floats, weight: Array | None) -> list[Mixture]:
        family, k, d = self.covariance_type, self.n_components, x.shape[1]
        if self.missing == "mar":
            x = completed(x, weight)
        return starting.starts(
            x,
            weight,
            check_random_state(self.random_state),
            method=self.init_params,
            n_init=self.n_init,
            k=k,
            family=family,
            reg_covar=self.reg_covar,
            explicit=starting.ExplicitInit(
                validation.checked_weights(self.weights_init, k),
                validation.checked_means(self.means_init, k, d),
                validation.checked_precisions(self.precisions_init, family, k, d),
            ),
        )

    def _resumed(self, d: int) -> Mixture:
        mixture = self._mixture()
        if mixture.means.shape != (self.n_components, d):
            raise InputError(
                f"warm_start: the last fit has (components, features) {mixture.means.shape}, now "
                f"{(self.n_components, d)} are asked for; set warm_start=False"
            )
        return mixture

    def _checker(self, x: Array, weight: Array | None) -> SoundnessChecker:
        """Return the check for components that are no groups, as in reports."""
        return SoundnessChecker(
            x,
            self.covariance_type,
            weight,
            frozen=self.frozen,
            prior=self.prior is not None,
            threads=self._threads(),
        )

    def _keep(self, fit: Fit, counts: list[int], total: float, dtype: npt.DTypeLike) -> None:
        """Set the fitted attributes; total: sum of the sample weights."""
        unfinished = not fit.converged and fit.n_iter < self.max_iter
        if fit.degenerate and (unfinished or self.reg_covar == 0):
            raise validation.ill_defined(sentence(fit.degenerate, indexed))
        if not fit.converged and self.max_iter > 0:
            warnings.warn(_NOT_CONVERGED, ConvergenceWarning, stacklevel=3)
        self.mixture_ = fit.snapshots[-1].mixture
        for name, value in parameter_shapes.attributes(self.mixture_, self.covariance_type).items():
            setattr(self, name, value.astype(dtype, copy=False))
        reached = {snapshot.iteration: snapshot.mixture for snapshot in fit.snapshots}
        self.snapshots_ = [reached[count] for count in counts]
        k, d = self.mixture_.means.shape
        self.n_parameters_ = n_parameters(self.covariance_type, k, d, self.frozen)
        self.converged_ = fit.converged
        self.n_iter_ = fit.n_iter
        self.trajectory_ = fit.trajectory
        self.lower_bounds_ = (fit.trajectory[1:] / total).tolist()
        self.lower_bound_ = float(fit.trajectory[-1] / total)
