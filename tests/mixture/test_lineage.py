import numpy as np
import pytest

from gmmpipe.mixture.diagnostics.lineage import Link, links
from gmmpipe.mixture.diagnostics.matching import overlap


def soft(seed, n, k):
    return np.random.default_rng(seed).dirichlet(np.ones(k), n)


def test_a_split_worked_by_hand():
    whole = np.ones((10, 1))
    two = np.eye(2)[[0] * 6 + [1] * 4]
    assert links(overlap(two, whole)) == [
        Link(1, 0, 2, 0, pytest.approx(0.6), 1.0),
        Link(1, 0, 2, 1, pytest.approx(0.4), 1.0),
    ]


def test_masses_and_shares_add_up_whatever_the_weights_and_gaps():
    weight = np.random.default_rng(0).uniform(0.1, 2, 30)
    now = soft(4, 30, 4)
    found = links(overlap(now, soft(2, 30, 2), weight))
    assert [(link.parent_k, link.k) for link in found] == [(2, 4)] * 8
    assert sum(link.mass for link in found) == pytest.approx(1)
    for component in range(4):
        mine = [link for link in found if link.component == component]
        assert sum(link.share for link in mine) == pytest.approx(1)
        expected = weight @ now[:, component] / weight.sum()
        assert sum(link.mass for link in mine) == pytest.approx(expected)


def test_a_component_without_samples_comes_from_nowhere():
    found = links(overlap(np.eye(2)[[0] * 5], np.ones((5, 1))))
    assert [link.share for link in found] == [1.0, 0.0]
