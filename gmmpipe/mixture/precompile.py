"""``python -m gmmpipe.mixture.precompile`` compiles what data of two features need.

Otherwise the first jobs of the first run would each wait for it.
"""

import numpy as np

from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.mixture import Mixture


def main() -> None:
    """Fit and evaluate a few samples, once by each compiled path."""
    x = np.random.default_rng(0).random((8, 2))
    start = Mixture(np.ones(1), np.zeros((1, 2)), np.eye(2)[None])
    for family in ("full", "diag"):
        em.fit(x, [start], family, [1])
    log_responsibilities(x, start)


if __name__ == "__main__":
    main()
