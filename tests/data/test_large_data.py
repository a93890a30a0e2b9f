"""Data past memory go the whole way, and give the bytes of data in memory."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmmpipe.data import source
from gmmpipe.data.file import File
from gmmpipe.data.formats.registry import FORMATS
from gmmpipe.figures import FIGURES, Style, case_tables
from gmmpipe.mixture import slices
from gmmpipe.mixture.affine import Affine
from gmmpipe.report.explorer import scene
from gmmpipe.store import arrays as archive
from gmmpipe.store import artifacts
from gmmpipe.workflow.experiment import load

N = 400
SWEEP = ("sweep.dataset=[mine]", "sweep.covariance=[full]", "sweep.start=[kmeans]", "sweep.k=1..2")
SWEEP += ("sweep.seed=[0]", "sweep.iteration=[5]", "sweep.normaliser=[standard]")


@pytest.fixture
def columns():
    rng = np.random.default_rng(0)
    groups = rng.integers(2, size=N)
    x = rng.normal(size=(N, 2)) + 5 * groups[:, None]
    return {"u": x[:, 0], "v": x[:, 1], "g": groups, "w": rng.integers(1, 4, size=N)}


def parted(monkeypatch):
    """Treat every file as one past memory."""
    monkeypatch.setattr(source, "LARGE", 1)
    monkeypatch.setattr(File, "part", 90)
    monkeypatch.setattr(File, "block", 1000)
    monkeypatch.setattr(archive, "MAPPED", 0)
    monkeypatch.setattr(archive, "SMALL", 100)


def options(path):
    return f"dataset.mine={{kind: file, path: {path}, label: g, weight: w}}"


def made():
    return {
        path: path.read_bytes()
        for kind in ("store/*/*.npz", "*/*/tables/*")
        for path in sorted(Path("results").glob(kind))
        if path.parent.parent.name != "latest"
    }


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy"])
def test_every_file_of_the_store_and_every_table_is_the_same(
    project, study, suffix, columns, monkeypatch
):
    monkeypatch.setattr(slices, "SLICE", 150)
    table = pa.table(columns)
    if suffix == ".csv":
        table.to_pandas().to_csv("x.csv", index=False)
    elif suffix == ".parquet":
        pq.write_table(table, "x.parquet")
    else:
        np.save("x.npy", np.column_stack(list(columns.values())))
    names = ["dataset.mine.names=[u,v,g,w]"] if suffix == ".npy" else []
    study(options(f"x{suffix}"), *names, *SWEEP)
    small = made()
    shutil.rmtree(project / "results")
    parted(monkeypatch)
    done = study(options(f"x{suffix}"), *names, *SWEEP)
    assert made() == small
    assert len(small) > 15
    x = artifacts.read_arrays(done.data[0])["x"]
    assert not x.flags.owndata
    np.testing.assert_array_equal(x, np.column_stack([columns["u"], columns["v"]]))


def test_a_large_text_is_parsed_once_by_the_plan(project, study, columns, monkeypatch, capsys):
    pa.table(columns).to_pandas().to_csv("x.csv", index=False)
    parted(monkeypatch)
    calls = []
    text = FORMATS["text"]
    spy = replace(text, parse=lambda *a: calls.append(a) or text.parse(*a))
    monkeypatch.setitem(FORMATS, "text", spy)
    done = study(options("x.csv"), *SWEEP)
    assert len(calls) == 1
    assert f"x.csv: {N} rows in" in capsys.readouterr().err
    assert list(project.glob("results/store/text/*")) == []
    Path(done.data[0]).unlink()  # lost: it is read again
    study(options("x.csv"), *SWEEP)
    assert len(calls) == 2
    assert project.glob("results/store/data/*.npz")


def test_a_folder_of_parquet_is_a_data_set(project, study, columns):
    (project / "rows").mkdir()
    table = pa.table(columns)
    for i in range(4):
        pq.write_table(table[100 * i : 100 * (i + 1)], project / f"rows/part-{i}.parquet")
    done = study(options("rows"), *SWEEP)
    stored = artifacts.read_arrays(done.data[0])
    np.testing.assert_array_equal(stored["x"], np.column_stack([columns["u"], columns["v"]]))
    np.testing.assert_array_equal(stored["labels"], columns["g"])
    inputs = load("results/default/latest").manifest["inputs"]
    assert list(inputs) == [f"rows/part-{i}.parquet" for i in range(4)]
    pq.write_table(table[:50], project / "rows/part-9.parquet")
    assert study(options("rows"), *SWEEP).version != done.version


def test_a_folder_inside_the_project_may_not_lead_out(project, refused, columns, tmp_path):
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    (project / "rows").mkdir()
    (project / "rows/a.parquet").symlink_to(tmp_path / "x.parquet")
    refused("a.parquet lies outside", "run", options("rows"), *SWEEP)


@pytest.mark.usefixtures("project")
def test_figures_and_report_show_a_random_choice_and_say_so(study, columns, monkeypatch):
    pq.write_table(pa.table(columns), "x.parquet")
    done = study(options("x.parquet"), *SWEEP)
    monkeypatch.setattr(case_tables, "MOST_SHOWN", 50)
    ((_, tables),) = case_tables.case_tables(done, case_tables.version_frames(done))
    rows = slices.subset(N, 50, "shown")
    np.testing.assert_array_equal(tables.x["u"], columns["u"][rows])
    np.testing.assert_array_equal(tables.assignments["row"], rows)
    np.testing.assert_array_equal(tables.labels.astype(int), columns["g"][rows])
    assert (len(tables.x), tables.n_samples) == (50, N)
    for language, words in {"en": "50 of 400 samples are shown", "zh": "400 个样本中"}.items():
        style = Style(language=language)
        for name, kind in FIGURES.items():
            said = kind.applies(tables) and words in kind.caption(tables, style)
            assert said == (kind.samples and kind.applies(tables)), name
    affine = Affine(np.zeros(2), np.ones(2))
    found = scene(tables, {"standard": affine}, Style())
    assert found["n"] == N
    assert "50 of 400 samples" in found["left_out"]
