"""What a person calls a version and says of it, in a file beside its manifest."""

import json
import re
import stat
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from gmmpipe.errors import InputError
from gmmpipe.store import artifacts
from gmmpipe.store.files import remove_artifact
from gmmpipe.store.layout import LATEST, MANIFEST, NOTE, NOTES_LOCK, RESULTS
from gmmpipe.store.lock import waiting
from gmmpipe.store.names import ALLOWED, is_name

LONGEST = 2**16  # bytes
DIGEST = re.compile(r"[0-9a-f]{12}")  # what the folder of a version is called
EXPECTED = f"{ALLOWED}; not 12 hex digits, as a version has"


class Note(NamedTuple):
    """The name of a version, which stands for its folder's, and a text on it; "" for none."""

    name: str = ""
    text: str = ""


def read_note(folder: Path) -> Note:
    """Return the note on the version in a folder, which may be that of others.

    Raises InputError for what is no note, such as a file of a person's that has more in it.
    """
    path = folder / NOTE
    try:
        is_file = stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return Note()
    content = artifacts.read_json(path, LONGEST) if is_file else None
    if isinstance(content, dict) and content.keys() <= set(Note._fields):
        name, text = content.get("name", ""), content.get("text", "")
        if isinstance(text, str) and (name == "" or _may_name(name)):
            return Note(name, _unicode(text))
    raise InputError(f"{path}: not a note as `gmmpipe note` writes it; rename or remove it")


def _may_name(name: object) -> bool:
    return is_name(name) and not DIGEST.fullmatch(str(name))


def _unicode(text: str) -> str:
    return text.encode(errors="replace").decode()


def change_note(folder: Path, name: str | None, text: str | None) -> tuple[Note, bool]:
    """Change what is given of the note on a version; return the note, and whether it is another.

    Raises InputError as ``read_note`` and ``write_note``, and for a version that was removed.
    """
    is_of_project = folder.parents[1].name == RESULTS
    with waiting(folder.parents[2] / NOTES_LOCK) if is_of_project else nullcontext():
        if not folder.is_dir():
            raise InputError(f"{folder}: was removed just now; `gmmpipe runs` lists what is left")
        before = read_note(folder)
        note = Note(before.name if name is None else name, before.text if text is None else text)
        if note != before:
            write_note(folder, note)
    return note, note != before


def write_note(folder: Path, note: Note) -> None:
    """Write the note on a version; an empty one removes the file.

    Raises InputError for a name that is none, or that another version of the experiment has.
    """
    if note.name and not _may_name(note.name):
        raise InputError(f"--name is {note.name!r}; expected {EXPECTED}")
    content = json.dumps(note._asdict(), indent=1) + "\n"
    if note.text != _unicode(note.text):
        raise InputError(
            f"TEXT is {note.text[:60]!r}; expected UTF-8, as the terminal's locale has"
        )
    if len(content) > LONGEST:
        raise InputError(f"TEXT has {len(note.text):,} characters; at most {LONGEST:,} bytes fit")
    if note.name in (LATEST, *(path.name for path in folder.parent.iterdir())):
        raise InputError(f"--name is {note.name!r}, a folder or link of {folder.parent}")
    taken = named(folder.parent, note.name) if note.name else None
    if taken is not None and taken != folder:
        raise InputError(f"--name is {note.name!r}, already the name of {taken}")
    if any(note):
        artifacts.write(folder / NOTE, content)
    else:
        remove_artifact(folder / NOTE)


def named(experiment: Path, name: str) -> Path | None:
    """Return the finished version of this name in the folder of an experiment; None without one.

    Of notes that cannot be read none is meant: whoever looks at that version is told. Raises
    InputError where several have the name, as copies of a version do.
    """
    having = []
    for path in sorted(experiment.glob(f"[!.]*/{NOTE}")):
        try:
            found = read_note(path.parent).name == name
        except InputError:
            continue
        if found and not path.parent.is_symlink() and (path.parent / MANIFEST).is_file():
            having.append(path.parent)
    if len(having) > 1:
        raise InputError(
            f"{name}: is the name of {' and '.join(map(str, having))}; give the folder that is"
            " meant, or remove one's name by `gmmpipe note FOLDER --name ''`"
        )
    return having[0] if having else None
