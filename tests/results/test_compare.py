"""gmmpipe compare: what made two versions differ, and which numbers moved."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from projects import carry_out, make_project

import gmmpipe
from gmmpipe.errors import InputError
from gmmpipe.mixture.diagnostics.matching import affinity, partners
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.compare import settings
from gmmpipe.results.compare.comparison import Comparison, compare
from gmmpipe.results.compare.html import picture
from gmmpipe.results.compare.models import components
from gmmpipe.store import artifacts

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=[1,2]", "sweep.seed=[0,1]")
ONE = Mixture(
    np.array([0.3, 0.7]),
    np.array([[0.0, 0.0], [4.0, 1.0]]),
    np.array([[[1.0, 0.2], [0.2, 0.5]], [[0.4, 0.0], [0.0, 2.0]]]),
)


def version(study, *overrides):
    done = study(*TINY, *overrides)
    return gmmpipe.load(done.folder)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two versions, made once: the second with more on the diagonal, another seed, one K less."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(make_project(tmp_path_factory.mktemp("compared") / "project"))
        patch.delenv("GMMPIPE_RUN", raising=False)
        other = ("fit.reg_covar=0.001", "sweep.seed=[0,1,2]", "sweep.k=[2]")
        return [Path(carry_out(*TINY, *more).folder).resolve() for more in ((), other)]


@pytest.fixture
def plain(folders):
    return gmmpipe.load(folders[0])


@pytest.fixture
def after(folders):
    return gmmpipe.load(folders[1])


def test_a_version_is_equal_to_itself(plain):
    found = compare(plain, plain.folder)
    assert found.settings.empty
    first, *rest = found.summary()
    assert first.startswith(
        "gmm: the same model, full, k=2, minmax. Not settled, because the lowest BIC is at the"
        " largest K of the sweep, 2: try more; "
    )
    assert rest == [
        "Changed: nothing in config, data, code, environment.",
        "Cells: 16 in both, 0 only before, 0 only after.",
        "Log-likelihoods that moved beyond rounding: 0 of 16.",
        "Data sets for which another model is selected: 0 of 1.",
    ]
    assert not found.cells[["moved", "rounding"]].to_numpy().any()
    assert (found.models[["weights", "means", "covariances"]] == 0).all(axis=None)
    assert (found.selected["moved"] == 0).all()
    assert found.tidy().empty
    assert "Nothing changed" in found.typeset("html")


def test_what_changed_and_what_moved(plain, after):
    found = compare(plain, after)
    told = {tuple(row[:2]): tuple(row[2:]) for row in found.settings.itertuples(index=False)}
    assert told == {
        ("config", "fit.reg_covar"): ("0.0", "0.001"),
        ("config", "sweep.k"): ("[1, 2]", "[2]"),
        ("config", "sweep.seed"): ("[0, 1]", "0..2"),
    }
    assert found.summary()[2] == "Cells: 8 in both, 8 only before, 4 only after."
    both = plain.fits.merge(after.fits, on=found.matched.keys, suffixes=("_a", "_b"))
    change = both["log_likelihood_b"] - both["log_likelihood_a"]
    row = found.cells.set_index("number").loc["log_likelihood"]
    assert row["cells"] == len(both) == 8
    assert row["moved"] == (change.abs() > 1e-6).sum() > 0
    assert row["change"] == pytest.approx(change[change.abs().idxmax()])
    at = both.loc[change.abs().idxmax()]
    words = [f"{key}={at[key]}" for key in ("covariance", "seed", "iteration")]
    assert row["where"] == ", ".join(words)  # the others do not vary
    moved = found.models.set_index(["covariance", "k"])
    for (family, k), model in moved.iterrows():
        a, b = (e.mixture("gmm", covariance=family, k=k) for e in (plain, after))
        assert model["weights"] == pytest.approx(np.abs(a.weights - b.weights).max())
    tidy = found.tidy()
    assert len(tidy[tidy["section"] == "settings"]) == 3
    told = tidy[(tidy["section"] == "cells") & (tidy["quantity"] == "log_likelihood")]
    assert len(told) == (change != 0).sum()


def test_an_outer_axis_of_one_is_a_setting_of_the_other(plain, study):
    after = version(study, "sweep.fit.tol=[0,1.0e-3]")
    found = compare(plain, after)
    assert (len(found.matched.both), found.matched.only_b) == (16, 16)
    assert set(found.matched.both["fit.tol"]) == {"0"}
    assert found.cells.set_index("number").loc["log_likelihood", "moved"] == 0
    back = compare(after, plain)
    assert (len(back.matched.both), back.matched.only_a) == (16, 16)


def test_other_data(plain, study):
    path = Path("data/gmm.data")
    path.write_text("\n".join(path.read_text().splitlines()[:-20]) + "\n")
    found = compare(plain, version(study))
    told = found.settings.set_index("key")
    assert set(told["part"]) == {"data"}
    assert told.loc["gmm: rows", ["before", "after"]].tolist() == ["272", "252"]
    assert told.loc["data/gmm.data", "after"].startswith("SHA-256 ")
    assert found.selected["moved"].isna().all()  # other samples cannot be compared one by one
    assert found.selected["outcome"].tolist() == ["other data"]
    changes = [found.selected["change_bic"], found.models["change_bic"]]
    assert all(change.isna().all() for change in changes)
    first, *_, moved, _ = found.summary()
    assert "gmm: other data, " in first
    assert "so BIC is not compared." in first
    assert moved.endswith("0 of 0; 16 more are not compared, as data or N differ.")
    assert "16 are of other data or another N" not in found.typeset()  # 4 models are
    assert "4 are of other data or another N: their changes are left blank." in found.typeset()
    assert (found.components["distance"].dropna() > 0).all()


def changed(experiment, name, **columns):
    """Let a version have other numbers in a table, as another machine would give."""
    table = getattr(experiment, name)
    setattr(
        experiment, name, table.assign(**{c: change(table[c]) for c, change in columns.items()})
    )


def test_a_change_within_rounding_is_the_same_model(plain, folders):
    """Also under the name of another normaliser."""
    other = gmmpipe.load(folders[0])
    changed(other, "best", bic=lambda bic: bic + 1e-7)
    for table in ("best", "fits", "parameters"):
        changed(other, table, normaliser=lambda names: names.map({"minmax": "standard"}))
    found = compare(plain, other)
    assert found.selected["outcome"].tolist() == ["the same model"]
    assert found.summary()[0].startswith(
        "gmm: the same model, full, k=2, minmax to full, k=2, standard, BIC +1e-07. Not settled"
    )
    assert "another model is selected: 0 of 1" in found.summary()[-1]
    changed(other, "best", bic=lambda bic: bic - 1.0)
    assert compare(plain, other).selected["outcome"].tolist() == [
        "another fit of the same family and K"
    ]


def test_samples_that_moved_are_another_fit(plain, folders):
    other = gmmpipe.load(folders[0])
    changed(other, "labels", component=lambda c: c.where(c.index >= 30, 0))
    found = compare(plain, other)
    assert found.selected["outcome"].tolist() == ["another fit of the same family and K"]
    assert re.search(r"minmax, \d+ % of the samples moved\. ", found.summary()[0])


def test_another_number_of_samples_is_said_in_place_of_a_change_of_bic(plain, folders):
    other = gmmpipe.load(folders[0])
    for table in ("best", "fits"):
        frame = getattr(other, table)
        bic = np.log(233) * frame["n_parameters"] - 2 * frame["log_likelihood"]
        setattr(other, table, frame.assign(bic=bic))
    found = compare(plain, other)
    assert found.selected["outcome"].tolist() == ["N was 272 and is 233"]
    assert found.selected["change_bic"].isna().all()
    assert found.selected["moved"].tolist() == [0.0]
    assert (
        "gmm: N was 272 and is 233, full, k=2, minmax, so BIC is not compared."
        in (found.summary()[0])
    )


def test_environment_and_code_are_told_where_recorded(plain, tmp_path):
    other = tmp_path / "results/smoke/other"
    other.parent.mkdir(parents=True)
    import shutil

    shutil.copytree(plain.folder, other)
    manifest = artifacts.read_json(other / "manifest.json")
    ((key, environment),) = manifest["environments"].items()
    environment["libraries"] |= {"numpy": "0.1"}
    manifest["git"] = {"commit": "0123456789abcdef", "dirty": True}
    manifest["lock"] = {"path": "requirements.lock", "sha256": "f" * 64}
    environment["machine"] = {"flags": " ".join(f"flag{i}" for i in range(50)) + " avx9"}
    before = plain.manifest["environments"][key]
    before["machine"] = {"flags": " ".join(f"flag{i}" for i in range(50))}
    environment["blas"] = [{"library": "openblas", "version": "9.9"}]
    artifacts.write_json(other / "manifest.json", manifest)
    told = compare(plain, other).settings.set_index("key")
    assert told.loc["libraries.numpy", ["part", "after"]].tolist() == ["environment", "0.1"]
    assert told.loc["git.commit", ["part", "after"]].tolist() == ["code", "0123456789abcdef"]
    assert told.loc["lock.sha256", "after"] == "f" * 12
    assert told.loc["machine.flags", ["before", "after"]].tolist() == ["...", "... avx9"]
    assert told.loc["blas.0.version", ["part", "after"]].tolist() == ["environment", "9.9"]
    assert set(told["part"]) == {"code", "environment"}
    del manifest["environments"]  # as of a version made before these were recorded
    artifacts.write_json(other / "manifest.json", {**manifest, "libraries": {"numpy": "0.2"}})
    told = compare(plain, other).settings.set_index("key")
    assert told.loc[["python", "libraries.numpy"], "after"].tolist() == ["not recorded", "0.2"]


def test_experiments_without_a_common_cell(plain, study):
    other = gmmpipe.load(study("experiment=smoke", "sweep.dataset=[sample]", "sweep.k=[3]").folder)
    found = compare(plain, other)
    assert len(found.matched.both) == len(found.models) == len(found.components) == 0
    keys = found.settings.loc[found.settings["part"] == "config", "key"]
    assert set(keys) == {"sweep.dataset", "sweep.k", "sweep.seed"}  # and no entry of one alone
    for form in ("text", "markdown", "csv", "html"):
        assert "0 in both" in found.typeset(form) or form == "csv"


@pytest.mark.parametrize("k", [1, 2, 5])
def test_components_find_their_partners(k):
    rng = np.random.default_rng(k)
    factors = rng.normal(size=(k, 3, 3))
    mixture = Mixture(
        rng.dirichlet(np.ones(k)), rng.normal(size=(k, 3)), factors @ factors.mT + np.eye(3)
    )
    order = rng.permutation(k)
    shuffled = Mixture(mixture.weights[order], mixture.means[order], mixture.covariances[order])
    np.testing.assert_array_equal(order[partners(mixture, shuffled)], np.arange(k))
    np.testing.assert_allclose(np.diag(affinity(mixture, mixture)), mixture.weights)
    scaled = [m.rescaled(np.ones(3), np.array([1e6, 1.0, 1e-6])) for m in (mixture, shuffled)]
    np.testing.assert_allclose(affinity(*scaled), affinity(mixture, shuffled), rtol=1e-6)


def test_components_of_one_mean_are_told_apart_by_their_covariances():
    a = Mixture(np.array([0.5, 0.5]), np.zeros((2, 2)), np.stack([np.eye(2), 9 * np.eye(2)]))
    b = Mixture(a.weights, a.means, a.covariances[::-1])
    assert partners(a, b).tolist() == [1, 0]


def test_affinity_is_the_integral():
    one = Mixture(np.ones(1), np.array([[0.5]]), np.array([[[2.0]]]))
    two = Mixture(np.ones(1), np.array([[2.0]]), np.array([[[0.3]]]))
    x = np.linspace(-20, 20, 200_001)

    def density(m):
        return np.exp(-((x - m.means[0, 0]) ** 2) / (2 * m.covariances[0, 0, 0])) / np.sqrt(
            2 * np.pi * m.covariances[0, 0, 0]
        )

    integral = np.trapezoid(np.sqrt(density(one) * density(two)), x)
    assert affinity(one, two)[0, 0] == pytest.approx(integral, rel=1e-9)


def test_components_beside_each_other():
    """One moved by two standard deviations and doubled in size, the other is gone."""
    moved = ONE.means[1:] + np.array([2 * np.sqrt(0.4), 0])
    alone = Mixture(np.ones(1), moved, 4 * ONE.covariances[1:])
    frame = components([("x", ONE, alone)])
    assert frame["component_a"].tolist() == [1, 2]
    assert np.isnan(frame["component_b"][0])
    assert frame["component_b"][1] == 1
    assert frame["distance"][1] == pytest.approx(2)
    assert frame["size"][1] == pytest.approx(2)
    back = components([("x", alone, ONE)])
    assert len(back) == 2
    assert np.isnan(back["component_a"][1])


def test_a_picture_shows_both_in_one_frame():
    drawn = picture(ONE, replace(ONE, means=ONE.means[::-1], weights=ONE.weights[::-1],
                                 covariances=ONE.covariances[::-1]))  # fmt: skip
    assert [e["colour"] for e in drawn["after"]] == [1, 0]
    assert drawn["before"][0] == drawn["after"][1]
    for e in drawn["before"]:
        assert 0 <= e["cx"] <= 420
        assert 0 <= e["cy"] <= 300
    far, near = sorted(drawn["before"], key=lambda e: e["cy"])
    assert far["cx"] > near["cx"]  # up is up: the higher mean is the one to the right


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def test_the_page_is_one_file_whose_names_are_no_markup(plain, after):
    nasty = "<script>alert(1)</script>\" onload='x'"
    for one in (plain, after):
        for table in (one.best, one.fits, one.labels, one.parameters):
            table["dataset"] = nasty
        one.config["sweep"]["dataset"] = [nasty]
    after.config["figures"][nasty] = nasty
    text = Comparison(plain, after).typeset("html")
    page = Page(text)
    assert "script" not in page.tags
    assert not {name for name, _ in page.attributes} & {"src", "href", "onload", "style"}
    assert page.tags.count("svg") == 1
    assert page.tags.count("ellipse") == 4
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in text
    assert "http" not in text.replace("http-equiv", "")
    assert text == Comparison(plain, after).typeset("html")


def test_the_command(plain, after, gmmpipe, refused, tmp_path):
    folders = ("compare", str(plain.folder), str(after.folder))
    answer = gmmpipe(*folders)
    assert answer.code == 0
    assert "fit.reg_covar  0" in answer.out
    assert "## What changed" in gmmpipe(*folders, "--format", "markdown").out
    rows = pd.read_csv(pd.io.common.StringIO(gmmpipe(*folders, "--format", "csv").out))
    assert rows["section"].unique().tolist() == ["settings", "models", "cells"]
    answer = gmmpipe(*folders, "-o", str(tmp_path / "compare.html"))
    assert answer.out.startswith(
        "gmm: another fit of the same family and K, full, k=2, minmax, BIC +3.22. Before: Not"
    )
    assert "\nChanged: config (3).\n" in answer.out
    assert (tmp_path / "compare.html").read_text() == compare(plain, after).typeset("html")
    refused("--format 'tex' text", *folders, "--format", "tex")
    refused("-o .html", *folders, "-o", "x.pdf")
    refused("no finished experiment", "compare", str(tmp_path), str(after.folder))


def test_values_in_words():
    assert settings.words([1, 2, 3]) == "1..3"
    assert settings.words([1, 2]) == "[1, 2]"
    assert settings.words([True, None, "a", 1e-6]) == "[true, null, a, 1e-06]"
    with pytest.raises(InputError, match="no finished experiment"):
        compare("nowhere", "nowhere")
