"""The optima of the seeds, and how alike their clusterings are."""

from dataclasses import replace

import numpy as np
import pytest
from figure_cases import case

from gmmpipe.figures import FIGURES, Style
from gmmpipe.figures.kinds import agreement
from gmmpipe.mixture.diagnostics.metrics import METRICS
from gmmpipe.mixture.diagnostics.restarts import optima


def test_every_run_is_at_the_gap_of_its_optimum():
    tables = case("default")
    figure = FIGURES["optima"].draw(tables, Style())
    axes = next(a for a in figure.axes if a.get_title() == "K = 3")
    runs = tables.runs(tables.selected()["covariance"], 3)
    which = optima(runs["log_likelihood"].to_numpy(), tables.mixtures(runs))
    best = runs["log_likelihood"].groupby(which).transform("max")
    gap = (runs["log_likelihood"].max() - best).to_numpy()
    starts = tables.starts()
    for index, start in enumerate(starts):
        mine = (runs["start"] == start).to_numpy()
        marks = axes.lines[index]
        np.testing.assert_allclose(marks.get_ydata(), gap[mine])
        offset = marks.get_xdata() - runs["seed"].to_numpy()[mine]
        assert np.ptp(offset) == pytest.approx(0)
        assert abs(offset[0]) < 0.5
    counts = {int(text.get_text()) for text in axes.texts}
    assert np.bincount(which).max() in counts


def test_runs_at_no_maximum_are_hollow_and_in_no_optimum():
    tables = case("default")
    family = tables.selected()["covariance"]
    cells = (tables.fits["k"] == 3) & (tables.fits["covariance"] == family)
    cells &= tables.fits["seed"] == 1
    fits = tables.fits.assign(end=tables.fits["end"].mask(cells, "saddle"))
    fits["limit"] -= np.where(cells, 1000, 0)
    short = replace(tables, fits=fits)
    figures = [FIGURES["optima"].draw(t, Style()) for t in (tables, short)]
    before, after = (next(a for a in figure.axes if a.get_title() == "K = 3") for figure in figures)
    hollow = [line for line in after.lines if line.get_markerfacecolor() == "none"]
    seeds = np.concatenate([line.get_xdata() for line in hollow]).round()
    n = len(tables.runs(family, 3).query("seed == 1"))
    assert seeds.tolist() == [1] * n
    assert all(max(line.get_ydata()) < after.get_ylim()[1] for line in hollow)
    found = [sum(int(text.get_text()) for text in axes.texts) for axes in (before, after)]
    assert found[1] < found[0]
    words = f"Hollow: {n} runs that did not end at a maximum"
    assert words in FIGURES["optima"].caption(short, Style())
    assert "Hollow" not in FIGURES["optima"].caption(tables, Style())


@pytest.mark.parametrize("name", ["agreement", "stability"])
def test_runs_compared_before_their_maximum_are_counted(name):
    tables = case("default")
    row, words = tables.selected(), "runs were still more than 0.01 nats below their maximum"
    assert words not in FIGURES[name].caption(tables, Style())
    cells = (tables.fits["k"] == row["k"]) & (tables.fits["covariance"] == row["covariance"])
    limit = tables.fits["log_likelihood"] + np.where(cells & (tables.fits["seed"] == 1), 5, 0)
    short = replace(tables, fits=tables.fits.assign(limit=limit))
    n = len(tables.runs(row["covariance"], row["k"]).query("seed == 1"))
    caption = FIGURES[name].caption(short, Style())
    assert f"when {n} of the " in caption
    assert words in caption


def test_the_optimum_of_a_run_is_where_it_leads_not_where_it_was_cut_off():
    tables = case("default")
    fits = tables.fits.assign(limit=tables.fits["log_likelihood"].max() + 5, optimum=1)
    figure = FIGURES["optima"].draw(replace(tables, fits=fits), Style())
    axes = next(a for a in figure.axes if a.get_title() == "K = 3")
    starts = len(tables.starts())
    assert all((line.get_ydata() == 0).all() for line in axes.lines[:starts])


