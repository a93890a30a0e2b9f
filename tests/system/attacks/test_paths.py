"""Paths stay in the project, and only regular local files are opened."""

import os
import socket

import pytest

from gmmpipe.data.file import File
from gmmpipe.data.source import tables
from gmmpipe.errors import InputError

GOOD = "a,b\n1,2\n2,1\n3,5\n4,4\n"

pytestmark = pytest.mark.usefixtures("no_job_starts")


@pytest.fixture
def outside(project):
    """Return a data file that is not in the project, with words that nobody may see."""
    path = project.parent / "outside.csv"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize("form", ["{}", "../outside.csv", "data/../../outside.csv", "link.csv"])
def test_a_configured_path_stays_in_the_project(form, project, outside, refused):
    (project / "link.csv").symlink_to(outside)
    path = form.format(outside)
    refused("outside --data", "run", f"dataset.gmm.path={path}")
    refused("outside --data", "run", f"sweep.dataset.gmm.path=[{path}]")
    (project / "conf/dataset/gmm.yaml").write_text(f"kind: file\npath: {path}\n")
    refused("outside --data", "run")
    assert not list((project / "results").rglob("*.json"))


def test_a_link_to_a_folder_outside_is_followed_to_where_it_leads(project, outside, refused):
    (project / "shared").symlink_to(outside.parent)
    refused("outside --data", "run", "dataset.gmm.path=shared/outside.csv")


def test_the_file_of_the_command_line_is_the_users_own_act(outside, gmmpipe):
    shown = gmmpipe("show", "--data", "../outside.csv")
    assert (shown.code, f"path: {outside}" in shown.out) == (0, True)
    assert gmmpipe("show", "--data", "data/../../outside.csv").out == shown.out
    refusal = gmmpipe("run", "--data", str(outside), "dataset.outside.path=/etc/passwd")
    assert (refusal.code, "outside the project" in refusal.err) == (2, True)


@pytest.mark.parametrize("part", ["", "store", "store/fits", "store/plans", "logs", "smoke"])
def test_results_are_no_link(part, project, refused):
    elsewhere = project.parent / "elsewhere"
    elsewhere.mkdir()
    link = project / "results" / part
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(elsewhere)
    refused("symbolic link", "run", "experiment=smoke")
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize(
    "url", ["http://example.org/x.csv", "file:///etc/passwd", "s3://bucket/x.csv"]
)
def test_an_address_is_no_path(url, project, refused):
    refused("local data file", "run", "--data", url)
    refused("URL download", "run", f"dataset.gmm.path={url}")
    assert project.exists()


def special(path, kind):
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(path.name)  # the working folder is the project: long paths do not bind
    else:
        path.symlink_to(kind)


KINDS = ["fifo", "folder", "socket", "/dev/zero", "/dev/tty"]


@pytest.mark.usefixtures("prompt")
@pytest.mark.parametrize("kind", KINDS)
def test_only_regular_files_are_data(kind, project, refused):
    special(project / "x.csv", kind)
    refused("x.csv regular file", "run", "--data", "x.csv")
    refused("x.csv", "run", "dataset.gmm.path=x.csv")
    refused(
        "x.csv regular",
        "generate",
        "x.csv",
        "-o",
        "o",
        "--config",
        '{"kind": "file", "path": "x.csv"}',
    )


@pytest.mark.usefixtures("prompt")
@pytest.mark.parametrize("kind", ["fifo", "folder", "/dev/zero"])
@pytest.mark.parametrize("where", ["experiment/evil", "dataset/gmm"])
def test_only_regular_files_are_configuration(kind, where, project, refused, gmmpipe):
    path = project / f"conf/{where}.yaml"
    path.unlink(missing_ok=True)
    special(path, kind)
    refused("conf/", "run")
    assert gmmpipe("list").code in (0, 2)  # and it does not wait


@pytest.mark.usefixtures("prompt")
def test_only_regular_files_are_plans_and_arrays(project, refused):
    special(project / "x.json", "fifo")
    special(project / "x.npz", "fifo")
    refused("x.json regular file", "evaluate", "x.json", "-o", "o")
    refused("x.json regular file", "generate", "-o", "o", "--config", "x.json")
    refused("x.npz regular file", "normalise", "x.npz", "-o", "o", "--config", '{"method": "none"}')


def test_a_file_that_cannot_be_read(project, refused, monkeypatch):
    (project / "x.csv").write_text(GOOD)
    real = os.open

    def forbidden(path, *rest):  # root may read whatever the permission bits say
        if str(path).endswith("x.csv"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *rest)

    monkeypatch.setattr(os, "open", forbidden)
    refused("x.csv read Permission", "run", "--data", "x.csv")


@pytest.mark.usefixtures("prompt")
def test_a_file_that_became_a_pipe_since_it_was_looked_at_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(InputError, match=r"t.csv: not a regular file"):
        list(tables(tmp_path / "t.csv", "t.csv", File("t.csv")))
