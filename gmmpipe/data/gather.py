"""The rows of a file, table by table: counted, and kept in memory or in files without a name."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from gmmpipe.data.dataset import UNKNOWN, Sample, Texts
from gmmpipe.data.file import File
from gmmpipe.data.labels import encode
from gmmpipe.data.table import LONGEST, Table, UsedRows, refuse_useless, used_rows
from gmmpipe.errors import InputError
from gmmpipe.mixture.mixture import Array
from gmmpipe.mixture.slices import slices_of

NO_TEXT = re.compile("[\0\ud800-\udfff]")  # numpy cuts a NUL off; of half a pair there is no UTF-8


@dataclass
class RowCollector:
    """Counts of a file's rows so far, and the rows themselves if ``keep`` says where to put them.

    keep makes a file that rows are written to: BytesIO, or one on disk. ``size`` says what a plan
    must know of the file.
    """

    kind: File
    keep: Callable[[], BinaryIO] | None = None
    n: int = 0
    dropped: int = 0
    missing: int = 0
    passed_over: int = 0
    positive: int = 0
    total: float | None = None
    columns: tuple[str, ...] = ()
    decided: dict[str, Any] = field(default_factory=dict)
    patterns: set[bytes] = field(default_factory=set)
    codes: dict[str, int] | None = None
    labelled: int = 0  # rows that have a label
    no_labels: set[str] = field(default_factory=set)  # words in the place of one
    id_bytes: int = 0
    files: dict[str, BinaryIO] = field(default_factory=dict)
    first: Array | None = None
    equal: bool = True
    rising: Array | None = None  # what each feature is beyond the row's number, NaN where it varies

    def add(self, table: Table) -> UsedRows:
        """Take in some rows, return those that are used; InputError for what is wrong with them."""
        part = used_rows(table, self.kind)
        if part.ids and (text := next(filter(NO_TEXT.search, part.ids), None)) is not None:
            raise InputError(f"{table.name}: id {text!r} has no place in a table")
        self.columns, self.decided = table.columns, self.decided or table.decided
        self.passed_over += table.passed_over
        self._track_counting(table.x[:, : len(table.columns)])
        self._keep_row_numbers(part)
        self.dropped += part.dropped
        if len(part.x):
            self._count(part)
        return part

    def _count(self, part: UsedRows) -> None:
        self.n += len(part.x)
        lost = np.isnan(part.x)
        self.missing += int(lost.sum())
        kinds = np.unique(lost, axis=0) if lost.any() else lost[:1]  # which sorts the rows
        self.patterns |= {row.tobytes() for row in kinds}
        self.first = part.x[0].copy() if self.first is None else self.first
        self.equal = self.equal and np.array_equal(
            part.x, np.broadcast_to(self.first, part.x.shape), equal_nan=True
        )
        self._keep("x", part.x)
        self._keep_weight_and_texts(part)

    def _track_counting(self, x: Array) -> None:
        """Look which features still rise by one in every row."""
        if not len(x):
            return
        with np.errstate(invalid="ignore"):  # infinities
            beyond = x - (self.n + self.dropped + np.arange(len(x)))[:, None]
            first = beyond[0] if self.rising is None else self.rising
            self.rising = np.where((beyond == first).all(axis=0), first, np.nan)

    def _keep_row_numbers(self, part: UsedRows) -> None:
        """Keep the numbers of the rows in the file, once some are dropped."""
        if self.dropped or part.dropped:
            if "rows" not in self.files:
                for cut in slices_of(self.n):
                    self._keep("rows", np.arange(cut.start, cut.stop))
            self._keep("rows", self.n + self.dropped + part.rows)

    def _keep_weight_and_texts(self, part: UsedRows) -> None:
        if part.weight is not None:
            self.total = (self.total or 0.0) + float(part.weight.sum())
            self.positive += int(np.count_nonzero(part.weight))
            self._keep("weight", part.weight)
        if part.labels is not None:
            codes = self.codes = {} if self.codes is None else self.codes
            known = [label for label in part.labels if label is not None]
            for label in known:
                codes.setdefault(label, len(codes))
            self.labelled += len(known)
            self.no_labels |= part.no_labels
            numbers = [UNKNOWN if label is None else codes[label] for label in part.labels]
            self._keep("labels", np.array(numbers, np.int64))
        if part.ids is not None:
            texts = [text.encode() for text in part.ids]
            self._keep("id", np.frombuffer(b"".join(texts), np.uint8))
            ends = self.id_bytes + np.cumsum([len(text) for text in texts])
            self._keep("id_end", ends)
            self.id_bytes = int(ends[-1])

    def _keep(self, name: str, rows: npt.NDArray[np.generic]) -> None:
        if self.keep is not None and len(rows):
            if name not in self.files:
                self.files[name] = self.keep()
            self.files[name].write(rows.data.cast("B"))

    def check(self, name: str) -> None:
        """Raise InputError where the rows, now all there, are of no use."""
        texts = (*self.columns, *(self.codes or ()), *self.decided.get("left_out", ()))
        for text in texts:
            if NO_TEXT.search(text):
                raise InputError(f"{name}: {text!r} has no place in a table, as no file holds it")
            if len(text) > LONGEST:
                long = f"{text[:20]!r}... has {len(text):,} characters"
                raise InputError(f"{name}: the name {long}; shorten it to {LONGEST:,}")
        if self.codes is not None and not self.labelled:
            raise InputError(
                f"{name}: column {self.kind.label!r}: no row has a label; choose another"
            )
        refuse_useless(name, self.n, self.dropped, self.equal, self.total)

    @property
    def size(self) -> dict[str, Any]:
        """Return what a plan must know.

        n, d, dropped; missing, how many values are, and in how many patterns; where rows have
        weights their total and how many are positive; reading, see ``gmmpipe.data.file_summary``.
        """
        size: dict[str, Any] = {"n": self.n, "d": len(self.columns), "dropped": self.dropped}
        size["missing"] = self.missing
        if self.missing:
            size["patterns"] = len(self.patterns)
        if self.total is not None:
            size |= {"total": self.total, "positive": self.positive}
        return size | {"reading": self.reading}

    @property
    def reading(self) -> dict[str, Any]:
        """Return what was decided of how to read the file, and what was seen in it."""
        beyond = np.full(len(self.columns), np.nan) if self.rising is None else self.rising
        whole = beyond == np.round(beyond)  # false for NaN
        counting = [c for c, counts in zip(self.columns, whole, strict=True) if counts]
        seen: dict[str, Any] = {
            "passed_over": self.passed_over,
            "dropped": self.dropped,
            "counting": counting,
        }
        if 0 < self.labelled < self.n:
            seen |= {"labelled": [self.labelled, self.n], "no_labels": sorted(self.no_labels)}
        return {**self.decided, **seen, "missing": self.kind.missing}

    def sample(self) -> Sample:
        """Return all rows; those on disk are mapped, their files gone with the last array."""
        x = self._rows("x", np.float64, (self.n, len(self.columns)))
        weight = None if self.total is None else self._rows("weight", np.float64, (self.n,))
        rows = self._rows("rows", np.int64, (self.n,)) if self.dropped else None
        labels, classes = None, tuple[str, ...]()
        if self.codes is not None:
            order, classes = encode(list(self.codes))
            labels = self._rows("labels", np.int64, (self.n,))
            for cut in slices_of(self.n):
                labels[cut] = np.append(order, UNKNOWN)[labels[cut]]
        ids = None
        if "id_end" in self.files:
            utf8 = (
                self._rows("id", np.uint8, (self.id_bytes,))
                if self.id_bytes
                else np.empty(0, np.uint8)
            )
            ids = Texts(utf8, self._rows("id_end", np.int64, (self.n,)))
        return Sample(
            x, self.columns, labels, classes, None, self.dropped, weight=weight, rows=rows, ids=ids
        )

    def _rows(self, name: str, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> Any:
        file = self.files[name]
        if isinstance(file, BytesIO):
            return np.frombuffer(file.getbuffer(), dtype).reshape(shape)
        with file:  # the memory outlives it
            file.flush()
            return np.asarray(np.memmap(file, dtype, "r+", shape=shape))

    def close(self) -> None:
        """Let go of rows that are of no use."""
        for file in self.files.values():
            file.close()
