import io
import re
from dataclasses import dataclass, replace

import numpy as np
import pytest

from gmmpipe.errors import InputError
from gmmpipe.mixture import fit_arrays, multistart
from gmmpipe.mixture.defects import UNUSABLE, sentence, unnamed
from gmmpipe.mixture.engines.partitioned import Partitioned
from gmmpipe.mixture.starts.points import Points
from gmmpipe.mixture.starts.registry import STARTS
from gmmpipe.store import arrays, artifacts
from gmmpipe.store.jobs import FitJob, from_json
from gmmpipe.workflow.stages import fit

SETTINGS = {"covariance": {"family": "full"}, "start": {"method": "points"}}
SETTINGS |= {"fit": {"tol": 0.0}, "k": [1, 2, 3], "seed": [0, 1, 5], "iteration": [0, 2, 10]}


@pytest.fixture
def run(tmp_path):
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.normal(m, 0.3, (40, 2)) for m in (0, 2, 5)])
    artifacts.write_arrays(tmp_path / "n.npz", {"x": x})

    def call(threads=1, **changes):
        out = tmp_path / "f.npz"
        job = from_json(FitJob, {**SETTINGS, **changes}, "--config")
        fit.run([str(tmp_path / "n.npz")], str(out), job, threads)
        found = fit_arrays.from_arrays(artifacts.read_arrays(out))
        return out.read_bytes(), {(s.k, s.seed): s.fit for s in found}

    return call


def test_a_block_holds_every_cell_and_snapshot(run):
    _, fits = run()
    assert list(fits) == [(k, seed) for k in (1, 2, 3) for seed in (0, 1, 5)]
    for (k, _), found in fits.items():
        assert [s.iteration for s in found.snapshots] == [0, 2, 10]
        assert len(found.trajectory) == found.n_iter + 1 == 11
        assert found.start.n_components == k
        for snapshot in found.snapshots:
            assert snapshot.log_likelihood == found.trajectory[snapshot.n_iter]


def test_consecutive_seeds_may_be_a_range(run):
    assert run(seed="3..6")[0] == run(seed=[3, 4, 5, 6])[0]
    with pytest.raises(InputError, match=r"seed is '3\.6'; input should be a valid array"):
        run(seed="3.6")


def test_fits_of_mapped_data_share_each_reading(run, monkeypatch):
    whole, weighted = run(), run(fit={"tol": 0.0, "noise": 0.1})
    monkeypatch.setattr(arrays, "MAPPED", 0)
    monkeypatch.setattr(arrays, "SMALL", 0)
    seen = []

    class Seen(Partitioned):
        def __init__(self, *given):
            super().__init__(*given)
            seen.append(self)

    monkeypatch.setattr(multistart, "Partitioned", Seen)
    assert run()[0] == run(threads=2)[0] == whole[0]
    assert len(seen) == 2
    assert run(fit={"tol": 0.0, "noise": 0.1})[0] == weighted[0]  # whose box is of all the data
    assert len(seen) == 2


def test_the_same_bytes_whatever_the_threads(run):
    assert run(threads=1)[0] == run(threads=1)[0] == run(threads=2)[0]


def test_what_a_fit_yields_depends_on_no_neighbour(run):
    _, together = run()
    for key in ((2, 1), (3, 5)):
        _, alone = run(k=[key[0]], seed=[key[1]])
        np.testing.assert_array_equal(alone[key].trajectory, together[key].trajectory)
        for a, b in zip(alone[key].snapshots, together[key].snapshots, strict=True):
            np.testing.assert_array_equal(a.mixture.covariances, b.mixture.covariances)


def test_more_snapshots_change_none_of_the_others(run):
    _, few = run()
    _, more = run(iteration=[0, 1, 2, 10, 12])
    np.testing.assert_array_equal(more[2, 0].trajectory[:11], few[2, 0].trajectory)
    np.testing.assert_array_equal(
        more[2, 0].snapshots[2].mixture.means, few[2, 0].snapshots[1].mixture.means
    )


