import numpy as np
import pytest

from gmmpipe.data.kinds import DATASETS
from gmmpipe.errors import InputError
from gmmpipe.store import artifacts
from gmmpipe.store.jobs import GenerateJob
from gmmpipe.workflow.stages import generate

MIXTURE = {"kind": "mixture", "means": [[0.0, 1.0], [2.0, 1.0]], "counts": [30, 70]}
MIXTURE |= {"covariances": [[0.3, 0.1], [0.2, 0.3]], "shuffle": False}
OPTIONS = {
    "file": {"kind": "file", "path": "t.csv", "label": "g", "missing": "drop"},
    "mixture": MIXTURE,
    "blobs": {"kind": "blobs", "n": 50, "k": 3},
    "bundled": {"kind": "bundled", "name": "iris"},
}


def made(tmp_path, options):
    inputs = []
    if options["kind"] == "file":
        (tmp_path / "t.csv").write_text("a,b,g\n1,2,x\n3,nan,y\n5,6,y\n")
        inputs = [str(tmp_path / "t.csv")]
    generate.run(inputs, str(tmp_path / "d.npz"), GenerateJob(options=options))
    return artifacts.read_arrays(tmp_path / "d.npz")


@pytest.mark.parametrize("kind", DATASETS)
def test_every_kind_is_stored_with_names_labels_and_bytes_that_repeat(kind, tmp_path):
    found = made(tmp_path, OPTIONS[kind])
    first = (tmp_path / "d.npz").read_bytes()
    n, d = found["x"].shape
    assert found["x"].dtype == np.float64
    assert len(found["features"]) == d
    assert found["labels"].shape == (n,)
    assert found["labels"].max() < len(found["classes"])
    made(tmp_path, OPTIONS[kind])
    assert (tmp_path / "d.npz").read_bytes() == first


def test_generators_keep_the_truth(tmp_path):
    found = made(tmp_path, MIXTURE)
    np.testing.assert_array_equal(found["true_means"], MIXTURE["means"])
    np.testing.assert_allclose(found["true_weights"], [0.3, 0.7])
    np.testing.assert_array_equal(found["true_covariances"][0], np.diag([0.3, 0.1]))
    np.testing.assert_array_equal(found["labels"], np.repeat([0, 1], [30, 70]))


def test_another_seed_is_another_sample(tmp_path):
    one, two = made(tmp_path, MIXTURE), made(tmp_path, {**MIXTURE, "seed": 1})
    assert not np.array_equal(one["x"], two["x"])


def test_dropped_rows_are_counted(tmp_path, capsys):
    found = made(tmp_path, OPTIONS["file"])
    assert found["dropped"] == 1
    np.testing.assert_array_equal(found["x"], [[1, 2], [5, 6]])
    assert found["classes"].tolist() == ["x", "y"]
    assert "2 rows of a, b; 1 rows dropped" in capsys.readouterr().out


def test_a_file_without_labels_has_none(tmp_path):
    (tmp_path / "t.csv").write_text("1,2\n3,4\n")
    job = GenerateJob(options={"kind": "file", "path": "t"})
    generate.run([str(tmp_path / "t.csv")], str(tmp_path / "d.npz"), job)
    stored = artifacts.read_arrays(tmp_path / "d.npz")
    assert set(stored) == {"x", "features", "classes", "dropped", "origin"}
    assert stored["origin"] == "t.csv"


@pytest.mark.parametrize(("inputs", "kind"), [([], "file"), (["a.csv"], "blobs")])
def test_files_go_with_the_kind_file(inputs, kind, tmp_path):
    with pytest.raises(InputError, match="kind file reads one"):
        generate.run(inputs, str(tmp_path / "d.npz"), GenerateJob(options=OPTIONS[kind]))
