"""The optima of the seeds, and how alike their clusterings are."""

import numpy as np
import pytest
from figure_cases import case

from gmmpipe.figures import FIGURES, Style, agreement
from gmmpipe.numerics.certificate import optima
from gmmpipe.numerics.metrics import METRICS


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


def test_degenerate_runs_are_crosses():
    figure = FIGURES["optima"].draw(case("unsound_family"), Style())
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    assert [x for line in crosses for x in line.get_xdata()] == [1]
    assert "2 degenerate runs" in FIGURES["optima"].caption(case("unsound_family"), Style())


def test_the_matrix_is_the_adjusted_rand_index_of_each_two_runs():
    tables = case("default")
    figure = FIGURES["agreement"].draw(tables, Style())
    matrix = np.asarray(figure.axes[0].images[0].get_array())
    runs, which = agreement._ordered(tables)
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


def test_of_too_many_runs_the_likeliest_are_shown(monkeypatch):
    monkeypatch.setattr(agreement, "MOST_RUNS", 4)
    tables = case("default")
    figure = FIGURES["agreement"].draw(tables, Style())
    assert np.shape(figure.axes[0].images[0].get_array()) == (4, 4)
    caption = FIGURES["agreement"].caption(tables, Style())
    assert "each two of 4 runs" in caption
    assert "2 further runs of lower log-likelihood are left out" in caption
