"""Workbooks: sheets, errors, formulas, dates, titles, and files that grow."""

import datetime
import io
import re
import zipfile

import pytest
from libraries import library

from gmmpipe.data.file import File
from gmmpipe.data.file_summary import summary
from gmmpipe.data.read import collect, read
from gmmpipe.errors import InputError


def book(**sheets):
    """Return a workbook of sheets, each a list of rows or a function that fills it."""
    openpyxl = library("openpyxl")
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return made


def saved(made):
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def xlsx(**sheets):
    return saved(book(**sheets))


def load(content, **options):
    return read(content, "t.xlsx", File("t.xlsx", **options))


def reading(content, **options):
    return collect(content, "t.xlsx", File("t.xlsx", **options)).reading


def line(content, **options):
    return summary("t.xlsx", reading(content, **options))


def test_the_one_sheet_that_is_filled_is_read_and_said():
    content = xlsx(notes=[], data=[["u", "v"], [1, 2.5], [4, 3]])
    assert load(content).x.tolist() == [[1, 2.5], [4, 3]]
    assert line(content) == ("t.xlsx: sheet data, header, 2 numeric columns, left out: sheet notes")


def test_of_several_sheets_one_is_asked_for():
    content = xlsx(a=[["u"], [1], [2]], b=[["v"], [3.5], [4]])
    with pytest.raises(InputError, match=r"t.xlsx: holds 2 tables \(a, b\); give --table a"):
        load(content)
    with pytest.raises(InputError, match=r"sheet is 'B'; choose one of a, b"):
        load(content, table="B")
    assert load(content, table="b").x.tolist() == [[3.5], [4]]


def test_a_hidden_sheet_is_read_where_it_is_asked_for():
    made = book(a=[["u"], [1], [2]], lists=[["v"], [3], [4]])
    made["lists"].sheet_state = "hidden"
    assert load(saved(made)).features == ("u",)
    assert load(saved(made), table="lists").features == ("v",)


def test_errors_of_a_sheet():
    content = xlsx(s=[["u", "v"], [1, 2], ["#N/A", 3], [4, "#DIV/0!"], [5, 6]])
    with pytest.raises(
        InputError, match=r"\(sheet s\): line 3, column 'u': '#N/A' is a missing value"
    ):
        load(content)
    found = load(content, missing="drop")
    assert found.x.tolist() == [[1, 2], [5, 6]]
    assert found.rows.tolist() == [0, 3]
    with pytest.raises(InputError, match=r"line 4, column 'v': '#DIV/0!' is an error of a spread"):
        load(content, missing="keep")


def test_dates_and_truth_values_are_no_features():
    day = datetime.datetime(2020, 1, 31, 12, 30)
    rows = [["when", "well", "u"], [day, True, 1], [day + datetime.timedelta(1), False, 2.5]]
    content = xlsx(s=rows)
    assert reading(content)["left_out"] == ["when", "well"]
    assert load(content, label="when").classes == ("2020-01-31 12:30:00", "2020-02-01 12:30:00")


def test_of_a_formula_the_result_is_read():
    rows = [["u", "v"], [1, 2.5], [2, 4]]
    content = xlsx(s=[*rows, [3, "=B2+B3"]])
    with pytest.raises(
        InputError, match=r"\(sheet s\): line 4: the formula in B4 has no result; open the file in"
    ):
        load(content, missing="drop")
    part = "xl/worksheets/sheet1.xml"
    calculated = altered(content, part, b"</f><v />", b"</f><v>6.5</v>")
    calculated = altered(calculated, part, b"</f><v></v>", b"</f><v>6.5</v>")
    assert load(calculated).x.tolist() == [[1, 2.5], [2, 4], [3, 6.5]]
    blank = xlsx(s=[*rows, [3, None]])
    assert load(blank, missing="keep").x[:2].tolist() == [[1, 2.5], [2, 4]]


