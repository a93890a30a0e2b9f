"""What every figure of the registry owes its reader, over every case."""

import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from figure_cases import CASES, case
from matplotlib.text import Text

from gmmpipe.figures import FIGURES, Style, render
from gmmpipe.figures.parts.groups import matched_looks
from gmmpipe.mixture.diagnostics.restarts import NATS
from gmmpipe.results.columns import RUN

STYLES = {
    "column": Style(),
    "page": Style(width="page"),
    "features": Style(projection="features", sigmas=(1.0, 1.5, 3.0), rasterise_over=100),
    "large type": Style(font_size=8.5),
}
TUTORIAL = {"tutorial_clusters"}
SEVERAL_RUNS = {"basins", "optima", "restarts", "stability", "agreement"}
ABSENT = {
    "one_of_each": set(FIGURES)
    - {"clusters", "density", "animation", *TUTORIAL, "bootstrap", "intervals"},
    "many_components": SEVERAL_RUNS,
    "all_unsound": set(FIGURES) - {"sample_data"},
    "awkward": SEVERAL_RUNS | {"recovery"},
    "large": SEVERAL_RUNS | {"selection", "heatmap", "lineage", "iterations"},
    "without_trajectories": {"convergence", "animation", "basins", "bootstrap", "intervals"},
}
APPLICABLE = [
    (name, figure) for name in CASES for figure in FIGURES if figure not in ABSENT.get(name, set())
]

READERS = [
    (name, figure, style)
    for style, names in {
        "column": list(CASES),
        "page": [name for name in CASES if name not in ("noisy", "missing_values")],
        "features": ["many_features", "large"],
        "large type": ["default", "many_features", "unsound_family", "awkward"],
    }.items()
    for name, figure in APPLICABLE
    if name in names
]


def drawn(name, figure, style="column"):
    return FIGURES[figure].draw(case(name), STYLES[style])


def texts(figure):
    """Return each text shown that is not empty, and the box it fills in pixels."""
    figure.draw_without_rendering()  # which puts the labels of axes beside those of ticks
    axes = [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    every = {
        id(label)
        for axis in axes
        for which in ("major", "minor")
        for tick in getattr(axis, f"{which}Ticks")
        for label in (tick.label1, tick.label2)
    }
    shown = {
        id(label)
        for axis in axes
        for tick in axis._update_ticks()
        for label in (tick.label1, tick.label2)
    }
    found = [
        text
        for text in figure.findobj(Text)
        if text.get_visible()
        and text.get_text().strip()
        and (id(text) not in every or id(text) in shown)
    ]
    return [(text.get_text(), text.get_window_extent()) for text in found]


@pytest.mark.parametrize(("name", "figure", "style"), READERS)
def test_is_readable(name, figure, style):
    check_readable(drawn(name, figure, style))


def check_readable(canvas):
    """Check that no axes are empty, and no text is too small, cut off or on another."""
    assert canvas.axes
    for axes in canvas.axes:
        assert axes.lines or axes.collections or axes.patches or axes.images
    assert min(text.get_fontsize() for text in canvas.findobj(Text)) >= 6.5
    boxes = texts(canvas)
    for text, box in boxes:
        assert box.x0 >= -1, text
        assert box.y0 >= -1, text
        assert box.x1 <= canvas.bbox.x1 + 1, text
        assert box.y1 <= canvas.bbox.y1 + 1, text
    for (one, box), (other, another) in combinations(boxes, 2):
        assert not box.padded(-1).overlaps(another.padded(-1)), f"{one!r} lies on {other!r}"


@pytest.mark.parametrize(("name", "figure"), APPLICABLE)
def test_caption_is_one_plain_line(name, figure):
    caption = FIGURES[figure].caption(case(name), Style())
    assert caption.startswith(case(name).dataset)
    assert caption.endswith(".")
    assert "\n" not in caption
    assert "nan" not in caption.split()


@pytest.mark.parametrize("figure", FIGURES)
def test_same_bytes_twice_and_nothing_else_changed(figure):
    before, fits = dict(mpl.rcParams), case("default").fits.copy()
    once, again = drawn("default", figure), drawn("default", figure)
    for file_format in ("png", "svg", "pdf"):
        assert render(once, file_format) == render(again, file_format)
    assert render(once, "svg") == render(again, "svg")
    assert dict(mpl.rcParams) == before
    assert case("default").fits.equals(fits)


@pytest.mark.parametrize("figure", FIGURES)
def test_ignores_the_users_own_settings(figure):
    expected = render(drawn("default", figure), "svg")
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "pink", "svg.fonttype": "path"}):
        assert render(drawn("default", figure), "svg") == expected


@pytest.mark.parametrize("name", CASES)
def test_applies_where_the_tables_have_what_it_shows(name):
    absent = {figure for figure in FIGURES if not FIGURES[figure].applies(case(name))}
    assert absent == ABSENT.get(name, set())


