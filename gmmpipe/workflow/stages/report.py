"""Bind figures, tables and an explorer of all fits into one HTML file that opens offline."""

from collections.abc import Sequence

from gmmpipe.report.build import template_variables
from gmmpipe.report.page import page
from gmmpipe.store import artifacts
from gmmpipe.store.plan import Plan


def run(inputs: Sequence[str], output: str, threads: int = 1) -> None:
    """Write the report of the plan ``inputs[0]``, its tables and figures being made, to ``output``.

    The same results and the same call give the same bytes.
    """
    del threads
    artifacts.write(output, page(template_variables(Plan.read(inputs[0]))))
