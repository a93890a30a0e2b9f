"""What of the long tables figures and report are given."""

import numpy as np
import pandas as pd
import pytest

from gmmpipe.figures import case_tables
from gmmpipe.results.columns import RUN

MODEL = {"normaliser": "none", "covariance": "full"}


def sweep(seeds=40, starts=("points", "kmeans"), ks=(1, 3)):
    """Return fits of two snapshots each, the seeds' log-likelihoods in random order."""
    rng = np.random.default_rng(4)
    rows = [
        {**MODEL, "start": start, "k": k, "seed": seed, "iteration": iteration}
        for start in starts
        for k in ks
        for seed in range(seeds)
        for iteration in (1, 9)
    ]
    fits = pd.DataFrame(rows)
    fits["log_likelihood"] = rng.permutation(len(fits)) * 0.5
    return fits.assign(degenerate=fits["seed"] == 7)


def best_of(fits):
    sound = fits[~fits["degenerate"]].sort_values("log_likelihood", ascending=False)
    return sound.drop_duplicates(["covariance", "k"])


def runs(fits, kept):
    return fits.loc[kept, RUN].drop_duplicates()


def test_all_runs_are_drawn_where_there_are_few():
    fits = sweep()
    assert case_tables.runs_to_draw(fits, best_of(fits), 2, 10**9).all()


@pytest.mark.parametrize("order", [False, True])
def test_of_many_some_evenly_and_the_best(order):
    fits = sweep().sample(frac=1, random_state=1) if order else sweep()
    kept = case_tables.runs_to_draw(fits, best_of(fits), 2, 10**9, most_runs=8)
    shown = runs(fits, kept)
    assert (kept.groupby([fits[name] for name in RUN]).nunique() == 1).all()  # whole runs
    assert len(shown.merge(best_of(fits)[RUN])) == len(best_of(fits))
    ends = fits[(fits["iteration"] == 9) & ~fits["degenerate"]]
    likeliest = ends.loc[ends.groupby(["start", "k"])["log_likelihood"].idxmax(), RUN]
    assert len(shown.merge(likeliest)) == 4
    for _, rows in shown.groupby(["start", "k"]):
        assert set(range(0, 40, 5)) <= set(rows["seed"])
        assert 8 <= len(rows) <= 10


def test_of_large_mixtures_fewer_are_drawn():
    fits = sweep()
    drawn = [case_tables.runs_to_draw(fits, best_of(fits), d, 20_000) for d in (1, 4, 60)]
    counts = [len(runs(fits, rows)) for rows in drawn]
    assert counts[0] > counts[1] > counts[2]
    assert 4 <= counts[2] <= 10  # one of each model and start, and those that are best


def test_no_fits_are_no_runs():
    fits = sweep().iloc[:0]
    assert len(case_tables.runs_to_draw(fits, best_of(fits), 2, 100)) == 0
