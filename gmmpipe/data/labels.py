"""The labels of the known groups: text, unless all are numbers."""

import re
from collections.abc import Sequence

import numpy as np

from gmmpipe.data.dataset import Labels

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]+)?")  # 01, 1E2, 1_2 are codes


def encode(values: Sequence[str]) -> tuple[Labels, tuple[str, ...]]:
    """Return the code of each label and the sorted class names.

    Different text is a different class. Where all are plain numbers they are sorted as such, and
    9.0 is 9, as programs write whole numbers beside missing ones.
    """
    distinct = set(values)
    names = {value: value for value in distinct}
    if all(map(NUMBER.fullmatch, distinct)):
        names = {value: re.sub(r"\.0+$", "", value) for value in distinct}
        classes = sorted(set(names.values()), key=lambda text: (float(text), text))
    else:
        classes = sorted(distinct)
    code = {name: i for i, name in enumerate(classes)}
    return np.array([code[names[value]] for value in values], np.int64), tuple(classes)
