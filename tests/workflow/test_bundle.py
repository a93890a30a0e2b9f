"""`gmmpipe export`: a version with all that it needs, read where nothing else is."""

import contextlib
import json
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import gmmpipe as package
from gmmpipe.errors import InputError
from gmmpipe.store import artifacts, packaged
from gmmpipe.workflow.verify import place_in_bundle

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.iteration=1")
TINY += ("sweep.covariance=[full]", "sweep.seed=0")


def unpacked(archive, folder):
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    (bundle,) = folder.iterdir()
    return bundle


def test_a_bundle_is_read_wherever_it_lies(study, gmmpipe, tmp_path, monkeypatch):
    drawn = ("figures.names=[clusters]", "figures.formats=[svg]")
    done = study(*TINY, "sweep.k=1..2", *drawn, drawing=True)
    version = Path(done.folder).absolute()
    for name in ("a.zip", "b.zip"):
        assert gmmpipe("export", str(version), "-o", str(tmp_path / name)).code == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    bundle = unpacked(tmp_path / "a.zip", tmp_path / "far away")
    assert bundle.name == f"smoke-{version.name}"
    monkeypatch.chdir(tmp_path)
    answer = gmmpipe("verify", str(bundle))
    assert (answer.code, answer.err) == (0, "")

    here, there = package.load(bundle), package.load(version)
    pd.testing.assert_frame_equal(here.fits, there.fits)
    pd.testing.assert_frame_equal(here.data(), there.data())
    assert package.compare(here, there).same
    assert gmmpipe("compare", str(bundle), str(version)).code == 0
    assert gmmpipe("figure", "clusters", str(bundle), "-o", "drawn.svg").code == 0
    figure = version / "figures/clusters-gmm.svg"
    assert Path("drawn.svg").read_bytes() == figure.read_bytes()
    assert gmmpipe("whence", str(figure)).out.startswith(f"smoke {version.name}\n")

    labels = pd.read_csv(bundle / "labels.csv")
    assert labels["component"].tolist() == there.labels["component"].tolist()
    models = json.loads((bundle / "parameters.json").read_text())
    assert len(models) == len(there.best)
    assert models[0]["means"] == there.mixture().means.tolist()
    assert models[0]["features"] == list(there.data().columns)

    monkeypatch.chdir(bundle)
    assert gmmpipe("report", done.path, "-o", str(tmp_path / "again.html")).code == 0
    assert (tmp_path / "again.html").read_bytes() == (version / "report.html").read_bytes()


def test_what_a_bundle_has_besides_is_verified(study, gmmpipe, tmp_path):
    bundle = tmp_path / "bundle"
    gmmpipe("export", study(*TINY).folder, "-o", str(bundle))
    labels = bundle / "labels.csv"
    labels.write_text(labels.read_text().replace("gmm,", "gmn,", 1))
    (bundle / "parameters.json").unlink()
    answer = gmmpipe("verify", str(bundle))
    assert answer.code == 1
    assert "gmmpipe: labels.csv: changed: " in answer.err
    assert "gmmpipe: parameters.json: missing" in answer.err
    told = json.loads((bundle / "bundle.json").read_text())
    (bundle / "bundle.json").write_text(json.dumps({**told, "files": None}))
    assert "not the bundle of a version" in gmmpipe("verify", str(bundle)).err
    (bundle / "bundle.json").write_text('{"experiment": "a", "version": "b", "files": {"../x": 1}}')
    (bundle / "results/a/b").mkdir(parents=True)
    shutil.copy(next(bundle.glob("results/smoke/*/manifest.json")), bundle / "results/a/b")
    assert "not the bundle of a version" in gmmpipe("verify", str(bundle)).err


def test_settings_of_other_bytes_than_the_manifest_tells_are_refused(study, gmmpipe, tmp_path):
    """In a bundle nothing else tells of them."""
    gmmpipe("export", study(*TINY).folder, "-o", str(tmp_path / "bundle"))
    (config,) = (tmp_path / "bundle").glob("results/*/*/config.yaml")
    config.write_text(config.read_text().replace("family: full", "family: tied"))
    with pytest.raises(InputError, match=r"config.yaml: not of this version"):
        _ = package.load(tmp_path / "bundle").config


