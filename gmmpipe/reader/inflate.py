"""Gzip, with bounds: a small file may not become a large one."""

import gzip
import io
import zlib

from gmmpipe.errors import InputError

FREE = 64 * 2**20  # below this any ratio is fine: a constant column compresses 1000-fold
RATIO = 200  # real tables stay below 50
CHUNK = 2**22


def inflate(content: bytes, name: str) -> bytes:
    """Return the content of a .gz file of one or more members.

    Raises InputError where it is not gzip, is cut off or damaged (length and CRC are checked),
    or grows beyond both 64 MiB and 200 times its size.
    """
    limit = max(FREE, RATIO * len(content))
    parts: list[bytes] = []
    size = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            while part := stream.read(CHUNK):
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise InputError(
                        f"{name}: grows from {len(content)} to more than {limit} bytes; "
                        "if that is meant, give the file unzipped"
                    )
    except EOFError:
        raise InputError(f"{name}: the gzip file is cut off; copy it again") from None
    except (OSError, zlib.error) as error:
        raise InputError(f"{name}: not sound gzip ({error}); make the file anew") from None
    return b"".join(parts)
