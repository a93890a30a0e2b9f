"""results/index.html: every version, and a comparison of those that are chosen."""

import json
import os
import re
import shutil
from functools import partial
from pathlib import Path

import pytest
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


def in_the_way(index, kind):
    index.unlink()
    if kind == "folder":
        index.mkdir()
    elif kind == "pipe":
        os.mkfifo(index)
    elif kind == "link":
        index.symlink_to(index.parent.absolute().parent / "data/gmm.data")
    else:
        index.write_text("<h1>Our group</h1>")


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "page"])
@pytest.mark.usefixtures("finished")
def test_what_gmmpipe_did_not_write_stays_in_the_place_of_the_page(kind, gmmpipe, refused):
    index = Path("results/index.html")
    in_the_way(index, kind)
    before = (index.lstat().st_ino, index.lstat().st_mtime_ns)
    refused("index.html not a page as gmmpipe wrote it; rename or remove it", "runs", "--html")
    assert gmmpipe("note", "results/smoke/latest", "text").code == 0
    assert (index.lstat().st_ino, index.lstat().st_mtime_ns) == before


def test_a_version_is_published_beside_a_page_that_gmmpipe_did_not_write(study, capsys):
    index = Path("results/index.html")
    index.parent.mkdir()
    index.write_text("<h1>Our group</h1>")
    done = study(*TINY, "sweep.k=1")
    assert "results/index.html: not written: " in capsys.readouterr().out
    assert artifacts.linked("results/smoke/latest") == done.version
    assert index.read_text() == "<h1>Our group</h1>"


def odd_note(folder):
    (folder / "note.json").write_text('{"text": "caf\\udce9"}')


def odd_captions(folder):
    path = folder / "figures/captions.json"
    artifacts.write_json(path, dict.fromkeys(artifacts.read_json(path), "\ud800"))


def long_stem(folder):
    path = folder / "figures/captions.json"
    artifacts.write_json(path, {"clusters-" + "x" * 400: "", **artifacts.read_json(path)})


def forge(folder, text):
    """Write best.csv, and a manifest that vouches for it."""
    artifacts.write(folder / "tables/best.csv", text)
    manifest = artifacts.read_json(folder / "manifest.json")
    (entry,) = (v for k, v in manifest["artifacts"].items() if k.endswith("tables/best.csv"))
    entry["sha256"] = artifacts.sha256(text.encode())
    artifacts.write_json(folder / "manifest.json", manifest)


def long_cell(folder):
    forge(folder, "rank\n" + "1" * 200_000)


def huge_table(folder):
    os.truncate(folder / "tables/best.csv", 2**31)


def sizes(folder, size):
    manifest = artifacts.read_json(folder / "manifest.json")
    manifest["artifacts"] = {"results/x": {"sha256": "", "size": 0}}
    text = json.dumps(manifest).replace('"size": 0', f'"size": {size}')
    artifacts.write(folder / "manifest.json", text)


def no_number(folder):
    path = folder / "tables/best.csv"
    head, first, *_ = path.read_text().splitlines()
    place = head.split(",").index("bic")
    row = first.split(",")
    forge(folder, f"{head}\n{','.join([*row[:place], 'nan', *row[place + 1 :]])}\n")


def altered(folder):
    artifacts.write(folder / "tables/best.csv", "rank\n1\n")


ODD = {
    odd_note: "", odd_captions: "", long_stem: "File name too long", long_cell: "field larger",
    huge_table: "2,147,483,648 bytes; at most", no_number: "bic is nan",
    partial(sizes, size="1e999"): "infinity", partial(sizes, size=10**400): "sizes of 1000",
    partial(sizes, size=-5): "sizes of -5 bytes", altered: "best.csv: not of this version",
}  # fmt: skip


@pytest.mark.parametrize("spoil", ODD)
@pytest.mark.usefixtures("finished")
def test_no_version_of_others_keeps_the_rest_from_the_page(spoil, gmmpipe):
    (folder,) = (path for path in Path("results/smoke").glob("[!.l]*"))
    other = folder.with_name("0123456789ab")
    shutil.copytree(folder, other)
    spoil(other)
    answer = gmmpipe("runs", "--html")
    assert (answer.code, ODD[spoil] in answer.err) == (0, True), answer
    assert answer.err.count("\n") == bool(ODD[spoil])
    page = Path("results/index.html").read_text()
    assert str(folder) in {each["folder"] for each in compared(page)}
    assert f"<code>{other.name}" in page
    assert gmmpipe("runs").code == 0
    assert gmmpipe("note", str(folder), "text").code == 0


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
