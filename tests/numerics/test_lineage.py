import numpy as np
import pytest

from gmmpipe.errors import InputError
from gmmpipe.numerics.lineage import Link, lineage


def soft(seed, n, k):
    return np.random.default_rng(seed).dirichlet(np.ones(k), n)


def test_a_split_worked_by_hand():
    whole = np.ones((10, 1))
    two = np.eye(2)[[0] * 6 + [1] * 4]
    links = lineage({2: two, 1: whole})
    assert links == [
        Link(1, 0, 2, 0, pytest.approx(0.6), 1.0),
        Link(1, 0, 2, 1, pytest.approx(0.4), 1.0),
    ]


def test_masses_and_shares_add_up_whatever_the_weights_and_gaps():
    by_k = {k: soft(k, 30, k) for k in (1, 2, 4)}
    weight = np.random.default_rng(0).uniform(0.1, 2, 30)
    links = lineage(by_k, weight)
    assert len(links) == 1 * 2 + 2 * 4
    assert {(link.parent_k, link.k) for link in links} == {(1, 2), (2, 4)}
    for k in (2, 4):
        here = [link for link in links if link.k == k]
        assert sum(link.mass for link in here) == pytest.approx(1)
        for component in range(k):
            mine = [link for link in here if link.component == component]
            assert sum(link.share for link in mine) == pytest.approx(1)
            expected = weight @ by_k[k][:, component] / weight.sum()
            assert sum(link.mass for link in mine) == pytest.approx(expected)


def test_a_component_without_samples_comes_from_nowhere():
    links = lineage({1: np.ones((5, 1)), 2: np.eye(2)[[0] * 5]})
    assert [link.share for link in links] == [1.0, 0.0]


def test_one_k_has_no_parents_and_other_samples_are_refused():
    assert lineage({3: soft(0, 9, 3)}) == []
    with pytest.raises(InputError, match="samples"):
        lineage({1: np.ones((3, 1)), 2: soft(0, 4, 2)})
