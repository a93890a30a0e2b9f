"""Whoever types a name that is gone reads what to use instead."""

from pathlib import Path

import pytest

from gmmpipe.cli import main
from gmmpipe.config import load
from gmmpipe.errors import REMOVED, InputError
from gmmpipe.workflow import snakemake_options

HOME = Path(__file__).parents[2]


def typed(name):
    """Yield what reads the name, however a person can type it."""
    key, _, value = name.partition("=")
    if name.startswith("gmmpipe "):
        yield lambda: main._parsed([*name.split()[1:], "x"])
    elif name.startswith("profiles/"):
        yield lambda: snakemake_options.profile(HOME, name)
    else:
        for override in (f"{key}={value or 1}", f"sweep.{key}=[{value or 1}]"):
            yield lambda override=override: load.load(HOME / "conf", [override])


@pytest.mark.parametrize("name", REMOVED)
def test_a_name_that_is_gone_is_refused_with_what_to_use(name):
    for read in typed(name):
        with pytest.raises(InputError) as refusal:
            read()
        assert str(refusal.value) == f"{name} is gone: {REMOVED[name]}"
