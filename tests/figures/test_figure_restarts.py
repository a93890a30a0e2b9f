"""The certificates of all models."""

from dataclasses import replace

import numpy as np
from figure_cases import case

from gmmpipe.figures import FIGURES, Style


def test_the_title_says_how_many_restarts_found_the_best():
    tables = case("default")
    row = tables.selected()
    title = FIGURES["restarts"].draw(tables, Style()).get_suptitle()
    assert title.endswith(f"best found by {row['hits']:.0f} of {row['finished']:.0f}")


def test_where_a_certificate_says_nothing_the_title_says_none():
    tables = case("default")
    best = tables.best.assign(hits=np.nan)
    title = FIGURES["restarts"].draw(replace(tables, best=best), Style()).get_suptitle()
    assert "found" not in title
