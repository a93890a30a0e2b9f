"""The profiles in profiles/: what each must say, and how one is chosen."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from gmmpipe.errors import InputError
from gmmpipe.store.integrity import MADE_BY, made_by
from gmmpipe.workflow import run as workflow_run
from gmmpipe.workflow import snakemake_options

HOME = Path(__file__).parents[2]
NAMES = [path.name for path in sorted((HOME / "profiles").iterdir())]
ALWAYS = {"scheduler": "greedy", "rerun-incomplete": True, "nolock": True}


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_is_safe_and_taken(name, monkeypatch):
    """A chosen profile takes the place of `default`, so each says what no run may lack."""
    monkeypatch.setattr(snakemake_options, "find_spec", lambda _: True)
    said = yaml.safe_load((HOME / f"profiles/{name}/config.yaml").read_text(encoding="utf-8"))
    assert {key: said.get(key) for key in ALWAYS} == ALWAYS
    assert snakemake_options.profile(HOME, f"profiles/{name}") == [
        "--workflow-profile",
        f"{HOME}/profiles/{name}",
    ]
    if said.get("executor"):  # each job costs seconds there
        assert (
            float(snakemake_options.settings(HOME, ["--workflow-profile", name])["target_seconds"])
            >= 300
        )
    assert ("slurm-array-jobs" in said) == (name == "slurm") == ("alike=true" in str(said))


@pytest.mark.parametrize("words", [["--workflow-profile", "profiles/slurm"],
                                   ["--workflow-profile=profiles/slurm"]])  # fmt: skip
def test_a_profile_of_the_project_is_chosen(words):
    assert snakemake_options.chosen(["-n", *words, "--retries", "1"]) == (
        "profiles/slurm", ["-n", "--retries", "1"],
    )  # fmt: skip
    assert snakemake_options.chosen(["-n"]) == (snakemake_options.PROFILE, ["-n"])


@pytest.mark.parametrize("said", ["[target_seconds=77]", "{target_seconds: 77}"])
def test_the_blocks_of_a_profile_are_the_same_for_plain_snakemake(said, project, monkeypatch):
    """With --config on its command line Snakemake forgets the profile's own."""
    (project / "profiles/mine").mkdir()
    (project / "profiles/mine/config.yaml").write_text(f"cores: 1\nconfig: {said}\n")
    monkeypatch.setattr(workflow_run, "_run", lambda study, *_: seen.append(study) or 0)
    seen = []
    chosen = ["--workflow-profile", "profiles/mine"]
    assert workflow_run.run(project, ["experiment=smoke"], None, chosen) == 0
    study = workflow_run.prepare({"experiment": "smoke"}, True, ["-n", *chosen])
    assert study == seen[0]
    assert study.block == {"target_seconds": 77.0, "alike": False}
    handed = {"experiment": "smoke", "target_seconds": 78}
    assert workflow_run.prepare(handed, True, ["-n", *chosen]).block["target_seconds"] == 78
    typed = {"experiment": "smoke", "overrides": ["block.target_seconds=79"]}
    assert workflow_run.prepare(typed, True, ["-n", *chosen]).block["target_seconds"] == 79


def test_plain_snakemake_records_no_maker_that_the_environment_names(project, monkeypatch):
    monkeypatch.setenv(MADE_BY, '{"stage": "fit", "code": "", "environment": {}}')
    monkeypatch.setattr(workflow_run, "_lock", lambda: SimpleNamespace(environment={}))
    monkeypatch.chdir(project)
    study = workflow_run.prepare({"experiment": "smoke"}, True, [])
    assert made_by(study.path) == {}


@pytest.mark.parametrize(
    ("said", "words"),
    [("[plan=evil]", "config key is 'plan'"), ("{experiment: x}", "config key is 'experiment'"),
     ("x", "config is 'x'; give a list")],
)  # fmt: skip
def test_a_profile_settles_nothing_of_a_study(said, words, tmp_path):
    (tmp_path / "profiles/mine").mkdir(parents=True)
    (tmp_path / "profiles/mine/config.yaml").write_text(f"config: {said}\n")
    with pytest.raises(InputError, match=words):
        snakemake_options.profile(tmp_path, "profiles/mine")


def test_a_profile_that_is_not_there_is_named_with_those_that_are(tmp_path: Path):
    (tmp_path / "profiles/slurm").mkdir(parents=True)
    with pytest.raises(InputError, match=r"profiles/slrum.*did you mean 'profiles/slurm'"):
        snakemake_options.profile(tmp_path, "profiles/slrum")


@pytest.mark.parametrize(
    ("executor", "words"),
    [
        ("slurm", "'gmmpipe[slurm]'"),
        ("cluster-generic", "[generic]'"),
        ("a.b", "catalog, or"),
    ],
)
def test_an_executor_whose_plugin_is_missing_is_named(executor, words, tmp_path, monkeypatch):
    monkeypatch.setattr(snakemake_options, "find_spec", lambda _: None)
    (tmp_path / "profiles/mine").mkdir(parents=True)
    path = tmp_path / "profiles/mine/config.yaml"
    path.write_text(f"executor: {executor}\n")
    said = rf"for executor {executor}, .* snakemake_executor_plugin_.*{re.escape(words)}"
    with pytest.raises(InputError, match=rf"config\.yaml: {said}"):
        snakemake_options.profile(tmp_path, "profiles/mine")
    for typed in (["-e", executor], [f"-e{executor}"], [f"--executor={executor}"],
                  ["--executor", executor]):  # fmt: skip
        with pytest.raises(InputError, match=f"after --: {said}"):
            snakemake_options.options(typed)
    assert snakemake_options.options(["-e", "local", "--executor=dryrun"])
