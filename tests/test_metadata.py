"""What other catalogues read of the project agrees with pyproject.toml."""

import json
import tomllib

import yaml
from projects import HOME

PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text("utf-8"))["project"]
AUTHORS = [author["name"] for author in PROJECT["authors"]]


def test_codemeta_agrees():
    meta = json.loads((HOME / "codemeta.json").read_text("utf-8"))
    same = ("name", "description", "version", "keywords")
    assert {key: meta[key] for key in same} == {key: PROJECT[key] for key in same}
    assert meta["license"] == f"https://spdx.org/licenses/{PROJECT['license']}"
    assert [author["name"] for author in meta["author"]] == AUTHORS
    assert meta["runtimePlatform"] == f"Python {PROJECT['requires-python']}"


def test_the_citation_agrees():
    cited = yaml.safe_load((HOME / "CITATION.cff").read_text("utf-8"))
    assert cited["title"] == f"{PROJECT['name']}: {PROJECT['description']}"
    assert (cited["version"], cited["license"]) == (PROJECT["version"], PROJECT["license"])
    assert [author["name"] for author in cited["authors"]] == AUTHORS
