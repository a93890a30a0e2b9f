"""Files whose libraries are extras: the same rows, names and labels as written."""

import gzip

import numpy as np
import pandas as pd
import pytest
from libraries import library

from gmmpipe.data.file import File
from gmmpipe.data.file_summary import summary
from gmmpipe.data.read import collect, read
from gmmpipe.data.source import LARGE
from gmmpipe.errors import InputError

X = np.array([[5.1, 3.5], [4.9, np.pi], [1e-300, -2.0], [0.1 + 0.2, 7.0]])
KINDS = ["setosa", "a1", "A1", "virginica"]
FRAME = pd.DataFrame({"length": X[:, 0], "width": X[:, 1], "kind": KINDS})


def excel(path, frame):
    library("openpyxl")
    frame.to_excel(path, index=False, sheet_name="flowers")


def fits(path, frame):
    library("astropy")
    from astropy.io import fits

    columns = [fits.Column(c, "D", array=frame[c]) for c in ("length", "width")]
    text = fits.Column("kind", "12A", array=frame["kind"].tolist())
    fits.BinTableHDU.from_columns([*columns, text], name="FLOWERS").writeto(path)


def coded(path, frame):
    pyreadstat = library("pyreadstat")
    numbers = frame.assign(kind=np.arange(1, 1 + len(frame), dtype="int32"))
    meaning = {"kind": dict(enumerate(frame["kind"], 1))}
    write = {".dta": pyreadstat.write_dta}.get(path.suffix, pyreadstat.write_sav)
    write(numbers, str(path), variable_value_labels=meaning)


def r(path, frame):
    pyreadr = library("pyreadr")
    if path.suffix == ".rds":
        pyreadr.write_rds(str(path), frame, compress="gzip")
    else:
        pyreadr.write_rdata(str(path), frame, df_name="flowers", compress="gzip")


def h5ad(path, frame):
    anndata = library("anndata")
    with pd.option_context("future.infer_string", False):  # which anndata does not write yet
        obs = pd.DataFrame({"kind": frame["kind"].tolist()}, index=list("wxyz"))
        features = pd.DataFrame(index=["length", "width"])
        x = frame[["length", "width"]].to_numpy()
        anndata.AnnData(x, obs=obs, var=features).write_h5ad(path)


WRITERS = {
    "t.xlsx": (excel, "sheet flowers, header, "),
    "t.fits": (fits, "table FLOWERS, "),
    "t.sav": (coded, ""),
    "t.zsav": (coded, ""),
    "t.dta": (coded, ""),
    "t.rds": (r, "object data, ", "index left out: rownames, "),
    "t.RData": (r, "object flowers, ", "index left out: rownames, "),
    "t.h5ad": (h5ad, "matrix X, "),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")
def test_the_same_table(name, tmp_path):
    path = tmp_path / name
    write, said, *index = WRITERS[name]
    exact = 1e-15 if name == "t.xlsx" else 0  # openpyxl writes 16 digits
    write(path, FRAME)
    content = path.read_bytes()
    assert len(content) < LARGE
    for options in ({"label": "kind"}, {"label": "kind", "columns": ("width",)}):
        for written in (content, gzip.compress(content)):
            found = read(written, name, File(name, **options))
            features = options.get("columns", ("length", "width"))
            assert found.features == features
            np.testing.assert_allclose(found.x, FRAME[list(features)], rtol=exact)
            assert [found.classes[code] for code in found.labels] == KINDS
    whole = collect(path, name, File(name), tmp_path)  # as large ones
    line = summary(name, whole.reading)
    assert line == f"{name}: {said}2 numeric columns, {''.join(index)}left out: kind"
    np.testing.assert_allclose(whole.sample().x, X, rtol=exact)
    with pytest.raises(InputError, match=f"^{name}: ") as refusal:
        read(content[: len(content) // 3], name, File(name))
    assert "\n" not in str(refusal.value)
