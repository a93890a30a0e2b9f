"""Whoever types a name that is gone reads what to use instead."""

from pathlib import Path

import pytest

from gmmpipe import config
from gmmpipe.errors import InputError
from gmmpipe.removed import REMOVED

CONF = Path(__file__).parents[1] / "conf"


@pytest.mark.parametrize("name", REMOVED)
def test_a_key_that_is_gone_is_refused_with_what_to_use(name):
    key, _, value = name.partition("=")
    value = value or "anything"
    for override in (f"{key}={value}", f"sweep.{key}=[{value}]"):
        with pytest.raises(InputError) as refusal:
            config.load(CONF, [override])
        assert str(refusal.value) == f"{name} is gone: {REMOVED[name]}"
