"""Where compiled code is kept, and how code compiled for one shape is called from any other.

The loop over the samples is compiled for each shape of tile, everything else once. They meet at a
C function pointer: numba never finds a function that takes functions in its disk cache.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from importlib import resources
from types import FunctionType
from typing import Any

from llvmlite import ir
from numba import cfunc, njit, types
from numba.core import cgutils
from numba.extending import intrinsic


@cache
def _version() -> str:
    """Return a digest of the engine's source: numba's cache sees changes of one file only."""
    sources = sorted(
        (entry.name, entry.read_bytes())
        for entry in resources.files("gmmpipe.mixture.kernels").iterdir()
        if entry.name.endswith(".py")
    )
    return hashlib.sha256(repr(sources).encode()).hexdigest()[:12]


def _named(function: Callable[..., Any], key: str) -> Callable[..., Any]:
    """Return a copy whose name, which names its file in the cache, identifies source and key.

    So that processes that compile at once never mix up their entries.
    """
    name = f"{function.__name__}_{key}{_version()}"
    copy = FunctionType(function.__code__, function.__globals__, name, None, function.__closure__)
    copy.__qualname__ = name
    return copy


def _cached(decorator: Callable[..., Any], function: Callable[..., Any]) -> Any:
    try:
        return decorator(cache=True)(function)
    except RuntimeError:  # neither the package nor the user's cache folder can be written
        return decorator(cache=False)(function)


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function compiled for its arguments when called, or taken from the disk."""

    def decorator(cache: bool) -> Any:
        return njit(nogil=True, error_model="numpy", cache=cache)

    result: Callable[..., Any] = _cached(decorator, _named(function, ""))
    return result


@cache
def specialised(make: Callable[..., Any], signature: Any, *shape: tuple[int, ...]) -> Any:
    """Return the C function that ``make(*shape)`` defines; its code lives as long as it does."""

    def decorator(cache: bool) -> Any:
        return cfunc(signature, error_model="numpy", cache=cache)

    key = "".join(f"{len(size)}_" for size in shape)
    return _cached(decorator, _named(make(*shape), key))


@intrinsic
def invoke(_typing, _address, arguments):
    """Call the C function at the address with integers and, for arrays, pointers to their data."""

    def code(context, builder, sig, args):
        values = []
        for kind, value in zip(
            sig.args[1].types, cgutils.unpack_tuple(builder, args[1]), strict=True
        ):
            if isinstance(kind, types.Array):
                values.append(context.make_array(kind)(context, builder, value).data)
            else:
                values.append(value)
        function = ir.FunctionType(ir.VoidType(), [value.type for value in values])
        builder.call(builder.inttoptr(args[0], function.as_pointer()), values)
        return context.get_dummy_value()

    return types.void(types.int64, arguments), code


@intrinsic
def borrowed(_typing, record):
    """Return a named tuple whose arrays count no references; the caller holds the true ones.

    Every slice of a counted array costs two locked instructions, as much as a small M step.
    """

    def code(context, builder, sig, args):
        values = []
        for kind, value in zip(
            sig.args[0].types, cgutils.unpack_tuple(builder, args[0]), strict=True
        ):
            if isinstance(kind, types.Array):
                array = context.make_array(kind)(context, builder, value)
                array.meminfo = cgutils.get_null_value(array.meminfo.type)
                array.parent = cgutils.get_null_value(array.parent.type)
                values.append(array._getvalue())
            else:
                values.append(value)
        return context.make_tuple(builder, sig.return_type, values)

    return record(record), code
