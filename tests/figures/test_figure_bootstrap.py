"""What the figures of the bootstrap show, and when they show nothing."""

from dataclasses import replace

import numpy as np
import pytest
from figure_cases import case

from gmmpipe.figures import FIGURES, Style
from gmmpipe.mixture.bootstrap.intervals import p_value
from gmmpipe.report import evidence
from gmmpipe.results.bootstrap_tests import decided


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
        said = "p ≤ 0.01" if row["k0"] == 1 else f"p = {row['p_value']:.3g} ± {row['mc_error']:.2g}"
        assert axes.get_title().endswith(f"\n{said}\n{row['decision']} at 5 %")
    lines = [line for line in figure.axes[1].lines if len(set(line.get_xdata())) == 1]
    assert lines[0].get_xdata()[0] == 7.0
    assert figure.axes[0].get_xlim()[1] < 100  # 300 is pointed at
    caption = FIGURES["bootstrap"].caption(tables, Style())
    assert "K = 2 is the first that is not rejected" in caption
    assert "2 of 297 replicates are degenerate" in caption


def with_test(p, error):
    """Return tables whose test of K = 2 has this p-value."""
    tables = case("default")
    second = tables.tests["k0"] == 2
    tests = tables.tests.assign(
        p_value=tables.tests["p_value"].mask(second, p),
        mc_error=tables.tests["mc_error"].mask(second, error),
    )
    return replace(tables, tests=decided(tests, [], 0.05))


@pytest.mark.parametrize(
    ("p", "error", "word"),
    [(0.055, 0.016, "undecided"), (0.09, 0.016, "not rejected"), (0.02, 0.016, "rejected")],
)
def test_figure_and_report_say_what_the_table_decides(p, error, word):
    tables = with_test(p, error)
    assert set(tables.tests.query("k0 == 2")["decision"]) == {word}
    assert tables.tests.query("k0 == 2")["selected"].all() == (word == "not rejected")
    title = drawn("bootstrap", tables).axes[1].get_title()
    assert title.endswith(f"\n{word} at 5 %")
    fact = evidence._tests(tables)
    undecided = word == "undecided"
    assert (fact.value == "undecided at 5 %") == undecided
    assert (
        "K = 2 (bold) is undecided" in FIGURES["bootstrap"].caption(tables, Style())
    ) == undecided
    assert fact.value != "K = 2" or word == "not rejected"


def test_the_dashed_line_is_where_p_reaches_the_level():
    for axes, (_, row) in zip(
        drawn("bootstrap", case("default")).axes, case("default").tests.iterrows(), strict=False
    ):
        edge = next(line.get_xdata()[0] for line in axes.lines if line.is_dashed())
        for observed, rejected in ((edge * 1.0001, True), (edge, False)):
            p = p_value(observed, np.asarray(row["null"]))[0]
            assert (p <= 0.05) == rejected


def test_of_many_tests_those_where_it_stops_are_shown():
    tables = case("many_components")
    p = tables.tests["p_value"].mask(tables.tests["k0"] < 20, 0.001)
    tests = decided(tables.tests.assign(p_value=p, mc_error=0.001), [], 0.05)
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
    caption = FIGURES["intervals"].caption(tables, Style())
    assert "left out: 3 parametric" in caption
    assert "95 % bootstrap percentile intervals" in caption
    assert "95 % interval" in figure.axes[0].get_xlabel()


def test_each_kind_of_resampling_is_explained():
    tables = case("default")
    weighted = tables.intervals.assign(kind="weighted", level=0.1)
    caption = FIGURES["intervals"].caption(replace(tables, intervals=weighted), Style())
    assert "Weighted: every row stays, with a random (Dirichlet) weight" in caption
    assert "90 % bootstrap percentile intervals" in caption


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
