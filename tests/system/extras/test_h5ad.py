"""Matrices of single cells: dense, sparse by rows or columns, layers and embeddings."""

import io
import os

import numpy as np
import pandas as pd
import pytest
from libraries import library
from scipy import sparse

from gmmpipe.data.file import File
from gmmpipe.data.file_summary import summary
from gmmpipe.data.read import collect, read
from gmmpipe.errors import InputError

X = np.array([[0, 1.5, 0], [2, 0, 0.25], [0, 0, 3], [4, 1, 0]])
OBS = {
    "kind": ["a", "b", "a", "c"],
    "batch": ["x", "y", "x", "y"],
    "counts": [1, 2, 3, 5],
}


pytestmark = pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")


@pytest.fixture
def written(tmp_path):
    """Return what writes a matrix, and gives its bytes."""
    anndata = library("anndata")

    def write(x, **further):
        with pd.option_context("future.infer_string", False):  # which anndata does not write yet
            obs = pd.DataFrame(OBS, index=list("wxyz"))
            names = pd.DataFrame(index=["g1", "g2", "g3"])
            made = anndata.AnnData(x, obs=obs, var=names, **further)
            made.write_h5ad(tmp_path / "t.h5ad", compression="gzip")
        return (tmp_path / "t.h5ad").read_bytes()

    return write


def load(content, **options):
    return read(content, "t.h5ad", File("t.h5ad", **options))


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_the_matrix_however_it_is_kept(written, form, monkeypatch):
    content = written(form(X))
    for cells in (2**22, 6):
        monkeypatch.setattr("gmmpipe.data.formats.h5ad.CELLS", cells)
        found = load(content, label="kind")
        assert found.features == ("g1", "g2", "g3")
        np.testing.assert_array_equal(found.x, X)
        assert [found.classes[c] for c in found.labels] == ["a", "b", "a", "c"]
    assert load(content, columns=("counts", "g3")).x.tolist() == [[1, 0], [2, 0.25], [3, 3], [5, 0]]


def test_layers_and_embeddings_are_asked_for(written):
    pca = X[:, :2] + 0.5
    content = written(X, layers={"log": sparse.csr_matrix(np.log1p(X))}, obsm={"X_pca": pca})
    found = load(content, table="obsm/X_pca", label="batch")
    assert found.features == ("X_pca1", "X_pca2")
    np.testing.assert_array_equal(found.x, pca)
    np.testing.assert_array_equal(load(content, table="layers/log").x, np.log1p(X))
    line = summary("t.h5ad", collect(content, "t.h5ad", File("t.h5ad")).reading)
    assert line.startswith("t.h5ad: matrix X, 3 numeric columns, left out: kind, batch, counts, ma")
    with pytest.raises(InputError, match=r"matrix is 'pca'; choose one of X, layers/log, obsm/X_"):
        load(content, table="pca")


def test_without_a_matrix_the_embedding_is_read(written):
    found = load(written(None, obsm={"X_umap": X[:, :2]}))
    assert found.features == ("X_umap1", "X_umap2")


def raw(n, names, d=None):
    """Return a file that claims n rows, of d features, and says nothing of them."""
    h5py = library("h5py")
    file = io.BytesIO()
    with h5py.File(file, "w") as whole:
        shape = (n, d or len(names))
        whole.create_dataset("X", shape, "f4", chunks=(min(n, 1000), 1), compression="gzip")
        for key in ("obs", "var"):
            group = whole.create_group(key)
            group.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0"})
            group.attrs.update({"_index": "i", "column-order": np.array([], "S1")})
        whole["var"]["i"] = names
    return file.getvalue()


@pytest.mark.parametrize(("n", "d"), [(10**9, 2), (3, 10**9)])
def test_claims_of_a_small_file_are_refused(n, d):
    content = raw(n, ["g1", "g2"], d)
    assert len(content) < 20_000
    with pytest.raises(InputError, match=r"t.h5ad: of .* bytes, grows more than 100-fold"):
        load(content)


@pytest.mark.parametrize("way", ["storage", "link", "view"])
def test_what_lies_in_other_files_is_not_read(written, tmp_path, way):
    h5py = library("h5py")
    path, other = tmp_path / "t.h5ad", tmp_path / "other"
    path.write_bytes(written(X))
    os.mkfifo(other)  # to open it would be to wait
    with h5py.File(path, "r+") as whole:
        del whole["X"]
        if way == "storage":
            whole.create_dataset("X", X.shape, "u1", external=[(str(other), 0, X.size)])
        elif way == "link":
            whole["X"] = h5py.ExternalLink(str(other), "X")
        else:
            layout = h5py.VirtualLayout(X.shape, "f8")
            layout[:] = h5py.VirtualSource(str(other), "X", X.shape)
            whole.create_virtual_dataset("X", layout)
    with pytest.raises(InputError, match=r"t.h5ad: refers to other files"):
        load(path.read_bytes())


def test_features_of_one_name_are_refused():
    with pytest.raises(InputError, match=r"t.h5ad: two columns are called 'g1'"):
        load(raw(3, ["g1", "g2", "g1"]))


def test_indices_out_of_bounds_are_refused(written, tmp_path):
    h5py = library("h5py")
    path = tmp_path / "t.h5ad"
    path.write_bytes(written(sparse.csr_matrix(X)))
    with h5py.File(path, "r+") as whole:
        whole["X/indices"][1] = 2**30
    with pytest.raises(InputError, match=r"t.h5ad: cannot be read as h5ad \(indices must"):
        load(path.read_bytes())
