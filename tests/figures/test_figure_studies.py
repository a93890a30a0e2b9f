"""Lineage, stability and recovery show what their tables hold."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
from figure_cases import case
from matplotlib.patches import PathPatch, Rectangle

from gmmpipe.figures import FIGURES, Style


def errors(tables):
    """Return errors of fits at 15 outer points: five sizes of three samples each."""
    rows = []
    for covariance, n, seed in product(tables.families(), [1000, 100, 300, 3000, 10000], range(3)):
        row = {"covariance": covariance, "dataset.one.n": n, "dataset.one.seed": seed, "k": 2}
        row |= {"log_likelihood": -n - seed, "bayes_ari": 0.9 + seed / 100, "mean_error": 9 / n}
        row |= {"ari": 0.8 + seed / 100 - len(covariance) / n, "covariance_distance": 5 / n}
        rows.append(row)
    return pd.DataFrame(rows)


def test_lineage_draws_every_component_as_high_as_its_part():
    figure, tables = FIGURES["lineage"].draw(case("default"), Style()), case("default")
    links = tables.lineage[tables.lineage["covariance"] == tables.selected()["covariance"]]
    bars = [p for p in figure.axes[0].patches if isinstance(p, Rectangle)]
    assert len(bars) == 1 + 2 + 3
    expected = links.groupby(["k", "component"])["mass"].sum()
    np.testing.assert_allclose(sorted(b.get_height() for b in bars), sorted([1.0, *expected]))
    assert sum(bar.get_linewidth() > 0 for bar in bars) == 2  # one is new at each further K
    ribbons = [p for p in figure.axes[0].patches if isinstance(p, PathPatch)]
    assert len(ribbons) == (links["mass"] >= 0.001).sum()
    bold = [t.get_text() for t in figure.axes[0].get_xticklabels() if t.get_weight() == "bold"]
    assert [text.split("\n")[0] for text in bold] == [str(tables.selected()["k"])]


def test_lineage_names_the_component_that_splits():
    figure, links = FIGURES["lineage"].draw(case("default"), Style()), case("default").lineage
    mine = links[(links["covariance"] == case("default").selected()["covariance"])]
    new = mine.query("k == 3 and component == 3").sort_values("mass").iloc[-1]
    last = figure.axes[0].get_xticklabels()[-1].get_text()
    assert last == f"3\n{new['parent']}→3"


def test_stability_shows_the_table():
    figure, tables = FIGURES["stability"].draw(case("default"), Style()), case("default")
    rows = tables.stability.query("k > 1")
    for axes in figure.axes:
        start = axes.get_title().removeprefix("seeds, start ")
        for family, container in zip(tables.families(), axes.containers, strict=True):
            mine = rows[(rows["start"] == start) & (rows["covariance"] == family)]
            np.testing.assert_array_equal(container[0].get_ydata(), mine["ari"])


def test_stability_has_a_panel_for_resamples():
    tables = case("default")
    both = pd.concat([tables.stability, tables.stability.assign(kind="bootstrap", start="points")])
    figure = FIGURES["stability"].draw(replace(tables, stability=both), Style())
    assert [axes.get_title() for axes in figure.axes][-1] == "bootstrap resamples"
    assert len(figure.axes) == 3


def test_recovery_averages_over_data_sets_drawn_anew():
    tables = replace(case("one_feature"), recovery=errors(case("one_feature")))
    figure = FIGURES["recovery"].draw(tables, Style(width="page"))
    panel = figure.axes[0]
    by = tables.recovery.groupby(["covariance", "dataset.one.n"])["ari"]
    for family, container in zip(tables.families(), panel.containers, strict=True):
        np.testing.assert_allclose(container[0].get_ydata(orig=False), by.mean()[family])
        bars = np.array(container[2][0].get_segments())[:, :, 1]
        np.testing.assert_allclose(np.diff(bars)[:, 0] / 2, by.sem()[family])
    bound = tables.recovery.groupby("dataset.one.n")["bayes_ari"].mean()
    np.testing.assert_allclose(panel.lines[-1].get_ydata(orig=False), bound)
    np.testing.assert_array_equal(panel.lines[-1].get_xdata(orig=False), bound.index)
    assert panel.get_xscale() == "log"
    ticks = [label.get_text() for label in figure.axes[-1].get_xticklabels()]
    assert ticks == ["100", "300", "1000", "3000", "10000"]
    caption = FIGURES["recovery"].caption(tables, Style())
    assert "weighted by the true weights" in caption
    assert caption.endswith("over 3 newly drawn data sets (dataset.one.seed).")


def test_recovery_has_a_facet_for_each_point_of_a_design():
    every = errors(case("one_feature"))
    design = pd.concat([every.assign(**{"dataset.one.d": d}) for d in (2, 8)])
    tables = replace(case("one_feature"), recovery=design)
    figure = FIGURES["recovery"].draw(tables, Style())
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == ["d = 2", "d = 8"]
    single = design.rename(columns={"dataset.one.seed": "dataset.one.separation"})
    single = single.query("`dataset.one.n` == 100")
    tables = replace(tables, recovery=single.assign(**{"dataset.one.n": 100}))
    figure = FIGURES["recovery"].draw(tables, Style())
    for axes in figure.axes:
        for container in axes.containers:
            spans = [np.ptp(segment[:, 1]) for segment in container[2][0].get_segments()]
            assert not np.any(spans)  # of one data set at each point no error is known
    caption = FIGURES["recovery"].caption(tables, Style())
    assert caption.endswith("Each point is one data set, so its standard error is unknown.")


def test_recovery_places_numbers_to_scale():
    rows = errors(case("one_feature")).rename(columns={"dataset.one.n": "dataset.one.separation"})
    rows["dataset.one.separation"] = rows["dataset.one.separation"].map(
        {100: 1.0, 300: 2.0, 1000: 3.0, 3000: 5.0, 10000: 8.0}
    )
    tables = replace(case("one_feature"), recovery=rows)
    line = FIGURES["recovery"].draw(tables, Style()).axes[0].lines[-1]
    assert line.get_xdata(orig=False).tolist() == [1, 2, 3, 5, 8]


def test_recovery_without_an_outer_axis_gives_each_family_a_place():
    tables = case("default")
    panel = FIGURES["recovery"].draw(tables, Style()).axes[0]
    families = [f for f in tables.families() if f in set(tables.recovery["covariance"])]
    assert len(families) > 1
    for family, container in zip(families, panel.containers, strict=True):
        place = tables.families().index(family)
        assert container[0].get_xdata(orig=False).tolist() == [place]
