"""`gmmpipe whence`: from the file of a figure back to the run that made it."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from gmmpipe.errors import InputError
from gmmpipe.figures.movie import Movie
from gmmpipe.figures.origin import Origin, command, origin_of, read_origin
from gmmpipe.figures.render import METADATA, render, render_movie
from gmmpipe.workflow.make_plan import make_plan

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.iteration=1")
TINY += ("sweep.covariance=[full]", "sweep.seed=0")
COMMANDS = [
    "",
    "gmmpipe run 'a=(1)' \\ ) <b>&amp; \"c\"",
    "gmmpipe run --data 花.csv --label 'a b'",
]


def still():
    figure = Figure(figsize=(1, 1))
    figure.add_subplot().plot([0, 1])
    return figure


@pytest.mark.parametrize("made", COMMANDS)
@pytest.mark.parametrize("suffix", METADATA)
def test_a_figure_says_where_it_is_from(suffix, made, tmp_path):
    origin = Origin("smoke", "0123456789ab", made)
    path = tmp_path / f"figure.{suffix}"
    path.write_bytes(render(still(), suffix, 50, str(origin)))
    assert read_origin(path) == origin
    assert render(still(), suffix, 50, str(origin)) == path.read_bytes()


@pytest.mark.parametrize("made", COMMANDS)
def test_so_does_one_that_moves(made, tmp_path):
    figure = still()
    axes = figure.axes[0]
    view = (axes.get_xlim(), axes.get_ylim())
    movie = Movie(figure, [[], []], 10, axes, [view, view])
    origin = Origin("smoke", "0123456789ab", made)
    path = tmp_path / "figure.gif"
    path.write_bytes(render_movie(movie, 50, str(origin)))
    assert read_origin(path) == origin


def test_a_drawn_figure_leads_to_its_version(study, gmmpipe, tmp_path, monkeypatch):
    done = study(*TINY)
    figure = str(tmp_path / "figure 1.pdf")
    assert gmmpipe("figure", "clusters", done.folder, "-o", figure).code == 0
    answer = gmmpipe("whence", figure)
    lines = answer.out.splitlines()
    assert lines[:2] == [f"smoke {done.version}", f"  results  {Path(done.folder).absolute()}"]
    assert lines[2].startswith("  command  gmmpipe run experiment=smoke ")
    assert "sweep.dataset=[gmm]" in lines[2].replace("'", "")
    monkeypatch.chdir(tmp_path)
    assert "results  not among the results of this folder" in gmmpipe("whence", figure).out


@pytest.mark.usefixtures("project")
def test_figures_name_no_folder_of_a_person_s_file(tmp_path):
    file = tmp_path / "private" / "mine.csv"
    file.parent.mkdir()
    file.write_bytes(Path("data/gmm.data").read_bytes())
    plan = make_plan(Path(), ("sweep.k=1", "sweep.iteration=1"), {"path": str(file)})
    assert str(file) in command(plan)
    assert "private" not in str(origin_of(plan))
    assert "--data mine.csv" in origin_of(plan).command


def test_what_says_nothing_is_refused(tmp_path, refused):
    picture = tmp_path / "other.png"
    Image.new("L", (2, 2)).save(picture)
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(render(still(), "png", 50, "gmmpipe experiment a, version b")[:30])
    texts = {
        "a.svg": "<dc:source>gmmpipe experiment ../x, version y</dc:source>",
        "b.svg": "<dc:source>else</dc:source>",
        "c.pdf": "%PDF /Subject (",
        "d": "",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    for path in (picture, damaged, *(tmp_path / name for name in texts)):
        refused(f"{path.name}: names no run of gmmpipe", "whence", str(path))
    refused("no-such.png", "whence", str(tmp_path / "no-such.png"))
    refused("not a regular file", "whence", str(tmp_path))


def test_a_file_is_not_read_without_end(tmp_path, monkeypatch):
    path = tmp_path / "large.png"
    path.write_bytes(b"0123456789")
    monkeypatch.setattr("gmmpipe.figures.origin.MOST", 9)
    with pytest.raises(InputError, match="larger"):
        read_origin(path)
