"""What a packed file may grow to while it is read."""

from gmmpipe.errors import InputError

FREE = 64 * 2**20  # bytes that any packed file may grow to
RATIO = 100  # times what is read of it; real tables stay below 50


def refuse_growth(name: str, size: int, read: int, grown: int) -> None:
    """Raise InputError where a packed file grows beyond all measure.

    size: bytes of the file; read: how many of them are read; grown: bytes that these became.
    """
    if grown > max(FREE, RATIO * read):
        raise InputError(
            f"{name}: of {size:,} bytes, grows more than {RATIO}-fold; if that is meant, give the"
            " file unzipped, or as .csv"
        )
