"""Annotated matrices of single cells (.h5ad), by anndata's description of what is in the HDF5.

https://anndata.readthedocs.io/en/stable/fileformat-prose.html
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO

from gmmpipe.data.file import File
from gmmpipe.data.formats.limits import refuse_growth
from gmmpipe.data.formats.typed import Typed, is_text, one_of, refuse_huge, sound, typed
from gmmpipe.data.table import Table
from gmmpipe.errors import InputError

CELLS = 2**22  # values of the matrix that are read at a time
MAIN = "X"
SPARSE = ("csr_matrix", "csc_matrix")

Rows = Callable[[int, int], Any]  # those of a matrix from the first to before the last, dense


def h5ad(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of the matrix X, or of the layer or embedding asked for.

    What ``obs`` says of the rows are columns on request, such as labels. Raises InputError.
    """
    import h5py

    size = file.seek(0, 2)
    with sound(name, "h5ad"), h5py.File(file, "r") as whole:
        _refuse_elsewhere(whole, name)
        matrices = list(_matrices(whole))
        candidates = [MAIN] if kind.table is None and MAIN in matrices else matrices
        title = one_of(candidates, kind, name, "matrix")
        others = tuple(f"matrix {other}" for other in matrices if other != title)
        yield from typed(_typed(whole, title, others, name, size), name, kind)


def _refuse_elsewhere(whole: Any, name: str) -> None:
    """Refuse HDF5 that refers to other files, which h5py would read, whatever they are."""
    from h5py import Dataset, h5l

    def leads(_: bytes, link: Any) -> bool | None:  # None goes on
        return link.type == h5l.TYPE_EXTERNAL or None

    def lies(_: str, element: Any) -> bool | None:
        outside = isinstance(element, Dataset) and (element.external or element.is_virtual)
        return bool(outside) or None

    if whole.id.links.visit(leads, info=True) or whole.visititems(lies):
        raise InputError(f"{name}: refers to other files; save it with anndata as one file")


def _matrices(whole: Any) -> Iterator[str]:
    groups = ((group, whole.get(group, {})) for group in ("layers", "obsm"))
    names = [MAIN, *(f"{group}/{key}" for group, inside in groups for key in inside)]
    for name in names:
        element = whole.get(name)
        if _encoding(element) in SPARSE or len(getattr(element, "shape", ())) == 2:
            yield name


def _encoding(element: Any) -> str:
    return "" if element is None else str(element.attrs.get("encoding-type", ""))


def _typed(whole: Any, title: str, others: tuple[str, ...], name: str, size: int) -> Typed:
    import pyarrow as pa

    (n, d), matrix = _opened(whole[title], name)
    refuse_growth(name, size, size, 8 * d)
    obs, var = _frame(whole, "obs", name), _frame(whole, "var", name)
    features = [f"{title.partition('/')[2]}{c + 1}" for c in range(d)]
    if not title.startswith("obsm/"):
        features = _values(var[var.attrs["_index"]], 0, d, name).to_pylist()
    place = {feature: c for c, feature in enumerate(features)}
    notes = [key for key in obs.attrs["column-order"] if key in obs]
    some = [(key, _values(obs[key], 0, 1, name).type) for key in notes]

    def parts(needed: Sequence[str]) -> Iterator[Any]:
        refuse_growth(name, size, size, 8 * n * len(needed))
        step = max(1, CELLS // max(d, 1))
        refuse_huge(step, d, name)
        for first in range(0, n, step):
            last = min(first + step, n)
            x = matrix(first, last)
            columns = {
                c: x[:, place[c]] if c in place else _values(obs[c], first, last, name)
                for c in needed
            }
            yield pa.table(columns)

    schema = pa.schema([*((feature, pa.float64()) for feature in features), *some])
    return Typed(schema, parts, frozenset(notes), left_out=others, table=f"matrix {title}")


def _frame(whole: Any, key: str, name: str) -> Any:
    result = whole.get(key)
    if _encoding(result) != "dataframe":
        raise InputError(
            f"{name}: {key} is stored as by anndata before 0.7; save the file again with anndata"
        )
    return result


def _opened(element: Any, name: str) -> tuple[tuple[int, int], Rows]:
    """Return the shape of a matrix, and what reads its rows; one kept by columns is in memory."""
    from scipy.sparse import csc_matrix, csr_matrix

    encoding = _encoding(element)
    if encoding not in SPARSE:
        return element.shape, partial(_read, element, name=name)
    n, d = map(int, element.attrs["shape"])
    starts = _read(element["indptr"], 0, None, name)

    def stored(make: Any, first: int, last: int, shape: tuple[int, int]) -> Any:
        begin, end = int(starts[first]), int(starts[last])
        parts = [_read(element[key], begin, end, name) for key in ("data", "indices")]
        result = make((*parts, starts[first : last + 1] - begin), shape=shape)
        result.check_format(full_check=True)  # else scipy trusts the file with its memory
        return result

    if encoding == "csc_matrix":
        by_rows = stored(csc_matrix, 0, d, (n, d)).tocsr()
        return (n, d), lambda first, last: by_rows[first:last].toarray()
    return (n, d), lambda first, last: stored(csr_matrix, first, last, (last - first, d)).toarray()


def _values(element: Any, first: int, last: int | None, name: str) -> Any:
    """Return rows of a column as Arrow has them: numbers, text, categories, values with a mask."""
    import h5py
    import pyarrow as pa
    import pyarrow.compute as pc

    encoding, categories = _encoding(element), element.attrs.get("categories")  # so until 0.8
    if encoding == "categorical" or categories is not None:
        codes, names = element, categories and element.file[categories]
        if names is None:
            codes, names = element["codes"], element["categories"]
        places = _read(codes, first, last, name)
        texts, indices = _values(names, 0, None, name), pa.array(places, mask=places < 0)
        if is_text(texts.type):  # each once, however many rows have it
            return pa.DictionaryArray.from_arrays(indices, texts)
        return texts.take(indices)
    if encoding.startswith("nullable-"):
        values = _values(element["values"], first, last, name)
        return pc.if_else(pa.array(_read(element["mask"], first, last, name)), None, values)
    values = _read(element, first, last, name)
    if h5py.check_string_dtype(element.dtype):
        return pa.array([value.decode() for value in values], pa.string())
    return pa.array(values)


def _read(element: Any, first: int, last: int | None, name: str) -> Any:
    """Return rows of an array, if memory holds them."""
    rows = range(*slice(first, last).indices(len(element)))
    size = len(rows) * element.dtype.itemsize * math.prod(element.shape[1:])
    refuse_huge(size // 8, 1, name)
    return element[first:last]
