"""Values against their classes: pydantic checks, this module words the refusals."""

import json
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from types import GenericAlias
from typing import Any, TypeVar

import pydantic.dataclasses
from pydantic import ConfigDict, TypeAdapter, ValidationError

from gmmpipe.errors import InputError, advice

BRANCHES = {"str", "constrained-float"}  # how pydantic tells apart the types that a key may have
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
LONGEST = 200  # characters of a value that are shown
T = TypeVar("T")


def check(schema: type, value: Any, where: str) -> dict[str, Any]:
    """Return ``value`` with defaults filled in, as plain JSON types.

    Raises InputError naming the key, its value and what is allowed.
    """
    adapter = adapter_of(schema)
    plain: dict[str, Any] = adapter.dump_python(_valid(adapter, schema, value, where), mode="json")
    return plain


def valid(schema: type[T], value: Any, where: str) -> T:
    """Return ``value`` as what ``schema`` makes of it; raises InputError as ``check`` does."""
    adapter = adapter_of(schema)  # type: ignore[arg-type]  # a class has a hash
    made: T = _valid(adapter, schema, value, where)
    return made


def entries(kind: type[T], value: Any, where: str) -> dict[str, T]:
    """Return {name: what the dataclass ``kind`` makes of it}, other keys left out.

    Raises InputError as ``check`` does.
    """
    made: dict[str, T] = _read(GenericAlias(dict, (str, kind)), kind, value, where)
    return made


def refuse_other(schema: type, value: Any, where: str) -> None:
    """Raise InputError where a value lacks a key of a dataclass, or has one of another type."""
    _read(schema, schema, value, where)


def _read(kind: Any, schema: type, value: Any, where: str) -> Any:
    try:
        return _lenient(kind).validate_python(value)
    except ValidationError as error:
        raise InputError(f"{_explain(error, schema, where)}; run the experiment again") from None


@cache
def _lenient(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@cache
def adapter_of(schema: type) -> TypeAdapter[Any]:
    """Return what checks values against a schema."""
    if is_dataclass(schema):  # that knows nothing of pydantic
        schema = pydantic.dataclasses.dataclass(schema, frozen=True, config=STRICT)
    return TypeAdapter(schema)


def _valid(adapter: TypeAdapter[Any], schema: type, value: Any, where: str) -> Any:
    try:
        return adapter.validate_json(json.dumps(value))
    except ValidationError as error:
        raise InputError(_explain(error, schema, where)) from None


def known_keys(schema: Any) -> list[str]:
    """Return the names of a schema's keys."""
    if is_dataclass(schema):
        return [field.name for field in fields(schema)]
    return list(schema.model_fields)


def _explain(error: ValidationError, schema: Any, where: str) -> str:
    first, *others = error.errors(include_url=False)
    key = ".".join([where, *(str(part) for part in first["loc"] if part not in BRANCHES)])
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        if gone := advice(key):
            return gone
        near = get_close_matches(str(first["loc"][-1]), known_keys(schema), n=1)
        hint = f" (did you mean {where}.{near[0]}?)" if near else ""
        return f"{key} is not a key; {where} has {', '.join(known_keys(schema))}{hint}"
    if gone := advice(f"{key}={first['input']}"):
        return gone
    if first["type"] in ("missing", "missing_argument"):
        needs = f"; {where} needs {', '.join(known_keys(schema))}"
        return f"{key} is missing{needs if len(first['loc']) == 1 else ''}"
    if first["type"] == "value_error":  # raised by the entry itself, with its own words
        return f"{where}: {first['ctx']['error']}"
    message = first["msg"][0].lower() + first["msg"][1:]
    for other in others:  # of a number or a word, what the word may be
        if other["type"] == "literal_error" and other["loc"][:-1] == first["loc"][:-1]:
            message += f", or {other['ctx']['expected']}"
    return f"{key} is {first['input']!r:.{LONGEST}}; {message}"
