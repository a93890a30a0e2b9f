"""Random streams that depend on what they are for, never on the order in which they are made."""

import hashlib
import json

import numpy as np


def stream(*purpose: str | int) -> np.random.Generator:
    """Return the generator of one purpose, e.g. ``stream("start", "uniform", k, seed)``.

    Each purpose has its own 256-bit seed (SHA-256 of its words), so streams are independent and a
    sweep may grow without touching any of them. numpy keeps PCG64's stream fixed across versions.
    """
    words = json.dumps(purpose, ensure_ascii=True).encode()
    entropy = int.from_bytes(hashlib.sha256(words).digest(), "big")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))
