"""Data sets: where the rows come from, and for generators the truth behind them.

A new kind is a frozen dataclass whose fields are the options of ``dataset:`` in the configuration,
a ``Kind``, and one line in ``DATASETS``.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Protocol

import numpy as np
from annotated_types import MaxLen, MinLen

from gmmpipe.data.dataset import Sample
from gmmpipe.data.generators import Blobs, KnownMixture

# name -> rows, features, and how many of these are constant
SHAPES = {
    "iris": (150, 4, 0),
    "wine": (178, 13, 0),
    "breast_cancer": (569, 30, 0),
    "digits": (1797, 64, 3),
}


class Kind(Protocol):
    """A data set that is drawn or comes with a library; a ``File`` is read instead.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmpipe.data.kinds import DATASETS
    >>> iris = DATASETS["bundled"](name="iris")
    >>> iris.shape, iris.sample(np.random.default_rng(0)).classes
    ((150, 4), ('setosa', 'versicolor', 'virginica'))

    """

    @property
    def shape(self) -> tuple[int, int]:
        """Return (N, D), known without drawing or loading."""

    def sample(self, rng: np.random.Generator) -> Sample:
        """Return the rows.

        Parameters
        ----------
        rng : numpy.random.Generator
            All that is random comes from it.

        Returns
        -------
        Sample
            Rows, features, and classes or the true mixture where known.

        """


@dataclass(frozen=True)
class File:
    """Your own table: text, .npy, .parquet, .json, .xlsx, ... (docs/reading.md), each also .gz."""

    features_needed: ClassVar[bool] = True
    part: ClassVar[int] = 65_536  # rows that are read at a time ...
    block: ClassVar[int] = 2**22  # ... and bytes of a text
    longest_line: ClassVar[int] = 2**26  # characters
    path: Annotated[str, MinLen(1)]
    """File to read, relative to the project."""
    label: str | int | None = None
    """Column of the known groups, by name or 1-based number (-1 = last); not a feature."""
    columns: Annotated[tuple[str | int, ...], MinLen(1)] | None = None
    """Features, by name or 1-based number; null = all columns of numbers but the label, the weight
    and what is recognised as an index."""
    weight: str | int | None = None
    """Column of sample weights, by name or 1-based number (-1 = last); a row of weight 2 counts as
    that row twice, one of weight 0 not at all."""
    table: Annotated[str, MinLen(1)] | None = None
    """Which table of a file that holds several (sheet, variable, object), by name; null = the only
    one."""
    names: Annotated[tuple[str, ...], MinLen(1)] | None = None
    """Names of all columns, for a file without a header; null = x1, x2, ..."""
    delimiter: Literal["auto", "comma", "semicolon", "tab", "pipe", "blank", "none"] = "auto"
    """What parts the cells of a text file; none = one column, auto = found from the first lines."""
    decimal: Literal["auto", "point", "comma"] = "auto"
    """Decimal mark of a text file, the other one parting thousands; auto = found out."""
    header: bool | None = None
    """Whether the first row holds names; null = found out."""
    encoding: Annotated[str, MinLen(1), MaxLen(40)] | None = None
    """Encoding of a text file; null = UTF-8, or UTF-16 where a byte order mark says so."""
    comment: Annotated[str, MinLen(1), MaxLen(8)] | None = "auto"
    """Lines that begin with this are passed over; auto = with #, unless such a line has the cells
    of a row; null = none."""
    missing: Literal["auto", "refuse", "drop", "keep"] = "auto"
    """Rows with a missing value: refuse the file, drop and count them, or keep them, to be fitted
    with fit.missing=mar; auto = keep for that, else refuse. Infinity is refused or dropped."""
    na: Annotated[tuple[str | int | float, ...], MinLen(1)] | None = None
    """Texts, in any case, and numbers that stand for a missing value beside the empty cell, in
    features and labels; null = NA, N/A, NaN, NULL, None, ?, ., #N/A and #NA."""


@dataclass(frozen=True)
class Bundled:
    """A small labelled classic that comes with scikit-learn."""

    name: Literal["iris", "wine", "breast_cancer", "digits"]
    """Which one."""
    drop_constant: bool = False
    """Whether to leave out features that hold one value (digits has three)."""

    @property
    def shape(self) -> tuple[int, int]:
        """Return (N, D), known without loading."""
        n, d, constant = SHAPES[self.name]
        return n, d - constant * self.drop_constant

    def sample(self, rng: np.random.Generator) -> Sample:  # noqa: ARG002 - all kinds are called alike
        """Return the rows, features and classes as scikit-learn gives them."""
        from sklearn import datasets

        raw: Any = getattr(datasets, f"load_{self.name}")()
        x = np.array(raw.data, np.float64, order="C")
        features = tuple(str(name) for name in raw.feature_names)
        if self.drop_constant:
            varies = np.ptp(x, axis=0) > 0
            x = np.ascontiguousarray(x[:, varies])
            features = tuple(f for f, keep in zip(features, varies, strict=True) if keep)
        classes = tuple(str(name) for name in raw.target_names)
        return Sample(x, features, np.array(raw.target, np.int64), classes)


DATASETS: dict[str, type] = {
    "file": File,
    "mixture": KnownMixture,
    "blobs": Blobs,
    "bundled": Bundled,
}
