"""Tables of FITS: missing values, scaled and vector columns, several tables."""

import io

import numpy as np
import pytest
from libraries import library

from gmmpipe.data.file import File
from gmmpipe.data.file_summary import summary
from gmmpipe.data.read import collect, read
from gmmpipe.errors import InputError


def table(*columns, name="T", ascii_table=False):
    library("astropy")
    from astropy.io import fits

    kind = fits.TableHDU if ascii_table else fits.BinTableHDU
    return kind.from_columns([fits.Column(**each) for each in columns], name=name)


def saved(*tables):
    from astropy.io import fits

    file = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(file)
    return file.getvalue()


def load(content, **options):
    return read(content, "t.fits", File("t.fits", **options))


def reading(content, **options):
    return collect(content, "t.fits", File("t.fits", **options)).reading


def column(name, form, values, **more):
    return {"name": name, "format": form, "array": np.array(values), **more}


Y = column("y", "D", [0.5, 1.5, 2.5])


def test_missing_values_of_integers_and_floats():
    content = saved(
        table(
            column("n", "J", [1, -99, 3], null=-99),
            column("f", "E", np.array([0.5, 1.5, np.nan], "f4")),
            Y,
        )
    )
    np.testing.assert_array_equal(
        load(content, missing="keep").x, [[1, 0.5, 0.5], [np.nan, 1.5, 1.5], [3, np.nan, 2.5]]
    )
    with pytest.raises(InputError, match=r"row 2, column 'n': value nan is not finite"):
        load(content)


def test_a_missing_value_is_meant_before_scaling():
    scaled = column("u", "I", np.array([0, 5, 40_000], "u2"), bzero=32_768, null=-32_768)
    counts = table(scaled, column("c", "I", [2, 4, 6], null=4), Y)
    counts.header["TSCAL2"] = 0.5
    content = saved(counts)
    expected = [[np.nan, 1, 0.5], [5, np.nan, 1.5], [40_000, 3, 2.5]]
    np.testing.assert_array_equal(load(content, missing="keep").x, expected)


def test_blanks_in_a_table_of_text_are_missing():
    values = column("n", "I6", [1, 271828, 3], null="***")
    content = saved(table(values, column("y", "F8.3", [0.5, 1.25, 2.5]), ascii_table=True))
    assert load(content).x.tolist() == [[1, 0.5], [271_828, 1.25], [3, 2.5]]
    for blank in (b"   ***", b"      "):
        found = load(content.replace(b"271828", blank), missing="keep").x
        np.testing.assert_array_equal(found, [[1, 0.5], [np.nan, 1.25], [3, 2.5]])


def test_vectors_are_columns_and_what_is_no_number_is_left_out():
    content = saved(
        table(
            column("flux", "2E", np.array([[1, 2], [3, 4.5], [5, 6]], "f4")),
            column("image", "4J", np.zeros((3, 2, 2), "i4"), dim="(2,2)"),
            column("z", "M", np.ones(3, complex)),
            column("ok", "L", [True, False, True]),
            {"name": "any", "format": "PJ()", "array": np.array([[1], [1, 2], []], object)},
            column("kind", "3A", ["a", "b", "a"]),
        )
    )
    found = load(content, label="kind")
    assert found.features == ("flux1", "flux2")
    assert found.x.tolist() == [[1, 2], [3, 4.5], [5, 6]]
    assert found.classes == ("a", "b")
    assert set(reading(content)["left_out"]) == {"image", "z", "ok", "any", "kind"}


def test_of_several_tables_one_is_asked_for():
    content = saved(table(Y, name="A"), table(Y, name="B"), table(Y, name=None), table(Y, name="A"))
    with pytest.raises(
        InputError, match=r"holds 4 tables \(A, B, HDU 3, A \(HDU 4\)\); give --table A"
    ):
        load(content)
    assert load(content, table="HDU 3").x.ravel().tolist() == [0.5, 1.5, 2.5]
    assert summary("t.fits", reading(content, table="B")).startswith("t.fits: table B, 1 numeric")
    with pytest.raises(InputError, match="holds no table"):
        load(saved())


def test_a_large_table_is_read_some_rows_at_a_time(tmp_path):
    n = 400_000
    path = tmp_path / "t.fits"
    labels = np.where(np.arange(n) % 3, "ab", "c")
    rows = np.arange(2.0 * n).reshape(n, 2) / 7
    path.write_bytes(saved(table(column("v", "2D", rows), column("kind", "4A", labels))))
    found = collect(path, "t.fits", File("t.fits", label="kind"), tmp_path).sample()
    np.testing.assert_array_equal(found.x, rows)
    np.testing.assert_array_equal(np.array(found.classes)[found.labels], labels)


def test_integers_that_no_double_equals_are_refused():
    content = saved(table(column("id", "K", [1, 2**53 + 1, 3]), Y))
    with pytest.raises(InputError, match=r"row 2, column 'id': 9007199254740993 is an integer"):
        load(content)
