"""Results of an older format are read as today's; those of a newer one are refused.

older/format-1.zip was made by the last gmmpipe whose tables counted components from 0: experiment
smoke of gmm.data, full K = 1, 2, 24 (some degenerate), with a bootstrap.
"""

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import gmmpipe
from gmmpipe.cli.figure import redraw
from gmmpipe.errors import InputError
from gmmpipe.results import version_tables
from gmmpipe.results.compare.comparison import compare
from gmmpipe.results.replay.replay import run as replay
from gmmpipe.results.version_tables import VersionTables
from gmmpipe.store import artifacts
from gmmpipe.store.files import remove_artifact
from gmmpipe.store.manifest import FORMAT, format_of
from gmmpipe.workflow import inputs, make_plan
from gmmpipe.workflow.clean import clean
from gmmpipe.workflow.rerun import rerun
from gmmpipe.workflow.verify import Version, verify

OLD = Path(__file__).parent / "format-1.zip"
COUNTED = {
    "parameters": ["component"],
    "labels": ["component"],
    "lineage": ["parent", "component"],
    "intervals": ["component"],
}


@pytest.fixture
def old(project):
    with zipfile.ZipFile(OLD) as file:
        file.extractall(project)
    (manifest,) = Path("results/smoke").glob("[0-9a-f]*/manifest.json")
    assert "format" not in artifacts.read_json(manifest)
    return manifest.parent


def stored(folder, name):
    return pq.read_table(folder / f"tables/{name}.parquet").to_pandas(ignore_metadata=True)


@pytest.mark.parametrize("small", [version_tables.SMALL, 0], ids=["whole", "in parts"])
def test_components_of_an_old_result_count_from_one(old, small):
    found = gmmpipe.load(old)
    found._tables = version_tables.VersionTables(old, [], small)
    for table, columns in COUNTED.items():
        before, after = stored(old, table), getattr(found, table)
        for column in columns:
            assert before[column].min() == 0
            np.testing.assert_array_equal(after[column], before[column] + 1)
        pd.testing.assert_frame_equal(after.drop(columns=columns), before.drop(columns=columns))
    row = found.best.iloc[0]
    assert found.rows("parameters", row)["component"].tolist() == [1, 2]
    first = stored(old, "parameters").query("k == 2 and seed == 0 and iteration == 20").iloc[0]
    np.testing.assert_array_equal(found.mixture().means[0], first["mean"])


def test_reasons_of_an_old_result_count_from_one_too(old):
    fits = gmmpipe.load(old).fits
    before = stored(old, "fits")["reason"]
    assert (before != "").any()
    for was, now in zip(before, fits["reason"], strict=True):
        numbers = [[int(n) for n in re.findall(r"component (\d+)", text)] for text in (was, now)]
        assert numbers[1] == [n + 1 for n in numbers[0]]


def test_noise_stays_noise(project):
    labels = pd.DataFrame({"dataset": "gmm", "row": range(3), "component": [-1, 0, 3]})
    artifacts.write_frame("tables/labels.parquet", labels.assign(probability=1.0, label=""))
    Path("manifest.json").write_text("{}")
    assert VersionTables(project, []).frame("labels")["component"].tolist() == [-1, 1, 4]
    Path("manifest.json").unlink()  # a run that has not published yet
    assert VersionTables(project, []).frame("labels")["component"].tolist() == [-1, 0, 3]


def test_an_old_result_is_verified_replayed_and_drawn(old, capsys):
    assert verify(Version(old))
    assert replay(old)
    assert "1 of 1 fits agree" in capsys.readouterr().out
    for name in ("lineage", "intervals", "clusters", "restarts", "optima", "selection"):
        (drawn,) = redraw(name, old, f"{name}.svg")
        assert drawn.stat().st_size
    with pytest.raises(InputError, match="have format 1, and this gmmpipe makes"):
        rerun(Version(old))


