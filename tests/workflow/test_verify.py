import shutil
from pathlib import Path

import pytest

from gmmpipe.errors import InputError
from gmmpipe.store import artifacts
from gmmpipe.workflow.experiment import load
from gmmpipe.workflow.make_plan import make_plan
from gmmpipe.workflow.rerun import _plan as rerun_plan
from gmmpipe.workflow.rerun import rerun
from gmmpipe.workflow.verify import Version

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.seed=0")
TINY += ("sweep.iteration=1",)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def grow(path):
    path.write_bytes(path.read_bytes() + b"\n")


DAMAGE = {flip: "changed: SHA-256", cut: "changed: ", grow: "changed: ", Path.unlink: "missing"}


@pytest.fixture
def done(study):
    return study(*TINY)


def test_a_finished_version_is_what_its_manifest_says(done, gmmpipe):
    for folder in ("results/smoke/latest", done.folder):
        answer = gmmpipe("verify", folder)
        assert (answer.code, answer.err) == (0, "")
    told = artifacts.read_json(f"{done.folder}/manifest.json")
    count = len(told["artifacts"]) + len(told["inputs"])
    assert f"smoke {done.version}: {count} files are as the manifest says" in answer.out


def test_every_damage_to_every_file_is_found_and_the_file_named(done, gmmpipe):
    manifest = artifacts.read_json(f"{done.folder}/manifest.json")
    paths = [*manifest["inputs"], *manifest["artifacts"]]
    assert {Path(path).suffix for path in paths} >= {".npz", ".parquet", ".csv", ".json", ".data"}
    assert f"{done.folder}/config.yaml" in paths
    assert done.path in paths
    for copy in Path("results/store/inputs").iterdir():
        copy.unlink()
    for path in map(Path, paths):
        whole = path.read_bytes()
        for damage, word in DAMAGE.items():
            damage(path)
            answer = gmmpipe("verify", done.folder)
            assert answer.code == 1
            assert answer.err.splitlines()[0].startswith(f"gmmpipe: {path}: {word}"), answer.err
            assert len(answer.err.splitlines()) == 2  # it alone, then the count
            path.write_bytes(whole)
    assert gmmpipe("verify", done.folder).code == 0


def test_a_version_whose_input_grew_is_intact_and_can_be_made_again(done, gmmpipe, tmp_path):
    data = Path("data/gmm.data")
    (copy,) = Path("results/store/inputs").glob("[!.]*")
    assert copy.read_bytes() == data.read_bytes()
    data.write_text(data.read_text() + "3.5 70\n")
    for change, how in ((lambda: None, "has changed since"), (data.unlink, "is gone")):
        change()
        answer = gmmpipe("verify", done.folder)
        assert (answer.code, answer.err) == (0, "")
        words = f"the results are intact, data/gmm.data {how}; what was read of it is"
        assert f"smoke {done.version}: {words} {copy.resolve()}\n" in answer.out
    assert rerun_plan(Version(done.folder), tmp_path).version == done.version
    answer = gmmpipe("export", done.folder, "-o", str(tmp_path / "bundle"))
    assert "left out" not in answer.out
    assert (tmp_path / "bundle/data/gmm.data").read_bytes() == copy.read_bytes()
    assert "every entry" in gmmpipe("clean", "--unused").out
    grow(copy)
    answer = gmmpipe("verify", done.folder)
    assert answer.code == 1
    assert (
        "the results are intact, the input has changed since or is gone, with no copy" in answer.err
    )


@pytest.mark.usefixtures("project")
def test_no_copy_is_kept_of_an_input_beyond_the_size():
    make_plan(Path(), [*TINY, "store.keep_input_mb=0.001"])
    assert not Path("results/store/inputs").exists()


def test_what_is_extra_is_found(done, gmmpipe):
    folder = Path(done.folder).resolve()
    extra = [folder / "tables/more.csv", folder / ".hidden", folder / "link", folder / "new/deep"]
    for path in extra:
        path.parent.mkdir(exist_ok=True)
        path.symlink_to("tables") if path.name == "link" else path.write_text("")
    answer = gmmpipe("verify", done.folder)
    assert answer.code == 1
    for path in extra:
        assert f"gmmpipe: {path}: extra: not in the manifest\n" in answer.err
    assert answer.err.count("\n") == len(extra) + 1


def test_a_record_of_older_versions_is_nothing_extra(done, gmmpipe):
    Path(done.folder, "ro-crate-metadata.json").write_text("{}")
    assert gmmpipe("verify", done.folder).code == 0


def test_a_lost_record_is_found(done, gmmpipe):
    path = Path(done.folder, "run.json")
    path.unlink()
    assert f"{path.resolve()}: missing" in gmmpipe("verify", done.folder).err


@pytest.mark.parametrize("deep", ["moved", "a/b/c/moved"])
def test_a_version_outside_of_its_project_is_told_so(done, refused, tmp_path, deep):
    moved = tmp_path / deep
    shutil.copytree(done.folder, moved)
    refused("moved lies in no project results/store", "verify", str(moved))
    refused("moved lies in no project", "figure", "clusters", str(moved))
    refused("moved lies in no project", "replay", str(moved))
    there = load(moved)
    assert (there.name, there.version, len(there.fits)) == ("smoke", done.version, 2)
    with pytest.raises(InputError, match="lies in no project"):
        there.data()


