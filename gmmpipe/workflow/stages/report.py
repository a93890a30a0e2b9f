"""Bind figures, tables and an explorer of all fits into one HTML file that opens offline."""

from collections.abc import Mapping, Sequence
from typing import Any

from gmmpipe.report.build import contents
from gmmpipe.report.page import page
from gmmpipe.store import artifacts
from gmmpipe.store.plan import Study


def run(inputs: Sequence[str], output: str, config: Mapping[str, Any], threads: int = 1) -> None:
    """Write the report of the plan ``inputs[0]``, its tables and figures being made, to ``output``.

    The same results and the same call give the same bytes. config is not used, the plan says it
    all.
    """
    del config, threads
    artifacts.write(output, page(contents(Study(inputs[0]))))
