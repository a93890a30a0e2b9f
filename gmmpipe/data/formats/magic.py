"""What a file is by its first bytes, whatever its name says."""

from gmmpipe.errors import InputError

LENGTH = 512  # bytes that are examined
GZIP = b"\x1f\x8b"
PARQUET, NPY = b"PAR1", b"\x93NUMPY"
ARROW, HDF5 = b"ARROW1", b"\x89HDF\r\n\x1a\n"
ZIP, FITS = b"PK\x03\x04", b"SIMPLE  ="
SAVE = "save the table as .csv or .parquet"
KINDS = {
    GZIP: ("gzip in gzip", "unpack it"),
    PARQUET: ("a Parquet file", "give it a name that ends in .parquet"),
    NPY: ("a .npy array", "give it a name that ends in .npy"),
    ZIP: ("a ZIP archive, such as .xlsx or .npz", f"name a workbook .xlsx, or {SAVE}"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an OLE document, such as .xls", SAVE),
    b"version https://git-lfs.github.com/spec/": (
        "a Git LFS pointer in place of the data",
        "fetch them with `git lfs pull`",
    ),
    b"BZh": ("bzip2", "unpack it"),
    b"\xfd7zXZ\x00": ("xz", "unpack it"),
    b"\x28\xb5\x2f\xfd": ("Zstandard", "unpack it"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "unpack it"),
    ARROW: ("an Arrow or Feather file", "give it a name that ends in .arrow"),
    HDF5: ("HDF5", f"name it .h5ad if anndata wrote it, or {SAVE}"),
    b"SQLite format 3\0": ("an SQLite database", SAVE),
    FITS: ("a FITS file", "give it a name that ends in .fits"),
    b"%PDF-": ("a PDF document", SAVE),
}
PAGES = {b"<!doctype html": "an HTML page", b"<html": "an HTML page", b"<?xml": "XML"}


def refuse_other(head: bytes, name: str) -> None:
    """Raise InputError where the first bytes are those of another format than the name says."""
    for magic, (what, mend) in KINDS.items():
        if head.startswith(magic):
            raise InputError(f"{name}: its first bytes are those of {what}; {mend}")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for page, what in PAGES.items():
        if start.startswith(page):
            raise InputError(
                f"{name}: its first bytes are those of {what}, no table; download the file itself"
            )
