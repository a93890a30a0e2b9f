"""Two versions beside each other: what made them differ, and which numbers moved."""

from __future__ import annotations

import html
from pathlib import Path

import pandas as pd

from gmmpipe.errors import InputError, suggest
from gmmpipe.results import printing
from gmmpipe.results.compare import text as words
from gmmpipe.results.compare.differences import Differences
from gmmpipe.results.compare.html import page
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.store import artifacts
from gmmpipe.store.terminal import print_data

__all__ = ["Comparison", "compare"]

SUFFIXES = {".html": "html", ".md": "markdown", ".csv": "csv", ".txt": "text"}
FORMS = ("text", "markdown", "csv", "json")  # on the terminal


class Comparison(Differences):
    """What changed from one version to another, as data frames and as a page.

    Parameters
    ----------
    before : StoredExperiment
        Has the suffix _a in all tables.
    after : StoredExperiment
        Has the suffix _b; components are matched.

    """

    def summary(self) -> list[str]:
        """Return what changed.

        Returns
        -------
        list of str
            One sentence each.

        """
        return words.summary(self)

    def tidy(self) -> pd.DataFrame:
        """Return all that changed as one table.

        Returns
        -------
        DataFrame
            Columns section, item, quantity, before, after.

        """
        return words.tidy(self)

    def typeset(self, form: str = "text", most: int | None = 20) -> str:
        """Return the comparison for print.

        Parameters
        ----------
        form : {"text", "markdown", "csv", "html"}, default "text"
            csv is that of ``tidy``.
        most : int or None, default 20
            Rows of a table, not of csv and html; None = all.

        Returns
        -------
        str
            The comparison.

        Raises
        ------
        InputError
            For another form.

        """
        if form == "html":
            return page(self)
        if form in ("csv", "json"):
            return printing.typeset(self.tidy(), form)
        if form not in FORMS:
            raise InputError(suggest("format", form, [*FORMS, "html"]))
        return words.text(self, form, most)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the summary and the selected models."""
        lines = "<br>\n".join(html.escape(line) for line in self.summary())
        return f"<div><p>{lines}</p>\n{printing.typeset(self.selected, 'html')}</div>"


def compare(
    before: str | Path | StoredExperiment, after: str | Path | StoredExperiment
) -> Comparison:
    """Return how one version differs from another.

    Parameters
    ----------
    before : str, Path or StoredExperiment
        Folder of a version, or the experiment loaded.
    after : str, Path or StoredExperiment
        The other version.

    Returns
    -------
    Comparison
        What made them differ, and which numbers moved.

    Raises
    ------
    InputError
        Where there is no finished version.

    Examples
    --------
    >>> import gmmpipe
    >>> folder = "results/smoke/latest"
    >>> gmmpipe.compare(folder, folder).same
    True

    """
    a, b = (e if isinstance(e, StoredExperiment) else StoredExperiment(e) for e in (before, after))
    return Comparison(a, b)


def run(before: str, after: str, form: str = "text", output: str | None = None) -> None:
    """Print how two versions differ, or write it to ``output``, whose suffix says the form."""
    if form not in FORMS:
        raise InputError(suggest("--format", form, list(FORMS)))
    if output is not None and Path(output).suffix not in SUFFIXES:
        raise InputError(f"-o is {output!r}; give a file ending in {', '.join(SUFFIXES)}")
    comparison = compare(before, after)
    if output is None:
        print_data(comparison.typeset(form))
    else:
        artifacts.write(output, comparison.typeset(SUFFIXES[Path(output).suffix], most=None))
        print("\n".join(comparison.summary()))
