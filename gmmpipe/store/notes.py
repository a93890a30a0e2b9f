"""What a person calls a version and says of it, in a file beside its manifest."""

from pathlib import Path
from typing import NamedTuple

from gmmpipe.errors import InputError
from gmmpipe.store import artifacts
from gmmpipe.store.files import remove_artifact
from gmmpipe.store.layout import LATEST, MANIFEST, NOTE
from gmmpipe.store.names import ALLOWED, is_name


class Note(NamedTuple):
    """The name of a version, which stands for its folder's, and a text on it; "" for none."""

    name: str = ""
    text: str = ""


def read_note(folder: Path) -> Note:
    """Return the note on the version in a folder, which may be that of others.

    Raises InputError for what is no note.
    """
    path = folder / NOTE
    if not path.is_file():
        return Note()
    content = artifacts.read_json(path)
    if isinstance(content, dict):
        name, text = content.get("name", ""), content.get("text", "")
        if isinstance(text, str) and (name == "" or is_name(name)):
            return Note(name, text)
    raise InputError(f"{path}: not a note on a version; remove it, or write it by `gmmpipe note`")


def write_note(folder: Path, note: Note) -> None:
    """Write the note on a version; an empty one removes the file.

    Raises InputError for a name that is none, or that another version of the experiment has.
    """
    if note.name and not is_name(note.name):
        raise InputError(f"--name is {note.name!r}; expected {ALLOWED}")
    if note.name in (LATEST, *(path.name for path in folder.parent.iterdir())):
        raise InputError(f"--name is {note.name!r}, a folder or link of {folder.parent}")
    taken = named(folder.parent, note.name) if note.name else None
    if taken is not None and taken != folder:
        raise InputError(f"--name is {note.name!r}, already the name of {taken}")
    if any(note):
        artifacts.write_json(folder / NOTE, note._asdict())
    else:
        remove_artifact(folder / NOTE)


def named(experiment: Path, name: str) -> Path | None:
    """Return the finished version of this name in the folder of an experiment; None without one.

    Of notes that cannot be read none is meant: whoever looks at that version is told.
    """
    for path in sorted(experiment.glob(f"[!.]*/{NOTE}")):
        try:
            found = read_note(path.parent).name == name
        except InputError:
            continue
        if found and not path.parent.is_symlink() and (path.parent / MANIFEST).is_file():
            return path.parent
    return None
