"""The options of the user's own file: given on a command line, and written as one again."""

import shlex

import pytest

from gmmpipe import plan
from gmmpipe.cli import _parsed
from gmmpipe.errors import InputError
from gmmpipe.own import OPTIONS, arguments, own_file
from gmmpipe.report.provenance import command
from gmmpipe.study import Study

ROWS = "u,v,-w,group\n" + "".join(f"{i},{i * i % 7},{1 + i % 2},{i % 2}\n" for i in range(12))
GIVEN = (
    ["--data", "own file.csv"],
    ["--data", "own file.csv", "--label", "group", "--columns", "u,v"],
    ["--data", "own file.csv", "--label", "group", "--weight=-w", "--columns", "v"],
)


def own_of(project, words):
    args = _parsed(words)
    return args.overrides, own_file(project, vars(args))


@pytest.mark.parametrize("given", GIVEN)
def test_the_command_of_a_version_makes_the_same_version(project, given):
    (project / "own file.csv").write_text(ROWS)
    overrides, own = own_of(project, ["run", "sweep.k=1..2", *given])
    path = plan.freeze(project, overrides, own)
    again = shlex.split(command(Study(path)))
    assert again[0] == "gmmpipe"
    assert plan.freeze(project, *own_of(project, again[1:])) == path


def test_every_option_is_turned_back():
    assert arguments(None) == []
    everything = {option.setting: option.setting for option in OPTIONS.values()}
    assert arguments(everything)[::2] == [f"--{name}" for name in OPTIONS]


@pytest.mark.parametrize("name", [name for name in OPTIONS if name != "data"])
def test_an_option_without_a_file_is_refused(project, name):
    with pytest.raises(InputError, match="give --data FILE"):
        own_file(project, {name: "x"})