def test_maximum_a_posteriori_is_a_setting(run):
    _, fits = run(fit={"tol": 0.0, "regularisation": "map", "reg_covar": 0.0})
    posterior = [s.log_likelihood + s.log_prior for s in fits[3, 1].snapshots]
    assert (np.diff(posterior) > 0).all()
    assert fits[3, 1].snapshots[2].log_likelihood < run()[1][3, 1].snapshots[2].log_likelihood


def test_seeds_and_k_draw_from_streams_of_their_own(run):
    _, fits = run()
    assert not np.array_equal(fits[3, 0].start.means, fits[3, 1].start.means)
    assert not np.array_equal(fits[2, 0].start.means, fits[3, 0].start.means[:2])


def test_equal_data_in_other_units_draw_equal_starts_and_other_data_others(run, tmp_path):
    x = artifacts.read_arrays(tmp_path / "n.npz")["x"]
    _, fits = run()
    artifacts.write_arrays(tmp_path / "n.npz", {"x": 60 * (x + 4)})
    _, scaled = run()
    means = fits[3, 0].start.means
    np.testing.assert_allclose(scaled[3, 0].start.means, 60 * (means + 4), rtol=1e-14)
    artifacts.write_arrays(tmp_path / "n.npz", {"x": x[::-1]})
    _, other = run()
    rows = [(x == mean).all(axis=1).argmax() for mean in means]
    assert not np.array_equal(other[3, 0].start.means, x[::-1][rows])


def test_the_log_tells_the_parameters(run, capsys):
    run()
    said = capsys.readouterr().out
    assert "k=3: best of 3 seeds is" in said
    assert said.count("component: weight") == 1 + 2 + 3
    assert not re.search(r"component \d", said)  # the tables give the numbers


@pytest.mark.parametrize(
    "change", [{"k": "two"}, {"k": []}, {"seed": [0.5]}, {"iteration": [True]}]
)
def test_axes_are_lists_of_whole_numbers(change, run):
    with pytest.raises(InputError, match=rf"{next(iter(change))}(\.0)? is .*(array|integer|list)"):
        run(**change)


def test_a_cell_that_cannot_be_fitted_is_stored_with_its_reason(run):
    content, fits = run(k=[2, 121])
    assert list(fits) == [(2, 0), (2, 1), (2, 5)]
    failed = list(fit_arrays.failed_in(np.load(io.BytesIO(content))))
    assert [(f.k, f.seed) for f in failed] == [(121, 0), (121, 1), (121, 5)]
    assert failed[0].reason == "k is 121; choose from 1 to 120, the number of samples"
    for key, alone in run(k=[2])[1].items():
        np.testing.assert_array_equal(alone.trajectory, fits[key].trajectory)
    assert run(k=[121])[1] == {}


@dataclass(frozen=True)
class Flat:
    """Points, of which about half the seeds have a component without extent."""

    def __call__(self, x, k, rng):
        drawn, flat = Points()(x, k, rng), rng.random() < 0.5
        covariances = drawn.covariances.copy()
        covariances[0] *= 0 if flat else 1
        return replace(drawn, covariances=covariances)


def test_a_start_that_cannot_be_used_is_one_failed_cell(run, monkeypatch):
    monkeypatch.setitem(STARTS, "points", Flat)
    asked = {(2, seed) for seed in range(8)}
    content, fits = run(k=[2], seed=[*range(8)])
    failed = list(fit_arrays.failed_in(np.load(io.BytesIO(content))))
    lost = {(f.k, f.seed) for f in failed}
    assert lost
    assert fits
    assert lost | set(fits) == asked
    assert lost.isdisjoint(fits)
    reason = sentence(UNUSABLE, unnamed)
    assert {f.reason for f in failed} == {reason}
    for key in asked:
        content, alone = run(k=[2], seed=[key[1]])
        if key in fits:
            np.testing.assert_array_equal(alone[key].trajectory, fits[key].trajectory)
        else:
            (failure,) = fit_arrays.failed_in(np.load(io.BytesIO(content)))
            assert failure.reason == reason


