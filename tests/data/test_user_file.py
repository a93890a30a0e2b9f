"""The options of the user's own file: given on a command line, and written as one again."""

import shlex

import pytest

from gmmpipe.cli.main import _parsed
from gmmpipe.data.user_file import LISTS, OPTIONS, arguments, file_options, reading
from gmmpipe.errors import InputError
from gmmpipe.figures.origin import command
from gmmpipe.workflow import make_plan

ROWS = "u,v,-w,group\n" + "".join(f"{i},{i * i % 7},{1 + i % 2},{i % 2}\n" for i in range(12))
GIVEN = (
    ["--data", "own file.csv"],
    ["--data", "own file.csv", "--label", "group", "--columns", "u,v"],
    ["--data", "own file.csv", "--label", "group", "--weight=-w", "--columns", "v"],
    ["--data", "own file.csv", "--data", "other.csv", "--name", "both", "experiment=smoke"],
    ["--data", "own file.csv", "--name", "own_file", "experiment=data", "--exclude", "group,2..3"],
)


def own_of(project, words):
    args = _parsed(words)
    return args.overrides, file_options(project, vars(args))


def test_a_name_that_is_no_utf_8_is_refused(project):
    """As any name beyond ASCII where the locale is C and Python's UTF-8 mode is off."""
    path = project / "\udce6.csv"
    path.write_text(ROWS)
    with pytest.raises(InputError, match=r"^'.*udce6.csv': is no UTF-8; rename the file, or set"):
        file_options(project, {"data": str(path)})


@pytest.mark.parametrize("given", GIVEN)
def test_the_command_of_a_version_makes_the_same_version(project, given):
    for name in ("own file.csv", "other.csv"):
        (project / name).write_text(ROWS)
    overrides, own = own_of(project, ["run", "sweep.k=1..2", *given])
    planned = make_plan.make_plan(project, overrides, own)
    again = shlex.split(command(planned))
    assert again[0] == "gmmpipe"
    assert make_plan.make_plan(project, *own_of(project, again[1:])) == planned


def test_every_option_is_turned_back():
    assert arguments(None) == []
    everything = {"path": "data"} | {name: name for name in OPTIONS if name != "data"}
    assert arguments(everything)[::2] == [f"--{name}" for name in OPTIONS]
    odd = {"header": False, "comment": None, "columns": ["Area", "mm2"]}
    assert reading({"header": "no", "comment": "none", "columns": ["Area, mm2"]}) == odd
    words = arguments({"path": "x", **odd})[2:]
    assert reading(dict(zip([w[2:] for w in words[::2]], words[1::2], strict=True))) == odd


@pytest.mark.parametrize("name", [name for name in OPTIONS if name != "data"])
def test_an_option_without_a_file_is_refused(project, name):
    with pytest.raises(InputError, match="give --data FILE"):
        file_options(project, {name: "x"})


def test_an_option_given_twice_is_refused_and_columns_are_joined(project):
    (project / "x.csv").write_text(ROWS)
    for name in OPTIONS.keys() - LISTS:
        with pytest.raises(InputError, match=f"--{name} is given twice"):
            _parsed(["run", f"--{name}", "a", f"--{name}=b"])
    with pytest.raises(InputError, match="--rows is given twice"):
        _parsed(["table", "best", "x", "--rows", "1", "--rows", "1"])
    for name in LISTS - {"data"}:
        words = ["run", "--data", "x.csv", f"--{name}", "u", f"--{name}", "v,group"]
        assert own_of(project, words)[1][name] == ["u", "v", "group"]
    assert reading({"na": [""]}) == {"na": [""]}


@pytest.mark.usefixtures("no_job_starts")
def test_names_that_cannot_be_are_refused(project, refused):
    for name in ("x.csv", "store.csv", "below/x.csv"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(ROWS)
    both = ["--data", "x.csv", "--data"]
    refused("below/x.csv: and x.csv are both called 'x'", "run", *both, "below/x.csv")
    refused("x.csv: is given twice", "run", *both, "x.csv")
    refused("results/store holds --name my-store", "run", "--data", "store.csv")
    refused("--name is '../x'", "run", "--data", "x.csv", "--name", "../x")


@pytest.mark.parametrize("mark", [";", "semicolon"])
def test_a_delimiter_may_be_the_character(mark):
    assert reading({"delimiter": mark}) == {"delimiter": "semicolon"}


@pytest.mark.usefixtures("no_job_starts")
def test_remedies_are_what_can_be_typed(project, refused):
    (project / "3d_scan.csv").write_text("a,b\n1,2\n,3\n4,5\n")
    refused("--missing drop fit.missing=mar", "run", "--data", "3d_scan.csv")
    (project / "conf/dataset/mine.yaml").write_text("kind: file\npath: 3d_scan.csv\n")
    refused("dataset.mine.missing=drop", "run", "sweep.dataset=[mine]")
    (project / "conf/dataset/3d.yaml").write_text("kind: file\npath: 3d_scan.csv\n")
    refused("conf/dataset/3d.yaml `missing: drop`", "run", "sweep.dataset=[3d]")
    refused("--header yes or no", "run", "--data", "3d_scan.csv", "--header", "maybe")


def test_show_says_how_the_file_is_read(project, gmmpipe):
    (project / "x.csv").write_text("id;a;b\nf;1,5;2\ng;2;1\n")
    answer = gmmpipe("show", "--data", "x.csv")
    assert answer.out.endswith(
        "# x.csv: ; separated, decimal commas, header, 2 numeric columns, left out: id\n"
    )
    (project / "x.csv").write_text("a\n1\nx\n")
    assert "# x.csv: line 3" in gmmpipe("show", "--data", "x.csv").out
