"""Arrays in one file: written in pieces, mapped where large, and never other than written."""

import numpy as np
import pytest

from gmmpipe.errors import InputError
from gmmpipe.store import arrays as archive
from gmmpipe.store.arrays import Rows, read_arrays, write_arrays
from gmmpipe.store.integrity import checksum_path

X = np.random.default_rng(0).normal(size=(1000, 3))
ARRAYS = {"a": np.array(["é", "b"]), "x": X, "labels": np.arange(1000), "flat": np.float32(X[:, 0])}


@pytest.fixture
def mapping(monkeypatch):
    """Let every file be mapped, and all its arrays that are not tiny."""
    monkeypatch.setattr(archive, "MAPPED", 0)
    monkeypatch.setattr(archive, "SMALL", 1000)


def by_blocks(x, size):
    return Rows(x.shape, x.dtype, (x[i : i + size] for i in range(0, len(x), size)))


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_rows_that_come_in_blocks_are_the_bytes_of_the_array(tmp_path, size):
    write_arrays(tmp_path / "a.npz", ARRAYS)
    write_arrays(tmp_path / "b.npz", {**ARRAYS, "x": by_blocks(X, size)})
    assert (tmp_path / "b.npz").read_bytes() == (tmp_path / "a.npz").read_bytes()
    with np.load(tmp_path / "a.npz") as plain:  # numpy reads it too
        np.testing.assert_array_equal(plain["x"], X)


@pytest.mark.usefixtures("mapping")
def test_large_arrays_are_mapped_where_they_are(tmp_path):
    write_arrays(tmp_path / "a.npz", ARRAYS)
    found = read_arrays(tmp_path / "a.npz", "x", "labels")
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    for name in ("x", "labels", "flat"):
        assert not found[name].flags.writeable
        assert not found[name].flags.owndata
        assert found[name].ctypes.data % 64 == 0
    assert found["a"].flags.writeable
    np.savez(tmp_path / "theirs.npz", x=X)
    np.testing.assert_array_equal(read_arrays(tmp_path / "theirs.npz")["x"], X)


@pytest.mark.usefixtures("mapping")
@pytest.mark.parametrize("has_checksum", [True, False])
def test_no_flipped_bit_is_ever_mapped(tmp_path, has_checksum):
    path = tmp_path / "results/store/a.npz"
    write_arrays(path, ARRAYS)
    whole = path.read_bytes()
    if not has_checksum:
        checksum_path(path).unlink()
    for place in np.random.default_rng(1).integers(len(whole), size=200):
        content = bytearray(whole)
        content[place] ^= 1 << int(place % 8)
        path.write_bytes(content)
        try:
            found = read_arrays(path)
        except InputError as error:
            assert "a.npz: damaged" in str(error)  # noqa: PT017 - or nothing has changed
        else:
            assert not has_checksum
            assert all(np.array_equal(found[name], ARRAYS[name]) for name in ARRAYS)


@pytest.mark.usefixtures("mapping")
def test_what_cannot_be_mapped_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=X)
    with pytest.raises(InputError, match=r"x\.npy is no array that can be mapped"):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "rows", [Rows((9, 3), float, [X[:8]]), Rows((8, 2), float, [X[:8]]), Rows((8, 3), "f8", [])]
)
def test_other_rows_than_were_told_leave_no_file(tmp_path, rows):
    with pytest.raises(ValueError, match="rows"):
        write_arrays(tmp_path / "a.npz", {"x": rows})
    assert list(tmp_path.iterdir()) == []
