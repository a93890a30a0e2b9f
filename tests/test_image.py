"""The image: its list of parts, and what of it is checked without a daemon."""

from pathlib import Path

HOME = Path(__file__).parents[1]


def test_an_image_has_every_part_that_a_run_reads():
    kept = {
        line.removeprefix("!")
        for line in (HOME / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert {"Snakefile", "conf", "data", "profiles", "gmmpipe"} <= kept
    assert [part for part in kept if not (HOME / part).exists()] == []
    recipe = (HOME / "Dockerfile").read_text()
    assert recipe.count("--require-hashes") == recipe.count("-r requirements") == 2
    assert recipe.rindex("USER gmmpipe") < recipe.index("CMD")
