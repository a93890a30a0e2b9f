"""What the figures of the bootstrap show, and when they show nothing."""

from dataclasses import replace

import numpy as np
import pytest
from figure_cases import case

from gmmpipe.figures import FIGURES, Style


def drawn(name, tables):
    return FIGURES[name].draw(tables, Style())


def test_each_panel_shows_a_test_and_the_p_value():
    tables = case("default")
    figure = drawn("bootstrap", tables)
    rows = tables.of_selected(tables.tests)
    assert len(figure.axes) == len(rows) == 3
    for axes, (_, row) in zip(figure.axes, rows.iterrows(), strict=True):
        sound = np.sum(~np.isnan(row["null"]))
        assert sum(bar.get_height() for bar in axes.patches) == sound  # each replicate, once
        assert axes.get_title().startswith(f"K = {row['k0']} against {row['k1']}: ")
        said = "p ≤ 0.01" if row["k0"] == 1 else f"p = {row['p_value']:.3g} ± 0.04"
        assert said in axes.get_title()
    lines = [line for line in figure.axes[1].lines if len(set(line.get_xdata())) == 1]
    assert lines[0].get_xdata()[0] == 7.0
    assert figure.axes[0].get_xlim()[1] < 100  # 300 is pointed at
    caption = FIGURES["bootstrap"].caption(tables, Style())
    assert "K = 2 is the first that is not rejected" in caption
    assert "2 of 297 replicates are degenerate" in caption


def test_of_many_tests_those_where_it_stops_are_shown():
    tables = case("many_components")
    tests = tables.tests.assign(selected=tables.tests["k0"] == 20)
    shown = [axes.get_title() for axes in drawn("bootstrap", replace(tables, tests=tests)).axes]
    assert [title.split()[2] for title in shown] == [str(k) for k in range(16, 22)]
    caption = FIGURES["bootstrap"].caption(replace(tables, tests=tests), Style())
    assert "Not shown: K = 10, 11, 12, 13, 14, 15, 22" in caption


def test_a_bar_spans_each_interval():
    tables = case("default")
    figure = drawn("intervals", tables)
    rows = tables.of_selected(tables.intervals)
    wanted = rows[(rows["parameter"] == "weight") & (rows["kind"] == "nonparametric")]
    segments = np.array(figure.axes[0].collections[1].get_segments())
    np.testing.assert_allclose(segments[:, :, 0], wanted[["low", "high"]].to_numpy())
    assert len(figure.axes) == 1 + len(tables.features)
    assert "left out: 3 parametric" in FIGURES["intervals"].caption(tables, Style())


@pytest.mark.parametrize("name", ["bootstrap", "intervals"])
def test_without_any_sound_replicate_there_is_no_figure(name):
    tables = case("default")
    lost = tables.tests.assign(null=[np.full(99, np.nan)] * len(tables.tests))
    none = tables.intervals.assign(low=np.nan, high=np.nan)
    assert FIGURES[name].applies(tables)
    assert not FIGURES[name].applies(replace(tables, tests=lost, intervals=none))
    assert not FIGURES[name].applies(replace(tables, tests=lost[:0], intervals=none[:0]))
    with pytest.raises(ValueError, match="default was not bootstrapped"):
        tables.of_selected(None)
