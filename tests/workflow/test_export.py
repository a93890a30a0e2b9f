"""`gmmpipe export`: what is refused; test_bundle.py has bundles, tests/system/extras crates."""

import sys

import pytest
from versions import a_version

from gmmpipe.store import artifacts


@pytest.fixture
def version(tmp_path):
    return a_version(tmp_path).folder


def test_a_missing_library_is_named_with_its_extra(version, refused, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "rocrate.rocrate", None)
    words = "rocrate is missing; `pip install 'gmmpipe[ro-crate]'`"
    refused(words, "export", str(version), "--to", "ro-crate", "-o", str(tmp_path / "x.zip"))
    assert not (tmp_path / "x.zip").exists()


def test_what_an_export_goes_to_is_checked(version, refused, tmp_path):
    target = str(tmp_path / "x.zip")
    words = "--to is 'rocrate'; bundle, ro-crate (did you mean 'ro-crate'?)"
    refused(words, "export", str(version), "--to", "rocrate", "-o", target)
    refused("-o", "export", str(version))
    refused("exists; give a new folder", "export", str(version), "-o", str(tmp_path))


@pytest.mark.parametrize("how", ["changed", "lost"])
def test_a_damaged_version_is_no_crate(how, version, refused, tmp_path):
    table = version / "tables/fits.csv"
    table.write_text("other") if how == "changed" else table.unlink()
    refused("fits.csv differs from the manifest; gmmpipe verify", "export", str(version),
            "--to", "ro-crate", "-o", str(tmp_path / "x.zip"))  # fmt: skip


def test_a_version_without_its_workflow_is_no_crate(version, refused, tmp_path):
    manifest = version / "manifest.json"
    artifacts.write(manifest, manifest.read_text().replace("Snakefile", "other.smk"))
    (version / "Snakefile").rename(version / "other.smk")
    refused("has no Snakefile", "export", str(version), "--to", "ro-crate", "-o",
            str(tmp_path / "x.zip"))  # fmt: skip


def test_records_that_are_not_whole_are_one_line(version, refused, tmp_path):
    artifacts.write_json(version / "run.json", {})
    target = str(tmp_path / "x.zip")
    refused("records are incomplete", "export", str(version), "--to", "ro-crate", "-o", target)
