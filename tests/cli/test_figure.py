"""One figure of a finished version again, without running anything."""

import io
import shutil
from pathlib import Path

import figure_cases
import numpy as np
import pytest
from PIL import Image
from projects import carry_out_and_draw

import gmmpipe as pipeline
from gmmpipe.errors import InputError
from gmmpipe.figures.case_tables import case_tables, version_frames
from gmmpipe.figures.redraw import restricted
from gmmpipe.results.words import language
from gmmpipe.store import artifacts

SETTINGS = ("experiment=smoke", "sweep.dataset=[gmm,sample]", "sweep.covariance=[full]")
SETTINGS += ("sweep.k=[2]", "sweep.seed=[0,1]", "sweep.iteration=[3]", "figures.frames=4")
SETTINGS += ("figures.dpi=60", "figures.formats=[png,gif]", "figures.names=[clusters,animation]")
LATEST = "results/smoke/latest"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return carry_out_and_draw(tmp_path_factory.mktemp("drawn") / "project", *SETTINGS)


@pytest.fixture
def done(drawn, project):
    """The study, in the working folder."""
    results, found = drawn
    shutil.copytree(results, project / "results", symlinks=True)
    return found


def hashes(folder: str) -> dict[str, str]:
    files = (path for path in sorted(Path(folder).rglob("*")) if path.is_file())
    return {str(path): artifacts.sha256(path.read_bytes()) for path in files}


def test_the_same_figure_again_has_the_same_bytes(done, gmmpipe):
    before = hashes("results")
    answer = gmmpipe("figure", "animation", LATEST, "-o", "again/", "--dataset", "gmm")
    assert (answer.code, answer.err) == (0, "")
    made = [Path(line) for line in answer.out.splitlines()]
    assert [path.name for path in made] == ["animation-gmm.png", "animation-gmm.gif"]
    for path in made:
        assert path.read_bytes() == Path(f"{done.folder}/figures/{path.name}").read_bytes()
    assert hashes("results") == before


def test_every_data_set_in_the_working_folder(done, gmmpipe, monkeypatch, tmp_path):
    folder = str(Path(done.folder).resolve())
    monkeypatch.chdir(tmp_path)
    answer = gmmpipe("figure", "clusters", folder)
    assert answer.code == 0
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [
        "clusters-gmm.png",
        "clusters-sample.png",
    ]


def test_in_another_width_and_format(done, gmmpipe):
    assert done.version
    out = ["-o", "wide.png", "--dataset", "gmm", "--width", "page"]
    assert gmmpipe("figure", "clusters", LATEST, *out).code == 0
    with Image.open("wide.png") as image:
        assert image.width == int(180 / 25.4 * 60)
    assert gmmpipe("figure", "clusters", LATEST, "-o", "a.svg", "--dataset", "gmm").code == 0
    assert ">eruption (min)</text>" in Path("a.svg").read_text(encoding="utf-8")


@pytest.mark.skipif(
    language.chinese_font() is None,
    reason="no font with Chinese characters (Debian: fonts-noto-cjk)",
)
def test_in_another_language(done, gmmpipe):
    assert done.version
    out = ["-o", "zh.svg", "--dataset", "gmm", "--language", "zh"]
    assert gmmpipe("figure", "clusters", LATEST, *out).code == 0
    assert "分量" in Path("zh.svg").read_text(encoding="utf-8")


def test_what_cannot_be_drawn_is_refused_in_one_line(done, refused):
    refused("figure 'cluster' did you mean 'clusters'", "figure", "cluster", LATEST)
    refused("results/no finished experiment", "figure", "clusters", "results/no")
    refused("dataset 'gm' gmm, sample", "figure", "clusters", LATEST, "--dataset", "gm")
    refused("one file gmm, sample folder", "figure", "clusters", LATEST, "-o", "a.png")
    refused("-o 'jpg' png", "figure", "clusters", LATEST, "-o", "a.jpg")
    refused("clusters is not animated", "figure", "clusters", LATEST, "-o", "a.gif")
    refused("figures.width 'wide' 'column'", "figure", "clusters", LATEST, "--width", "wide")
    refused("figures.language 'de' 'zh'", "figure", "clusters", LATEST, "--language", "de")
    refused("bootstrap has nothing to show smoke", "figure", "bootstrap", LATEST)
    shutil.rmtree("results/store/normalised")
    refused("normalised/ lost it run once more", "figure", "clusters", LATEST)
    assert not list(Path().glob("*.png"))
    assert done.version


def test_tables_and_data_of_other_bytes_than_the_manifest_tells_are_refused(done, refused):
    """Written with a record, as those of another version are."""
    for name in ("best", "fits", "parameters"):
        path = Path(done.folder, f"tables/{name}.parquet")
        content, table = path.read_bytes(), artifacts.read_table(path)
        artifacts.write_table(path, table.slice(0, table.num_rows - 1))
        refused(f"{name}.parquet not of this version", "figure", "clusters", LATEST)
        artifacts.write(path, content)
    path = done.data[0]
    arrays = artifacts.read_arrays(path)
    artifacts.write_arrays(path, {**arrays, "x": arrays["x"] + 1})
    refused("data/ not the data that this version fitted", "figure", "clusters", LATEST)


