import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from gmmpipe.data.generators import Blobs, KnownMixture
from gmmpipe.data.kinds import DATASETS, Bundled
from gmmpipe.errors import InputError

TUTORIAL = KnownMixture(
    means=((0, 1), (2, 1)), covariances=((0.3, 0.1), (0.2, 0.3)), counts=(30, 70), shuffle=False
)
GENERATORS = {
    "tutorial": TUTORIAL,
    "weights": KnownMixture(((0.0,), (5.0,)), (1.0, 2.0), weights=(0.25, 0.75), n=400),
    "blobs": Blobs(n=200, d=3, k=4),
    "line": Blobs(n=50, d=1, k=2),
    "iris": Bundled("iris"),
    "digits": Bundled("digits"),
    "digits that vary": Bundled("digits", drop_constant=True),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_a_sample_is_whole_and_depends_on_the_stream_alone(name):
    a, b = (GENERATORS[name].sample(np.random.default_rng(3)) for _ in range(2))
    n, d = a.x.shape
    assert GENERATORS[name].shape == (n, d)
    assert a.x.dtype == np.float64
    assert a.x.flags.c_contiguous
    assert np.isfinite(a.x).all()
    assert len(a.features) == d
    assert len(set(a.features)) == d
    assert a.labels.shape == (n,)
    assert a.labels.dtype == np.int64
    assert set(a.labels) == set(range(len(a.classes)))
    np.testing.assert_array_equal(a.x, b.x)
    np.testing.assert_array_equal(a.labels, b.labels)


@pytest.mark.parametrize("kind", DATASETS)
def test_every_kind_says_what_it_is_and_takes_plain_values(kind):
    assert DATASETS[kind].__doc__.splitlines()[0].endswith(".")
    schema = TypeAdapter(DATASETS[kind]).json_schema()
    assert schema["type"] == "object"


def test_the_tutorial_rows_are_those_of_its_two_normals():
    sample = TUTORIAL.sample(np.random.default_rng(0))
    assert sample.x.shape == (100, 2)
    assert sample.labels.tolist() == [0] * 30 + [1] * 70
    z = np.random.default_rng(0).standard_normal((100, 2))
    np.testing.assert_allclose(sample.x[:30], [0, 1] + z[:30] * np.sqrt([0.3, 0.1]), rtol=1e-14)
    np.testing.assert_allclose(sample.x[30:], [2, 1] + z[30:] * np.sqrt([0.2, 0.3]), rtol=1e-14)
    np.testing.assert_array_equal(sample.truth.weights, [0.3, 0.7])
    np.testing.assert_array_equal(sample.truth.covariances[0], [[0.3, 0], [0, 0.1]])


def test_shuffling_permutes_rows_and_labels_together():
    kind = KnownMixture(means=((0,), (1000,)), covariances=(1, 1), counts=(30, 70))
    sample = kind.sample(np.random.default_rng(0))
    assert np.bincount(sample.labels).tolist() == [30, 70]
    assert np.any(np.diff(sample.labels) < 0)
    np.testing.assert_array_equal(sample.labels, sample.x[:, 0] > 500)


def test_rows_have_the_moments_of_the_truth():
    covariance = ((2.0, 0.9), (0.9, 1.0))
    kind = KnownMixture(means=((3, -1),), covariances=(covariance,), counts=(200_000,))
    sample = kind.sample(np.random.default_rng(1))
    np.testing.assert_allclose(sample.x.mean(axis=0), [3, -1], atol=0.02)
    np.testing.assert_allclose(np.cov(sample.x.T), covariance, atol=0.03)


BAD_MIXTURES = {
    "counts and weights": ({"counts": (1, 2), "weights": (0.5, 0.5), "n": 3}, "not both"),
    "neither": ({}, "not both or neither"),
    "weights without n": ({"weights": (0.5, 0.5)}, "n goes with weights"),
    "counts with n": ({"counts": (1, 2), "n": 3}, "n goes with weights"),
    "three counts": ({"counts": (1, 2, 3)}, "2 means but 3 counts"),
    "too many rows": ({"counts": (10**8, 10**8)}, "200000000 rows"),
    "weights sum to 0.9": ({"weights": (0.5, 0.4), "n": 3}, "sum to 0.9"),
    "one covariance": ({"counts": (1, 2), "covariances": (1,)}, "2 means but 1 covariances"),
    "unequal means": ({"counts": (1, 2), "means": ((0, 1), (2,))}, r"means[1] is [2]"),
    "no features": ({"counts": (1, 2), "means": ((), ())}, r"means[0] is []"),
    "NaN mean": ({"counts": (1, 2), "means": ((0, 1), (2, np.nan))}, r"means[1]"),
    "three variances": (
        {"counts": (1, 2), "covariances": (1, (1, 2, 3))},
        r"covariances[1]: shape",
    ),
    "ragged": ({"counts": (1, 2), "covariances": (1, ((1, 2), (3,)))}, "unequal length"),
    "not symmetric": ({"counts": (1, 2), "covariances": (1, ((1, 0.2), (0.1, 1)))}, "symmetric"),
    "indefinite": ({"counts": (1, 2), "covariances": (1, ((1, 2), (2, 1)))}, "positive definite"),
    "negative": ({"counts": (1, 2), "covariances": (1, -1)}, "positive definite"),
    "infinite": ({"counts": (1, 2), "covariances": (1, np.inf)}, "finite"),
}


@pytest.mark.parametrize("case", BAD_MIXTURES)
def test_a_mixture_that_contradicts_itself_is_refused(case):
    options, words = BAD_MIXTURES[case]
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        KnownMixture(**{"means": ((0, 1), (2, 1)), "covariances": (1, 1), **options})
    assert "\n" not in str(caught.value)


def test_the_configuration_sees_contradictions_and_bounds():
    adapter = TypeAdapter(KnownMixture)
    good = {"means": [[0, 1], [2, 1]], "covariances": [[0.3, 0.1], 1], "counts": [30, 70]}
    assert adapter.validate_python(good).counts == (30, 70)
    for key, value in (("counts", [0, 1]), ("covariances", [1]), ("means", [])):
        with pytest.raises(ValidationError):
            adapter.validate_python({**good, key: value})


@settings(max_examples=40)
@given(
    st.builds(
        Blobs,
        n=st.just(1),
        d=st.integers(1, 6),
        k=st.integers(1, 6),
        separation=st.floats(0.01, 50),
        eccentricity=st.floats(1, 1000),
        imbalance=st.floats(1, 100),
    ),
    st.integers(0, 2**32),
)
def test_blobs_are_as_separate_eccentric_and_unequal_as_asked(kind, seed):
    truth = kind.truth(np.random.default_rng(seed))
    eigenvalues = np.linalg.eigvalsh(truth.covariances)
    np.testing.assert_allclose(eigenvalues.sum(axis=1), kind.d, rtol=1e-9)
    if kind.d > 1:
        ratio = np.sqrt(eigenvalues[:, -1] / eigenvalues[:, 0])
        np.testing.assert_allclose(ratio, kind.eccentricity, rtol=1e-6)
    np.testing.assert_allclose(truth.weights.sum(), 1)
    if kind.k > 1:
        np.testing.assert_allclose(truth.weights.max() / truth.weights.min(), kind.imbalance)
        distance = np.linalg.norm(truth.means[:, None] - truth.means, axis=2)
        distance[np.diag_indices(kind.k)] = np.inf
        np.testing.assert_allclose(distance.min() / np.sqrt(kind.d), kind.separation, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "shape", "k"),
    [("iris", (150, 4), 3), ("wine", (178, 13), 3), ("breast_cancer", (569, 30), 2)],
)
def test_bundled_sets_come_whole(name, shape, k):
    sample = Bundled(name).sample(np.random.default_rng(0))
    assert sample.x.shape == shape
    assert len(sample.classes) == k


def test_constant_pixels_can_be_left_out():
    whole = Bundled("digits").sample(np.random.default_rng(0))
    rest = Bundled("digits", drop_constant=True).sample(np.random.default_rng(0))
    assert whole.x.shape == (1797, 64)
    assert rest.x.shape == (1797, 61)
    assert len(rest.features) == 61
    assert np.ptp(rest.x, axis=0).min() > 0
