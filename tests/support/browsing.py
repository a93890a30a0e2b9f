"""What tests of pages ask of a real browser."""

from typing import Any

# contrast of every text with what is behind it, as WCAG 2.2 defines it; too low ones
CONTRAST = """
const parse = (c) => c.match(/[\\d.]+/g).map(Number);
const gamma = (v) => (v / 255 <= 0.04045 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * gamma(r) + 0.7152 * gamma(g) + 0.0722 * gamma(b);
const behind = (e) => {
  for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c[3] !== 0) return c;
  }
  return [255, 255, 255];
};
const low = [];
for (const e of document.querySelectorAll("body *")) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  if (!own || !e.checkVisibility() || e.closest(":disabled")) continue;
  const style = getComputedStyle(e);
  const text = parse(e instanceof SVGElement ? style.fill : style.color);
  const [a, b] = [light(text), light(behind(e))].sort((x, y) => y - x);
  if ((a + 0.05) / (b + 0.05) < 4.5) low.push(`${e.tagName} ${e.textContent.slice(0, 30)}`);
}
return low;
"""
NAMELESS = """
const used = "button, input, select, a, summary, [tabindex='0'], [role=button]";
return [...document.querySelectorAll(used)]
  .filter((e) => e.checkVisibility())
  .filter((e) => !(e.textContent.trim() || e.ariaLabel || e.labels?.[0]?.textContent.trim()))
  .map((e) => e.outerHTML.slice(0, 80));
"""


def wait(browser: Any, script: str) -> Any:
    """Wait until a script returns something true, and return that."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 240, 0.05).until(lambda b: b.execute_script(script))
