"""One thread for every library that would divide its sums among threads.

Sums depend on how they are divided: scikit-learn's k-means, say, gives other bits for another
number of OpenMP threads. The EM kernels divide theirs by the data alone and thread themselves.
"""

import os

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def pin_threads() -> None:
    """Set the environment of this process and its children; of use before numpy is imported.

    For commands and jobs only: whoever imports gmmpipe keeps the threads they have.
    """
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
