"""Cases that were seeds of the fuzzers, or that they found, and a little of their work.

A case is named after what it is; `make fuzz` goes on from here.
"""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from targets import TARGETS

HERE = Path(__file__).parent / "corpus"
CASES = sorted(path.relative_to(HERE) for path in HERE.rglob("*") if path.is_file())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_known_cases_are_read_or_refused(case):
    TARGETS[case.parts[0]]((HERE / case).read_bytes())


def test_both_targets_have_seeds():
    assert {case.parts[0] for case in CASES} == set(TARGETS)
    assert len(CASES) >= 20


KEYS = [
    "sweep.k",
    "sweep.seed",
    "sweep.dataset",
    "fit.tol",
    "fit",
    "experiment",
    "dataset.gmm.path",
]
KEYS += ["dataset.new", "start.given.means", "hydra.run", "figures.names", "x", "", "sweep.fit.tol"]
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from(["1..3", "gmm", "full", "${x}", "_target_", "..", "'", '"', "\\", "é"]),
        st.text("abc.,:[]{}()'\"\\ =\n\t\0*&!", max_size=8),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab_"), inner),
    max_leaves=6,
)


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(KEYS), min_size=1, max_size=3),
    st.sampled_from(["", "+", "++", "~"]),
    VALUES,
)
def test_any_override_is_taken_or_refused(keys, mark, value):
    text = "\n".join(f"{mark}{key}={value}" for key in keys)
    TARGETS["config"](b"\0" + text.encode())


@settings(max_examples=20)
@given(st.sampled_from([1, 2, 3, 4]), st.sampled_from(KEYS), VALUES)
def test_any_file_is_taken_or_refused(which, key, value):
    text = f"# @package _global_\n{key}: {value}\n"
    TARGETS["config"](bytes([which]) + text.encode())
