"""results/index.html: all versions, with a comparison of those that are chosen; works offline."""

import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gmmpipe.errors import InputError, one_line
from gmmpipe.results.compare.settings import PARTS, data_digests
from gmmpipe.results.html import source_hash
from gmmpipe.results.versions import (
    FINISHED,
    LARGEST,
    Model,
    VersionSummary,
    best_models,
    case_of,
    complaining,
    differences,
    recorded_of,
    summaries,
)
from gmmpipe.store import artifacts
from gmmpipe.store.integrity import is_intact
from gmmpipe.store.layout import CAPTIONS, FIGURES, INDEX, REPORT, RESULTS
from gmmpipe.store.manifest import manifest_of
from gmmpipe.store.terminal import size_text

MOST_MODELS = 200  # of a version, by rank, as page.js says
MOST_PICTURES = 3  # of a version
FIRST = "clusters-"  # begins the names of the figures that are shown before others
SUFFIXES = ("png", "svg")


def write_index(project: Path) -> Path:
    """Write the page of a project's versions, and return its path.

    Raises InputError where something is there that is not as gmmpipe wrote it.
    """
    path = project / INDEX
    if os.path.lexists(path) and not is_intact(path):
        raise InputError(
            f"{path}: not a page as gmmpipe wrote it; rename or remove it, then `gmmpipe runs"
            " --html` writes one"
        )
    artifacts.write(path, index_page(project).encode(errors="replace"))
    return path


def update_index(project: Path) -> None:
    """Write the page again; say on standard output why, where that cannot be. Nothing is raised."""
    try:
        write_index(project)
    except Exception as error:  # whatever the versions of others hold
        print(f"{INDEX}: not written: {one_line(str(error) or repr(error))}")


def rewrite_index(project: Path) -> None:
    """Update the page where there is one."""
    if (project / INDEX).is_file():
        update_index(project)


def index_page(project: Path) -> str:
    """Return the page. Names from data and configuration can never become markup."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = summaries(project)
    finished = [each for each in found if each.state == FINISHED]
    rows = {each.folder: _row(project, each) for each in found}
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in found:
        groups.setdefault(each.experiment, []).append(rows[each.folder])
    environment = Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _text("gmmpipe.results.compare", "page.css") + _text(__package__, "page.css")
    script = _text(__package__, "page.js")
    policy = (
        f"default-src 'none'; style-src {source_hash(style)}; script-src {source_hash(script)};"
        " img-src 'self' file:; base-uri 'none'; form-action 'none'"
    )
    return environment.get_template("page.html.j2").render(
        groups=groups,
        count=len(found),
        compared=_compared(project, finished, rows),
        style=style,
        script=script,
        policy=policy,
    )


def _text(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")


def _row(project: Path, summary: VersionSummary) -> dict[str, Any]:
    """Return a version as a row of the list shows it."""
    folder = project / summary.folder
    report = folder / REPORT
    return {
        "summary": summary,
        "published": summary.published[:16].replace("T", " ") or summary.state,
        "size": size_text(summary.bytes) if summary.bytes else "",
        "report": _link(project, report) if report.is_file() else "",
        "selected": [
            f"{case_of(model)}: {model['covariance']}, K = {model['k']}, BIC {model['bic']:.3f}"
            for model in summary.selected
        ],
        "pictures": _pictures(project, folder) if summary.state == FINISHED else [],
    }


def _pictures(project: Path, folder: Path) -> list[dict[str, str]]:
    """Return link and caption of the first figures of a version, those of clusters first."""
    found: list[dict[str, str]] = []
    with complaining(folder):
        found.extend(_captioned(project, folder))
    return found


def _captioned(project: Path, folder: Path) -> Iterator[dict[str, str]]:
    path = folder / FIGURES / CAPTIONS
    captions = artifacts.read_json(path, LARGEST) if path.is_file() else {}  # none was asked for
    stems = [stem for stem in captions if "/" not in stem] if isinstance(captions, dict) else []
    for stem in sorted(stems, key=lambda stem: not stem.startswith(FIRST))[:MOST_PICTURES]:
        for suffix in SUFFIXES:
            path = folder / FIGURES / f"{stem}.{suffix}"
            if path.is_file():
                yield {"link": _link(project, path), "caption": str(captions[stem])}
                break


def _link(project: Path, path: Path) -> str:
    return quote(path.relative_to(project / RESULTS).as_posix())


def _compared(
    project: Path, finished: list[VersionSummary], rows: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what the page compares of each version: settings that differ, data, models."""
    manifests = [manifest_of(project / each.folder) for each in finished]
    every = [recorded_of(manifest) for manifest in manifests]
    parts = {part: differences(every, (part,)) for part in PARTS}
    return [
        {
            "folder": summary.folder,
            "title": f"{summary.experiment}/{summary.name or summary.version}",
            "settings": {part: differing[i] for part, differing in parts.items()},
            "data": data_digests(manifest, manifest.get("config") or {}),
            "selected": _with_cases(summary.selected),
            "models": _with_cases(best_models(project / summary.folder, manifest)[:MOST_MODELS]),
            "pictures": rows[summary.folder]["pictures"],
        }
        for i, (summary, manifest) in enumerate(zip(finished, manifests, strict=True))
    ]


def _with_cases(models: list[Model]) -> list[Model]:
    return [{"case": case_of(model), **model} for model in models]
