"""Data, starts and comparisons that the tests of the estimator share."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

SHARED = ["full", "tied", "diag", "spherical"]
PARAMETERS = ["weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"]


@pytest.fixture(autouse=True)
def one_thread():
    """Let k-means use one thread: on so few rows they only wait for each other."""
    with threadpool_limits(1):
        yield


def blobs(seed, n=150, k=3, d=3):
    rng = np.random.default_rng(seed)
    spread = rng.normal(size=(k, d, d)) + np.eye(d)
    x = np.vstack([rng.normal(size=(n, d)) @ a + 4 * rng.normal(size=d) for a in spread])
    return x - x.mean(axis=0)


X = blobs(1)
TWO_POINTS = np.repeat([[0.0, 1.0], [2.0, 3.0]], 5, axis=0)


def beginning(family, k=3, x=X):
    """Return a complete start in the words of the estimator."""
    precision = np.linalg.inv(np.cov(x.T))
    shaped = {
        "tied": precision,
        "diag": np.tile(np.diag(precision), (k, 1)),
        "spherical": np.full(k, 0.3),
    }
    return {
        "n_components": k,
        "covariance_type": family,
        "weights_init": np.arange(1, k + 1) / np.arange(1, k + 1).sum(),
        "means_init": x[:: len(x) // k][:k],
        "precisions_init": shaped.get(family, np.tile(precision, (k, 1, 1))),
    }


def assert_same_fit(ours, peer, rtol=1e-9):
    assert (ours.n_iter_, ours.converged_) == (peer.n_iter_, peer.converged_)
    for name in PARAMETERS:
        theirs = getattr(peer, name)
        np.testing.assert_allclose(
            getattr(ours, name), theirs, rtol=rtol, atol=rtol * np.abs(theirs).max(), err_msg=name
        )
