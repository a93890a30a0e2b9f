"""The best fits of a case as mixtures, and what they make of its samples."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.results.mixtures import to_mixture

Case = tuple[Mapping[str, Any], Mapping[str, Any]]  # its coordinates, the arrays of its data


def rows_at(frame: pd.DataFrame, coordinates: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of ``frame`` that have the coordinates, in their order."""
    keep = np.ones(len(frame), dtype=bool)
    for column, value in coordinates.items():
        keep &= (frame[column] == value).to_numpy(bool)
    return frame[keep]


def mixtures(cells: pd.DataFrame, parameters: pd.DataFrame) -> list[Mixture]:
    """Return the mixture of each row of ``cells``, in original units."""
    keys = [column for column in parameters.columns if column in cells.columns]
    ours = cells[keys].assign(cell=np.arange(len(cells))).merge(parameters, on=keys)
    return [to_mixture(rows) for _, rows in ours.groupby("cell", sort=True)]


def responsibilities(x: Array, mixture: Mixture, threads: int) -> Array:
    """Return the probability of each component for each sample of x (N, D), (N, K).

    NaN in x is a missing value. The rows add up to 1 less the probability of noise.
    """
    logs = em.log_responsibilities(x, mixture, threads, "mar")[1]
    return np.exp(logs[:, : mixture.n_components])
