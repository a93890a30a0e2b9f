"""The kinds of files that are read: the endings of their names, and who parses them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import BinaryIO

from gmmpipe.data.file import File
from gmmpipe.data.formats import magic
from gmmpipe.data.formats.arrow import feather, orc
from gmmpipe.data.formats.excel import workbook
from gmmpipe.data.formats.fits import fits
from gmmpipe.data.formats.h5ad import h5ad
from gmmpipe.data.formats.json_records import json_lines, json_table
from gmmpipe.data.formats.matlab import arff, mat
from gmmpipe.data.formats.npy import npy
from gmmpipe.data.formats.parquet import parquet
from gmmpipe.data.formats.r_data import r_data
from gmmpipe.data.formats.spss_stata import dta, sav
from gmmpipe.data.formats.text import delimited
from gmmpipe.data.table import Table
from gmmpipe.errors import InputError, missing

Parser = Callable[[BinaryIO, str, File], Iterator[Table]]


@dataclass(frozen=True)
class Format:
    """A kind of file; a new one is one line in ``FORMATS``.

    Parameters
    ----------
    suffixes : tuple of str
        How its name ends.
    parse : callable
        ``parse(file, name, kind)`` yields its ``Table`` parts, of a file of any size: file is open
        for bytes, name is for messages, kind the options of ``File``.
    magic : tuple of bytes, default ()
        Its first bytes; a file that has another format's is refused.
    text : bool, default False
        Whether its numbers are text, which is parsed once and may be read unzipped as a stream.
    zipped : bool, default False
        Whether it is compressed in its own way.
    several : bool, default False
        Whether it may hold more than one table.
    module : str, default ""
        The library that reads it, where that is optional.
    extra : str, default ""
        The extra of gmmpipe that brings the library.

    Examples
    --------
    >>> from gmmpipe.data.formats.registry import format_of
    >>> format_of("flowers.CSV.gz").text
    True

    """

    suffixes: tuple[str, ...]
    parse: Parser
    magic: tuple[bytes, ...] = ()
    text: bool = False
    zipped: bool = False
    several: bool = False
    module: str = ""
    extra: str = ""

    def refuse_missing(self, name: str) -> None:
        """Refuse a file whose library is not installed.

        Parameters
        ----------
        name : str
            Of the file.

        Raises
        ------
        InputError
            It says what to install.

        """
        if self.module and find_spec(self.module) is None:
            raise InputError(
                f"{name}: to read {self._suffix(name)}, {missing(self.module, self.extra)}"
            )

    def _suffix(self, name: str) -> str:
        stem = name.lower().removesuffix(".gz")
        return next(suffix for suffix in self.suffixes if stem.endswith(suffix))


FORMATS = {
    "text": Format((".csv", ".tsv", ".txt", ".data"), delimited, text=True),
    "numpy": Format((".npy",), npy, (magic.NPY,)),
    "parquet": Format((".parquet",), parquet, (magic.PARQUET,)),
    "arrow": Format((".feather", ".arrow"), feather, (magic.ARROW,)),
    "orc": Format((".orc",), orc),
    "json": Format((".json",), json_table, text=True),
    "json lines": Format((".jsonl", ".ndjson"), json_lines, text=True),
    "matlab": Format((".mat",), mat, (magic.HDF5,), several=True),
    "weka": Format((".arff",), arff, text=True),
    "excel": Format(
        (".xlsx", ".xlsm"),
        workbook,
        (magic.ZIP,),
        several=True,
        module="openpyxl",
        extra="excel",
        text=True,
    ),
    "fits": Format(
        (".fits", ".fit"), fits, (magic.FITS,), several=True, module="astropy", extra="fits"
    ),
    "spss": Format((".sav", ".zsav"), sav, module="pyreadstat", extra="statistics"),
    "stata": Format((".dta",), dta, module="pyreadstat", extra="statistics"),
    "r": Format(
        (".rds", ".rdata", ".rda"), r_data, zipped=True, several=True, module="pyreadr", extra="r"
    ),
    "h5ad": Format((".h5ad",), h5ad, (magic.HDF5,), several=True, module="h5py", extra="h5ad"),
}


def suffixes() -> list[str]:
    """Return the endings of all names that are known."""
    return [suffix for each in FORMATS.values() for suffix in each.suffixes]


def format_of(name: str) -> Format | None:
    """Return the kind of a file by its name, perhaps with .gz at its end."""
    stem = name.lower().removesuffix(".gz")
    return next((each for each in FORMATS.values() if stem.endswith(each.suffixes)), None)
