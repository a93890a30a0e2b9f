"""The certificates of runs of several models, as evaluate makes them."""

import numpy as np
import pandas as pd

from gmmpipe.results.build.ranking import certify_model

MODEL = ("normaliser", "covariance", "k")


def certify_all(runs, outer=(), seedless=frozenset()):
    """Return the table ``certificates`` of some runs, and which optimum each ended in."""
    names = ["dataset", *outer, *MODEL]
    models, rows = {}, []
    for i, run in enumerate(runs):
        models.setdefault(tuple(run.key[name] for name in names), []).append(i)
    which = np.empty(len(runs), int)
    for mine in models.values():
        which[mine], found = certify_model([runs[i] for i in mine], names, seedless)
        rows += found
    return pd.DataFrame(rows), which


def certificates(runs, outer=(), seedless=frozenset()):
    """Return the table alone."""
    return certify_all(runs, outer, seedless)[0]
