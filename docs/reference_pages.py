"""The pages that the site takes from the code when it is built: commands, and names to choose."""

from collections.abc import Callable
from pathlib import Path

from gmmpipe.cli.main import make_parser
from gmmpipe.config.load import choices

HOME = Path(__file__).parent


def commands() -> str:
    """Return every command with its options, as --help prints them."""
    parser = make_parser()
    (subparsers,) = [action for action in parser._actions if isinstance(action.choices, dict)]
    parts = ["# Commands and options\n", _fenced(parser.format_help())]
    for name, command in subparsers.choices.items():
        parts += [f"## {name}\n", _fenced(command.format_help())]
    return "\n".join(parts)


def names() -> str:
    """Return all that a setting can name, as `gmmpipe list` prints it."""
    parts = ["# Names and settings to choose\n", "`gmmpipe list` prints this page.\n"]
    for group, entries in choices(HOME.parent / "conf").items():
        rows = [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in entries.items()]
        parts += [f"## {group}\n", "| name | what it is |\n|---|---|", *rows, ""]
    return "\n".join(parts)


PAGES: dict[str, Callable[[], str]] = {
    "reference/commands.md": commands,
    "reference/names.md": names,
}


def write() -> None:
    """Write the pages beside the others."""
    for name, page in PAGES.items():
        path = HOME / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(page(), encoding="utf-8")


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```\n"


def _cell(text: str) -> str:
    escaped = text.replace("|", "\\|").replace("<", "&lt;")
    return " ".join(escaped.split())
