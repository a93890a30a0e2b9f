"""How the work is cut up, and by how many threads it is done, is no matter of the numbers."""

from pathlib import Path

import pytest

from gmmpipe.results.tables import table_paths
from gmmpipe.workflow.stages import evaluate

SMALL = ("experiment=smoke", "sweep.k=1..3", "sweep.seed=0..3", "sweep.iteration=[1,20]")
SMALL += ("sweep.covariance=[full,tied]", "sweep.start=[points]", "fit.certify=100")


def tables(done):
    return {path: Path(path).read_bytes() for path in table_paths(done)}


@pytest.mark.parametrize("bootstrap", [(), ("bootstrap.replicates=19", "bootstrap.max_k=1")])
def test_no_table_depends_on_the_size_of_blocks_or_the_threads(study, bootstrap):
    """The blocks of a laptop, those of a cluster, and ones that hold four cells at most."""
    asked = [*SMALL, *bootstrap]
    whole = study(*asked, "block.target_seconds=600")
    expected = tables(whole)
    laptop = study(*asked)
    assert not set(laptop.fits) & set(whole.fits)
    assert tables(laptop) == expected
    parts = study(*asked, "block.target_seconds=0.12")
    assert len(parts.fits) > len(whole.fits)
    assert not set(parts.fits) & set(whole.fits)
    assert parts.version == whole.version
    assert tables(parts) == expected
    evaluate.run([parts.path], f"{parts.folder}/tables", threads=3)
    assert tables(parts) == expected
