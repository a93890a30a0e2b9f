"""Named arrays in one .npz file: written as they come, and read or, where large, mapped.

The numbers of each array begin at a multiple of 64 bytes, so that they can be used where they are.
"""

import hashlib
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from gmmpipe.errors import InputError
from gmmpipe.store.files import writing
from gmmpipe.store.integrity import checksum_of, digest, refuse_damaged, sha256
from gmmpipe.store.open_files import open_regular

MAPPED = 2**26  # bytes from which a file's arrays stay where they are
SMALL = 2**20  # bytes up to which an array of such a file is read all the same
GROWTH = 20  # times its bytes that the arrays of a file may take, as numpy packs some
_ALIGNED = 64
_LOCAL = struct.Struct("<26xHH")  # of a member's header: the lengths of its name and of its extra
_EXTRA = struct.Struct("<HH")  # kind and length of what is extra
_PADDING, _ZIP64 = 0xD935, 20  # the kind that zipalign writes; bytes of the one for large members
_PIECE = 2**24

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Rows:
    """An array of some shape and type whose rows, the first axis, are made block by block."""

    shape: tuple[int, ...]
    dtype: npt.DTypeLike
    blocks: Iterable[npt.NDArray[Any]]


def write_arrays(path: str | Path, arrays: Mapping[str, npt.ArrayLike | Rows]) -> None:
    """Write named arrays as .npz: no pickle, and a checksum that finds every flipped bit."""
    with writing(path) as file, ZipFile(file, "w", ZIP_STORED) as archive:
        for name, array in arrays.items():
            _write(archive, file, f"{name}.npy", array)
        archive.comment = _listed(archive)


def _write(archive: ZipFile, file: BinaryIO, name: str, array: npt.ArrayLike | Rows) -> None:
    info = ZipInfo(name)
    begin = file.tell() + _LOCAL.size + len(name.encode()) + _ZIP64 + _EXTRA.size
    padding = -begin % _ALIGNED
    info.extra = _EXTRA.pack(_PADDING, padding) + bytes(padding)
    with archive.open(info, "w", force_zip64=True) as member:
        if isinstance(array, Rows):
            _write_rows(member, array)
        else:
            npy.write_array(member, np.asarray(array), allow_pickle=False)
    info.extra = b""  # of no use in the directory


def _write_rows(member: IO[bytes], rows: Rows) -> None:
    dtype, written = np.dtype(rows.dtype), 0
    described = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": rows.shape}
    npy.write_array_header_1_0(member, described)
    for block in rows.blocks:
        if block.shape[1:] != rows.shape[1:]:
            raise ValueError(f"rows of shape {block.shape[1:]} among those of {rows.shape[1:]}")
        member.write(np.ascontiguousarray(block, dtype).data.cast("B"))
        written += len(block)
    if written != rows.shape[0]:
        raise ValueError(f"{written} rows where there should be {rows.shape[0]}")


def read_arrays(path: str | Path, *needed: str) -> Arrays:
    """Return the arrays of an .npz file; the large ones of a large file are mapped, read-only.

    Raises InputError if it is damaged or lacks ``needed``.
    """
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size >= MAPPED:
            refuse_damaged(path, hashlib.file_digest(file, "sha256").hexdigest())
            source: BinaryIO = file
        else:
            content = file.read()
            refuse_damaged(path, sha256(content))
            source = BytesIO(content)
        try:
            hashed = checksum_of(path) is not None
            arrays = dict(_arrays(source, mapped=source is file, hashed=hashed))
        except _UNSOUND as error:
            raise InputError(f"{path}: damaged or not written by gmmpipe ({error})") from None
    for name in needed:
        if name not in arrays:
            raise InputError(f"{path}: holds {', '.join(arrays)} but no {name!r}")
    return arrays


_UNSOUND = (BadZipFile, ValueError, EOFError, KeyError, AttributeError, RuntimeError, struct.error)


def _arrays(file: BinaryIO, mapped: bool, hashed: bool) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield names and arrays; where a SHA-256 is recorded, the CRC is not checked again."""
    with ZipFile(file) as archive:
        _refuse_incomplete(archive, file)
        _refuse_growing(archive, file)
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if mapped and info.file_size > SMALL:
                yield name, _mapped(archive, file, info, hashed)
                continue
            with archive.open(info) as member:
                yield name, npy.read_array(member, allow_pickle=False)


def _refuse_incomplete(archive: ZipFile, file: BinaryIO) -> None:
    """Raise ValueError where members are missing; a file without a comment is numpy's own."""
    file.seek(-2, os.SEEK_END)
    plain = archive.comment == b"" and file.read(2) == bytes(2)
    if not plain and archive.comment != _listed(archive):
        raise ValueError("arrays are missing")


def _refuse_growing(archive: ZipFile, file: BinaryIO) -> None:
    """Raise ValueError where arrays are larger than the file: gmmpipe packs none of them."""
    size, claimed = file.seek(0, os.SEEK_END), sum(i.file_size for i in archive.infolist())
    if claimed > max(GROWTH * size, SMALL):
        raise ValueError(f"its {size:,} bytes would grow to {claimed:,}")


def _mapped(archive: ZipFile, file: BinaryIO, info: ZipInfo, hashed: bool) -> npt.NDArray[Any]:
    with archive.open(info) as member:
        version = npy.read_magic(member)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read_header(member)
        header = member.tell()
        while not hashed and member.read(_PIECE):
            pass
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if dtype.hasobject or info.compress_type != ZIP_STORED or header + size != info.file_size:
        raise ValueError(f"{info.filename} is no array that can be mapped")
    file.seek(info.header_offset)
    name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
    offset = info.header_offset + _LOCAL.size + name + extra + header
    memory = np.memmap(file, dtype, "r", offset, shape, "F" if fortran else "C")
    return np.asarray(memory)


def _listed(archive: ZipFile) -> bytes:
    """Return a digest of the names: ZIP checks each array, but not that all are there."""
    return digest(archive.namelist()).encode()
