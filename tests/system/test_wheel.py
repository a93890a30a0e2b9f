"""The wheel, installed into an environment of its own, in a folder that has nothing but data."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from projects import HOME, Answer

from gmmpipe.store.packaged import PARTS

QUICK = ("experiment=smoke", "sweep.covariance=full", "sweep.k=1..2", "sweep.seed=0")
QUICK += ("sweep.iteration=5", "fit.certify=0", "figures.names=[clusters]", "figures.formats=[png]")
KERNELS = "gmmpipe/mixture/kernels"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment with the wheel, and beside it the packages of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=HOME, check=True, capture_output=True)
    venv.create(folder / "env", symlinks=True)
    python = folder / "env/bin/python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index"]
    wheel = next(folder.glob("*.whl"))
    subprocess.run([*install, "--no-deps", str(wheel)], check=True, capture_output=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "env")}))
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    bring_compiled(packages)
    return folder / "env"


def bring_compiled(packages: Path) -> None:
    """Give the kernels what is compiled of the same sources already, by numba's cache."""
    for path in (HOME / KERNELS / "__pycache__").glob("*.nb?"):
        shutil.copy(path, packages / KERNELS / "__pycache__")
    for path in (HOME / KERNELS).glob("*.py"):
        status = path.stat()  # times are how numba knows a source
        os.utime(packages / KERNELS / path.name, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_run_in_a_folder_with_nothing_but_data(environment, tmp_path):
    (tmp_path / "flowers.csv").write_text("a,b\n" + "1,2\n3,4\n2,2.5\n9,9\n8,9\n8.5,8\n" * 3)

    def gmmpipe(*arguments: str) -> Answer:
        done = subprocess.run(
            [environment / "bin/gmmpipe", *arguments],
            cwd=tmp_path,
            env={"PATH": os.defpath, "HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    ran = gmmpipe("run", "--data", "flowers.csv", *QUICK)
    assert ran.code == 0, ran
    assert ran.err.startswith("gmmpipe: no conf/ here, so the settings are those that come with")
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {"flowers.csv", "home", "results", ".snakemake"}
    version = tmp_path / "results/flowers/latest"
    assert (version / "report.html").is_file()
    assert (version / "Snakefile").read_bytes() == (HOME / "Snakefile").read_bytes()
    verified = gmmpipe("verify", "results/flowers/latest")
    assert (verified.code, verified.err) == (0, "")

    manifest = json.loads((version / "manifest.json").read_text())
    assert list(manifest["inputs"]) == ["flowers.csv"]
    assert manifest["workflow"]["path"] == "Snakefile"
    call = next((tmp_path / "results/store/plans").glob("*.origins.json")).read_text()
    assert json.loads(call)["origins"]["sweep.normaliser"] == "packaged conf/sweep/default.yaml"
    for text in (call, json.dumps(manifest), (version / "config.yaml").read_text()):
        assert str(environment) not in text
        assert str(tmp_path) not in text

    assert gmmpipe("init", "mine").out.split() == [f"mine/{name}" for name in PARTS]
