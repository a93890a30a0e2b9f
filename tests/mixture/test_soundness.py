import numpy as np
import pytest
from em_cases import families
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmpipe import GaussianMixture
from gmmpipe.mixture import slices
from gmmpipe.mixture.defects import indexed, sentence, unnamed
from gmmpipe.mixture.densities import Responsibilities, log_responsibilities
from gmmpipe.mixture.diagnostics import soundness as module
from gmmpipe.mixture.diagnostics.soundness import ComponentEvidence, SoundnessChecker, least_samples
from gmmpipe.mixture.diagnostics.ties import TiedValues
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture

RNG = np.random.default_rng(3)
X = np.concatenate([RNG.normal(0, 1, (150, 2)), RNG.normal(6, 1, (150, 2))])


def measured(x, mixture, family="full", weight=None, *, frozen=(), most_rows=module.MOST_ROWS):
    evidence = ComponentEvidence(mixture, TiedValues(x, most_rows), weight)
    for rows, logs in Responsibilities(x)(mixture):
        evidence.add(rows, np.exp(logs))
    again = ((rows, np.exp(logs)) for rows, logs in Responsibilities(x)(mixture))
    return evidence.soundness(family, frozen, False, again)


def two_groups(second):
    """Return a mixture of a group at 0 and one at 6 with the given covariance."""
    return Mixture(
        np.array([0.5, 0.5]), np.array([[0.0, 0], [6, 6]]), np.array([np.eye(2), second])
    )


def test_two_plain_groups_are_sound():
    found = measured(X, two_groups(np.eye(2)))
    assert found.defects == ()
    np.testing.assert_allclose(found.counts, 150, atol=1)
    np.testing.assert_allclose(found.eigenvalues, 1)
    np.testing.assert_allclose(found.tied, 1 / 150, atol=1e-3)


def test_a_thin_component_of_many_samples_is_a_group_but_of_few_it_is_not():
    line = np.column_stack([np.linspace(0, 1, 100), np.linspace(0, 1, 100)]) + 20
    line += RNG.normal(0, 1e-3, line.shape)
    thin = Mixture(
        np.array([0.75, 0.25]),
        np.array([[3.0, 3], [20.5, 20.5]]),
        np.array([np.cov(X.T), np.cov(line.T)]),
    )
    many = measured(np.vstack([X, line]), thin)
    assert many.eigenvalues[1] < 1e-3
    assert many.defects == ()
    few = measured(np.vstack([X, line[::10]]), thin)
    assert [(found.component, found.code) for found in few.defects] == [(1, "thin")]
    said = sentence(few.defects, indexed)
    assert said.startswith("component index 1: smallest eigenvalue")
    assert "10 effective samples" in said


def test_rows_that_share_a_value_make_no_group():
    tied = np.column_stack([RNG.normal(20, 1, 60), np.full(60, 3.0)])
    mixture = Mixture(
        np.array([0.8, 0.2]),
        np.array([[3.0, 3], [20, 3]]),
        np.array([np.cov(X.T), np.diag([1, 1e-5])]),
    )
    found = measured(np.vstack([X, tied]), mixture)
    assert found.tied[1] == pytest.approx(1.0)
    assert "100% of them alike in a feature" in sentence(found.defects, unnamed)


def test_fewer_samples_than_a_covariance_needs():
    lone = Mixture(
        np.array([0.99, 0.01]), np.array([[3.0, 3], [30, 30]]), np.array([np.cov(X.T), np.eye(2)])
    )
    x = np.vstack([X, [[30, 30], [30.5, 29.5]]])
    (found,) = measured(x, lone).defects
    assert (found.component, found.code, found.numbers) == (1, "few", (pytest.approx(2), 3))
    assert measured(x, lone, "diag").defects == ()
    assert measured(x, lone, "tied").defects == ()


@pytest.mark.parametrize("d", [1, 2, 5])
def test_least_samples_by_hand(d):
    assert [least_samples(f, d) for f in ("full", "diag", "spherical", "tied")] == [d + 1, 2, 2, 1]


@pytest.mark.parametrize("d", [2, 3, 7])
@pytest.mark.parametrize("family", families(2))
def test_least_samples_are_one_to_d_plus_one(family, d):
    if FAMILIES[family].axis_aligned:
        assert least_samples(family, d) <= 2
    assert 1 <= least_samples(family, d) <= d + 1


@settings(max_examples=25)
@given(st.lists(st.floats(0.1, 1e3), min_size=2, max_size=2), st.floats(-1.5, 1.5))
def test_no_affine_map_changes_the_measures(scales, shear):
    mixture = two_groups(np.array([[0.5, 0.2], [0.2, 0.3]]))
    change = np.diag(scales) @ np.array([[1, shear], [0, 1]])
    shift = np.array([1e3, -5.0])
    moved = Mixture(
        mixture.weights, mixture.means @ change.T + shift, change @ mixture.covariances @ change.T
    )
    here, there = measured(X, mixture), measured(X @ change.T + shift, moved)
    np.testing.assert_allclose(there.eigenvalues, here.eigenvalues, rtol=1e-6)
    np.testing.assert_allclose(there.counts, here.counts, rtol=1e-6)


def test_a_row_of_weight_two_counts_as_two_rows():
    weight = np.where(np.arange(300) < 10, 2.0, 1.0)
    mixture = two_groups(np.eye(2))
    double = measured(np.vstack([X, X[:10]]), mixture)
    once = measured(X, mixture, weight=weight)
    np.testing.assert_allclose(once.counts, double.counts)
    np.testing.assert_allclose(once.tied.max(), 2 / once.counts[0], rtol=1e-3)


