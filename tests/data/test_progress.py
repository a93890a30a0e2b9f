import io

import pytest

from gmmpipe.data.progress import Bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def read(out, size=200, **options):
    with Bar("x.csv", size, out, **options) as bar:
        for done in (50, 100, 200):
            bar(done, 10)
    return out.getvalue()


def test_a_terminal_sees_a_bar_and_what_it_came_to():
    said = read(Terminal())
    assert "[" + "#" * 15 + "." * 15 + "] x.csv: 50%, 20 rows" in said
    assert said.endswith("\r\x1b[Kx.csv: 30 rows in 0 s\n")


def test_a_file_gets_a_line_now_and_then():
    assert read(io.StringIO()) == "x.csv: 30 rows in 0 s\n"
    assert read(io.StringIO(), seldom=-1.0).count("\n") == 4


def test_what_is_not_known_is_not_said_nor_the_end_of_what_failed():
    out = Terminal()

    def fail():
        with Bar("x.csv", 0, out) as bar:
            bar(0, 7)
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fail()
    assert "x.csv: 7 rows" in out.getvalue()
    assert out.getvalue().endswith("\r\x1b[K")