def test_a_version_that_was_moved_brings_its_own_files(done, gmmpipe, tmp_path):
    moved = tmp_path / "project/results/smoke/elsewhere"
    Path(done.folder).rename(moved)
    assert gmmpipe("verify", str(moved)).code == 0
    flip(moved / "tables/fits.csv")
    assert f"{done.folder}/tables/fits.csv: changed" in gmmpipe("verify", str(moved)).err


def test_what_is_no_version_is_refused(done, gmmpipe, refused, tmp_path):
    refused("no finished experiment", "verify", "results")
    refused("no finished experiment", "verify", "nowhere")
    manifest = Path(done.folder, "manifest.json")
    whole = artifacts.read_json(manifest)
    broken = ["[]", "{", "{}", '{"inputs": 1}', manifest.read_text().replace('"sha256"', '"md5"')]
    for text in broken:
        artifacts.write(manifest, text)
        refused("manifest.json: not", "verify", done.folder)
    artifacts.write_json(manifest, {**whole, "experiment": "../../x"})
    refused("is no name", "verify", done.folder)
    for path in ("results/../../x", f"results/smoke/{done.version}/../../../x", str(tmp_path)):
        told = {**whole["artifacts"], path: {"size": 1, "sha256": ""}}
        artifacts.write_json(manifest, {**whole, "artifacts": told})
        refused("outside of results/", "verify", done.folder)
        refused("outside of results/", "export", done.folder, "--to", "ro-crate", "-o", "crate")
    artifacts.write_json(manifest, {**whole, "inputs": {"data/gmm.data": {"sha256": 5}}})
    assert "changed" in gmmpipe("verify", done.folder).err
    for path in ("/dev/zero", str(tmp_path)):
        told = {**whole, "inputs": {path: {"size": 1, "sha256": ""}}}
        artifacts.write_json(manifest, told)
        assert gmmpipe("verify", done.folder).code in (1, 2)


def test_a_rerun_needs_the_version_to_be_whole(done, gmmpipe):
    flip(Path(done.fits[0]))
    assert gmmpipe("verify", "--rerun", done.folder).code == 1


def test_a_rerun_refuses_what_it_would_make_otherwise(done, gmmpipe):
    manifest = Path(done.folder, "manifest.json")
    told = artifacts.read_json(manifest)
    told["config"]["fit"]["tol"] = 1e-3
    artifacts.write_json(manifest, told)
    with pytest.raises(InputError, match="this gmmpipe makes version"):
        rerun(Version(done.folder))
    del told["config"]["sweep"]["k"]
    for config in (told["config"], None, -1.5, {**told["config"], "dataset": {"gmm": 5}}):
        artifacts.write_json(manifest, {**told, "config": config})
        assert gmmpipe("verify", "--rerun", done.folder).code == 1
        with pytest.raises(InputError, match="its config is incomplete"):
            rerun(Version(done.folder))
    told["config"]["experiment"] = "../../elsewhere"
    artifacts.write_json(manifest, told)
    with pytest.raises(InputError, match="config is of another experiment"):
        rerun(Version(done.folder))


def test_an_input_of_a_manifest_cannot_leave_the_place_of_a_rerun(done, gmmpipe, tmp_path):
    manifest = Path(done.folder, "manifest.json")
    told = artifacts.read_json(manifest)
    artifacts.write(tmp_path / "outside.csv", "1\n")
    told["inputs"]["../outside.csv"] = artifacts.describe(tmp_path / "outside.csv")
    artifacts.write_json(manifest, told)
    answer = gmmpipe("verify", "--rerun", done.folder)
    assert answer.code == 2
    assert "lies outside the project" in answer.err
    del told["inputs"]["../outside.csv"]
    for path in ("Snakefile", ".snakemake/a.csv", "results/a.csv"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).touch()
        changed = {**told, "inputs": {**told["inputs"], path: artifacts.describe(path)}}
        artifacts.write_json(manifest, changed)
        answer = gmmpipe("verify", "--rerun", done.folder)
        assert answer.code == 2
        assert f"{path!r} is not a valid path for an input" in answer.err


def test_settings_other_than_those_of_the_manifest_are_found(done, gmmpipe):
    """Although the manifest tells of their bytes."""
    path, manifest = Path(done.folder, "config.yaml"), Path(done.folder, "manifest.json")
    artifacts.write(path, path.read_text().replace("family: full", "family: tied"))
    told = artifacts.read_json(manifest)
    told["artifacts"][str(path)] |= artifacts.describe(path)
    artifacts.write_json(manifest, told)
    answer = gmmpipe("verify", done.folder)
    assert answer.code == 1
    assert "config.yaml: other settings than in the manifest" in answer.err


@pytest.mark.parametrize("path", ["//etc/passwd", "/./tables/fits.csv"])
def test_a_path_that_is_not_its_normal_form_is_refused(path, done, refused):
    manifest = Path(done.folder, "manifest.json")
    told = artifacts.read_json(manifest)
    told["artifacts"][done.folder + path] = {"size": 0, "sha256": ""}
    artifacts.write_json(manifest, told)
    refused("would be outside of results/", "verify", done.folder)
