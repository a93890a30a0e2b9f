"""What a version was made of and by whom asked: configuration, digests, commands, citation."""

import json
from collections.abc import Mapping
from importlib.metadata import metadata
from typing import Any

import pandas as pd

from gmmpipe.report.table_data import PageTable, page_table
from gmmpipe.results.tables import table_paths
from gmmpipe.store import artifacts
from gmmpipe.store.dotted import as_range, flat
from gmmpipe.store.integrity import refuse_damaged
from gmmpipe.store.plan import Plan

REFERENCES = (
    "Dempster, Laird & Rubin 1977. Maximum likelihood from incomplete data via the EM algorithm."
    " Journal of the Royal Statistical Society B 39, 1-38.",
    "Celeux & Govaert 1995. Gaussian parsimonious clustering models. Pattern Recognition 28,"
    " 781-793. (covariance families)",
    "Schwarz 1978. Estimating the dimension of a model. Annals of Statistics 6, 461-464. (BIC)",
)


def configuration(plan: Plan) -> PageTable:
    """Return every value of the configuration with where it was set."""
    origins: Mapping[str, str] = artifacts.read_json(plan.origins)["origins"]
    values = dict(flat(plan.config))
    note = (
        "Every value in force, and where it was set: a file of conf/, an override on the command"
        " line, or the default of the program. config.yaml beside this page has the same values."
    )
    rows = [
        {"key": key, "value": _text(values[key]), "origin": where} for key, where in origins.items()
    ]
    return page_table(("configuration", "Configuration", note), pd.DataFrame(rows))


def _text(value: Any) -> str:
    """Return a value as YAML has it on one line; a run of whole numbers as a range."""
    text = value if isinstance(value, str) else as_range(value)
    return json.dumps(value, ensure_ascii=False) if text is None else text


def digests(plan: Plan) -> PageTable:
    """Return the inputs, data, tables and figures with size and SHA-256."""
    rows = [
        {"part": "input", "file": data.source.path, "sha256": data.source.sha256}
        for data in plan.data_sets.values()
        if data.source
    ]
    figures = list(map(str, plan.figure_files()))
    parts = {"data": plan.data, "table": table_paths(plan), "figure": figures}
    for part, paths in parts.items():
        for path in paths:
            sha256 = artifacts.describe(path)["sha256"]
            refuse_damaged(path, sha256)
            rows.append({"part": part, "file": path, "sha256": sha256})
    note = (
        "What this page was made from. manifest.json beside it lists the stored fits as well, and"
        " what made them."
    )
    return page_table(("files", "Files", note), pd.DataFrame(rows))


def citation(plan: Plan) -> dict[str, str]:
    """Return how to cite the program that made this version, as text and as BibTeX."""
    about = metadata("gmmpipe")
    name, version, summary = "The gmmpipe developers", about["Version"], about["Summary"]
    text = f"{name}. gmmpipe: {summary}. Version {version}. Results {plan.experiment}, version"
    bibtex = (
        f"@software{{gmmpipe,\n  author  = {{{{{name}}}}},\n  title   = {{gmmpipe: {summary}}},\n"
        f"  version = {{{version}}}\n}}"
    )
    return {"text": f"{text} {plan.version}.", "bibtex": bibtex}
