"""A configuration is values: nothing is called, the environment is not read, nothing explodes."""

import pytest

from gmmpipe.config import load
from gmmpipe.errors import InputError

pytestmark = pytest.mark.usefixtures("no_job_starts")

PACKAGE = "# @package _global_\n"
CALLS = ["os.system", "numpy.testing.measure", "distutils.spawn.spawn", "joblib.load"]
CALLS += ["subprocess.Popen", "builtins.eval", "pathlib.Path.touch"]
WHERE = {  # where {call} may be hidden
    "override": ("dataset.blobs._target_={call}", None, None),
    "override, new key": ("+fit._target_={call}", None, None),
    "override, mapping": ("dataset.sample.means={{_target_: {call}}}", None, None),
    "override, deep": ("start.given.means=[[{{_target_: {call}}}]]", None, None),
    "override, partial": ("dataset.blobs._partial_=true", None, None),
    "experiment": ("", "experiment/evil", PACKAGE + "fit:\n  _target_: {call}\n"),
    "experiment, list": ("", "experiment/evil", PACKAGE + "sweep:\n  k: [_target_: {call}]\n"),
    "data set": ("", "dataset/gmm", "kind: file\npath: x\n_target_: {call}\n"),
    "unused data set": ("", "dataset/unused", "kind: file\npath: {{_target_: {call}}}\n"),
    "figures": ("", "figures/report", "names: {{_target_: {call}, _args_: [x]}}\n"),
}


@pytest.mark.parametrize(
    ("where", "call"),
    [*((where, CALLS[0]) for where in WHERE), *(("experiment", call) for call in CALLS[1:])],
)
def test_nothing_is_called(where, call, project, refused):
    override, path, text = WHERE[where]
    if path:
        (project / f"conf/{path}.yaml").write_text(text.format(call=call))
    chosen = ["experiment=evil"] if path == "experiment/evil" else []
    given = [override.format(call=call)] if override else []
    refused("called leave", "run", *chosen, *given)


@pytest.mark.parametrize(
    "override",
    [
        "hydra.run.dir={mark}",
        "+hydra.job.env_set.X=1",
        "++hydra.callbacks.x._target_=os.system",
        "hydra/launcher=joblib",
        "hydra@fit=default",
        "hydra.searchpath=[file:///tmp]",
        "~hydra",
    ],
)
def test_hydra_is_left_alone(override, mark, project, refused):
    refused("override", "run", override.format(mark=mark))
    assert not (project / "outputs").exists()


@pytest.mark.parametrize(
    "text",
    [
        PACKAGE + "hydra:\n  run: {{dir: {mark}}}\n",
        PACKAGE + "hydra.run.dir: {mark}\n",
        PACKAGE + "defaults:\n  - override /hydra/job_logging: none\n",
        PACKAGE + "defaults:\n  - hydra/launcher: joblib\n",
        "# @package hydra\nrun: {{dir: {mark}}}\n",
        "# @package hydra.job\nchdir: true\n",
        PACKAGE + "defaults:\n  - override /fit: ../../outside\n",
        PACKAGE + "defaults:\n  - /../../outside\n",
        PACKAGE + "defaults:\n  - ${{oc.env:HOME}}\n",
        PACKAGE + "defaults:\n  - override /fit: file:///etc/passwd\n",
        PACKAGE + "defaults:\n  - override /fit: //etc/passwd\n",
    ],
)
def test_no_file_reaches_hydra_or_out_of_conf(text, mark, project, refused):
    (project / "outside.yaml").write_text("tol: 77.0\n")
    (project / "conf/experiment/evil.yaml").write_text(text.format(mark=mark))
    refused("evil.yaml", "run", "experiment=evil")