def test_a_fault_of_the_job_is_no_failed_cell(run, monkeypatch):
    def exhausted(*_, **__):
        raise MemoryError

    monkeypatch.setattr("gmmpipe.mixture.em.fit.fit", exhausted)
    with pytest.raises(MemoryError):
        run()


AUTO = {"tol": 1e-9, "restarts": "auto", "target": 0.2, "most_seeds": 50}


def test_restarts_go_on_until_the_certificate_is_reached(run):
    """One component has one optimum, so none is needed; of more K each stops on its own."""
    _, fits = run(fit=AUTO, k=[1, 3], seed=[4, 7], iteration=[500])
    seeds = {k: [s for key, s in fits if key == k] for k in (1, 3)}
    assert seeds[1] == [4, 7]
    assert len(seeds[3]) in (16, 32, 50)
    _, twice = run(threads=2, fit=AUTO, k=[1, 3], seed=[4, 7], iteration=[500])
    assert list(twice) == list(fits)
    _, alone = run(k=[3], seed=[9], iteration=[500], fit={"tol": 1e-9})
    np.testing.assert_array_equal(alone[3, 9].trajectory, fits[3, 9].trajectory)


def test_restarts_end_with_the_budget(run):
    _, fits = run(fit={**AUTO, "target": 1e-3, "most_seeds": 5}, k=[2], seed=[0, 1])
    assert [seed for _, seed in fits] == [0, 1, 2, 3, 4]


def test_a_start_that_draws_nothing_has_no_more_restarts(run):
    _, fits = run(fit=AUTO, start={"method": "ward"}, k=[2], seed=[0])
    assert list(fits) == [(2, 0)]


def test_a_k_that_fewer_components_beat_gets_their_best_split_first(run):
    """From seed 2 four components end 72 nats below three; alone, too, a block knows it."""
    settings = {"k": [4], "seed": [2], "iteration": [500]}
    _, fixed = run(fit={"tol": 1e-9}, **settings)
    _, three = run(fit={"tol": 1e-9}, **{**settings, "k": [3]})
    ends = [fits[key].trajectory[-1] for fits, key in ((fixed, (4, 2)), (three, (3, 2)))]
    assert ends[0] < ends[1] - 70
    _, fits = run(fit={**AUTO, "most_seeds": 1}, **settings)
    assert list(fits) == [(4, 2), (4, multistart.SPLIT)]
    assert fits[4, multistart.SPLIT].trajectory[-1] > ends[1]
    np.testing.assert_array_equal(fits[4, 2].trajectory, fixed[4, 2].trajectory)
    _, both = run(fit={**AUTO, "most_seeds": 1}, **{**settings, "k": [3, 4]})
    np.testing.assert_array_equal(both[4, -1].trajectory, fits[4, -1].trajectory)
    _, prior = run(fit={**AUTO, "most_seeds": 1, "regularisation": "map"}, **settings)
    assert list(prior) == [(4, 2)]  # which raises something else


def test_a_family_that_one_of_its_parts_beats_starts_from_that_first(run):
    """From seed 4 four full components end 2 nats below four diagonal ones."""
    settings = {"k": [4], "seed": [4], "iteration": [500]}
    _, full = run(fit={"tol": 1e-9}, **settings)
    _, diag = run(fit={"tol": 1e-9}, covariance={"family": "diag"}, **settings)
    assert full[4, 4].trajectory[-1] < diag[4, 4].trajectory[-1] - 2
    _, fits = run(fit={**AUTO, "most_seeds": 1}, **settings)
    assert list(fits) == [(4, 4), (4, multistart.CONTAINED)]
    assert fits[4, multistart.CONTAINED].trajectory[-1] > diag[4, 4].trajectory[-1]
    np.testing.assert_array_equal(fits[4, 4].trajectory, full[4, 4].trajectory)


def test_where_no_run_finishes_no_more_seeds_are_tried(run, capsys):
    _, fits = run(fit={**AUTO, "certify": 0}, k=[2], seed=[0, 1])
    assert list(fits) == [(2, 0), (2, 1)]
    assert "k=2: no run has finished, so no further seeds were tried" in capsys.readouterr().out
