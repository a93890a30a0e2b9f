"""``gmmpipe figure``: one figure of a finished version again, in another size or language."""

import contextlib
from collections.abc import Mapping
from os.path import realpath
from pathlib import Path
from typing import Any, NamedTuple

from gmmpipe.config import schema
from gmmpipe.errors import InputError, suggest
from gmmpipe.figures import FIGURES, FORMATS, DatasetTables, FigureKind
from gmmpipe.figures.cases import cases, frames_of, seen_by, style_of
from gmmpipe.results.experiment import Experiment
from gmmpipe.store import artifacts
from gmmpipe.store.names import project_of, refuse_library_settings
from gmmpipe.store.plan import Plan


class Wanted(NamedTuple):
    """A figure to draw: of which tables, and what its file is named after."""

    name: str
    place: str
    tables: DatasetTables

    @property
    def kind(self) -> FigureKind:
        """Return the entry of the registry."""
        return FIGURES[self.name]


def redraw(
    name: str,
    folder: str | Path,
    output: str | Path | None = None,
    dataset: str | None = None,
    taste: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Draw the figure ``name`` of the version in ``folder`` again; return the files written.

    output: a file ending in .png, .svg, .pdf or .gif, or a folder for all formats of the version's
    configuration, default the working one; nothing in ``folder`` is touched. dataset: only that
    one. taste: other values of keys of `figures`, such as width and language. Raises InputError
    where one of these is wrong, the figure shows nothing there, or the store has lost the data.
    """
    if name not in FIGURES:
        raise InputError(suggest("figure", name, sorted(FIGURES)))
    target = Path(realpath("." if output is None else output))
    one = "" if output is None or target.is_dir() else target.suffix.removeprefix(".")
    if one and one not in FORMATS:
        raise InputError(suggest("the ending of -o", one, list(FORMATS)))
    if one == "gif" and not FIGURES[name].moves:
        raise InputError(f"{name} does not move; give a file ending in .png, .svg or .pdf")
    experiment = Experiment(folder)
    section = schema.check_figures(
        {
            **experiment.config["figures"],
            **{k: v for k, v in (taste or {}).items() if v is not None},
        }
    )
    style = style_of(section)
    with contextlib.chdir(project_of(experiment.folder)):
        refuse_library_settings()
        wanted = _wanted(name, _plan(experiment), dataset)
        if one and len(wanted) > 1:
            places = ", ".join(each.place for each in wanted)
            raise InputError(f"{output} is one file, but there are {places}; give a folder")
        made = []
        for each in wanted:
            formats = [one] if one else section["formats"]
            for suffix, content in each.kind.files(each.tables, style, formats, section["dpi"]):
                made.append(target if one else target / f"{name}-{each.place}.{suffix}")
                artifacts.write(made[-1], content)
    return made


def _plan(experiment: Experiment) -> Plan:
    """Return the plan; raises InputError where the store has lost it or the data."""
    plan = experiment.study
    for path in (*plan.data, *plan.normalisations):
        if not Path(path).is_file():
            raise InputError(f"{path}: the store has lost it; give this version's run once more")
    return plan


def _wanted(name: str, plan: Plan, dataset: str | None) -> list[Wanted]:
    """Return what there is to draw; raises InputError where that is nothing."""
    known = list(dict.fromkeys(at["dataset"] for _, at in plan.cases()))
    if dataset is not None and dataset not in known:
        raise InputError(suggest("--dataset", dataset, known))
    found: dict[str, Wanted] = {}
    for (its, case), tables in cases(plan, frames_of(plan)):
        seen, place = seen_by(name, its, case, tables)
        if dataset in (None, its) and place not in found and FIGURES[name].applies(seen):
            found[place] = Wanted(name, place, seen)
    if not found:
        where = f"data set {dataset}" if dataset else f"{plan.experiment} {plan.version}"
        raise InputError(f"{name} has nothing to show of {where}; choose another figure")
    return list(found.values())
