"""Data sets: where the rows come from, and for generators the truth behind them.

A new kind is a frozen dataclass whose fields are the options of ``dataset:`` in the configuration,
a ``Kind``, and one line in ``DATASETS``.
"""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from gmmpipe.data.dataset import Sample
from gmmpipe.data.file import File
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