ASK = "${oc.env:GMMPIPE_SECRET}"
ASKING = {
    "override": ([f"dataset.gmm.path={ASK}"], None, ""),
    "override, quoted": ([f"dataset.gmm.path='{ASK}'"], None, ""),
    "sweep": ([f"sweep.dataset.gmm.path=[{ASK}]"], None, ""),
    "experiment": (["experiment=evil"], "experiment/evil", f"dataset: {{gmm: {{label: '{ASK}'}}}}"),
    "experiment, key": (["experiment=evil"], "experiment/evil", f"'{ASK}': 1"),
    "data set": ([], "dataset/gmm", f"kind: file\npath: data/gmm.data\nlabel: '{ASK}'"),
    "decode": ([], "fit/fixed", "tol: ${oc.decode:${oc.env:GMMPIPE_SECRET}}"),
    "root": ([], "config", f"defaults: [_self_]\nfit: '{ASK}'"),
}


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize("case", ASKING)
def test_the_environment_is_not_read(case, project, refused, gmmpipe):
    overrides, path, text = ASKING[case]
    if path:
        (project / f"conf/{path}.yaml").write_text(f"{PACKAGE}{text}\n")
    refused("${", "run", *overrides)
    shown = gmmpipe("show", *overrides)
    assert "hunter2" not in shown.out + shown.err


def laughs():
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    return "\n".join(lines)


BOMBS = {
    "billion laughs": (laughs(), "aliases"),
    "a list in itself": ("a: &a [*a]", "aliases"),
    "a mapping in itself": ("a: &a {b: *a}", "aliases"),
    "too large": (f"a: '{'x' * 300_000}'", "at most"),
    "too deep": (f"a: {'[' * 100}{']' * 100}", "levels"),
    "far too deep": (f"a: {'[' * 50_000}", "levels"),
    "deep blocks": ("\n".join(" " * i + "a:" for i in range(400)), "levels"),
}


@pytest.mark.usefixtures("prompt")
@pytest.mark.parametrize("case", BOMBS)
def test_no_file_explodes(case, project, refused):
    text, words = BOMBS[case]
    where = ["experiment/evil", "dataset/gmm", "fit/unused"][len(case) % 3]
    (project / f"conf/{where}.yaml").write_text(f"{PACKAGE}{text}\n")
    refused(f"{where}.yaml {words}", "run")


@pytest.mark.usefixtures("project", "prompt")
@pytest.mark.parametrize(
    "text",
    [
        "[" * 60 + "]" * 60,
        "[" * 5000,
        "{a:" * 3000,
        "f(" * 2000,
        "x" * 200_000,
        "[" + "1," * 60_000,
    ],
)
def test_no_override_explodes(text, refused):
    refused("override", "run", f"sweep.k={text}")


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system [{shell!r}]",
        "!!python/object/new:os.system [{shell!r}]",
        "!!python/name:os.system",
        "!!python/module:os",
    ],
)
@pytest.mark.parametrize("where", ["experiment/evil", "dataset/gmm"])
def test_yaml_constructs_nothing(text, where, shell, project, refused):
    text = text.format(shell=shell)
    (project / f"conf/{where}.yaml").write_text(f"{PACKAGE}fit: {text}\npath: {text}\n")
    refused("conf python", "run", *(["experiment=evil"] if "evil" in where else []))


def test_a_file_of_conf_is_no_link(project, refused):
    (project / "outside.yaml").write_text("kind: blobs\n")
    (project / "conf/dataset/linked.yaml").symlink_to(project / "outside.yaml")
    refused("linked.yaml symbolic link", "run")
    (project / "conf/dataset/linked.yaml").unlink()
    (project / "conf/more").symlink_to(project)
    refused("conf/more symbolic link", "run")


def test_a_modest_alias_is_fine(project):
    text = PACKAGE + "sweep: {k: &few [1, 2], seed: *few}\n"
    (project / "conf/experiment/mine.yaml").write_text(text)
    assert load.load(project / "conf", ["experiment=mine"])["sweep"]["seed"] == [1, 2]


def test_settings_of_a_stage_are_bounded_too(project, refused):
    (project / "deep.json").write_text("[" * 100_000)
    refused("deep.json deeply", "generate", "-o", "o", "--config", "deep.json")
    refused("--config deeply", "generate", "-o", "o", "--config", "[" * 100_000)


def test_only_values_come_out(project):
    with pytest.raises(InputError):
        load.load(project / "conf", ["fit.tol=!!python/name:os.system"])
