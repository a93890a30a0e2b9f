"""Whoever types a name that is gone reads what to use instead."""

from pathlib import Path

import pytest

from gmmpipe import cli, config, onward
from gmmpipe.errors import InputError
from gmmpipe.removed import REMOVED

HOME = Path(__file__).parents[1]


def typed(name):
    """Yield what reads the name, however a person can type it."""
    key, _, value = name.partition("=")
    if name.startswith("gmmpipe "):
        yield lambda: cli._parsed([*name.split()[1:], "x"])
    elif name.startswith("profiles/"):
        yield lambda: onward.profile(HOME, name)
    else:
        for override in (f"{key}={value or 1}", f"sweep.{key}=[{value or 1}]"):
            yield lambda override=override: config.load(HOME / "conf", [override])


@pytest.mark.parametrize("name", REMOVED)
def test_a_name_that_is_gone_is_refused_with_what_to_use(name):
    for read in typed(name):
        with pytest.raises(InputError) as refusal:
            read()
        assert str(refusal.value) == f"{name} is gone: {REMOVED[name]}"
