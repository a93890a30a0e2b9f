"""Random streams that depend on what they are for, never on the order in which they are made."""

import hashlib
import json

import numpy as np
import numpy.typing as npt

MOST = 2**18  # values of a data set that tell it from others


def stream(*purpose: str | int) -> np.random.Generator:
    """Return the generator of a purpose, e.g. ``stream("start", content(x), "points", k, seed)``.

    Each purpose has its own seed of eight words, SHA-256 of what it is: as many for every purpose,
    since SeedSequence takes [1] and [1, 0] for the same. So streams are independent and a sweep
    may grow without touching any of them. numpy keeps PCG64's stream fixed across versions.
    """
    words = json.dumps(purpose, ensure_ascii=True).encode()
    entropy = np.frombuffer(hashlib.sha256(words).digest(), ">u4")[::-1]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy.tolist())))


def content(x: npt.NDArray[np.float64]) -> str:
    """Return hex digits that tell the data x (N, D) from others, whatever their units.

    They are of N, D and the order of the values within each feature of the first rows, so raw,
    min-max and z-scored data draw the same starts, and so do data that another machine has
    rounded otherwise, while fits of different data sets draw independent ones.
    """
    n, d = x.shape
    order = np.argsort(np.asarray(x[: max(2, MOST // d)]), axis=0, kind="stable")
    return hashlib.sha256(f"{n} {d} ".encode() + order.astype("<u4").tobytes()).hexdigest()[:32]
