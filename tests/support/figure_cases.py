"""The tables that every figure must cope with."""

import functools
from dataclasses import replace

import numpy as np
import pandas as pd
from synthetic_tables import build

from gmmpipe.figures import DatasetTables


def groups(rng, d: int, sizes: list[int], distance: float) -> tuple[pd.DataFrame, pd.Series]:
    """Return Gaussian groups of the given sizes in ``d`` features, and their names."""
    means = distance * rng.standard_normal((len(sizes), d))
    shapes = rng.standard_normal((len(sizes), d, d)) / np.sqrt(d) + 0.5 * np.eye(d)
    x = [rng.standard_normal((n, d)) @ s + m for n, m, s in zip(sizes, means, shapes, strict=True)]
    names = np.repeat([f"group {i}" for i in range(len(sizes))], sizes)
    return pd.DataFrame(np.concatenate(x)).rename(columns="feature_{}".format), pd.Series(names)


def default() -> DatasetTables:
    x, labels = groups(np.random.default_rng(0), 2, [30, 70, 40], 3.0)
    sweep = {"start": ["uniform", "points"], "k": [1, 2, 3], "seed": [0, 1, 2]}
    families = ["full", "tied", "spherical"]
    return build("default", x, labels, covariance=families, iteration=[1, 10, 30], **sweep)


def one_feature() -> DatasetTables:
    x, labels = groups(np.random.default_rng(1), 1, [100, 60, 40], 4.0)
    return build("one", x, labels, covariance=["full", "tied"], k=[1, 2, 3], seed=[0, 1])


def many_features() -> DatasetTables:
    x, labels = groups(np.random.default_rng(2), 13, [60, 50, 40], 1.0)
    return build("many", x, labels.astype("category"), covariance=["diag"], k=[2, 3], seed=[0, 1])


def one_of_each() -> DatasetTables:
    x, _ = groups(np.random.default_rng(3), 2, [50], 1.0)
    return build("single", x, None, k=[1], iteration=[1])


def many_components() -> DatasetTables:
    x, labels = groups(np.random.default_rng(4), 2, [15] * 12, 9.0)
    return build("components", x, labels, k=list(range(10, 26)), iteration=list(range(1, 10)))


def unsound_family() -> DatasetTables:
    """Return tables in which no full fit is sound, nor the seed 1 of any."""
    x, labels = groups(np.random.default_rng(5), 2, [40, 40], 4.0)
    return build(
        "unsound",
        x,
        labels,
        covariance=["full", "diag"],
        k=[2, 3],
        seed=[0, 1, 2],
        degenerate=lambda run: run["covariance"] == "full" or run["seed"] == 1,
    )


def all_unsound() -> DatasetTables:
    x, labels = groups(np.random.default_rng(6), 2, [20, 20], 4.0)
    return build("none", x, labels, k=[1, 2], degenerate=lambda _: True)


def awkward() -> DatasetTables:
    """Return tables with long names, markup in them, a tie, a constant feature, huge numbers."""
    x, labels = groups(np.random.default_rng(7), 3, [40, 30], 5.0)
    x = x.assign(constant=1.0)
    x.columns = [
        "$\\frac{x}$ ",
        "y_{1}^2\n%#&",
        "width of the left petal in millimetres",
        "<b>c</b>",
    ]
    x.iloc[:, 2] = 1e6 + 1e-3 * x.iloc[:, 2]
    names = labels.replace("group 0", "$$ a class with a name that goes on and on and on")
    tables = build("data set $with$ a_name that is far too long for a title", x, names, k=[1, 2])
    return replace(tables, best=tables.best.assign(rank=1))


def large() -> DatasetTables:
    x, labels = groups(np.random.default_rng(8), 2, [15_000, 6_000], 5.0)
    return build("large", x, labels, k=[2], iteration=[1, 3])


def without_trajectories() -> DatasetTables:
    tables = case("default")
    tables = replace(tables, trajectories=tables.trajectories.iloc[:0])
    return replace(tables, tests=None, intervals=None)


def noisy() -> DatasetTables:
    """Return tables of a selected mixture that leaves a tenth of the samples to noise."""
    x, labels = groups(np.random.default_rng(10), 2, [60, 60], 4.0)
    tables = build("noisy", x, labels, k=[1, 2, 3], seed=[0, 1])
    low, high = x.min().to_list(), x.max().to_list()
    parameters = tables.parameters.assign(weight=0.9 * tables.parameters["weight"])
    parameters = parameters.assign(noise_low=[low] * len(parameters))
    component = tables.assignments["component"].to_numpy().copy()
    component[::10] = -1
    return replace(
        tables,
        parameters=parameters.assign(noise_high=[high] * len(parameters)),
        assignments=tables.assignments.assign(component=component),
    )


def missing_values() -> DatasetTables:
    """Return tables of three features, of which some samples lack one or all."""
    x, labels = groups(np.random.default_rng(11), 3, [50, 50], 4.0)
    tables = build("missing", x, labels, k=[1, 2], seed=[0, 1])
    lost = x.copy()
    lost.iloc[::7, 0], lost.iloc[::11, 2], lost.iloc[3] = np.nan, np.nan, np.nan
    return replace(tables, x=lost)


CASES = {
    make.__name__: make
    for make in (
        default,
        one_feature,
        many_features,
        one_of_each,
        many_components,
        unsound_family,
        all_unsound,
        awkward,
        large,
        without_trajectories,
        noisy,
        missing_values,
    )
}


@functools.cache
def case(name: str) -> DatasetTables:
    """Return the tables of one case, built once."""
    return CASES[name]()
