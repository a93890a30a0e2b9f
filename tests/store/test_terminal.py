"""What is printed: names as text, and a reader or terminal that goes away does no harm."""

import io
import os
import pty
import subprocess
import sys

import pytest

from gmmpipe.errors import one_line, shown
from gmmpipe.store import terminal
from gmmpipe.store.terminal import Output

STEERING = "\x1b[2J\x9b1m\x07a\rb\u202ec\u2028d"


class Screen(io.StringIO):
    def isatty(self):
        return True


class Gone(io.StringIO):
    def write(self, text):
        raise BrokenPipeError(text)


def test_names_are_shown_as_text():
    assert shown(STEERING) == r"\x1b[2J\x9b1m\x07a\rb\u202ec\u2028d"
    assert shown("été 花 \u3000\t1\n") == "été 花 \u3000\t1\n"
    assert one_line("a\n b\x1b") == r"a b\x1b"


def test_tables_keep_their_characters_but_on_a_terminal():
    file, screen = io.StringIO(), Screen()
    for stream in (file, screen):
        out = Output(stream, "x", lasting=False)
        out.write_data("\u200bx\n")
        out.write("\u200by\n")
        out.redraw("\u200bz")
    assert file.getvalue() == "\u200bx\n" + "\\u200by\n" + terminal.ERASE + "\\u200bz"
    assert screen.getvalue() == "\\u200bx\n" + "\\u200by\n" + terminal.ERASE + "\\u200bz"


def test_only_a_lasting_output_goes_on_without_its_reader():
    with pytest.raises(BrokenPipeError) as caught:
        print("a", file=Output(Gone(), "standard output", lasting=False))
    assert caught.value.filename == "standard output"
    closed = io.StringIO()
    closed.close()
    for stream in (Gone(), closed, None):
        out = Output(stream, "standard output", lasting=True)
        print("a", file=out, flush=True)
        out.redraw("b")
        assert out.gone
        assert not out.isatty()


def test_an_output_that_is_full_is_one_line(project):
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [sys.executable, "-m", "gmmpipe", "list"],
            cwd=project,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == (
        "gmmpipe stopped: standard output: No space left on device; free some space and run the"
        " command again\n"
    )


def test_no_escape_from_a_name_reaches_a_terminal(project):
    (project / "conf/dataset/a\x1b[2J\nb.yaml").write_text("# \x9b1m\nkind: blobs\n")
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "gmmpipe", "list"]
    with subprocess.Popen(command, cwd=project, stdout=slave, stderr=slave) as process:
        os.close(slave)
        said = b""
        try:
            while part := os.read(master, 4096):
                said += part
        except OSError:  # the other end is closed
            pass
    os.close(master)
    assert process.returncode == 0
    assert rb"  a\x1b[2J b  " in said
    assert b"\x1b" not in said
