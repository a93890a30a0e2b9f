"""results/index.html: every version, and a comparison of those that are chosen."""

import json
import re
from pathlib import Path

from browsing import CONTRAST, NAMELESS

from gmmpipe.results.index.page import write_index
from gmmpipe.store import artifacts

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.iteration=1", "sweep.seed=0")
TINY += ("sweep.covariance=[full]",)
HOSTILE = "</script><script>document.title='owned'</script><img src=x>"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)


def compared(page):
    (text,) = re.findall(r'<script type="application/json" id="versions">(.*?)</script>', page)
    return json.loads(text)


def test_publishing_writes_the_page_and_removing_writes_it_again(study, gmmpipe):
    first = study(*TINY, "sweep.k=1")
    second = study(*TINY, "sweep.k=1..2", "fit.tol=1e-3")
    index = Path("results/index.html")
    one, other = sorted(
        compared(index.read_text()), key=lambda each: each["folder"] != first.folder
    )
    assert one["settings"]["config"] == {"fit.tol": "0.0", "sweep.k": "[1]"}
    assert other["settings"]["config"] == {"fit.tol": "0.001", "sweep.k": "[1, 2]"}
    assert one["data"] == other["data"] != {}
    best = artifacts.read_frame(f"{second.folder}/tables/best.parquet").sort_values("rank")
    assert [model["bic"] for model in other["models"]] == best["bic"].tolist()
    assert other["selected"] == other["models"][:1]
    assert f'href="smoke/{first.version}/report.html"' not in index.read_text()  # it has none

    gmmpipe("note", first.folder, HOSTILE, "--name", "paper")
    assert "&lt;/script&gt;&lt;script&gt;" in index.read_text()
    assert HOSTILE not in index.read_text()
    assert {each["title"] for each in compared(index.read_text())} == {
        "smoke/paper", f"smoke/{second.version}",
    }  # fmt: skip
    gmmpipe("remove", first.folder, "--yes")
    assert [each["folder"] for each in compared(index.read_text())] == [second.folder]
    page = index.read_text()
    index.unlink()
    assert gmmpipe("runs", "--html").out == f"{index.absolute()}\n"
    assert index.read_text() == page


def test_a_version_is_published_while_the_page_cannot_be_written(study, capsys):
    Path("results/index.html").mkdir(parents=True)
    done = study(*TINY, "sweep.k=1")
    assert "results/index.html: not written: " in capsys.readouterr().out
    assert artifacts.linked("results/smoke/latest") == done.version


def test_versions_are_chosen_and_compared_offline(study, browser):
    from selenium.webdriver.common.by import By

    first = study(*TINY, "sweep.k=1")
    second = study(*TINY, "sweep.k=1..2", "fit.tol=1e-3")
    for done in (first, second):
        figures = Path(done.folder, "figures")
        artifacts.write_json(figures / "captions.json", {"clusters-gmm": HOSTILE, "../x": ""})
        artifacts.write(figures / "clusters-gmm.png", PIXEL)
    browser.get(write_index(Path().absolute()).as_uri())
    boxes = browser.find_elements(By.CSS_SELECTOR, "input[type=checkbox]")
    boxes[0].click()
    assert browser.find_elements(By.CSS_SELECTOR, "#comparison *") == []
    boxes[1].click()
    shown = browser.find_element(By.ID, "comparison").text
    for words in ("config fit.tol", "config sweep.k", "gmm minmax full 2", HOSTILE,
                  "gmmpipe compare results/smoke/"):  # fmt: skip
        assert words in shown
    images = "return [...document.images].map((image) => image.src)"
    assert len(browser.execute_script(images)) == 4
    loaded = "return [...document.querySelectorAll('.chosen img')].every((i) => i.decode())"
    assert browser.execute_script(loaded)
    assert browser.title == "Versions"
    assert browser.execute_script(CONTRAST) == []
    assert browser.execute_script(NAMELESS) == []
    assert browser.get_log("browser") == []
