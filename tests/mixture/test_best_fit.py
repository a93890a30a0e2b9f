import numpy as np
import pytest
from estimator_cases import one_thread  # noqa: F401 - an autouse fixture
from hypothesis import given
from hypothesis import strategies as st

from gmmpipe import GaussianMixture
from gmmpipe.mixture.diagnostics.best_fit import TIE, best, best_sound, objective
from gmmpipe.mixture.diagnostics.soundness import SoundnessChecker
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.em.prior import Prior
from gmmpipe.mixture.starts.points import Points


def tight_clump(seed):
    """Return three groups, and at the edge of one six points close together."""
    rng = np.random.default_rng(seed)
    groups = [rng.normal(size=(60, 2)) + centre for centre in 5 * rng.normal(size=(3, 2))]
    clump = groups[0].max(axis=0) + 1e-2 * rng.normal(size=(6, 2))
    return np.vstack([*groups, clump])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seed", range(40))
def test_the_estimator_keeps_a_sound_fit_of_twenty(seed):
    model = GaussianMixture(4, n_init=20, random_state=seed).fit(tight_clump(seed))
    assert model.degenerate_ == ""


VALUES = st.sampled_from([-9.0, -7.0, -7.0 * (1 + TIE / 2), -7.0 * (1 - TIE / 2), -2.0])


@given(st.lists(st.tuples(VALUES, st.booleans()), max_size=8))
def test_the_best_is_the_first_sound_one_at_the_top(fits):
    values = np.array([value for value, _ in fits])
    judged = []

    def is_sound(i):
        judged.append(i)
        return fits[i][1]

    sound = [value for value, fine in fits if fine]
    expected = None
    if sound:
        top = max(sound)
        near = top - TIE * abs(top)
        expected = next(i for i, (value, fine) in enumerate(fits) if fine and value >= near)
    assert best_sound(values, is_sound) == expected
    assert len(judged) == len(set(judged))


def test_no_more_is_judged_than_decides():
    asked = []
    best_sound(np.array([-5.0, -1.0, -2.0, -3.0]), lambda i: asked.append(i) or i != 1)
    assert asked == [1, 2]


def test_under_a_prior_the_log_posterior_decides():
    x = np.random.default_rng(2).normal(size=(60, 2))
    x[:20] *= 0.05
    starts = [Points()(x, 3, np.random.default_rng(seed)) for seed in range(12)]
    fits = em.fit(x, starts, "full", [400], FitOptions(tol=1e-9, regularisation=0.0), prior=Prior())
    sound = SoundnessChecker(x, "full").is_sound
    posterior = [objective(fit) if sound(fit) else -np.inf for fit in fits]
    likelihood = [fit.trajectory[-1] if sound(fit) else -np.inf for fit in fits]
    assert objective(fits[best(fits, sound)]) == pytest.approx(max(posterior), rel=TIE)
    assert np.argmax(likelihood) != np.argmax(posterior)  # or it would show nothing
