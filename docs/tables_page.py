"""Write docs/tables.md, the page of all tables and columns: python docs/tables_page.py."""

from pathlib import Path

from gmmpipe.results.columns import OUTER, Column
from gmmpipe.results.tables import TABLES, Table

PAGE = Path(__file__).with_name("tables.md")
HEAD = """# Tables of a version

The files in `results/<experiment>/<version>/tables/`, columns in their order. Each is a .parquet
and an attribute of `gmmpipe.load(...)`; some are a .csv too. failed.csv has the rows of fits that
failed, numbers.tex a LaTeX command for each number that a paper quotes of the selected models.
`gmmpipe table winner` is in no file: weight, mean and standard deviation of each component of the
selected model. Components count from 1. Data are in original units. AXIS stands for {axis}.
"""


def page() -> str:
    """Return the page as Markdown."""
    head = HEAD.format(axis=OUTER.text)
    return "\n".join([head, *(_section(table) for table in TABLES.values())])


def _section(table: Table) -> str:
    about = [table.note]
    about += ["Also as .csv, without columns of lists."] if table.csv else []
    about += [f"Asked for by `{table.asked_by}`."] if table.asked_by else []
    rows = ["| column | type | unit | what it is |", "|---|---|---|---|"]
    rows += [_row(column) for column in table.columns]
    return "\n".join([f"## {table.name}", "", " ".join(about), "", *rows, ""])


def _row(column: Column) -> str:
    return f"| `{column.name}` | {column.type} | {column.unit} | {column.text} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
