"""tables/numbers.tex: the numbers that a paper quotes."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results import numbers
from gmmpipe.results.numbers import letters, numbers_tex, value_tex
from gmmpipe.workflow.experiment import load

LATEX = shutil.which("pdflatex")
LINE = re.compile(r"\\newcommand\{\\([A-Za-z]+)\}\{(.*)\}")


def commands(text):
    found = [match.groups() for match in map(LINE.fullmatch, text.splitlines()) if match]
    assert len(dict(found)) == len(found) == text.count("\\newcommand")
    return dict(found)


def test_the_numbers_are_those_of_the_selected_model(study, gmmpipe):
    done = study("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1..2", "sweep.seed=0")
    path = f"{done.folder}/tables/numbers.tex"
    found = commands(Path(path).read_text())
    row, mixture = load(done.folder).best.iloc[0], load(done.folder).mixture()
    assert found["gmmGmmComponents"] == str(row["k"])
    assert found["gmmGmmFamily"] == row["covariance"]
    assert (found["gmmGmmSamples"], found["gmmGmmFeatures"]) == ("272", "2")
    assert float(found["gmmGmmBIC"]) == pytest.approx(row["bic"], abs=0.005)
    assert found["gmmGmmLogLikelihood"] == rf"\ensuremath{{{row['log_likelihood']:.2f}}}"
    assert float(found["gmmGmmComponentTwoWeight"]) == pytest.approx(mixture.weights[1], abs=5e-4)
    assert float(found["gmmGmmComponentOneMeanEruptionMin"]) == pytest.approx(
        mixture.means[0, 0], abs=5e-4
    )
    assert float(found["gmmGmmComponentOneDeviationWaitingMin"]) == pytest.approx(
        np.sqrt(mixture.covariances[0, 1, 1]), abs=5e-4
    )
    assert gmmpipe("whence", path).out.startswith(f"smoke {done.version}\n")
    manifest = load(done.folder).manifest["artifacts"]
    assert path in manifest


def made():
    columns = ["dataset", "fit.tol", "rank", "covariance", "k", "bic", "log_likelihood"]
    columns += ["n_parameters", "finished", "hits"]
    rows = [
        ["a-b", 0.0, 1, "E_%", 2, 1e12, -3.5, 5, 9.0, 4.0],
        ["a-b", 0.0, 2, "E_%", 2, 2e12, -3.5, 5, 9.0, 4.0],
        ["a-b", 0.0, 3, "VVV", 1, 1e12 + 10, -3.5, 5, 9.0, 4.0],
        ["a_b", 0.0, 1, "VVV", 1, -2.0, -3.5, 5, np.nan, np.nan],
    ]
    two = Mixture(np.array([0.25, 0.75]), np.array([[-1.0, 2.0], [3.0, 4e10]]), np.ones((2, 2, 2)))
    data = {"x": np.zeros((7, 2)), "features": np.array(["x 1", "x_1"])}
    points = [{"dataset": name, "fit.tol": 0.0} for name in ("a-b", "a_b")]
    selected = [(point, data, two) for point in points]
    return numbers_tex("gmmpipe experiment a, version b", pd.DataFrame(rows, columns=columns),
                       selected, ["fit.tol"])  # fmt: skip


def test_every_name_is_of_letters_and_there_once():
    found = commands(made())
    case = "gmmABTolZeroZero"
    assert found[f"{case}Family"] == r"E\_\%"
    assert found[f"{case}Lead"] == "10.00"  # on another model, not on another normaliser of this
    assert found[f"{case}BIC"] == r"\ensuremath{1 \times 10^{12}}"
    assert found[f"{case}ComponentOneMeanXOne"] == r"\ensuremath{-1.000}"
    assert found[f"{case}ComponentTwoMeanXOneX"] == r"\ensuremath{4 \times 10^{10}}"
    assert (found[f"{case}Restarts"], found[f"{case}Hits"]) == ("9", "4")
    assert {f"{case}XRestarts", f"{case}XLead"}.isdisjoint(found)
    assert found[f"{case}XBIC"] == r"\ensuremath{-2.00}"


def test_names_without_latin_letters_are_numbered():
    mixture = Mixture(np.ones(1), np.zeros((1, 2)), np.ones((1, 2, 2)))
    data = {"x": np.zeros((7, 2)), "features": np.array(["花瓣", "花萼"])}
    row = {"dataset": "gmm", "rank": 1, "covariance": "VVV", "k": 1, "bic": 1.0, "n_parameters": 5}
    best = pd.DataFrame([{**row, "log_likelihood": 1.0, "finished": np.nan, "hits": np.nan}])
    found = commands(numbers_tex("", best, [({"dataset": "gmm"}, data, mixture)], []))
    assert {"gmmGmmComponentOneMeanFeatureOne", "gmmGmmComponentOneMeanFeatureTwo"} <= {*found}


def test_many_parameters_are_left_out_and_that_is_said(monkeypatch):
    monkeypatch.setattr(numbers, "MOST_PARAMETERS", 3)
    text = made()
    assert "% 4 means: see parameters.parquet" in text
    assert not any("Mean" in name for name in commands(text))


def test_names_and_values():
    assert letters("old-faithful2") == "OldFaithfulTwo"
    assert value_tex(0.12345, 3) == "0.123"


@pytest.mark.skipif(LATEX is None, reason="no LaTeX is installed")
def test_latex_takes_it(tmp_path):
    (tmp_path / "numbers.tex").write_text(made())
    uses = " ".join(rf"\{name}{{}}, ${{\{name}}}$" for name in commands(made()))
    (tmp_path / "a.tex").write_text(
        rf"\documentclass{{article}}\input{{numbers.tex}}\begin{{document}}{uses}\end{{document}}"
    )
    done = subprocess.run(
        [str(LATEX), "-interaction=nonstopmode", "-halt-on-error", "a.tex"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout.decode()[-2000:]