def altered(content, name, old, new):
    """Return a workbook with other bytes in one of its parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(file, "w") as after:
        for part in before.namelist():
            data = before.read(part)
            after.writestr(part, data.replace(old, new) if part == name else data)
    return file.getvalue()


def test_a_title_above_and_blank_rows_and_columns_around():
    made = book(s=[])
    sheet = made["s"]
    sheet["C2"] = "Flowers of 2020"
    sheet.merge_cells("C2:D2")
    for row, values in enumerate([("u", "v"), (1, 2.5), (None, None), (4, 3)], 5):
        for column, value in zip("CD", values, strict=True):
            sheet[f"{column}{row}"] = value
    content = saved(made)
    found = load(content)
    assert (found.features, found.x.tolist()) == (("u", "v"), [[1, 2.5], [4, 3]])
    assert line(content).endswith("header, 2 numeric columns, 1 comment line passed over")
    sheet["C8"] = "x"
    with pytest.raises(InputError, match=r"line 8, column 'u': 'x' is not a number"):
        load(saved(made))
    sheet["C8"], sheet["E8"] = 3, "note"
    with pytest.raises(InputError, match=r"line 8 has 3 cells where line 5 has 2: 'note' is one"):
        load(saved(made))


def test_an_index_as_pandas_writes_it():
    content = xlsx(s=[[None, "u", "v"], [0, 1, 2.5], [1, 4, 3], [2, 5, 5]])
    assert load(content).features == ("u", "v")


def test_numbers_of_cells_are_no_thousands():
    rows = [[1.113], [794]] * 10
    assert load(xlsx(s=[["u"], *rows])).x.tolist() == rows


@pytest.mark.parametrize("last", ["A1048577", "A99999999999"])
def test_rows_beyond_those_of_excel(last):
    content = xlsx(s=[["u"], [1], [2]])
    rows = f'<row r="{last[1:]}"><c r="{last}"><v>3</v></c></row></sheetData>'.encode()
    content = altered(content, "xl/worksheets/sheet1.xml", b"</sheetData>", rows)
    with pytest.raises(InputError, match=r"more than 1,048,576 rows"):
        load(content)


def test_a_workbook_that_grows_is_refused_before_it_is_read():
    library("openpyxl")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/media/zeros.xml", bytes(80 * 2**20))
    with pytest.raises(InputError, match=r"grows more than 100-fold"):
        load(file.getvalue())


def test_what_is_no_cell_is_passed_over_without_a_warning():
    rules = b'<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"/></extLst></worksheet>'
    content = xlsx(s=[["u"], [1], [2]])
    content = altered(content, "xl/worksheets/sheet1.xml", b"</worksheet>", rules)
    assert load(content).x.ravel().tolist() == [1, 2]


def test_a_date_beyond_all_dates_is_an_error():
    made = book(s=[["u", "v"], [1, 2], [3, 4]])
    made["s"]["B2"] = 1e12
    made["s"]["B2"].number_format = "yyyy-mm-dd"
    with pytest.raises(InputError, match=r"line 2, column 'v': '#VALUE!' is an error of a spread"):
        load(saved(made))


def test_entities_are_refused():
    content = xlsx(s=[["u"], [1], [2]])
    bomb = b'<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    content = altered(content, "xl/worksheets/sheet1.xml", b"<worksheet", bomb + b"<worksheet")
    with pytest.raises(InputError, match=r"t.xlsx: cannot be read as a workbook \("):
        load(content)


@pytest.mark.parametrize("part", ["xl/styles.xml", "xl/workbook.xml", "[Content_Types].xml"])
def test_a_part_that_would_take_minutes_is_refused_before_it_is_read(part, monkeypatch):
    openpyxl, whole = library("openpyxl"), io.BytesIO(xlsx(data=[["u"], [1], [2]]))
    with zipfile.ZipFile(whole, "a", zipfile.ZIP_DEFLATED) as archive:
        content = archive.read(part)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(part, content + b" " * 2**22)
    monkeypatch.delattr(openpyxl, "load_workbook")
    with pytest.raises(
        InputError, match=rf"part {re.escape(part)} has .* bytes, at most 4,194,304"
    ):
        load(whole.getvalue())
