"""A folder from somebody else is data: to verify it and to make it again runs nothing of it."""

import shutil
import subprocess
import sys
from pathlib import Path

from projects import carry_out

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=2", "sweep.covariance=[full]")
TINY += ("sweep.seed=0", "sweep.iteration=2", "figures.names=[clusters]", "figures.formats=[png]")
GMMPIPE = str(Path(sys.executable).with_name("gmmpipe"))


def git(*arguments):
    names = ("-c", "user.name=n", "-c", "user.email=e@x")
    command = ["git", *names, *arguments]
    subprocess.run(command, check=True, capture_output=True)


def booby_trapped(shell, python):
    """Let everything in the working folder that a program might run leave the mark."""
    git("init")
    git("add", "-f", "Snakefile", "data")
    git("commit", "-m", "first")
    with Path(".git/config").open("a") as file:
        file.write(f'[filter "mark"]\n\tclean = {shell}; cat\n[core]\n\tfsmonitor = {shell}\n')
    Path(".gitattributes").write_text("* filter=mark\n")
    Path("data/gmm.data").touch()
    Path("Snakefile").write_text(f"{python}\n" + Path("Snakefile").read_text())
    Path("profiles/default/config.yaml").write_text(f"precommand: {shell}\n")
    shutil.copytree("profiles/default", "profiles/local", dirs_exist_ok=True)


def test_a_received_version_is_made_again_by_the_rules_that_are_installed(beside, shell, python):
    for path in beside.glob("*.py"):
        path.unlink()  # until the version is there
    done = carry_out(*TINY)
    booby_trapped(shell, python)
    for name in ("numpy", "snakemake", "sitecustomize"):
        Path(f"{name}.py").write_text(python)
    there = beside.parent / "elsewhere"
    there.mkdir()
    answer = subprocess.run(
        [GMMPIPE, "verify", "--rerun", "--cores", "2", Path(done.folder).absolute()],
        cwd=there,
        capture_output=True,
        text=True,
        check=False,
    )
    assert " -m snakemake --snakefile " in answer.stdout, answer
    assert answer.returncode == 0, answer