def plain(x, mixture, weight):
    """Return counts and tied shares as they are defined, by the whole matrix."""
    mass = np.exp(log_responsibilities(x, mixture)[1]) * weight[:, None]
    most = [max(m[c == value].sum() for c in x.T for value in np.unique(c)) for m in mass.T]
    return mass.sum(axis=0), np.array(most) / mass.sum(axis=0)


@pytest.mark.parametrize("size", [7, 65_536])
@pytest.mark.parametrize("most", [40, 2**17])
def test_slices_and_a_part_of_the_rows_judge_as_all_at_once(size, most, monkeypatch):
    monkeypatch.setattr(slices, "SLICE", size)
    weight = np.random.default_rng(5).integers(0, 3, 300).astype(float)
    x = X.copy()
    x[150:, 0] = np.where(np.arange(150) % 4 < 3, 6.0, x[150:, 0])
    for mixture in (two_groups(np.eye(2)), two_groups(np.diag([1e-5, 1.0]))):
        counts, tied = plain(x, mixture, weight)
        judged, whole = (
            SoundnessChecker(x, "full", weight, most_rows=most).soundness(mixture),
            measured(x, mixture, "full", weight, most_rows=most),
        )
        for found in (judged, whole):
            np.testing.assert_allclose(found.counts, counts, rtol=1e-12)
        np.testing.assert_array_equal(judged.eigenvalues, whole.eigenvalues)
        if most > 300:
            np.testing.assert_allclose(whole.tied, tied, rtol=1e-12)
        for one, other in zip(judged.defects, whole.defects, strict=True):
            assert (one.component, one.code) == (other.component, other.code)
            np.testing.assert_allclose(one.numbers, other.numbers, rtol=1e-12)
    np.testing.assert_allclose(judged.tied[1], tied[1], rtol=1e-12)  # thin: of all rows
    assert "alike in a feature" in sentence(judged.defects, unnamed)


def test_covariances_that_are_held_are_never_too_thin():
    thin = two_groups(np.diag([1e-5, 1.0]))
    assert measured(X, thin).defects
    assert measured(X, thin, frozen=["covariances"]).defects == ()
    assert SoundnessChecker(X, "full", frozen=["covariances"]).soundness(thin).defects == ()


def test_missing_values_are_tied_to_nothing():
    x = np.column_stack([X[:, 0], np.where(np.arange(300) < 200, np.nan, X[:, 1])])
    tied = TiedValues(x)
    assert tied.shares(np.ones((300, 1))) == pytest.approx(1 / 300)


def test_noise_is_no_component_that_could_be_unsound():
    mixture = two_groups(np.eye(2))
    noisy = Mixture(
        0.9 * mixture.weights, mixture.means, mixture.covariances, np.array([X.min(0), X.max(0)])
    )
    found = measured(X, noisy)
    assert found.counts.shape == (2,)
    np.testing.assert_allclose(found.eigenvalues, measured(X, mixture).eigenvalues)


def test_the_estimator_says_what_the_pipeline_says():
    """Fourteen samples near a line are no group, though EM itself finds nothing wrong."""
    line = np.column_stack([RNG.normal(3, 1, 14), RNG.normal(3, 1e-3, 14)])
    x = np.vstack([X, line])
    model = GaussianMixture(3, covariance_type="diag", means_init=[[0, 0], [6, 6], [3, 3]])
    model.set_params(weights_init=[0.48, 0.48, 0.04], precisions_init=[[1, 1], [1, 1], [1, 1e6]])
    model.fit(x)
    said = sentence(measured(x, model.mixture_, "diag").defects, indexed)
    assert said.startswith("component index 2: smallest eigenvalue ")
    assert model.degenerate_ == said
    assert GaussianMixture(2, random_state=0).fit(X).degenerate_ == ""


def test_a_feature_without_variance_is_unsound_not_an_error():
    flat = np.diag([1.0, 0.0])
    mixture = Mixture(np.array([1.0]), np.zeros((1, 2)), flat[None])
    x = np.column_stack([RNG.normal(size=8), np.zeros(8)])
    evidence = ComponentEvidence(mixture, TiedValues(x))
    evidence.add(slice(0, 8), np.ones((8, 1)))
    found = evidence.soundness("full", (), False, ())
    assert "100% of them alike in a feature" in sentence(found.defects, unnamed)


@pytest.mark.parametrize("weight", [None, 0.5])
def test_more_parameters_than_samples_are_unsound(weight):
    x = RNG.normal(size=(21, 3))
    model = GaussianMixture(2, random_state=0).fit(x[:, :2])
    mixture, weights = model.mixture_, None if weight is None else np.full(21, weight)
    found = measured(x[:, :2], mixture, weight=weights).defects
    said = {d.numbers for d in found if d.code == "parameters"}
    assert said == (set() if weight is None else {(11, 10.5)})
    checker = SoundnessChecker(x[:, :2], "full", weights, prior=True)
    assert "parameters" not in {d.code for d in checker.soundness(mixture).defects}


def test_a_model_with_more_parameters_than_rows_says_so():
    x = RNG.normal(size=(21, 4))
    model = GaussianMixture(3, random_state=0).fit(x)
    assert "44 parameters for 21 samples" in model.degenerate_
    assert GaussianMixture(1, random_state=0).fit(x).degenerate_ == ""


def test_a_constant_feature_that_only_reg_covar_holds_up_is_unsound():
    x = np.column_stack([X, np.full(300, 7.0)])
    with pytest.warns(UserWarning, match="constant features"):
        model = GaussianMixture(2, random_state=0).fit(x)
    assert "constant features [2] have no variance" in model.degenerate_
