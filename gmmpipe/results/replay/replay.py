"""Stored fits run again in another implementation of EM, iteration by iteration."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.errors import InputError
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.results.replay.agreement import PARAMETERS, TRAJECTORY, Agreement, compare_steps
from gmmpipe.results.replay.choose import chosen
from gmmpipe.results.replay.peers import engine
from gmmpipe.results.replay.stored import StoredFit, StoredFits
from gmmpipe.store import artifacts

SUFFIXES = (".csv", ".parquet")


def run(
    folder: str | Path,
    name: str = "numpy",
    cells: Sequence[str] = (),
    iterations: int | None = None,
    output: str | Path | None = None,
) -> bool:
    """Run fits of the version in ``folder`` again in the engine ``name``; print how they compare.

    cells: texts "key=value,..." (see ``choose.chosen``), default the selected model of each data
    set; iterations: at most so many of each fit; output: a .csv or .parquet file for the table of
    all iterations. Returns whether all agree. Raises InputError for wrong arguments, cells that
    the engine cannot fit and a store that lost its data, before anything is run or written.
    """
    other = engine(name)
    if iterations is not None and iterations < 0:
        raise InputError(f"--iterations is {iterations}; give 0 or more")
    if output is not None and Path(output).suffix not in SUFFIXES:
        raise InputError(f"-o is {str(output)!r}; give a file ending in {' or '.join(SUFFIXES)}")
    experiment = StoredExperiment(folder)
    rows = chosen(experiment, cells)
    stored = StoredFits(experiment)
    fits = [stored.fit(row, iterations) for row in rows.to_dict("records")]
    for fit in fits:
        other.check(fit.case.family, fit.case.reg_covar)
    version = other.ready()
    shown = _Lines(rows[[key for key in experiment.axes if key != "iteration"]])
    agreements = []
    for fit in fits:
        agreements.append(compare_steps(fit, other.steps(fit.case)))
        shown.add(fit, agreements[-1])
    agree, total = sum(one.agrees for one in agreements), len(agreements)
    print(
        f"{version}: {agree} of {total} fits agree (log-likelihoods within {TRAJECTORY:g} of"
        f" max(|log-likelihood|, N), parameters within {PARAMETERS:g} standard deviations)"
    )
    if output is not None:
        tables = [_table(name, fit, one) for fit, one in zip(fits, agreements, strict=True)]
        artifacts.write_frame(output, pd.concat(tables, ignore_index=True))
    return agree == total


class _Lines:
    """The printed table: a line for each fit as soon as it is done."""

    def __init__(self, keys: pd.DataFrame) -> None:
        self.widths = {
            key: max(len(key), *(len(str(value)) for value in keys[key])) for key in keys.columns
        }
        self._print({key: key for key in keys.columns}, "log-likelihood", "parameters", "verdict")

    def add(self, fit: StoredFit, one: Agreement) -> None:
        deviation = f"{max(one.parameters.values()):.1e}" if one.parameters else "-"
        self._print(fit.key, f"{one.stored[-1]:.6f}", deviation, one.verdict)

    def _print(self, key: Mapping[str, Any], total: str, deviation: str, verdict: str) -> None:
        words = [f"{key[name]!s:<{width}}" for name, width in self.widths.items()]
        print("  ".join([*words, f"{total:>14}", f"{deviation:>10}", verdict]), flush=True)


def _table(name: str, fit: StoredFit, one: Agreement) -> pd.DataFrame:
    """Return a row per iteration: log-likelihoods in original and in normalised units."""
    columns = {
        **{key: [value] * len(one.stored) for key, value in fit.key.items()},
        "iteration": np.arange(len(one.stored)),
        "engine": name,
        "log_likelihood": one.stored,
        "replayed": one.replayed,
        "log_likelihood_normalised": one.stored + fit.volume,
        "replayed_normalised": one.replayed + fit.volume,
        "deviation": one.deviation,
    }
    return pd.DataFrame(columns)
