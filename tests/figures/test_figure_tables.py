"""What the tables answer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from figure_cases import case

from gmmpipe.figures import FIGURES, Style
from gmmpipe.figures.parts.runs import runs_of
from gmmpipe.results.columns import RUN


def test_mixture_is_that_of_the_cell():
    tables = case("default")
    row = tables.selected()
    rows = tables.parameters.query(
        "covariance == @row.covariance and start == @row.start and k == @row.k"
        " and seed == @row.seed and iteration == @row.iteration"
    )
    mixture = tables.mixture(row)
    np.testing.assert_array_equal(mixture.weights, rows["weight"])
    np.testing.assert_array_equal(mixture.means, list(rows["mean"]))
    assert mixture.covariances.shape == (row["k"], 2, 2)


def test_ends_are_the_last_snapshots():
    tables = case("default")
    assert set(tables.ends()["iteration"]) == {30}
    assert len(tables.ends()) * 3 == len(tables.fits)


def test_unsound_runs_do_not_count():
    tables = case("unsound_family")
    assert set(tables.sound_ends()["covariance"]) == {"diag"}
    assert set(tables.best_by_family()["covariance"]) == {"diag"}
    assert runs_of(tables, "diag", 2, "minmax").n_degenerate == 1


def test_groups_follow_categories_else_first_appearance():
    tables = case("unsound_family")
    plain = pd.Series(["b", "a", "b"])
    codes, names = replace(tables, labels=plain).groups()
    assert (list(codes), names) == ([0, 1, 0], ["b", "a"])
    codes, names = replace(tables, labels=plain.astype("category")).groups()
    assert (list(codes), names) == ([1, 0, 1], ["a", "b"])
    with pytest.raises(ValueError, match="has no labels"):
        replace(tables, labels=None).groups()


def test_a_converged_run_stays_where_it_is():
    tables = case("default")
    rows = pd.DataFrame(
        {
            "normaliser": "minmax",
            "covariance": "full",
            "start": ["points", "points"],
            "k": 2,
            "seed": [0, 1],
            "log_likelihood": [[-9.0, -5.0, -1.0], [-9.0, -7.0, -6.0, -5.0, -1.0005]],
        }
    )
    ends = tables.fits.assign(end="unfinished", limit=np.nan)
    runs = runs_of(replace(tables, trajectories=rows, fits=ends), "full", 2, "minmax")
    assert runs.best == -1.0  # no maximum is known
    assert runs.n_open == 2
    np.testing.assert_array_equal(runs.reached("points", 4, 1e-3), [0, 1, 1, 2])
    ends = tables.fits.assign(end="maximum", limit=-0.5)
    runs = runs_of(replace(tables, trajectories=rows, fits=ends), "full", 2, "minmax")
    assert (runs.best, runs.n_open) == (-0.5, 0)
    np.testing.assert_array_equal(runs.reached("points", 4, 1e-3), [0, 0, 0, 0])


def test_captions_say_how_many_runs_are_looked_at():
    tables = case("default")
    fits = tables.fits.assign(drawn=tables.fits["seed"] < 2)
    keys = fits.loc[fits["drawn"], RUN].drop_duplicates()
    some = replace(
        tables,
        fits=fits,
        parameters=tables.parameters.merge(keys, on=RUN),
        trajectories=tables.trajectories.merge(keys, on=RUN),
    )
    row = tables.selected()
    shown, all_runs = (t.runs(row["covariance"], row["k"]) for t in (some, tables))
    assert 1 < len(shown) < len(all_runs)
    assert some.n_hidden(row["covariance"], row["k"]) == len(all_runs) - len(shown)
    for name in ("convergence", "basins", "optima", "agreement"):
        assert FIGURES[name].applies(some)
        assert " runs are used: the best" in FIGURES[name].caption(some, Style())
        assert " runs are used" not in FIGURES[name].caption(tables, Style())
    words = f"{len(shown)} of {len(all_runs)} runs are used: the best,"
    assert words in FIGURES["convergence"].caption(some, Style())
