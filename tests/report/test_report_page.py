"""The page as a file: whole, closed to names that would be markup, the same bytes each time."""

import contextlib
import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markupsafe import Markup
from report_cases import GROUPS, NAMES, reported

import gmmpipe.report
from gmmpipe.report import page as pages
from gmmpipe.results.summary import case_name, case_verdicts
from gmmpipe.workflow.stages import report

HOME = Path(gmmpipe.report.__file__).parent


class Elements(HTMLParser):
    """Every element with its attributes and the text up to its next tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.texts.append("")
        self.open = True

    def handle_endtag(self, tag):
        del tag
        self.open = False

    def handle_data(self, data):
        if self.open:
            self.texts[-1] += data

    def of(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        pairs = zip(self.found, self.texts, strict=True)
        return [(attributes, text) for (name, attributes), text in pairs if name == tag]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return reported(tmp_path_factory)


@pytest.fixture(scope="module")
def page(made):
    return made.page


@pytest.fixture(scope="module")
def elements(page):
    return Elements(page.read_text(encoding="utf-8"))


def test_no_name_becomes_markup(page, elements):
    text = page.read_text(encoding="utf-8")
    for name in (*NAMES[:2], GROUPS[0]):
        assert name not in text
    assert "&lt;script&gt;document.title=" in text
    assert "{{ 7*7 }} &amp; 100$" in text
    assert not [a for _, attributes in elements.found for a in attributes if a.startswith("on")]
    sources = [attributes["src"] for attributes, _ in elements.of("img")]
    assert sources
    assert all(source.startswith("data:image/") for source in sources)


def test_the_policy_names_exactly_what_is_in_the_page(elements):
    (policy,) = [a["content"] for a, _ in elements.of("meta") if "http-equiv" in a]
    scripts = [text for a, text in elements.of("script") if "type" not in a]
    assert len(scripts) == 2
    inline = [*scripts, *(text for _, text in elements.of("style"))]
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in inline]
    assert re.findall(r"'sha256-([^']+)'", policy) == [hashes[2], *hashes[:2]]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert not [a for _, a in elements.found if "style" in a]
    data = [a["type"] for a, _ in elements.of("script") if "type" in a]
    assert set(data) == {"application/json"}


def test_nothing_points_to_a_network(elements):
    links = [a[key] for _, a in elements.found for key in ("src", "href") if a.get(key)]
    assert not [link for link in links if re.match(r"(https?:)?//|file:|javascript:", link)]
    inside = {f"#{a['id']}" for _, a in elements.found if a.get("id")}
    assert {link for link in links if link.startswith("#")} <= inside


def test_files_that_are_linked_are_there(page, elements):
    links = [a["href"] for a, _ in elements.of("a") if a["href"].startswith("figures/")]
    assert len(links) >= 8
    assert [link for link in links if not (page.parent / link).is_file()] == []


def test_the_verdict_is_the_first_word_on_each_data_set(page, made):
    text = page.read_text(encoding="utf-8")
    with contextlib.chdir(made.root):
        found = case_verdicts(made.study)
    assert len(found) == 3
    for case in found:
        verdict = text.index(str(Markup.escape(case.verdict.sentence)))
        assert verdict < text.index(f'<p class="model">{case.verdict.model}', verdict)


def test_every_picture_has_words_in_place_of_it(elements):
    words = [a["alt"] for a, _ in elements.of("img")]
    assert len(words) == len(set(words)) >= 6
    assert "Selected mixture, gmm" in words


def test_the_same_results_give_the_same_bytes(made, page, tmp_path):
    with contextlib.chdir(made.root):
        report.run([made.study.path], str(tmp_path / "again.html"))
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()


def test_every_value_of_the_configuration_says_where_it_was_set(elements):
    tables = [json.loads(t) for a, t in elements.of("script") if "type" in a and "id" not in a]
    (sheet,) = [table for table in tables if table["name"] == "configuration"]
    columns = {c["name"]: [c["levels"][code] for code in c["codes"]] for c in sheet["columns"]}
    where = dict(zip(columns["key"], columns["origin"], strict=True))
    value = dict(zip(columns["key"], columns["value"], strict=True))
    assert (value["fit.tol"], where["fit.tol"]) == ("1e-09", "override")
    assert (value["sweep.k"], where["sweep.k"]) == ("1..3", "conf/experiment/strange.yaml")
    assert where["dataset.gmm.path"] == "conf/dataset/gmm.yaml"
    assert where["dataset.gmm.missing"] == "default"


def test_the_page_says_how_to_get_it_again(page, made):
    text = page.read_text(encoding="utf-8")
    assert "gmmpipe run experiment=strange fit.tol=1e-09" in text
    assert f"results/strange/{made.study.version}" in text
    assert "@software{gmmpipe," in text


def test_our_scripts_make_no_markup_and_run_no_text():
    for name in pages.SCRIPTS:
        code = (HOME / "templates" / name).read_text(encoding="utf-8")
        banned = (
            r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|\.html\("
        )
        assert not re.search(banned, code), name
        assert code.startswith('"use strict";')
        assert code.count("\n") < 200, name


def test_code_of_others_is_what_it_is_said_to_be():
    told = (HOME / "vendor/README.md").read_text(encoding="utf-8")
    for name in pages.VENDORED:
        content = (HOME / "vendor" / name).read_bytes()
        assert f"| {name} |" in told
        assert sha256(content).hexdigest() in told
    assert (HOME / "vendor/d3-LICENSE.txt").is_file()


def test_outer_points_are_named_by_the_last_part_of_their_axes_where_that_is_enough():
    at = {"dataset": "blobs", "dataset.blobs.n": 200, "fit.tol": 0.5}
    axes = ["dataset.blobs.n", "fit.tol"]
    assert case_name(axes, at) == "blobs, n = 200, tol = 0.5"
    both = {**at, "dataset.other.n": 7}
    told = "blobs, dataset.blobs.n = 200, dataset.other.n = 7"
    assert case_name(["dataset.blobs.n", "dataset.other.n"], both) == told