def test_registry_loads_nothing_heavy():
    code = (
        "import gmmpipe.figures, sys; print({'matplotlib', 'pandas', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_drawing_needs_no_pyplot():
    code = "import sys; sys.path[:0] = sys.argv[1:]; from test_figure_registry import drawn; "
    code += "drawn('one_of_each', 'clusters'); print('matplotlib.pyplot' in sys.modules)"
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]
    done = subprocess.run(
        [sys.executable, "-c", code, *folders], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_many_points_become_pixels_and_the_caption_says_so():
    figure, style = drawn("large", "clusters"), Style()
    (points,) = [artist for artist in figure.axes[0].collections if artist.get_rasterized()]
    assert "21000 points are drawn as pixels" in FIGURES["clusters"].caption(case("large"), style)
    assert len(render(figure, "svg")) < 500_000
    # no group hides another: each is as often among the last drawn as among the first
    reds = [sum(face[0] > face[2] for face in half) for half in _halves(points.get_facecolors())]
    assert abs(reds[0] - reds[1]) < 500


def _halves(rows):
    return rows[: len(rows) // 2], rows[len(rows) // 2 :]


def test_many_points_are_counted_where_they_would_hide_the_contours():
    figure = drawn("large", "density")
    (hexagons,) = [artist for artist in figure.axes[0].collections if artist.get_rasterized()]
    assert hexagons.get_array().sum() == 21_000
    assert "counted in hexagons" in FIGURES["density"].caption(case("large"), Style())


def test_tutorial_figures_look_as_in_the_tutorial():
    found, true = drawn("default", "tutorial_clusters"), drawn("default", "sample_data")
    assert found.get_suptitle() == "GMM Clustering By EM Algorithm"
    assert true.get_suptitle() == "sample_data"
    legends = [
        [(h.get_color(), h.get_marker()) for h in figure.legends[0].legend_handles]
        for figure in (found, true)
    ]
    assert legends[0][:2] == [("#CC3311", "s"), ("#0077BB", "o")]  # red squares, blue circles
    labels = [text.get_text() for text in true.legends[0].get_texts()]
    assert labels == ["group 0 (30)", "group 1 (70)", "group 2 (40)"]
    # a group looks as the component that most of it is in
    assert sorted(legends[0]) == sorted(legends[1])
    found_in = case("default").assignments["component"].to_numpy() - 1
    codes = case("default").groups()[0]
    for group, look in enumerate(legends[1]):
        component = np.bincount(found_in[codes == group]).argmax()
        assert look == legends[0][component]


def test_the_iterations_that_a_caption_counts_were_done():
    tables = case("default")
    tables = replace(tables, best=tables.best.assign(n_iter=3))  # it converged before the last
    assert "after 3 iterations" in FIGURES["tutorial_clusters"].caption(tables, Style())


@pytest.mark.parametrize("name", ["default", "many_features"])
def test_true_groups_stand_in_the_axes_of_the_components(name):
    limits = {
        (figure.axes[0].get_xlim(), figure.axes[0].get_ylim(), figure.axes[0].get_xlabel())
        for figure in (drawn(name, f) for f in ("sample_data", "clusters", "tutorial_clusters"))
    }
    assert len(limits) == 1


def test_a_table_counts_each_group_in_each_component():
    figure, tables = drawn("default", "sample_data"), case("default")
    expected = pd.crosstab(tables.groups()[0], tables.assignments["component"].to_numpy())
    shown = np.asarray(figure.axes[1].collections[0].get_array()).reshape(expected.shape)
    np.testing.assert_array_equal(shown, expected)
    written = [int(text.get_text()) for text in figure.axes[1].texts]
    assert written == expected.to_numpy().ravel().tolist()
    assert "The table counts" in FIGURES["sample_data"].caption(tables, Style())


def test_groups_without_a_component_have_looks_that_no_component_has():
    table = np.array([[0.0, 9.0], [8.0, 0.0], [1.0, 1.0]])
    looks = matched_looks(table, Style())
    assert looks == [Style().component(index) for index in (1, 0, 2)]


def test_iteration_panels_share_axes_and_name_the_log_likelihood():
    figure, tables = drawn("default", "iterations"), case("default")
    cells = tables.snapshots(tables.selected())
    titles = [axes.get_title().replace("\N{MINUS SIGN}", "-") for axes in figure.axes]
    expected = [
        f"{i} iteration{'' if i == 1 else 's'}\n{value:.1f} nats"
        for i, value in zip(cells["iteration"], cells["log_likelihood"], strict=True)
    ]
    assert titles == expected
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes}) == 1


def test_heatmap_annotates_every_sound_cell():
    figure, tables = drawn("unsound_family", "heatmap"), case("unsound_family")
    best = tables.best_by_family().set_index(["covariance", "k"])["bic"]
    above = best - best.min()
    shown = {text.get_text() for text in figure.axes[0].texts}
    assert {f"{v:.1f}" if 0.05 <= v < 9.95 else f"{v:.0f}" for v in above} == shown
    hatched = [patch for patch in figure.axes[0].patches if patch.get_hatch()]
    assert len(hatched) == 2


