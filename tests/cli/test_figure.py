"""One figure of a finished version again, without running anything."""

import shutil
from pathlib import Path

import pytest
from PIL import Image
from projects import carry_out_and_draw

from gmmpipe.figures.case_tables import case_tables, version_frames
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
    refused("--dataset 'gm' gmm, sample", "figure", "clusters", LATEST, "--dataset", "gm")
    refused("one file gmm, sample folder", "figure", "clusters", LATEST, "-o", "a.png")
    refused("-o 'jpg' png", "figure", "clusters", LATEST, "-o", "a.jpg")
    refused("clusters is not animated", "figure", "clusters", LATEST, "-o", "a.gif")
    refused("figures.width 'wide' 'column'", "figure", "clusters", LATEST, "--width", "wide")
    refused("figures.language 'de' 'zh'", "figure", "clusters", LATEST, "--language", "de")
    refused("bootstrap has nothing to show smoke", "figure", "bootstrap", LATEST)
    shutil.rmtree("results/store/normalised")
    refused("normalised/ lost it run this version again", "figure", "clusters", LATEST)
    assert not list(Path().glob("*.png"))
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
