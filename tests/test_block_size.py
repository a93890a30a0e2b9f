"""How the work is cut up, and by how many threads it is done, is no matter of the numbers."""

from pathlib import Path

from gmmpipe import tiles
from gmmpipe.stages import evaluate

SMALL = ("experiment=smoke", "sweep.k=1..3", "sweep.seed=0..3", "sweep.iteration=[1,20]")
SMALL += ("sweep.covariance=[full,tied]", "sweep.start=[points]")


def tables(done):
    return {path: Path(path).read_bytes() for path in done.tables}


def test_no_table_depends_on_the_size_of_blocks_or_the_threads(study, monkeypatch):
    whole = study(*SMALL)
    expected = tables(whole)
    monkeypatch.setattr(tiles, "CELLS", 4)
    parts = study(*SMALL)
    assert len(parts.fits) > len(whole.fits)
    assert not set(parts.fits) & set(whole.fits)
    assert parts.version == whole.version
    assert tables(parts) == expected
    evaluate.run([parts.path], f"{parts.folder}/tables", {}, threads=3)
    assert tables(parts) == expected
