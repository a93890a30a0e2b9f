"""Between the passes: which fits win, how sure that is, and how their components are numbered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from gmmpipe.mixture.diagnostics.metrics import Codes
from gmmpipe.mixture.mixture import Indices, Mixture
from gmmpipe.results.build.assess import Part
from gmmpipe.results.build.numbering import numbers_of
from gmmpipe.results.build.ranking import FinishedRun, certify_model, rank
from gmmpipe.results.columns import MODEL

Group = tuple[Any, ...]
Optima = Mapping[tuple[int, int], Indices]  # by home and K of a part: of its runs, in order


class Reference(NamedTuple):
    """The fit after which the others of its case, normaliser, family and K are numbered."""

    seed: int
    start: str
    labels: Codes
    numbers: Indices


def in_order(parts: Iterable[Part]) -> list[Part]:
    """Return parts by point, K, seed; points without any fit come after the others."""
    by_block = sorted(parts, key=lambda part: part.block)
    points = {repr(p.point): i for i, p in reversed(list(enumerate(by_block)))}
    fitted = {repr(part.point) for part in by_block if part.likeliest}
    return sorted(
        by_block, key=lambda p: (repr(p.point) not in fitted, points[repr(p.point)], p.k, p.seed)
    )


def group_of(part: Part, names: Sequence[str]) -> Group:
    """Return the values of some axes, of which one may be k."""
    return tuple(part.k if name == "k" else part.point[name] for name in names)


def ranked(parts: Sequence[Part], outer: Sequence[str]) -> pd.DataFrame:
    """Return the table ``best``, without what is certified."""
    return rank(pa.concat_tables([part.candidates for part in parts]).to_pandas(), outer)


def certified(
    parts: Sequence[Part], scratch: str, outer: Sequence[str], undrawn: Mapping[str, float]
) -> tuple[pd.DataFrame, Optima]:
    """Return the table ``certificates``, and which optimum of its model each run ended in.

    The ends of one model at a time are in memory. undrawn: of each start, as in ``starts``.
    """
    seedless = {start for start, first in undrawn.items() if first == np.inf}
    names = ["dataset", *outer, *MODEL]
    models: dict[Group, list[Part]] = {}
    for part in parts:
        if part.likeliest:
            models.setdefault(group_of(part, names), []).append(part)
    rows, optima = [], dict[tuple[int, int], Indices]()
    for group in sorted(models, key=lambda group: [str(value) for value in group]):
        by_part = [list(_runs(part, scratch, undrawn)) for part in models[group]]
        optimum, certificates = certify_model([run for r in by_part for run in r], names, seedless)
        rows += certificates
        cuts = np.cumsum([len(runs) for runs in by_part])[:-1]
        blocks = [(part.block, part.k) for part in models[group]]
        optima |= dict(zip(blocks, np.split(optimum, cuts), strict=True))
    return pd.DataFrame(rows), optima


def _runs(part: Part, scratch: str, undrawn: Mapping[str, float]) -> Iterator[FinishedRun]:
    """Yield the ends of a part."""
    key, first = {**part.point, "k": part.k}, undrawn[part.point["start"]]
    for ends in part.read(scratch, "ends"):
        weights, means, covariances = (
            _matrix(ends[name]) for name in ("weights", "means", "covariances")
        )
        shape = (len(weights), part.k, -1)
        means = means.reshape(shape)
        d = means.shape[2]
        covariances = covariances.reshape(*shape[:2], d, d)
        limits, objectives = (ends[name].to_numpy() for name in ("limit", "objective"))
        drawn = ends["seed"].to_numpy() >= first  # and not below 0
        for i, kind in enumerate(ends["end"].to_pylist()):
            mixture = Mixture(weights[i], means[i], covariances[i])
            value, objective = float(limits[i]), float(objectives[i])
            yield FinishedRun(key, value, objective, mixture, kind, bool(drawn[i]))


def _matrix(column: pa.ChunkedArray) -> Any:
    """Return the lists of a column, all of one length, as rows."""
    lists = column.combine_chunks()
    values = lists.values.to_numpy(zero_copy_only=False)
    return values.reshape(len(lists), -1) if len(lists) else values.reshape(0, 1)


def labels_of(ends: pa.Table) -> Codes:
    """Return the labels of the samples compared, (F, P)."""
    result: Codes = _matrix(ends["labels"])
    return result


def references(
    parts: Sequence[Part], scratch: str, best: pd.DataFrame, outer: Sequence[str]
) -> dict[Group, Reference]:
    """Return the reference of each (case, normaliser, family, K).

    That is the fit in ``best``, or where none is sound the likeliest.
    """
    names = ["dataset", *outer, *MODEL]
    chosen = {
        tuple(row[name] for name in names): (row["start"], row["seed"])
        for _, row in best.iterrows()
    }
    chosen_fits: dict[Group, tuple[Part, int, int]] = {}
    for part in parts:
        group = group_of(part, names)
        if part.likeliest is None:
            continue
        if group not in chosen:
            if group not in chosen_fits or _order(part) < _order(chosen_fits[group][0]):
                chosen_fits[group] = (part, *part.likeliest[2:])
        elif chosen[group][0] == part.point["start"]:
            for place, ends in zip(part.batches, part.read(scratch, "ends"), strict=True):
                rows_of_seed = np.flatnonzero(ends["seed"].to_numpy() == chosen[group][1])
                if rows_of_seed.size:
                    chosen_fits[group] = (part, place, int(rows_of_seed[0]))
    runs = pd.DataFrame([_row(scratch, *fit) for fit in chosen_fits.values()])
    numbers = numbers_of(runs, best, ["dataset", *outer])
    rows = zip(chosen_fits, runs["seed"], runs["start"], runs["labels"], numbers, strict=True)
    return {group: Reference(*values) for group, *values in rows}


def _order(part: Part) -> tuple[bool, float]:
    degenerate, value, *_ = part.likeliest or (True, -np.inf)
    return degenerate, -value


def _row(scratch: str, part: Part, place: int, row: int) -> dict[str, Any]:
    """Return what numbering asks of a fit."""
    ends = next(
        table
        for batch, table in zip(part.batches, part.read(scratch, "ends"), strict=True)
        if batch == place
    )
    return {
        **part.point,
        "k": part.k,
        "seed": ends["seed"][row].as_py(),
        "log_likelihood": ends["log_likelihood"][row].as_py(),
        "degenerate": not ends["sound"][row].as_py(),
        "labels": labels_of(ends)[row],
        "weight": part.weight,
    }
