"""The engines that a stored fit can be run again in."""

from gmmpipe.errors import InputError, suggest
from gmmpipe.results.replay.engine import Peer
from gmmpipe.results.replay.mclust import MCLUST
from gmmpipe.results.replay.plain import PLAIN
from gmmpipe.results.replay.scikit import SCIKIT_LEARN


def engine(name: str) -> Peer:
    """Return the engine of that name; raises InputError if there is none."""
    if name not in ENGINES:
        raise InputError(suggest("--engine", name, list(ENGINES)))
    return ENGINES[name]


ENGINES: dict[str, Peer] = {"numpy": PLAIN, "scikit-learn": SCIKIT_LEARN, "mclust": MCLUST}
