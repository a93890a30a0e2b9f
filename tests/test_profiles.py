"""The profiles in profiles/: what each must say, and how one is chosen."""

from pathlib import Path

import pytest
import yaml

from gmmpipe import onward
from gmmpipe.errors import InputError

HOME = Path(__file__).parents[1]
NAMES = [path.name for path in sorted((HOME / "profiles").iterdir())]
ALWAYS = {"scheduler": "greedy", "rerun-incomplete": True, "nolock": True}


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_is_safe_and_taken(name):
    """A chosen profile takes the place of `default`, so each says what no run may lack."""
    said = yaml.safe_load((HOME / f"profiles/{name}/config.yaml").read_text(encoding="utf-8"))
    assert {key: said.get(key) for key in ALWAYS} == ALWAYS
    assert onward.profile(HOME, f"profiles/{name}") == ["--workflow-profile", f"profiles/{name}"]


@pytest.mark.parametrize("words", [["--workflow-profile", "profiles/slurm"],
                                   ["--workflow-profile=profiles/slurm"]])  # fmt: skip
def test_a_profile_of_the_project_is_chosen(words):
    assert onward.chosen(["-n", *words, "--retries", "1"]) == (
        "profiles/slurm", ["-n", "--retries", "1"],
    )  # fmt: skip
    assert onward.chosen(["-n"]) == (onward.PROFILE, ["-n"])


def test_a_profile_that_is_not_there_is_named_with_those_that_are(tmp_path: Path):
    (tmp_path / "profiles/slurm").mkdir(parents=True)
    with pytest.raises(InputError, match=r"profiles/slrum.*did you mean 'profiles/slurm'"):
        onward.profile(tmp_path, "profiles/slrum")