def test_a_file_that_is_no_figure_is_not_replaced_under_a_name_that_nobody_typed(
    done, gmmpipe, refused
):
    (theirs,) = made = [Path("clusters-sample.png")]
    theirs.write_bytes(b"mine")
    Path("out").mkdir()
    theirs.rename("out/clusters-sample.png")
    for options in (["-o", "out"], ["-o", "out/"]):
        refused(
            "clusters-sample.png no figure of gmmpipe -o", "figure", "clusters", LATEST, *options
        )
    assert Path("out/clusters-sample.png").read_bytes() == b"mine"
    assert len(list(Path("out").iterdir())) == 1
    for _ in range(2):  # its own are drawn again
        assert gmmpipe("figure", "clusters", LATEST).code == 0
    typed = ["-o", "out/clusters-sample.png", "--dataset", "sample"]
    assert gmmpipe("figure", "clusters", LATEST, *typed).code == 0
    assert made[0].read_bytes() == Path("out/clusters-sample.png").read_bytes()
    assert done.version


@pytest.mark.parametrize("setting", ["fit.noise=0", "fit.noise=0.2", "fit.acceleration=anderson"])
def test_steps_are_those_of_the_fit(study, setting):
    done = study(*SETTINGS[:-1], "sweep.iteration=[1,2,3]", "sweep.dataset=[gmm]", setting)
    for (_, _), tables in case_tables(done, version_frames(done)):
        row = tables.selected()
        again = tables.replay(row, [0, 1, 2, 3])
        for (_, cell), mixture in zip(tables.snapshots(row).iterrows(), again[1:], strict=True):
            stored = tables.mixture(cell)
            for name in ("weights", "means", "covariances"):
                assert getattr(mixture, name) == pytest.approx(getattr(stored, name), rel=1e-9)
            assert (mixture.box is None) == (stored.box is None) == (setting != "fit.noise=0.2")


def test_of_another_fit_and_some_features(done, gmmpipe):
    assert done.version
    svg = ["-o", "one.svg", "--dataset", "gmm"]
    cell = ["--cell", "seed=1,iteration=3", "--set", "figures.sigmas=[2]", "--dpi", "90"]
    assert gmmpipe("figure", "clusters", "results/smoke", *svg, *cell).code == 0
    drawn = Path("one.svg").read_text(encoding="utf-8")
    weights = pipeline.load("results/smoke").mixture("gmm", seed=1).weights
    assert [f">{i} ({w:.2f})</text>" in drawn for i, w in enumerate(weights, 1)] == [True, True]
    assert gmmpipe("figure", "clusters", LATEST, *svg, "--columns", "waiting (min)").code == 0
    drawn = Path("one.svg").read_text(encoding="utf-8")
    assert ">waiting (min)</text>" in drawn
    assert "eruption" not in drawn
    for words, *options in (
        ("column is 'wait'; choose one of eruption (min), waiting (min)", "--columns", "wait"),
        ("k is '7'; choose one of 2", "--cell", "k=7"),
        ("give a setting of figures", "--set", "fit.tol=1"),
        ("figures.sigmas", "--set", "figures.sigmas=[-2]"),
        ("figures.dpi", "--dpi", "10"),
    ):
        answer = gmmpipe("figure", "clusters", LATEST, *svg, *options)
        assert (answer.code, words in answer.err) == (2, True), answer
    answer = gmmpipe("figure", "heatmap", LATEST, *svg, "--cell", "k=2")
    assert "heatmap has no use for cell, which is of clusters" in answer.err


def test_in_a_notebook(done):
    before = hashes("results")
    run = pipeline.load(done.folder)
    drawn = run.figure("clusters", "gmm", cell={"seed": 1}, columns=["eruption (min)"], dpi=80)
    assert drawn.caption.startswith("gmm: the selected mixture (full, K = 2)")
    with Image.open(io.BytesIO(drawn._repr_png_())) as image:
        assert image.width == int(85 / 25.4 * 80)
    drawn.save("x.pdf")
    assert Path("x.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(InputError, match="clusters is there of gmm, sample; give dataset"):
        run.figure("clusters")
    with pytest.raises(InputError, match="choose one of png, svg, pdf"):
        drawn.save("x.jpg")
    assert hashes("results") == before


def test_an_asked_criterion_selects(done):
    run = pipeline.load(done.folder)
    best = run.best.assign(icl=[*range(len(run.best))][::-1])
    run.__dict__["best"] = best
    assert run.chosen({"criterion": "icl"}).iloc[0]["icl"] == best["icl"].min()
    with pytest.raises(InputError, match="did you mean 'icl'"):
        run.mixture("gmm", criterion="icll")


def test_features_of_many_are_marginals():
    tables = figure_cases.case("many_features")
    some = restricted(tables, tables.features[:1])
    row = tables.selected()
    whole, one = tables.mixture(row), some.mixture(row)
    np.testing.assert_array_equal(one.means, whole.means[:, :1])
    np.testing.assert_array_equal(one.covariances, whole.covariances[:, :1, :1])
    assert some.features == tables.features[:1]