def two_normalisers():
    """Return tables in which every fit stands a second time, worse, by another normaliser."""
    tables = case("default")
    fits = tables.fits.assign(normaliser="none", bic=tables.fits["bic"] + 1000)
    best = tables.best.assign(normaliser="none", bic=tables.best["bic"] + 1000, rank=99)
    return replace(tables, fits=pd.concat([tables.fits, fits]), best=pd.concat([tables.best, best]))


def test_heatmap_has_a_median_of_each_normaliser_and_none_of_single_runs():
    tables = two_normalisers()
    figure = FIGURES["heatmap"].draw(tables, Style())
    panels = [axes for axes in figure.axes if axes.get_title()]
    expected = ["best fit", "median of the runs, minmax", "median of the runs, none"]
    assert [axes.get_title() for axes in panels] == expected
    ends, lowest = tables.sound_ends(), tables.selected()["bic"]
    for axes, name in zip(panels[1:], ("minmax", "none"), strict=True):
        runs = ends[ends["normaliser"] == name]
        medians = runs.groupby(["covariance", "k"])["bic"].median() - lowest
        shown = np.sort(axes.collections[0].get_array().ravel())
        np.testing.assert_allclose(shown, np.sort(medians))
    single = drawn("awkward", "heatmap")
    assert [axes.get_title() for axes in single.axes] == ["best fit", ""]  # and the colours
    assert "median" not in FIGURES["heatmap"].caption(case("awkward"), Style())


def test_bars_of_selection_range_over_the_runs_of_one_normaliser():
    figure = FIGURES["selection"].draw(two_normalisers(), Style())
    runs = case("default").sound_ends()
    for family, bars in zip(case("default").families(), figure.axes[0].collections, strict=True):
        spread = runs[runs["covariance"] == family].groupby("k")["bic"].agg(["min", "max"])
        segments = np.array(bars.get_segments())
        np.testing.assert_array_equal(segments[:, :, 1], spread.to_numpy())
    caption = FIGURES["selection"].caption(two_normalisers(), Style())
    assert "over the 6 sound runs (starts, seeds) of each that have the normaliser" in caption
    assert "Bars" not in FIGURES["selection"].caption(case("awkward"), Style())


def test_selection_marks_the_lowest_and_the_unsound():
    figure, tables = drawn("unsound_family", "selection"), case("unsound_family")
    rings = [line for line in figure.axes[0].lines if line.get_fillstyle() == "none"]
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    assert rings[0].get_ydata()[0] == tables.selected()["bic"]
    assert len(crosses[0].get_xdata()) == 2
    caption = FIGURES["selection"].caption(tables, Style())
    assert "8 of 12 fits are degenerate and left out" in caption


def test_convergence_begins_with_the_start():
    figure, tables = drawn("default", "convergence"), case("default")
    upper = figure.axes[0]
    lines = [line for line in upper.lines if len(line.get_xdata()) > 1]
    model = tables.selected()[["covariance", "k"]]
    runs = tables.trajectories[(tables.trajectories[model.index] == model).all(axis=1)]
    for line, values in zip(lines, runs["log_likelihood"], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)
        assert line.get_xdata()[0] == 0
    below = [values[0] for values in runs["log_likelihood"] if values[0] < upper.get_ylim()[0]]
    marks = [line for line in upper.lines if line.get_marker() == "v"]
    assert [line.get_ydata()[0] for line in marks] == [upper.get_ylim()[0]] * len(below)
    assert ("Triangles" in FIGURES["convergence"].caption(tables, Style())) == bool(below)


def test_where_nothing_happens_there_is_no_panel():
    tables = case("default")
    row = tables.selected()
    mine = (tables.parameters[RUN] == row[RUN]).all(axis=1)
    ends = tables.parameters[mine & (tables.parameters["iteration"] == row["iteration"])]
    frozen = pd.concat([tables.parameters[~mine], *(ends.assign(iteration=i) for i in (1, 10, 30))])
    assert FIGURES["iterations"].applies(tables)
    assert not FIGURES["iterations"].applies(replace(tables, parameters=frozen))


def test_basins_count_the_runs_at_the_best():
    figure, tables = drawn("default", "basins"), case("default")
    row = tables.selected()
    runs = tables.trajectories.query("covariance == @row.covariance and k == @row.k")
    best = max(max(values[1:]) for values in runs["log_likelihood"])
    panel = next(axes for axes in figure.axes if axes.get_title().startswith(f"K = {row['k']}"))
    for (_, rows), line in zip(runs.groupby("start", sort=False), panel.lines, strict=True):
        ends = [values[-1] for values in rows["log_likelihood"]]
        expected = 100 * sum(end >= best - NATS for end in ends) / len(ends)
        assert line.get_ydata()[-1] == pytest.approx(expected)
