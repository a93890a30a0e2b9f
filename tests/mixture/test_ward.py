import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from gmmpipe.data.generators import Blobs
from gmmpipe.data.normalise import NORMALISERS
from gmmpipe.errors import InputError
from gmmpipe.mixture.moments import moments, standardised
from gmmpipe.mixture.starts import ward as hierarchy
from gmmpipe.mixture.starts.ward import Ward, cut

BLOBS = Blobs(n=400, d=2, k=4, separation=20.0).sample(np.random.default_rng(2))


def ward(x, k, **options):
    return Ward(**options)(x, k, np.random.default_rng(0))


def same(a, b):
    return np.array_equal(a.means, b.means) and np.array_equal(a.covariances, b.covariances)


def test_groups_are_those_of_scipy_on_standardised_rows():
    x = np.random.default_rng(3).normal(size=(80, 3)) * [1, 1e3, 1e-3]
    for k in (1, 2, 7, 80):
        labels = fcluster(linkage(standardised(x), "ward"), k, "maxclust") - 1
        theirs = moments(x, labels.astype(np.int64), x[:k])
        ours = ward(x, k)
        order = [np.argmin(np.abs(theirs.means - m).sum(axis=1)) for m in ours.means]
        assert sorted(order) == list(range(k))
        np.testing.assert_allclose(ours.means, theirs.means[order], rtol=1e-12)
        np.testing.assert_allclose(ours.weights, theirs.weights[order], rtol=1e-12)
        np.testing.assert_allclose(ours.covariances, theirs.covariances[order], rtol=1e-12)


def test_a_tree_by_hand():
    tree = np.array([[1, 3], [0, 2], [4, 6], [5, 7]])  # 5 leaves; nodes 5, 6, 7 and the root
    assert cut(tree, 5).tolist() == [0, 1, 2, 3, 4]
    assert cut(tree, 4).tolist() == [0, 1, 2, 1, 3]
    assert cut(tree, 3).tolist() == [0, 1, 0, 1, 2]
    assert cut(tree, 2).tolist() == [0, 1, 0, 1, 0]
    assert cut(tree, 1).tolist() == [0, 0, 0, 0, 0]


@settings(max_examples=40)
@given(st.integers(2, 40), st.integers(1, 3), st.integers(0, 999))
def test_every_cut_has_k_groups_and_refines_the_one_before(n, values, seed):
    z = np.random.default_rng(seed).integers(0, values, (n, 2)).astype(float)  # full of ties
    tree = hierarchy._merges(z)
    coarse = cut(tree, 1)
    for k in range(2, n + 1):
        fine = cut(tree, k)
        assert np.unique(fine).tolist() == list(range(k))
        assert len({(a, b) for a, b in zip(fine, coarse, strict=True)}) == k  # nested
        coarse = fine


@pytest.mark.parametrize("normaliser", NORMALISERS)
def test_ties_are_resolved_alike_in_all_units(normaliser):
    x = np.round(np.random.default_rng(0).normal(70, 10, (200, 2)) * [0.1, 1], 1)
    affine = NORMALISERS[normaliser]()(x, "ab")
    for k in range(2, 12):
        raw, back = ward(x, k), affine.invert(ward(affine.apply(x), k))
        np.testing.assert_allclose(raw.weights, back.weights, rtol=1e-12)
        np.testing.assert_allclose(raw.means, back.means, rtol=1e-9)


def test_one_tree_serves_every_k(monkeypatch):
    built = []
    merges = hierarchy._merges
    monkeypatch.setattr(hierarchy, "_merges", lambda z: built.append(len(z)) or merges(z))
    start = Ward().prepare(BLOBS.x, "full")
    for k in range(1, 9):
        start(k, np.random.default_rng(k))
    assert built == [400]


def test_far_groups_are_found_from_a_subset_too():
    true = [BLOBS.x[BLOBS.labels == j].mean(axis=0) for j in range(4)]
    for options in ({}, {"most": 60}, {"most": 60, "seed": 1}):
        means = ward(BLOBS.x, 4, **options).means
        for mean in true:
            assert np.abs(means - mean).max(axis=1).min() < 1e-9


def test_the_subset_is_the_same_for_every_k_and_another_for_another_seed(monkeypatch):
    merged = []
    merges = hierarchy._merges
    monkeypatch.setattr(hierarchy, "_merges", lambda z: merged.append(z) or merges(z))
    x = np.random.default_rng(1).normal(size=(300, 2))
    two, five, other = ward(x, 2, most=50), ward(x, 5, most=50), ward(x, 5, most=50, seed=1)
    np.testing.assert_array_equal(merged[0], merged[1])
    assert merged[0].shape == (50, 2)
    assert not np.array_equal(merged[1], merged[2])
    assert (two.n_components, five.n_components) == (2, 5)
    assert not same(five, other)
    assert same(five, ward(x, 5, most=50))


def test_more_rows_allowed_than_there_are_changes_nothing():
    assert same(ward(BLOBS.x, 6, most=400), ward(BLOBS.x, 6, most=20_000, seed=9))


def test_more_components_than_leaves_are_refused():
    with pytest.raises(InputError, match="k is 51, but the tree has 50 leaves"):
        ward(BLOBS.x, 51, most=50)
