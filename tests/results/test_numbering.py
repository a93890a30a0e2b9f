import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.results.build.numbering import numbers_of
from gmmpipe.results.mixtures import to_mixture
from gmmpipe.store import artifacts

KEYS = ["dataset", "normaliser", "covariance", "start", "k", "seed"]
TRUE = np.repeat([0, 1, 2], [50, 30, 20])


def run(k, seed=0, covariance="full", **other):
    """Return a fit whose labels are TRUE with the groups from k - 1 on merged, in random order."""
    labels = np.minimum(TRUE, k - 1)
    order = np.random.default_rng([k, seed, len(covariance)]).permutation(k)
    base = {"dataset": "x", "normaliser": "none", "covariance": covariance, "start": "random"}
    base |= {"k": k, "seed": seed, "log_likelihood": 10.0 * k - seed, "degenerate": False}
    return {**base, "labels": order[labels].astype(np.uint8), **other}


def best_of(runs):
    sound = runs[~runs["degenerate"]].sort_values("log_likelihood", ascending=False)
    best = sound.drop_duplicates(["dataset", "normaliser", "covariance", "k"])
    return best.assign(rank=np.arange(1, len(best) + 1))


def relabelled(runs):
    numbers = numbers_of(runs, best_of(runs), ["dataset"])
    for new, k in zip(numbers, runs["k"], strict=True):
        assert sorted(new) == list(range(k))
    return [new[old] for new, old in zip(numbers, runs["labels"], strict=True)]


def grid(**other):
    rows = [
        run(k, seed, covariance, **other)
        for covariance in ("full", "tied")
        for k in (1, 2, 3)
        for seed in (0, 1, 2)
    ]
    return pd.DataFrame(rows)


def test_a_group_has_one_number_over_k_seeds_and_families():
    runs = grid()
    for labels, k in zip(relabelled(runs), runs["k"], strict=True):
        np.testing.assert_array_equal(labels, np.minimum(TRUE, k - 1))


@settings(max_examples=20)
@given(st.permutations(range(18)))
def test_the_order_of_the_fits_does_not_matter(order):
    runs = grid().iloc[list(order)].reset_index(drop=True)
    for labels, k in zip(relabelled(runs), runs["k"], strict=True):
        np.testing.assert_array_equal(labels, np.minimum(TRUE, k - 1))


def test_numbers_are_found_also_where_no_fit_is_sound():
    runs = grid(degenerate=True)
    for labels, k in zip(relabelled(runs), runs["k"], strict=True):
        np.testing.assert_array_equal(labels, np.minimum(TRUE, k - 1))


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_k_of_which_the_selected_model_has_no_fit_follows_the_nearest(lost):
    runs = grid()
    runs = runs[(runs["covariance"] != "full") | (runs["k"] != lost)].reset_index(drop=True)
    ones = [rows for rows, k in zip(relabelled(runs), runs["k"], strict=True) if k == lost]
    assert len(ones) == 3
    assert all(np.array_equal(rows, ones[0]) for rows in ones)


def test_each_data_set_and_outer_point_is_numbered_by_itself():
    runs = pd.concat([grid(tol=0.0), grid(tol=1.0), grid(tol=0.0, dataset="y")], ignore_index=True)
    alone = relabelled(grid())
    best = pd.concat([best_of(part) for _, part in runs.groupby(["dataset", "tol"])])
    numbers = numbers_of(runs, best, ["dataset", "tol"])
    for i, (new, old) in enumerate(zip(numbers, runs["labels"], strict=True)):
        np.testing.assert_array_equal(new[old], alone[i % len(alone)])


def test_the_smallest_k_is_numbered_by_size_and_the_next_ones_after_it():
    runs = pd.DataFrame([run(2), run(3), run(3, 1)])
    two, three, other = relabelled(runs)
    np.testing.assert_array_equal(two, np.minimum(TRUE, 1))
    np.testing.assert_array_equal(three, TRUE)
    np.testing.assert_array_equal(other, three)


@pytest.fixture
def tables(study):
    sweep = ("sweep.covariance=[full,spherical]", "sweep.seed=0..3", "sweep.start=[random,kmeans]")
    done = study("experiment=smoke", "sweep.dataset=gmm", "sweep.iteration=[2,60]", *sweep)
    names = ("best", "parameters", "labels")
    frames = {n: artifacts.read_frame(f"{done.folder}/tables/{n}.parquet") for n in names}
    (data,) = done.data
    return frames, artifacts.read_arrays(data)["x"]


def test_in_a_study_equal_optima_have_equal_components(tables):
    """Cell by cell: the labels of any two fits agree at least as well as in any other order."""
    frames, x = tables
    ends = frames["parameters"].query("iteration == 60 and k == 2")
    hard = {}
    for key, rows in ends.groupby(KEYS):
        assert rows["component"].tolist() == [1, 2]
        hard[key] = log_responsibilities(x, to_mixture(rows))[1].argmax(axis=1)
    (chosen,) = (
        frames["best"].query("k == 2 and covariance == 'full'")[KEYS].itertuples(index=False)
    )
    reference = hard[tuple(chosen)]
    assert len(hard) == 16
    for labels in hard.values():
        assert np.mean(labels == reference) >= 0.5
    winner = frames["best"].iloc[0]
    mine = frames["parameters"].merge(winner[[*KEYS, "iteration"]].to_frame().T.infer_objects())
    found = log_responsibilities(x, to_mixture(mine))[1].argmax(axis=1)
    np.testing.assert_array_equal(frames["labels"]["component"], found + 1)


def test_in_a_study_the_snapshots_of_a_run_keep_their_components(tables):
    """After 2 iterations and after 60 the start of a component is the same."""
    frames, _ = tables
    parameters = frames["parameters"]
    early, late = (parameters.query(f"iteration == {i}").reset_index() for i in (2, 60))
    np.testing.assert_array_equal(
        np.stack(early["start_mean"].to_list()), np.stack(late["start_mean"].to_list())
    )
    assert early["component"].equals(late["component"])