@pytest.mark.usefixtures("project")
def test_the_settings_and_rules_of_a_bundle_are_not_taken(study, gmmpipe, refused, tmp_path):
    bundle = tmp_path / "bundle"
    gmmpipe("export", study(*TINY).folder, "-o", str(bundle))
    shutil.copytree("conf", bundle / "conf")
    (bundle / "Snakefile").write_text("raise RuntimeError('run')")
    assert packaged.find(bundle, "Snakefile") == packaged.RULES
    with contextlib.chdir(bundle):
        refused(f"{bundle}: is a version of an experiment", "run", *TINY)
    assert "python -P -c" in (bundle / "README.txt").read_text()


def test_no_link_of_a_received_version_is_followed_into_a_bundle(study, refused, gmmpipe, tmp_path):
    done = study(*TINY)
    (tmp_path / "secret").write_text("{}")
    for name in ("run.json", "note.json"):
        path = Path(done.folder, name)
        path.unlink(missing_ok=True)
        path.symlink_to(tmp_path / "secret")
        refused(f"{name} symbolic link", "export", done.folder, "-o", str(tmp_path / "bundle"))
        assert f"{name}: changed: is a link" in gmmpipe("verify", done.folder).err
        path.unlink()


def test_a_note_of_a_bundle_in_a_version_leads_nowhere(study, gmmpipe):
    done = study(*TINY)
    Path(done.folder, "bundle.json").write_text('{"experiment": "x", "version": "y"}')
    assert f"{done.folder}/bundle.json: extra" in gmmpipe("verify", done.folder).err


def test_inputs_come_along_and_those_that_changed_are_named(study, gmmpipe, tmp_path):
    shutil.copy("data/gmm.data", "labels.csv")  # a name that a bundle has too
    done = study(*TINY, "dataset.gmm={kind:file,path:labels.csv}")
    path = Path(done.folder, "manifest.json")
    manifest = artifacts.read_json(path)
    outside = {name: tmp_path / name for name in ("mine.csv", "grown.csv")}
    for file in outside.values():
        file.write_text("1\n")
        manifest["inputs"][str(file)] = artifacts.describe(file)
    artifacts.write_json(path, manifest)
    outside["grown.csv"].write_text("1\n2\n")
    answer = gmmpipe("export", done.folder, "-o", str(tmp_path / "bundle"))
    assert answer.out.splitlines()[1:] == [
        f"{outside['grown.csv']}: lost, or changed since; left out, the results are whole"
    ]
    outside["mine.csv"].unlink()
    outside["grown.csv"].unlink()
    answer = gmmpipe("verify", str(tmp_path / "bundle"))
    assert answer.err.startswith(f"gmmpipe: {outside['grown.csv']}: missing\n")
    assert "the results are intact, the input has changed since or is gone" in answer.err
    assert Path(tmp_path / "bundle/labels.csv").read_text().startswith("dataset,row,")


@pytest.mark.parametrize("path", ["/data/x.csv", "../x.csv", "x.csv", "/data/..", "a/../../x"])
def test_no_input_leaves_the_folder_of_inputs(path):
    place = Path(place_in_bundle(path))
    assert place.parts[0] == "inputs"
    assert ".." not in place.parts
    assert place_in_bundle("data/x.csv") == "data/x.csv"


def test_what_is_not_whole_is_not_exported(study, gmmpipe, refused, tmp_path):
    done = study(*TINY)
    fit = Path(done.fits[0])
    whole = fit.read_bytes()
    for content in (whole[:-1], b""):
        fit.write_bytes(content)
        target = str(tmp_path / "x.zip")
        refused(f"{fit.name}: differs gmmpipe verify", "export", done.folder, "-o", target)
    assert list(tmp_path.glob("*x.zip*")) == []
    fit.write_bytes(whole)
    folder = str(tmp_path / "x")
    assert gmmpipe("export", done.folder, "-o", folder).code == 0
    refused("exists; give a new folder", "export", done.folder, "-o", folder)
    for told in ("{", "[]", '{"experiment": "../x", "version": "y"}', '{"experiment": "smoke"}'):
        Path(folder, "bundle.json").write_text(told)
        refused("bundle.json", "verify", folder)


def test_a_version_s_folder_alone_says_what_it_lacks(study, refused, tmp_path):
    done = study(*TINY)
    shutil.copytree(done.folder, tmp_path / "alone")
    words = "alone: lacks its plan, data, normalised data and fits gmmpipe export"
    refused(words, "verify", str(tmp_path / "alone"))
    assert len(package.load(tmp_path / "alone").fits) == 1
