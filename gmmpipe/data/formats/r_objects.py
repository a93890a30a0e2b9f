"""How many objects a file of R holds, those too that pyreadr passes over in silence.

The format: R Internals, "Serialization Formats"; ReadItem in R's src/main/serialize.c.
"""

from collections.abc import Callable
from mmap import mmap
from struct import unpack_from

WORKSPACES = (b"RDX2\n", b"RDX3\n")  # begin an .RData file, a list of objects with names
NOTHING = {0, 241, 242, 247, 251, 252, 253, 254}  # NULL, the empty environment, ...
END = 254
REFERENCE, SYMBOL, ENVIRONMENT, BYTECODE, COMPACT = 255, 1, 4, 21, 238
NAMESPACES = {248, 249, 250}
PAIRS = {2, 3, 5, 6, 17}  # lists of pairs, functions, calls
LANGUAGE = {2, 6, 239, 240, 243, 244}  # within bytecode
POINTER, WEAK, S4 = 22, 23, 25
BYTES = {7: 1, 8: 1, 10: 4, 13: 4, 14: 8, 15: 16, 24: 1}  # of a value in names and vectors
TEXT, ITEMS = 9, {16, 19, 20}
ATTRIBUTES, TAG = 0x200, 0x400  # flags of an item


def n_objects(content: "bytes | mmap") -> int:
    """Return how many objects are in the unpacked bytes of a file: one, or those of a workspace."""
    begin = 5 if bytes(content[:5]) in WORKSPACES else 0
    if bytes(content[begin : begin + 2]) != b"X\n":
        raise ValueError("not in R's binary format")
    reader = _Reader(content, begin + 2)
    if reader.number() == 3:
        reader.skip(8)
        reader.skip(reader.number())  # the encoding's name
    else:
        reader.skip(8)
    count = 0
    while begin and (flags := reader.number()) & 0xFF != END:
        count += 1
        for _ in range(1 + bool(flags & ATTRIBUTES) + bool(flags & TAG)):
            reader.item()
    return count if begin else 1


class _Reader:
    """Where reading is; what is passed over is only measured."""

    def __init__(self, content: "bytes | mmap", at: int) -> None:
        self.content, self.at = content, at

    def number(self) -> int:
        value: int = unpack_from(">i", self.content, self.at)[0]
        self.at += 4
        return value

    def skip(self, size: int) -> None:
        if not 0 <= size <= len(self.content) - self.at:
            raise ValueError("cut off")
        self.at += size

    def length(self) -> int:
        length = self.number()
        if length == -1:
            length = (self.number() << 32) + self.number()
        return length

    def each(self, pass_over: Callable[[], None], count: int) -> None:
        for _ in range(count):
            pass_over()

    def item(self) -> None:
        """Pass over an object with all that belongs to it."""
        while True:
            flags = self.number()
            kind = flags & 0xFF
            more = bool(flags & ATTRIBUTES)
            if kind not in PAIRS:
                break
            self.each(self.item, more + bool(flags & TAG) + 1)  # and on with the rest of the list
        if kind in NOTHING:
            return
        if kind == REFERENCE:
            self.skip(0 if flags >> 8 else 4)
        elif kind == SYMBOL:
            self.item()
        elif kind in NAMESPACES:
            self.skip(4)
            self.each(self.item, self.length())
        elif kind == ENVIRONMENT:
            self.skip(4)
            self.each(self.item, 4)
        elif kind == COMPACT:
            self.each(self.item, 3)
        else:
            self._vector(kind)
            self.each(self.item, more)

    def _vector(self, kind: int) -> None:
        if kind == TEXT:
            self.skip(max(self.number(), 0))  # a missing one has length -1
        elif kind in BYTES:
            self.skip(BYTES[kind] * self.length())
        elif kind in ITEMS:
            self.each(self.item, self.length())
        elif kind == BYTECODE:
            self.skip(4)
            self._bytecode()
        elif kind == POINTER:
            self.each(self.item, 2)
        elif kind not in (WEAK, S4):
            raise ValueError(f"an object of unknown kind {kind}")

    def _bytecode(self) -> None:
        self.item()
        for _ in range(self.number()):
            kind = self.number()
            if kind == BYTECODE:
                self._bytecode()
            elif kind in LANGUAGE:
                self._language(kind)
            else:
                self.item()

    def _language(self, kind: int) -> None:
        if kind == 243:  # a reference to what is repeated
            self.skip(4)
            return
        if kind == 244:  # what is repeated begins
            self.skip(4)
            kind = self.number()
        self.each(self.item, 1 + (kind in (239, 240)))  # its tag, attributes before
        for _ in range(2):
            inner = self.number()
            if inner in LANGUAGE:
                self._language(inner)
            else:
                self.item()
