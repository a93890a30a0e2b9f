"""``gmmpipe figure``: one figure of a finished version again, in another size or language."""

import contextlib
from collections.abc import Mapping
from os.path import realpath
from pathlib import Path
from typing import Any

from gmmpipe.config import schema
from gmmpipe.errors import InputError, suggest
from gmmpipe.experiment import Experiment
from gmmpipe.figures import FIGURES, FORMATS, DatasetTables
from gmmpipe.figures.case_tables import case_tables, style_from, tables_for, version_frames
from gmmpipe.figures.origin import origin_of
from gmmpipe.store import artifacts
from gmmpipe.store.names import project_of, refuse_library_settings
from gmmpipe.store.open_files import destination
from gmmpipe.store.plan import Plan


def redraw(
    name: str,
    folder: str | Path,
    output: str | Path | None = None,
    dataset: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Draw the figure ``name`` of the version in ``folder`` again; return the files written.

    output: a file ending in .png, .svg, .pdf or .gif, or a folder for all formats of the version's
    configuration, default the working one; nothing in ``folder`` is touched. dataset: only that
    one. settings: other values of keys of `figures`, such as width and language. Raises InputError
    where one of these is wrong, the figure shows nothing there, or the store has lost the data.
    """
    if name not in FIGURES:
        raise InputError(suggest("figure", name, sorted(FIGURES)))
    target = Path(realpath("." if output is None else output))
    one_format = "" if output is None or target.is_dir() else target.suffix.removeprefix(".")
    if one_format and one_format not in FORMATS:
        raise InputError(suggest("the ending of -o", one_format, list(FORMATS)))
    if one_format == "gif" and not FIGURES[name].moves:
        raise InputError(f"{name} is not animated; give a file ending in .png, .svg or .pdf")
    experiment = Experiment(folder)
    changed = {key: value for key, value in (settings or {}).items() if value is not None}
    section = schema.check_figures({**experiment.config["figures"], **changed})
    formats = [one_format] if one_format else section["formats"]
    with contextlib.chdir(project_of(experiment.folder)):
        refuse_library_settings()
        plan = _plan(experiment)
        tables_by_case, origin = _tables_to_draw(name, plan, dataset), str(origin_of(plan))
        if one_format and len(tables_by_case) > 1:
            raise InputError(
                f"{output} is one file, but there are {', '.join(tables_by_case)}; give a folder"
            )
        files = []
        for case, tables in tables_by_case.items():
            drawn = FIGURES[name].files(
                tables, style_from(section), formats, section["dpi"], origin
            )
            for suffix, content in drawn:
                files.append(target if one_format else target / f"{name}-{case}.{suffix}")
                artifacts.write(destination(str(files[-1])), content)
    return files


def _plan(experiment: Experiment) -> Plan:
    """Return the plan; raises InputError where the store has lost it or the data."""
    plan = experiment.study
    for path in (*plan.data, *plan.normalisations):
        if not Path(path).is_file():
            raise InputError(f"{path}: the store has lost it; run this version again")
    return plan


def _tables_to_draw(name: str, plan: Plan, dataset: str | None) -> dict[str, DatasetTables]:
    """Return {case: its tables} to which the figure applies; InputError where there is none."""
    datasets = list(dict.fromkeys(point["dataset"] for _, point in plan.cases()))
    if dataset is not None and dataset not in datasets:
        raise InputError(suggest("--dataset", dataset, datasets))
    tables_by_case: dict[str, DatasetTables] = {}
    for (case_dataset, case), every_table in case_tables(plan, version_frames(plan)):
        tables, part = tables_for(name, case_dataset, case, every_table)
        is_wanted = dataset in (None, case_dataset) and part not in tables_by_case
        if is_wanted and FIGURES[name].applies(tables):
            tables_by_case[part] = tables
    if not tables_by_case:
        where = f"data set {dataset}" if dataset else f"{plan.experiment} {plan.version}"
        raise InputError(f"{name} has nothing to show for {where}; choose another figure")
    return tables_by_case
