"""Table rows by their keys, and the mixtures that rows of ``parameters`` hold."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.columns import BOX, CELL, MATRIX

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

Case = tuple[Mapping[str, Any], Mapping[str, Any]]  # coordinates, the arrays of its data


def rows_at(frame: "pd.DataFrame", values: "Mapping[str, Any] | pd.Series") -> "pd.DataFrame":
    """Return the rows of a table that have these values in these columns, in their order."""
    keep = np.ones(len(frame), dtype=bool)
    for column, value in values.items():
        keep &= (frame[column] == value).to_numpy(bool)
    return frame[keep]


def to_mixture(rows: "pd.DataFrame") -> Mixture:
    """Return the mixture of one cell from its rows of ``parameters``."""
    return _mixture(rows, "weight", "mean", MATRIX)


def start_of(rows: "pd.DataFrame") -> Mixture:
    """Return the start of the run of one cell, in normalised units but for the box."""
    return _mixture(rows, "start_weight", "start_mean", "start_covariance")


def mixtures(cells: "pd.DataFrame", parameters: "pd.DataFrame") -> list[Mixture]:
    """Return the mixture of each row of ``cells``, in original units."""
    keys = [column for column in parameters.columns if column in cells.columns]
    numbered = cells[keys].assign(cell=np.arange(len(cells))).merge(parameters, on=keys)
    return [to_mixture(rows) for _, rows in numbered.groupby("cell", sort=True)]


def trajectory_of(rows: "pd.DataFrame") -> "npt.NDArray[np.float64]":
    """Return the log-likelihoods of one run from its row of ``trajectories``."""
    if rows.empty:
        raise InputError("the table trajectories lacks a run of the table fits; run it again")
    return np.asarray(rows["log_likelihood"].iloc[0], dtype=np.float64)


def _mixture(rows: "pd.DataFrame", weight: str, mean: str, covariance: str) -> Mixture:
    rows = rows.sort_values("component", kind="stable")
    noisy = BOX[0] in rows and rows[BOX[0]].notna().all()
    try:
        means = np.stack(rows[mean].to_list(), dtype=np.float64)
        k, d = means.shape
        covariances = np.stack(rows[covariance].to_list(), dtype=np.float64).reshape(k, d, d)
        box = np.stack([rows[name].iloc[0] for name in BOX]) if noisy else None
    except ValueError as error:
        cell = rows.iloc[:1].filter(CELL).to_dict("records")
        raise InputError(
            f"the table parameters has no mixture of {cell} ({error}); run it again"
        ) from None
    return Mixture(rows[weight].to_numpy(np.float64), means, covariances, box)
