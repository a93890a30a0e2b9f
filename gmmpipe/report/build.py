"""All that the page of one version shows, as the variables of its template."""

from typing import Any

import pandas as pd

from gmmpipe.data.file_summary import reading_of
from gmmpipe.figures import DatasetTables
from gmmpipe.figures.case_tables import case_tables, style_from, version_frames
from gmmpipe.figures.origin import command
from gmmpipe.figures.style import COMPONENT_COLOURS
from gmmpipe.mixture.affine import Affine
from gmmpipe.report import about, evidence, explorer
from gmmpipe.report.cautions import cautions
from gmmpipe.report.pictures import Picture, by_category, pictures
from gmmpipe.report.table_data import page_tables
from gmmpipe.results.summary import verdicts_of_cases
from gmmpipe.results.verdict import Verdict
from gmmpipe.results.words.wording import elide, number
from gmmpipe.store import artifacts
from gmmpipe.store.entries import DataSet
from gmmpipe.store.plan import Plan

OPEN = 4  # data sets whose evidence is laid open; of more it unfolds


def template_variables(plan: Plan) -> dict[str, Any]:
    """Return the variables of templates/report.html for a version whose figures are drawn."""
    frames, images = version_frames(plan), pictures(plan)
    style = style_from(plan.config["figures"])
    stored_names, points = zip(*plan.cases(), strict=True)
    budget = explorer.MOST_NUMBERS // len(points)
    verdicts = verdicts_of_cases(plan.config, points, frames.get)
    scenes, cases = [], []
    for stored, ((_, part), tables), verdict in zip(
        stored_names, case_tables(plan, frames), verdicts, strict=True
    ):
        scene = explorer.scene(tables, _affines(plan, stored), style, budget)
        scenes.append(scene | {"name": verdict.name})
        case = _case(plan.data_sets[stored], part, tables, images, verdict.verdict)
        cases.append(case | {"number": len(scenes), "name": verdict.name})
    portraits = {case["picture"] for case in cases}
    return {
        "experiment": plan.experiment,
        "language": plan.config["figures"]["language"],
        "version": plan.version,
        "extent": _extent(plan, frames["fits"]),
        "cases": cases,
        "laid_open": len(cases) <= OPEN,
        "colours": COMPONENT_COLOURS,
        "categories": by_category([p for p in images if p not in portraits]),
        "tables": page_tables(frames, plan.outer, max(data.n for data in plan.data_sets.values())),
        "configuration": about.configuration(plan),
        "files": about.digests(plan),
        "scenes": scenes,
        "command": command(plan),
        "citation": about.citation(plan),
        "references": about.REFERENCES,
    }


def _affines(plan: Plan, stored: str) -> dict[str, Affine]:
    """Return the map of each normaliser of one data set in the store."""
    result = {}
    for name, block in plan.fit_blocks.items():
        normaliser, path = block.config.coordinates["normaliser"], plan.normalised(name)
        if normaliser not in result and plan.normalised_data[block.normalised].data == stored:
            arrays = artifacts.read_arrays(path, "shift", "scale")
            result[normaliser] = Affine(arrays["shift"], arrays["scale"])
    return result


def _extent(plan: Plan, fits: pd.DataFrame) -> str:
    """Return in one sentence how much was tried."""
    sweep = plan.config["sweep"]
    ks = sweep["k"]
    span = f"K = {ks[0]}" if len(ks) == 1 else f"K from {ks[0]} to {ks[-1]}"
    counts = [
        _counted(len(sweep["dataset"]), "data set"),
        _counted(len(sweep["normaliser"]), "normaliser"),
        _counted(len(sweep["covariance"]), "covariance family", "covariance families"),
        span,
        _counted(len(sweep["start"]), "start"),
        _counted(fits["seed"].nunique(), "seed"),
        _counted(len(sweep["iteration"]), "snapshot"),
        *(f"{_counted(len(sweep[axis]), 'value')} of {elide(axis, 40)}" for axis in plan.outer),
    ]
    return f"{', '.join(counts)}: {len(fits):,} cells"


def _counted(count: int, word: str, plural: str = "") -> str:
    return f"{count:,} {word if count == 1 else plural or word + 's'}"


def _case(
    data: DataSet, part: str, tables: DatasetTables, images: list[Picture], verdict: Verdict
) -> dict[str, Any]:
    """Return the summary of one data set at one outer point; part: of its files' names."""
    case: dict[str, Any] = {
        "data": _data(data, tables),
        "reading": reading_of(data),
        "verdict": verdict,
        "cautions": cautions(tables, verdict, data.dropped, _rising(data)),
        "picture": next((p for p in images if (p.name, p.case) == ("clusters", part)), None),
        "model": "no model selected",
        "numbers": "",
        "facts": [],
        "features": [],
        "components": [],
    }
    if tables.has_selection:
        row = tables.selected()
        case |= {
            "model": verdict.model,
            "numbers": f"BIC {number(row['bic'], 2)}, log-likelihood"
            f" {number(row['log_likelihood'], 3)}, {row['n_parameters']} parameters",
            "run": f"normaliser {elide(row['normaliser'], 24)}, start {elide(row['start'], 24)},"
            f" seed {row['seed']}, {row['n_iter']} iterations",
            "facts": evidence.facts(tables, verdict),
        }
        case["features"], case["components"] = evidence.components(tables)
    case["brief"] = {fact.name: fact.value for fact in case["facts"]}
    return case


def _rising(data: DataSet) -> list[str]:
    """Return the features of a file that rise by one in every row."""
    return list(data.reading["counting"]) if data.reading else []


def _data(data: DataSet, tables: DatasetTables) -> str:
    """Return in one line what the data are and where they come from."""
    names = [elide(name, 24) for name in tables.features]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    text = f"{tables.n_samples:,} samples of {_counted(len(names), 'feature')}"
    text += f" ({', '.join(names[:4])}{more})"
    if data.source:
        return f"{text}, from {data.source.path}"
    kind = data.config["kind"]
    return f"{text}, {'bundled with scikit-learn' if kind == 'bundled' else f'drawn ({kind})'}"
