"""Tables made of the tables of cells: data frames in, data frames out, no files.

``fits``, ``best`` and ``parameters`` have the columns of the written tables; a case is a data
set at an outer point of the sweep, and ``outer`` names the columns of that point.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.mixture.mixture import Mixture

DEFECTS = "defects"  # column of fits: (component, code, numbers), of which `reason` is made
BOX = ("noise_low", "noise_high")  # columns of parameters where there is noise: its box


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Return ``rows`` as a data frame that has its columns even without any row."""
    return pd.DataFrame(list(rows), columns=list(columns))


def to_mixture(rows: pd.DataFrame) -> Mixture:
    """Return the mixture of one cell from its rows of ``parameters``."""
    rows = rows.sort_values("component", kind="stable")
    means = np.stack(rows["mean"].to_list())
    k, d = means.shape
    covariances = np.stack(rows["covariance_matrix"].to_list()).reshape(k, d, d)
    noisy = BOX[0] in rows and rows[BOX[0]].notna().all()
    box = np.stack([rows[name].iloc[0] for name in BOX]) if noisy else None
    return Mixture(rows["weight"].to_numpy(), means, covariances, box)
