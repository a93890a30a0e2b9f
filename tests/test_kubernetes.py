"""The scripts of profiles/kubernetes before a stand-in for kubectl; the image's list of parts."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

HOME = Path(__file__).parents[1]
SCRIPTS = HOME / "profiles/kubernetes"
KUBECTL = """#!/bin/sh
echo "$@" >> "$KUBECTL_LOG"
case $1 in
    create) cat > "$KUBECTL_LOG.json"; echo job.batch/gmmpipe-abc12 ;;
    get) [ "$KUBECTL_SAYS" != dead ] && printf '%s' "$KUBECTL_SAYS" ;;
esac
"""


@pytest.fixture
def kubernetes(tmp_path, monkeypatch):
    """Return a caller of the scripts, and a reader of what kubectl was told."""
    kubectl = tmp_path / "bin/kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o755)
    (tmp_path / "shared/a b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "shared/a b")
    monkeypatch.setenv("PATH", f"{kubectl.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("KUBECTL_LOG", str(tmp_path / "log"))
    for key, value in {
        "IMAGE": "gmmpipe:1",
        "CLAIM": "pool",
        "MOUNT": f"{tmp_path}/shared",
    }.items():
        monkeypatch.setenv(f"GMMPIPE_{key}", value)

    def call(script, *arguments, says="dead"):
        return subprocess.run(
            [SCRIPTS / script, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"KUBECTL_SAYS": says},
        )

    return call, tmp_path / "log"


def test_a_job_asks_for_what_its_rule_does_and_sees_the_project(kubernetes):
    call, log = kubernetes
    done = call("submit", "4", "3000", "25", ".snakemake/tmp.x/job 1.sh")
    assert (done.returncode, done.stdout) == (0, "job.batch/gmmpipe-abc12\n"), done.stderr
    job = json.loads(Path(f"{log}.json").read_text())
    assert job["spec"]["backoffLimit"] == 0
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["activeDeadlineSeconds"] == 25 * 60
    assert container["resources"]["requests"] == {"cpu": "4", "memory": "3000Mi"}
    assert container["command"] == ["/bin/sh", f"{Path.cwd()}/.snakemake/tmp.x/job 1.sh"]
    assert container["workingDir"] == str(Path.cwd())
    told = {each["name"]: each["value"] for each in container["env"]}
    assert told["OPENBLAS_CORETYPE"] == "Haswell"
    assert Path(told["NUMBA_CACHE_DIR"]).is_relative_to(Path.cwd())
    (mount,), (volume,) = container["volumeMounts"], pod["volumes"]
    assert mount["name"] == volume["name"]
    assert Path.cwd().is_relative_to(mount["mountPath"])
    assert volume["persistentVolumeClaim"] == {"claimName": "pool"}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [("GMMPIPE_IMAGE", None, "GMMPIPE_IMAGE is not set"), ("GMMPIPE_MOUNT", "/srv", "below")],
)
def test_what_no_pod_could_run_is_refused(key, value, words, kubernetes, monkeypatch):
    monkeypatch.delenv(key) if value is None else monkeypatch.setenv(key, value)
    done = kubernetes[0]("submit", "1", "200", "5", "job.sh")
    assert done.returncode == 1
    assert re.fullmatch(f"submit: .*{words}.*\n", done.stderr)
    assert not kubernetes[1].exists()


@pytest.mark.parametrize(
    ("says", "status"),
    [("gmmpipe-abc12 /", "running"), ("gmmpipe-abc12 1/", "success"),
     ("gmmpipe-abc12 /1", "failed"), ("", "failed"), ("dead", "running")],
)  # fmt: skip
def test_how_a_job_stands(says, status, kubernetes):
    assert kubernetes[0]("status", "job.batch/gmmpipe-abc12", says=says).stdout == f"{status}\n"


def test_jobs_are_removed_without_waiting(kubernetes):
    assert kubernetes[0]("cancel", "job.batch/a", "job.batch/b").returncode == 0
    (told,) = kubernetes[1].read_text().splitlines()
    assert told.split()[-2:] == ["job.batch/a", "job.batch/b"]
    assert "--wait=false" in told


def test_the_manifest_fits_the_profile():
    claim, account, role, binding, job = yaml.safe_load_all(
        (HOME / "docs/kubernetes.yaml").read_text(encoding="utf-8")
    )
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    told = {each["name"]: each["value"] for each in container["env"]}
    assert told["GMMPIPE_IMAGE"] == container["image"]
    assert told["GMMPIPE_CLAIM"] == claim["metadata"]["name"]
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert told["GMMPIPE_MOUNT"] == container["volumeMounts"][0]["mountPath"]
    assert pod["serviceAccountName"] == account["metadata"]["name"]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert {"create", "get", "delete"} <= set(role["rules"][0]["verbs"])
    assert "--workflow-profile profiles/kubernetes" in container["args"][0]


def test_an_image_has_every_part_that_a_run_reads():
    kept = {
        line.removeprefix("!")
        for line in (HOME / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert {"Snakefile", "conf", "data", "profiles", "docs/captions", "gmmpipe"} <= kept
    assert [part for part in kept if not (HOME / part).exists()] == []
    recipe = (HOME / "Dockerfile").read_text()
    assert recipe.count("--require-hashes") == recipe.count("-r requirements-") == 2
    assert recipe.rindex("USER gmmpipe") < recipe.index("CMD")
