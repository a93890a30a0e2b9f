"""``gmmpipe figure``: one figure of a finished version again, in another size or language."""

import contextlib
from collections.abc import Iterable, Mapping
from os.path import realpath
from pathlib import Path
from typing import Any

from gmmpipe.config import schema
from gmmpipe.errors import InputError, suggest
from gmmpipe.figures import FIGURES, FORMATS
from gmmpipe.figures.case_tables import style_from
from gmmpipe.figures.origin import origin_of, read_origin
from gmmpipe.figures.redraw import Shown, tables_to_draw
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.store import artifacts
from gmmpipe.store.names import project_of, refuse_library_settings
from gmmpipe.store.open_files import destination

EVERYTHING = Shown()


def redraw(
    name: str,
    folder: str | Path,
    output: str | Path | None = None,
    shown: Shown = EVERYTHING,
    settings: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Draw the figure ``name`` of the version in ``folder`` again; return the files written.

    output: a file ending in .png, .svg, .pdf or .gif, or a folder for all formats of the version's
    configuration, default the working one; nothing in ``folder`` is touched. shown: which fits and
    features. settings: other values of keys of `figures`, such as width and language. Raises
    InputError where one of these is wrong, the figure shows nothing there, or the store has lost
    the data.
    """
    if name not in FIGURES:
        raise InputError(suggest("figure", name, sorted(FIGURES)))
    target = Path(realpath("." if output is None else output))
    one_format = "" if output is None or target.is_dir() else target.suffix.removeprefix(".")
    if one_format and one_format not in FORMATS:
        raise InputError(suggest("the ending of -o", one_format, list(FORMATS)))
    if one_format == "gif" and not FIGURES[name].moves:
        raise InputError(f"{name} is not animated; give a file ending in .png, .svg or .pdf")
    experiment = StoredExperiment(folder)
    changed = {key: value for key, value in (settings or {}).items() if value is not None}
    section = schema.check_figures({**experiment.config["figures"], **changed})
    formats = [one_format] if one_format else section["formats"]
    with contextlib.chdir(project_of(experiment.folder)):
        refuse_library_settings()
        tables_by_case = tables_to_draw(name, experiment, shown)
        origin = str(origin_of(experiment.study))
        if one_format and len(tables_by_case) > 1:
            raise InputError(
                f"{output} is one file, but there are {', '.join(tables_by_case)}; give a folder"
            )
        if not one_format:
            places = (target / f"{name}-{c}.{f}" for c in tables_by_case for f in formats)
            _refuse_foreign(places)
        files = []
        for case, tables in tables_by_case.items():
            drawn = FIGURES[name].files(
                tables, style_from(section), formats, section["dpi"], origin
            )
            for suffix, content in drawn:
                files.append(target if one_format else target / f"{name}-{case}.{suffix}")
                artifacts.write(destination(str(files[-1])), content)
    return files


def _refuse_foreign(paths: Iterable[Path]) -> None:
    """Raise InputError for a file that is there under a name that nobody typed, and no figure."""
    for path in filter(Path.exists, paths):
        try:
            read_origin(path)
        except InputError:
            raise InputError(
                f"{path}: is there already, and no figure of gmmpipe; rename it, or name another"
                " file or folder with -o"
            ) from None
