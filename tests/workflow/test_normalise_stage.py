import numpy as np
import pytest

from gmmpipe.data.normalise import NORMALISERS
from gmmpipe.store import artifacts
from gmmpipe.store.jobs import NormaliseJob
from gmmpipe.workflow.stages import normalise


@pytest.mark.parametrize("method", NORMALISERS)
def test_the_map_is_kept_and_leads_back(method, tmp_path, capsys):
    x = np.random.default_rng(0).normal([3, -1e6], [1e-3, 10], (40, 2))
    artifacts.write_arrays(tmp_path / "d.npz", {"x": x, "features": np.array(["a", "b"])})
    before = (tmp_path / "d.npz").read_bytes()
    normalise.run(
        [str(tmp_path / "d.npz")], str(tmp_path / "n.npz"), NormaliseJob(options={"method": method})
    )
    found = artifacts.read_arrays(tmp_path / "n.npz")
    assert set(found) == {"x", "shift", "scale"}
    np.testing.assert_allclose(found["x"] * found["scale"] + found["shift"], x, rtol=1e-12)
    assert (tmp_path / "d.npz").read_bytes() == before
    assert "a: (a - " in capsys.readouterr().out


def test_minmax_is_the_unit_cube(tmp_path):
    x = np.random.default_rng(0).normal(size=(40, 3))
    artifacts.write_arrays(tmp_path / "d.npz", {"x": x, "features": np.array(["a", "b", "c"])})
    normalise.run(
        [str(tmp_path / "d.npz")],
        str(tmp_path / "n.npz"),
        NormaliseJob(options={"method": "minmax"}),
    )
    found = artifacts.read_arrays(tmp_path / "n.npz")["x"]
    assert found.min(axis=0).tolist() == [0, 0, 0]
    assert found.max(axis=0).tolist() == [1, 1, 1]
