from itertools import product

import numpy as np
import pandas as pd
import pytest

from gmmpipe.mixture.families.containment import contained, contains
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.results.build.nesting import beaten_by

ALL = {("x",): 2}


def best(*models):
    rows = [{"covariance": c, "k": k, "log_likelihood": value} for c, k, value in models]
    return pd.DataFrame(rows).assign(dataset="x", normaliser="none")


def test_more_components_contain_fewer():
    table = best(("full", 5, -1116.161), ("full", 6, -1116.218), ("full", 4, -1120.0))
    assert beaten_by(table, [], ALL) == ["", "full K=5", ""]


def test_a_family_contains_others_at_the_same_k_or_less():
    table = best(("full", 3, -10.0), ("tied", 3, -9.0), ("diag", 2, -8.0), ("tied", 2, -12.0))
    assert beaten_by(table, [], ALL) == ["diag K=2", "", "", ""]


def test_what_rounding_may_explain_proves_nothing():
    assert beaten_by(best(("full", 2, -10.0), ("full", 3, -10.009)), [], ALL) == ["", ""]


def test_aliases_contain_each_other():
    assert beaten_by(best(("full", 2, -10.0), ("VVV", 2, -11.0)), [], ALL) == ["", "full K=2"]


def test_only_what_shares_data_and_settings_is_compared():
    table = best(("full", 2, -10.0), ("full", 3, -11.0))
    for axis in ("dataset", "normaliser", "fit.tol"):
        apart = table.assign(**{"fit.tol": 0.0} | {axis: ["x", "y"]})
        at = dict.fromkeys(product(("x", "y"), ("x", "y", 0.0)), 2)
        assert beaten_by(apart, ["fit.tol"], at) == ["", ""]
    assert beaten_by(table, [], {}) == ["", ""]  # e.g. under a prior


@pytest.mark.parametrize("d", [1, 2])
def test_each_family_contains_what_its_m_step_of_the_other_yields(d):
    """The lattice against the M steps: a member of the inner family stays as the outer fits it."""
    rng = np.random.default_rng(0)
    names = [n for n, f in FAMILIES.items() if f.features in (None, d)]
    counts, roots = np.array([30.0, 50.0]), rng.normal(size=(2, d, d))
    scatter = counts[:, None, None] * (roots @ roots.swapaxes(1, 2) + np.eye(d))
    members = {n: FAMILIES[n].m_step(counts, scatter, np.zeros(d)) for n in names}
    for outer, inner in product(names, names):
        member = members[inner]
        again = FAMILIES[outer].m_step(counts, counts[:, None, None] * member, np.zeros(d))
        kept = np.allclose(again, member, rtol=1e-6, atol=1e-8)
        assert kept == contains(outer, inner, d), (outer, inner)


def test_a_family_may_start_from_its_fastest_and_its_largest_parts():
    assert contained("full", 2) == ["EEE", "VVI", "VII", "VVE", "VEV", "EVV"]
    assert contained("VVE", 3) == ["EEE", "VVI", "VII", "VEE", "EVE"]
    assert contained("diag", 3) == ["VII", "VEI", "EVI"]
    assert contained("tied", 2) == ["EEI"]
    assert contained("EII", 2) == []
    assert contained("V", 1) == ["EEE"]
    assert contained("toy", 2) == []  # of no letters: nothing is known of it
    assert contains("toy", "toy", 2)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"E", "V"}))
def test_all_its_parts_lie_within_those_it_may_start_from(family, d):
    names = [n for n in FAMILIES if len(n) == 3]
    parts = [n for n in names if contains(family, n, d) and not contains(n, family, d)]
    assert all(any(contains(m, n, d) for m in contained(family, d)) for n in parts)
