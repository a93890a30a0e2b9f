"""From what is known of a version to the bytes of one HTML file.

Everything from data and configuration goes through the escaping of jinja2, or as JSON through
the same; a Content-Security-Policy allows the scripts and the style that are in the file, by their
hashes, images that are in the file, and nothing else. So no name can become markup, and nothing
is asked of a network.
"""

from typing import Any

from gmmpipe.results.html import source_hash

STYLE = ("style.css",)
VENDORED = ("d3-7.9.2.min.js",)
SCRIPTS = ("table.js", "decode.js", "scatter.js", "panels.js", "explorer.js")


def page(variables: dict[str, Any]) -> str:
    """Return the page of ``variables``, the variables of templates/report.html."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("gmmpipe.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, library, script = (_joined(names) for names in (STYLE, VENDORED, SCRIPTS))
    policy = "; ".join(
        [
            "default-src 'none'",
            f"style-src {source_hash(style)}",
            f"script-src {source_hash(library)} {source_hash(script)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    template = environment.get_template("report.html")
    parts = {"policy": policy, "style": style, "library": library, "script": script}
    return template.render(**variables, **parts)


def _joined(names: tuple[str, ...]) -> str:
    """Return the text of some of our own files, which stand in the page as they are."""
    from importlib.resources import files

    home = files("gmmpipe.report")
    folders = [home / "templates", home / "vendor"]
    paths = [next(f / name for f in folders if (f / name).is_file()) for name in names]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    if "</script" in text or "</style" in text or "<!--" in text:
        raise ValueError(f"{', '.join(names)} would end the element it stands in")
    return text
