"""The options of a fit: the same rules in Python and in conf/, every one explained."""

from dataclasses import fields

import numpy as np
import pytest

from gmmpipe.config import schema
from gmmpipe.errors import InputError
from gmmpipe.mixture.em.options import FitOptions, RestartOptions, descriptions, from_section

OWNERS = (FitOptions, RestartOptions)
OPTIONS = [(owner, option.name) for owner in OWNERS for option in fields(owner)]
ODD = [-1, -1e-300, 0, 0.0, 1, 1.0, 0.5, 7, 1e9, 2e9, np.inf, np.nan, True, None, "map", "none",
       "auto", "mar", "continue", "nope", "", [], ["means"], ["means"] * 2, ["mean"]]  # fmt: skip


@pytest.mark.parametrize(("owner", "name"), OPTIONS, ids=[name for _, name in OPTIONS])
def test_python_and_conf_take_the_same_values(owner, name):
    kept = 0
    for value in ODD:
        try:
            ours = getattr(owner(**{name: value}), name)
        except InputError:
            with pytest.raises(InputError, match=f"fit.*{name}"):
                schema.check(schema.Fit, {name: value}, "fit")
        else:
            found = schema.check(schema.Fit, {name: value}, "fit")
            assert found.pop(name) == (list(ours) if isinstance(ours, tuple) else ours)
            assert found.items() <= schema.check(schema.Fit, {}, "fit").items()
            kept += 1
    assert kept


def test_numbers_of_numpy_become_plain_ones():
    options = FitOptions(tol=np.float32(0.5), noise=np.int64(0), frozen="means")
    assert (type(options.tol), type(options.noise)) == (float, float)
    assert options == FitOptions(tol=0.5, frozen=("means",))


@pytest.mark.parametrize("owner", OWNERS)
def test_every_option_says_what_it_does(owner):
    assert list(descriptions(owner)) == [option.name for option in fields(owner)]


def test_features_are_what_is_not_plain_em():
    assert not FitOptions(tol=1.0, regularisation=0.5, reg_covar=1.0).features()
    options = FitOptions(0, "map", 0, "mar", ["weights"], 0.1, "anderson")
    assert options.features() == {"prior", "missing", "frozen", "noise", "acceleration"}


@pytest.mark.parametrize(("options", "nests"), [
    ({}, True), ({"noise": 0.1, "missing": "mar", "acceleration": "anderson"}, True),
    ({"reg_covar": 1e-6}, False), ({"frozen": ["means"]}, False),
    ({"regularisation": "map"}, False),
])  # fmt: skip
def test_models_nest_where_em_raises_the_likelihood_of_all_parameters(options, nests):
    assert FitOptions(**options).nests is nests


def test_a_section_of_conf_is_taken_apart():
    section = {"tol": 1e-3, "certify": 5, "algorithm": "exact"}
    assert from_section(FitOptions, section) == FitOptions(tol=1e-3)
    assert from_section(RestartOptions, section) == RestartOptions(certify=5)
