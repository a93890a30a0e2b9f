"""The page in a real browser: quiet, usable at both widths and without a mouse, printable."""

import json
import re
from base64 import b64decode
from pathlib import Path

import pytest
from browsing import CONTRAST, NAMELESS, wait
from report_cases import reported

WIDTHS = (1280, 390)


@pytest.fixture
def opened(browser, tmp_path_factory):
    """Return a function that opens the page at a width."""

    page = reported(tmp_path_factory).page

    def open_at(width: int):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get_log("performance")
        browser.get(page.as_uri())
        wait(browser, "return document.querySelectorAll('#scatter path').length > 0")
        return browser

    return open_at


def value(browser, script):
    return browser.execute_script(f"return {script}")


def keys(browser, selector, *pressed):
    from selenium.webdriver.common.by import By

    element = browser.find_element(By.CSS_SELECTOR, selector)
    element.send_keys(*pressed)
    return element


def click(browser, selector):
    browser.execute_script(
        "const e = document.querySelector(arguments[0]);"
        "e.dispatchEvent(new MouseEvent('click', { bubbles: true }))",
        selector,
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_it_opens_quietly_and_fits_the_width(opened, width):
    browser = opened(width)
    assert browser.get_log("browser") == []
    sent = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [
        m["params"]["request"]["url"] for m in sent if m["method"] == "Network.requestWillBeSent"
    ]
    assert [u for u in urls if not u.startswith(("data:", "file:", "blob:"))] == []
    assert [u for u in urls if u.startswith("file:")] == [browser.current_url]
    assert value(browser, "document.documentElement.scrollWidth") == width
    wide = "[...document.images].filter((i) => !i.complete || i.naturalWidth === 0).length"
    assert value(browser, wide) == 0
    assert value(browser, "document.title") == "strange · gmmpipe report"
    assert browser.execute_script(CONTRAST) == []
    assert browser.execute_script(NAMELESS) == []


def test_a_table_is_sorted_filtered_narrowed_and_saved(opened):
    browser, fits = opened(1280), "#table-fits"
    cells = f"[...document.querySelectorAll('{fits} tbody tr')]"
    cells += ".map((r) => [...r.cells].map((c) => c.textContent))"
    names = f"[...document.querySelectorAll('{fits} thead button')]"
    names += ".map((b) => b.firstChild.textContent)"
    before = value(browser, names)
    place = before.index("bic")
    sort = f"{fits} thead th:nth-child({place + 1}) button"
    click(browser, sort)
    found = [float(row[place]) for row in value(browser, cells)]
    assert found == sorted(found)
    assert len(found) == 200
    click(browser, sort)
    other = [float(row[place]) for row in value(browser, cells)]
    assert other == sorted(other, reverse=True)
    assert min(other) > max(found)
    assert value(browser, f"document.querySelector('{fits} [aria-sort]').ariaSort") == "descending"

    keys(browser, f"{fits} input[type=search]", "dataset=gmm k>=3 spher")
    rows = value(browser, cells)
    assert {row[before.index("k")] for row in rows} == {"3"}
    assert {row[before.index("covariance")] for row in rows} == {"spherical"}
    assert value(browser, f"document.querySelector('{fits} .status').textContent") == (
        f"{len(rows)} of 864 rows"
    )

    browser.execute_script(f"document.querySelector('{fits} .columns').open = true")
    click(browser, f"{fits} .columns label:nth-child(2) input")
    assert value(browser, names) == [before[0], *before[2:]]
    click(browser, f"{fits} .tools > button")
    file = Path(browser.downloads) / "fits.csv"
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 240, 0.05).until(lambda _: file.exists() and file.stat().st_size)
    lines = file.read_text().splitlines()
    assert lines[0].split(",") == [before[0], *before[2:]]
    assert len(lines) == len(rows) + 1

    keys(browser, f"{fits} input[type=search]", " nosuch=1")
    assert value(browser, f"document.querySelector('{fits} .status').textContent") == (
        "no column nosuch"
    )
    assert browser.get_log("browser") == []


def test_the_explorer_follows_keys_clicks_and_the_play_button(opened):
    from selenium.webdriver import Keys

    browser = opened(1280)
    readout = "document.getElementById('readout').textContent"
    first = value(browser, readout)
    assert first.startswith("gmm: ")
    outline = "document.querySelector('#scatter path.ellipse').getAttribute('d')"
    settled = value(browser, outline)
    keys(browser, "#slide-step", Keys.HOME)
    assert "after 0 iterations" in value(browser, readout)
    wait(browser, f"return {outline} !== '{settled}'")
    for k in (1, 2, 3):
        keys(browser, "#slide-k", Keys.HOME if k == 1 else Keys.ARROW_RIGHT)
        assert f"K = {k}," in value(browser, readout)
        assert value(browser, "document.querySelectorAll('#scatter text.mean').length") == k
    keys(browser, "#slide-seed", Keys.HOME)
    assert "seed 0," in value(browser, readout)
    seeds = "document.querySelectorAll('#rug [role=button]').length"
    assert value(browser, seeds) == 4
    click(browser, "#rug [role=button]:nth-child(3)")
    assert "seed 2," in value(browser, readout)
    keys(browser, "#rug [tabindex='0']", Keys.ARROW_RIGHT)
    assert "seed 3," in value(browser, readout)
    click(browser, "#bic .mark:not(.ours)")
    assert value(browser, readout).split(":")[1].split(",")[0].strip() == "spherical"
    click(browser, "#best")
    assert value(browser, readout) == first
    click(browser, "#play")
    assert "after 0 iterations" in value(browser, readout)
    wait(browser, f"return {readout} === {json.dumps(first)}")
    assert browser.get_log("browser") == []


def test_the_explorer_shows_data_of_one_feature_and_of_many(opened):
    browser = opened(1280)
    choose = "const s = document.getElementById('pick-scene'); s.selectedIndex = arguments[0];"
    choose += "s.dispatchEvent(new Event('change'))"
    browser.execute_script(choose, 1)
    assert "discriminant" in value(
        browser, "document.getElementById('scatter-caption').textContent"
    )
    assert value(browser, "document.querySelectorAll('#scatter .dots path').length") == 60
    browser.execute_script(choose, 2)
    assert value(browser, "document.querySelectorAll('#scatter .bars rect').length") > 5
    curves = value(
        browser,
        "[...document.querySelectorAll('#scatter path.curve')].map((p) => p.getAttribute('d'))",
    )
    assert len(curves) == 3
    assert not [path for path in curves if not path or "NaN" in path]
    assert browser.get_log("browser") == []


def test_it_prints(opened):
    from selenium.webdriver.common.print_page_options import PrintOptions

    options = PrintOptions()
    options.page_width, options.page_height = 21.0, 29.7
    options.background = True
    pdf = b64decode(opened(1280).print_page(options))
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 4 <= pages <= 40