def test_an_old_result_beside_a_new_one(old, study):
    """The same components in both: none has moved, and they have the same numbers."""
    Path("results").rename("before")
    sweep = ("sweep.covariance=[full]", "sweep.start=[kmeans]", "sweep.normaliser=[standard]")
    new = study("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=[1,2]", *sweep)
    found = gmmpipe.compare(Path("before", *old.parts[1:]), new.folder)
    assert found.selected["moved"].tolist() == [0]
    assert found.components["component_a"].tolist() == [1, 2]
    assert found.components["component_b"].tolist() == [1, 2]
    format_row = found.settings.query("key == 'format'").iloc[0]
    assert [format_row["part"], format_row["after"]] == ["code", str(FORMAT)]


def test_what_a_newer_gmmpipe_made_is_refused(old):
    manifest = artifacts.read_json(old / "manifest.json")
    artifacts.write_json(old / "manifest.json", {**manifest, "format": FORMAT + 1})
    ways = (gmmpipe.load, Version, replay, lambda folder: redraw("lineage", folder))
    for way in (*ways, lambda folder: gmmpipe.compare(folder, folder)):
        with pytest.raises(
            InputError, match=f"format {FORMAT + 1}.* up to {FORMAT}; update"
        ) as told:
            way(old)
        assert "\n" not in str(told.value)
    for odd in ("2", 0, True, 1.5):
        with pytest.raises(InputError, match="expected a whole number"):
            format_of({"format": odd}, "manifest.json")


def test_another_format_overwrites_nothing(project, monkeypatch):
    """Whatever is stored has another name, so versions of both formats stay whole."""
    assert project == Path.cwd()
    sweep = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=[2]")
    now = make_plan.make_plan(Path(), sweep)
    for module in (inputs, make_plan):
        monkeypatch.setattr(module, "FORMAT", FORMAT + 1)
    later = make_plan.make_plan(Path(), sweep)
    assert not {now.path, now.folder, *now.store} & {later.path, later.folder, *later.store}


def first_of_all(folder):
    """Leave in a version what the very first gmmpipe told of it, and planned."""
    manifest = artifacts.read_json(folder / "manifest.json")
    kept = {key: manifest[key] for key in ("experiment", "version", "dropped_rows", "python")}
    kept["inputs"] = {name: {"sha256": t["sha256"]} for name, t in manifest["inputs"].items()}
    named = ("config.yaml", "report.html", "plans/", "Snakefile")
    told = manifest["artifacts"].items()
    kept["artifacts"] = {name: t for name, t in told if not any(n in name for n in named)}
    artifacts.write_json(folder / "manifest.json", kept)
    for name in ("run.json", "Snakefile"):
        remove_artifact(folder / name)
    path = Path(f"results/store/plans/smoke-{folder.name}.json")
    content = artifacts.read_json(path)
    del content["config"]
    artifacts.write_json(path, content)
    return kept["artifacts"]


def test_the_oldest_result_is_verified_and_cleaned_around(old, capsys):
    known = first_of_all(old)
    assert verify(Version(old)), capsys.readouterr()
    clean(Path(), confirmed=True)
    assert all(Path(name).exists() for name in known)
    (old / "manifest.json").unlink()  # the plan alone is as good
    clean(Path(), confirmed=True)
    assert all(Path(name).exists() for name in known)


def test_the_verdict_on_an_old_result_says_what_is_not_known(old):
    """Nor did its bootstrap tests record what they decide, and at which level."""
    (verdict,) = compare(old, old).verdicts[0].values()
    codes = {reason.code: reason for reason in verdict.reasons}
    assert not codes["unrecorded"].grave
    assert "how its run ended is not recorded" in codes["unrecorded"].clause
    assert not {"level", "decision"} & set(stored(old, "bootstrap"))
    assert codes["tests"].clause == "the bootstrap test of K against K + 1 is undecided at K = 1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": None}, "it has no 'version'"),
        ({"experiment": "a\ud800"}, "is no name"),
        ({"artifacts": {"results/a/b/../../../c": {"sha256": ""}}}, "would be outside of results/"),
    ],
)
def test_a_received_manifest_is_checked_wherever_it_is_read(tmp_path, change, words):
    manifest = {"experiment": "a", "version": "b", "inputs": {}, "artifacts": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | change))
    for read in (Version, lambda folder: gmmpipe.load(folder).manifest):
        with pytest.raises(InputError, match=re.escape(words)):
            read(tmp_path)
