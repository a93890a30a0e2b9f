import shutil
from pathlib import Path

import pytest
from projects import carry_out_and_draw

import gmmpipe
from gmmpipe.store import artifacts
from gmmpipe.workflow.pipeline import STAGES
from gmmpipe.workflow.stages import figures

NAMES = "figures.names=[lineage,stability,recovery,sample_data]"


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return carry_out_and_draw(
        tmp_path_factory.mktemp("drawn") / "project",
        "experiment=smoke",
        "sweep.dataset=[sample,gmm]",
        "sweep.covariance=[full]",
        "sweep.dataset.sample.seed=[0,1]",
        "sweep.start=[random]",
        "figures.formats=[svg]",
        NAMES,
    )


@pytest.fixture
def drawn(once, project):
    """The study, in the working folder."""
    results, study = once
    shutil.copytree(results, project / "results", symlinks=True)
    return study


def test_a_figure_across_the_outer_axes_is_drawn_once_for_a_data_set(drawn):
    points = [f"{name}.dataset.sample.seed={seed}" for name in ("sample", "gmm") for seed in (0, 1)]
    expected = {f"{figure}-{point}" for figure in ("lineage", "stability") for point in points}
    expected |= {f"sample_data-{point}" for point in points[:2]} | {"recovery-sample"}
    folder = Path(drawn.folder) / "figures"
    assert {path.stem for path in folder.glob("*.svg")} == expected
    captions = artifacts.read_json(folder / "captions.json")
    assert set(captions) == expected
    assert captions["recovery-sample"].startswith("sample: ")
    assert "over 2 newly drawn data sets (dataset.sample.seed)" in captions["recovery-sample"]


def test_processes_that_share_the_work_change_no_byte(drawn):
    figures.run([drawn.path], "results/shared", threads=2)
    alone, shared = (
        {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
        for folder in (f"{drawn.folder}/figures", "results/shared")
    )
    assert list(shared) == list(alone)
    assert [name for name in alone if alone[name] != shared[name]] == []


def test_what_a_person_saves_among_the_figures_is_not_lost(drawn):
    """While a run goes on, too: the folder is not what Snakemake makes, and so removes."""
    folder = Path(drawn.figures)
    edited = folder / "recovery-sample.svg"
    before = edited.read_bytes()
    artifacts.write(folder / "drawn-before.svg", "of another configuration")
    (folder / "mine.ai").write_text("mine")
    edited.write_text("edited")
    Path(drawn.captions).unlink()  # as Snakemake does before the job
    figures.run([drawn.path], drawn.figures)
    assert edited.read_bytes() == before
    assert (folder / "mine.ai").read_text() == "mine"
    assert not (folder / "drawn-before.svg").exists()
    aside = {path.name: path.read_text() for path in Path("results/.replaced").rglob("*.svg")}
    assert aside == {
        "recovery-sample.svg": "edited",
        "drawn-before.svg": "of another configuration",
    }
    assert {path.suffix for path in drawn.figure_files()} == {".svg", ".json"}
    assert STAGES["figures"].outputs(drawn, drawn.label) == [drawn.captions]


def test_the_tables_are_there_in_python(drawn):
    run = gmmpipe.load(f"results/{drawn.experiment}/latest")
    assert set(run.recovery["dataset"]) == {"sample"}
    assert run.recovery["dataset.sample.seed"].tolist() == [0, 1]
    assert (run.lineage["share"] <= 1 + 1e-12).all()
    assert set(run.stability["runs"]) == {3}
