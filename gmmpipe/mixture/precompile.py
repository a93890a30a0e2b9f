"""``python -m gmmpipe.mixture.precompile [PART ...]`` compiles what data of two features need.

Otherwise the first jobs of the first run would each wait for it. The parts, all unless some are
named, can be compiled side by side.
"""

import sys

import numpy as np

from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.engines.choose import in_memory
from gmmpipe.mixture.mixture import Mixture

X = np.arange(16.0).reshape(8, 2) % 5
START = Mixture(np.ones(1), np.zeros((1, 2)), np.eye(2)[None])


def iterations() -> None:
    """Compile the loop of EM, which takes longer than all the rest."""
    em.fit(X, [START], "full", [1])


def passes() -> None:
    """Compile the passes of axis-aligned families, and densities."""
    in_memory(X, np.ones(len(X)), axis_aligned=True, threads=1, missing=False)
    log_responsibilities(X, START)


PARTS = {part.__name__: part for part in (iterations, passes)}


def main(names: list[str]) -> None:
    """Compile the parts of these names, all for none."""
    for name in names or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