def test_degenerate_runs_are_crosses():
    figure = FIGURES["optima"].draw(case("unsound_family"), Style())
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    assert [x for line in crosses for x in line.get_xdata()] == [1]
    assert "2 degenerate runs" in FIGURES["optima"].caption(case("unsound_family"), Style())


def test_the_matrix_is_the_adjusted_rand_index_of_each_two_runs():
    tables = case("default")
    figure = FIGURES["agreement"].draw(tables, Style())
    matrix = np.asarray(figure.axes[0].images[0].get_array())
    runs, which, _ = agreement._ordered(tables)
    assert matrix.shape == (6, 6)
    assert (np.diff(which) >= 0).all()
    np.testing.assert_allclose(matrix, matrix.T)
    np.testing.assert_allclose(np.diag(matrix), 1)
    x, mixtures = tables.x.to_numpy(), tables.mixtures(runs)
    labels = []
    for mixture in (mixtures[0], mixtures[-1]):
        gaps = x[:, None] - mixture.means
        inverse = np.linalg.inv(mixture.covariances)
        quadratic = np.einsum("nki,kij,nkj->nk", gaps, inverse, gaps)
        volume = np.log(np.linalg.det(mixture.covariances))
        labels.append((np.log(mixture.weights) - (quadratic + volume) / 2).argmax(axis=1))
    assert matrix[0, -1] == pytest.approx(METRICS["ari"](*labels))


def test_of_too_many_runs_some_of_every_optimum_and_start_are_shown(monkeypatch):
    tables = case("default")
    every, optimum, times = agreement._ordered(tables)
    assert len(set(optimum)) > 1
    monkeypatch.setattr(agreement, "MOST_RUNS", 4)
    figure = FIGURES["agreement"].draw(tables, Style())
    assert np.shape(figure.axes[0].images[0].get_array()) == (4, 4)
    runs, which, still = agreement._ordered(tables)
    assert still.tolist() == times.tolist()  # the numbers beside the rows count all runs
    assert set(which) == set(optimum)  # not only the likeliest
    assert set(runs["start"]) == set(every["start"])
    caption = FIGURES["agreement"].caption(tables, Style())
    assert "the clusterings of 4 runs" in caption
    assert "These 4 are chosen from 6 runs" in caption


def test_runs_are_drawn_evenly_and_rare_ones_whole():
    groups = np.repeat([0, 1, 2], [148, 148, 4])  # the best optimum from two starts, and another
    shown = agreement.evenly(groups, 100)
    assert np.bincount(groups[shown]).tolist() == [48, 48, 4]
    assert np.diff(shown[:48]).max() <= 4
    np.testing.assert_array_equal(agreement.evenly(groups, 300), np.arange(300))
    assert agreement.evenly(np.arange(30), 7).tolist() == list(range(7))


def test_runs_that_are_unfinished_or_at_a_saddle_are_no_optimum():
    tables = case("default")
    chosen = tables.selected()[["covariance", "k"]]
    mine = (tables.fits[chosen.index] == chosen).all(axis=1)
    kinds = np.where(tables.fits["start"] == "points", "saddle", "unfinished")
    end = np.where(mine & (tables.fits["seed"] == 2), kinds, "maximum")
    optimum = np.where(end == "maximum", 1 + (tables.fits["seed"] == 1), 0)
    told = replace(tables, fits=tables.fits.assign(end=end, optimum=optimum))
    runs, which, times = agreement._ordered(told)
    assert which.tolist() == [0, 0, 1, 1, 2, 2]
    assert runs["seed"].tolist() == [0, 0, 1, 1, 2, 2]
    assert times.tolist() == [2, 2, 2]
    figure = FIGURES["agreement"].draw(told, Style())
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["2 runs", "2 runs", "2 at no maximum"]
    caption = FIGURES["agreement"].caption(told, Style())
    assert "The last 2 did not reach a maximum" in caption
