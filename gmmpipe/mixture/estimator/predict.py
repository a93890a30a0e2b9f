"""What a fitted mixture says about samples, under scikit-learn's names."""
# ruff: noqa: N803, ARG002 - X and the unused y are scikit-learn's arguments

import os
from collections.abc import Collection
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from gmmpipe.errors import InputError
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.diagnostics.criteria import CRITERIA, entropies
from gmmpipe.mixture.diagnostics.matching import NOISE, component_of
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.estimator import parameter_shapes, validation
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.floats import refuse_masked, refuse_rounded
from gmmpipe.mixture.mixture import Array, Mixture, restored

Floats = npt.NDArray[np.floating]
Labels = npt.NDArray[np.int64]


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Density:
    """The methods of an estimator whose fitted attributes describe a Gaussian mixture.

    X is (N, D), float64 or float32, and so is what comes back. The parameters are those of
    ``mixture_``, or of the public attributes where someone has set these by hand.
    """

    covariance_type: str
    random_state: object
    n_jobs: int | None
    missing: Literal["refuse", "mar"]
    frozen: Collection[str]
    means_: Floats
    mixture_: Mixture
    n_parameters_: int

    def predict(self, X: npt.ArrayLike) -> Labels:
        """Return the most probable component of each sample.

        Parameters
        ----------
        X : (N, D) array_like
            The samples.

        Returns
        -------
        (N,) int64 array
            From 0 on; -1 for noise. As in all arrays of an estimator, 0 is the component that
            tables and figures number 1.

        """
        labels = component_of(self._evaluate(X)[1], self._mixture())
        return labels.astype(np.int64, copy=False)

    def predict_proba(self, X: npt.ArrayLike) -> Floats:
        """Return the probability of each component for each sample.

        Parameters
        ----------
        X : (N, D) array_like
            The samples.

        Returns
        -------
        (N, K) array
            Rows sum to 1; with noise there are K + 1 columns, that of the noise last.

        """
        _, logs, data = self._evaluate(X)
        return np.exp(logs).astype(data.dtype, copy=False)

    def score_samples(self, X: npt.ArrayLike) -> Floats:
        """Return the log-density of each sample.

        Parameters
        ----------
        X : (N, D) array_like
            The samples.

        Returns
        -------
        (N,) array
            In nats.

        """
        densities, _, data = self._evaluate(X)
        return densities.astype(data.dtype, copy=False)

    def score(self, X: npt.ArrayLike, y: object = None) -> float:
        """Return the mean log-density of the samples.

        Parameters
        ----------
        X : (N, D) array_like
            The samples; of those with missing values the rows that have some value count.
        y : object, optional
            Ignored.

        Returns
        -------
        float
            In nats.

        """
        return float(self._informative(X)[0].mean())

    def bic(self, X: npt.ArrayLike) -> float:
        """Return the Bayesian information criterion.

        Parameters
        ----------
        X : (N, D) array_like
            The samples.

        Returns
        -------
        float
            In nats; lower is better.

        References
        ----------
        Schwarz (1978), Estimating the dimension of a model, Annals of Statistics 6, 461-464.

        """
        return self._criterion("bic", X)

    def aic(self, X: npt.ArrayLike) -> float:
        """Return Akaike's information criterion.

        Parameters
        ----------
        X : (N, D) array_like
            The samples.

        Returns
        -------
        float
            In nats; lower is better.

        References
        ----------
        Akaike (1974), A new look at the statistical model identification, IEEE Transactions on
        Automatic Control 19, 716-723.

        """
        return self._criterion("aic", X)

    def icl(self, X: npt.ArrayLike) -> float:
        """Return the integrated completed likelihood: BIC + 2 entropy, the soft form.

        Parameters
        ----------
        X : (N, D) array_like
            The samples.

        Returns
        -------
        float
            In nats; lower is better.

        References
        ----------
        Biernacki, Celeux & Govaert (2000), Assessing a mixture model for clustering with the
        integrated completed likelihood, IEEE PAMI 22, 719-725, equation 8 with responsibilities for
        hard labels.

        """
        return self._criterion("icl", X)

    def icl_map(self, X: npt.ArrayLike) -> float:
        """Return the integrated completed likelihood with hard labels, as in mclust.

        Parameters
        ----------
        X : (N, D) array_like
            The samples.

        Returns
        -------
        float
            In nats; lower is better, which is the other sign than mclust's.

        References
        ----------
        Biernacki, Celeux & Govaert (2000), Assessing a mixture model for clustering with the
        integrated completed likelihood, IEEE PAMI 22, 719-725, equation 8.

        """
        return self._criterion("icl_map", X)

    def sample(self, n_samples: int = 1) -> tuple[Array, Labels]:
        """Draw samples from the mixture, component by component, with the draws of scikit-learn.

        Parameters
        ----------
        n_samples : int, default 1
            How many, at least 1.

        Returns
        -------
        X : (n_samples, D) float64 array
            Drawn samples, those of noise last.
        y : (n_samples,) int64 array
            Their components, from 0; -1 for noise.

        Raises
        ------
        InputError
            For less than one sample.

        """
        mixture = self._mixture("covariances_")
        if n_samples < 1:
            raise InputError(f"Invalid value for 'n_samples': {n_samples}; draw at least one")
        rng = check_random_state(self.random_state)
        shares, names = mixture.weights, [*range(mixture.n_components)]
        if mixture.box is not None:
            shares, names = np.append(shares, mixture.noise), [*names, NOISE]
        counts = rng.multinomial(n_samples, shares / shares.sum())
        axis_aligned = FAMILIES[self.covariance_type].axis_aligned
        drawn = [
            mean + rng.standard_normal((count, len(mean))) * np.sqrt(np.diag(covariance))
            if axis_aligned
            else rng.multivariate_normal(mean, covariance, int(count))
            for mean, covariance, count in zip(
                mixture.means, mixture.covariances, counts, strict=False
            )
        ]
        if mixture.box is not None:
            drawn.append(rng.uniform(*mixture.box, size=(counts[-1], mixture.n_features)))
        return np.vstack(drawn), np.repeat(names, counts)

    def _n_parameters(self) -> int:
        if hasattr(self, "n_parameters_"):
            return self.n_parameters_
        k, d = self.means_.shape
        return em.n_parameters(self.covariance_type, k, d, self.frozen)

    def _threads(self) -> int:
        jobs, cores = self.n_jobs, _cores()
        if jobs is None:
            limit = os.environ.get("OMP_NUM_THREADS", "")
            return min(cores, int(limit)) if limit.isdecimal() and int(limit) else cores
        if jobs == 0:
            raise InputError("n_jobs is 0; give a number of threads, or -1 or None for all cores")
        return jobs if jobs > 0 else max(1, cores + 1 + jobs)

    def _mixture(self, spread: str = "precisions_cholesky_") -> Mixture:
        """Return the mixture of weights_, means_ and the attribute named by ``spread``.

        That is ``mixture_``, to the last bit also for float32, unless one of them was replaced;
        its components keep their digits in any order.
        """
        check_is_fitted(self)
        names = ("weights_", "means_", spread)
        public = [np.asarray(getattr(self, name)) for name in names]
        weights, means, values = (array.astype(np.float64) for array in public)
        family, shape = self.covariance_type, means.shape
        matrices = parameter_shapes.expand(values, family, *shape)
        if spread == "precisions_cholesky_":
            matrices = parameter_shapes.inverse(matrices @ matrices.swapaxes(1, 2))
        replaced = Mixture(weights, means, matrices)
        if not hasattr(self, "mixture_"):
            return replaced
        fitted = parameter_shapes.attributes(self.mixture_, family)
        original = [fitted[name].astype(now.dtype) for name, now in zip(names, public, strict=True)]
        if all(np.array_equal(now, then) for now, then in zip(public, original, strict=True)):
            return self.mixture_
        for of, k in ((public, len(means)), (original, self.mixture_.n_components)):
            of[2] = parameter_shapes.expand(of[2], family, k, shape[1])
        return restored(replaced, public, self.mixture_, original)

    def _validated(self, X: npt.ArrayLike, **options: Any) -> Floats:
        """Return X (N, D) as float64 or float32; with NaN where these may be missing."""
        refuse_masked(X, "X")
        validation.refuse_times(X)
        data: Floats = validate_data(
            self, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", **options
        )
        refuse_rounded(X, data, "X")
        if self.missing == "refuse":
            validation.refuse_missing(data)
        return data

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]  # of BaseEstimator
        tags.input_tags.allow_nan = self.missing == "mar"
        return tags

    def _evaluate(self, X: npt.ArrayLike) -> tuple[Array, Array, Floats]:
        """Return log-densities (N,), log responsibilities (N, K), both float64, and X validated."""
        mixture = self._mixture()
        data = self._validated(X, reset=False)
        densities, responsibilities = log_responsibilities(
            data, mixture, self._threads(), self.missing
        )
        return densities, responsibilities, data

    def _informative(self, X: npt.ArrayLike) -> tuple[Array, Array]:
        """Return log-densities and log responsibilities of the rows that have some value."""
        densities, logs, data = self._evaluate(X)
        rows = validation.with_values(data)
        return densities[rows], logs[rows]

    def _criterion(self, name: str, X: npt.ArrayLike) -> float:
        densities, logs = self._informative(X)
        total, n = float(densities.sum()), len(densities)
        return CRITERIA[name](total, self._n_parameters(), n, entropies(logs))
