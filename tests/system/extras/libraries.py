"""What tests of an extra begin with."""

import os

import pytest


def library(name: str):
    """Return a library of an extra; without it the test is left out, in `make test-formats` fails.

    What a library warns of when it is imported is its own affair.
    """
    if "GMMPIPE_FORMATS" in os.environ:
        return __import__(name)
    return pytest.importorskip(name, reason="an extra, tested by `make test-formats`")
