"""From options to a registered method."""

from collections.abc import Mapping
from typing import Any

from gmmpipe.errors import InputError, suggest


def build(registry: Mapping[str, type], what: str, options: Mapping[str, Any], key: str) -> Any:
    """Return ``registry[options[key]]`` made with the rest of the options.

    Raises InputError for an unknown name or for options that the method does not have.
    """
    name = str(options.get(key))
    if name not in registry:
        raise InputError(suggest(f"{what} {key}", name, sorted(registry)))
    try:
        return registry[name](**{k: v for k, v in options.items() if k != key})
    except TypeError as error:
        raise InputError(f"{what} {name}: {error}") from None
