"""Eight doubles as one value: the kernels say which loop is the SIMD one, in plain numba code.

LLVM's own vectoriser is a matter of luck (a reduction needs ``fastmath``, ``exp`` stays a call
per element) and its order of summation a matter of the machine. Here both are written down: the
same lanes, the same order everywhere; a machine with shorter registers splits a vector in parts.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

LANES = 8

DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
_LONGS = ir.VectorType(ir.IntType(64), LANES)
_INTS = ir.VectorType(ir.IntType(32), LANES)

# 2**f on [-1/2, 1/2]: Chebyshev interpolation in 40 digits, relative error 2e-17
_EXP2 = (
    1.0, 0.6931471805599453, 0.24022650695910158, 0.055504108664821625, 0.009618129107587256,
    0.001333355814640647, 0.00015403530463724353, 1.5252733841556773e-05, 1.3215432535912375e-06,
    1.0178057087733941e-07, 7.074194297288521e-09, 4.4558179083360645e-10,
)  # fmt: skip
# log2((1 + r) / (1 - r)) = r * sum(c_j * r**2j): the series 2 / (2j + 1) / log(2)
_LOG2 = tuple(2.8853900817779268 / (2 * j + 1) for j in range(11))
_ROUNDER = 1.5 * 2.0**52  # adding it leaves the nearest integer in the last bits


class Vector(types.Type):
    """The numba type of eight doubles."""

    def __init__(self) -> None:
        super().__init__(name="Vector8")


vector = Vector()


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, DOUBLES)


def constant(value: float) -> ir.Constant:
    """Return the IR of a constant in all lanes."""
    return ir.Constant(DOUBLES, [float(value)] * LANES)


def _longs(value: int) -> ir.Constant:
    return ir.Constant(_LONGS, [value] * LANES)


def _operator(symbol: Callable[..., Any], instruction: str) -> None:
    @infer_global(symbol)
    class _Template(AbstractTemplate):
        def generic(self, args: Any, _kws: Any) -> Any:
            return signature(vector, *args) if args == (vector, vector) else None

    @lower_builtin(symbol, vector, vector)
    def _lower(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args)


_operator(operator.add, "fadd")
_operator(operator.sub, "fsub")
_operator(operator.mul, "fmul")
_operator(operator.truediv, "fdiv")


def broadcast(builder: Any, value: Any) -> Any:
    """Return the IR of a number in all lanes."""
    nothing = ir.Constant(DOUBLES, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.IntType(32)(0))
    return builder.shuffle_vector(first, nothing, ir.Constant(_INTS, None))


def address_of(builder: Any, pointer: Any, index: Any) -> Any:
    """Return the address of an element behind a pointer to doubles."""
    return builder.gep(pointer, [index])


@intrinsic
def spread(_typing, _value):
    """Return the number in all lanes."""
    return vector(types.float64), lambda _c, builder, _s, args: broadcast(builder, args[0])


@intrinsic
def spread_at(_typing, pointer, _index):
    """Return element ``index`` of the doubles in all lanes; no bounds are checked."""

    def code(_context, builder, _signature, args):
        return broadcast(builder, builder.load(address_of(builder, *args)))

    return vector(pointer, types.intp), code


@intrinsic
def load(_typing, pointer, _start):
    """Return the eight elements of the doubles from ``start``; no bounds checked."""

    def code(_context, builder, _signature, args):
        address = address_of(builder, *args)
        return builder.load(builder.bitcast(address, DOUBLES.as_pointer()), align=8, typ=DOUBLES)

    return vector(pointer, types.intp), code


@intrinsic
def store(_typing, pointer, _start, _value):
    """Write the vector to the doubles from ``start``; no bounds are checked."""

    def code(context, builder, _signature, args):
        address = address_of(builder, *args[:2])
        builder.store(args[2], builder.bitcast(address, DOUBLES.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.void(pointer, types.intp, vector), code


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Return the IR of a * b + c, rounded once."""
    kind = ir.FunctionType(DOUBLES, [DOUBLES] * 3)
    name = f"llvm.fma.v{LANES}f64"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), (a, b, c))


def _polynomial(builder: Any, coefficients: tuple[float, ...], x: Any) -> Any:
    value = constant(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = multiply_add(builder, value, x, constant(coefficient))
    return value


@intrinsic
def fma(_typing, _a, _b, _c):
    """Return a * b + c, rounded once."""
    return vector(vector, vector, vector), lambda _c, builder, _s, args: multiply_add(
        builder, *args
    )


def _choice(comparison: str) -> Callable[..., Any]:
    def choose(builder: Any, a: Any, b: Any) -> Any:
        return builder.select(builder.fcmp_ordered(comparison, a, b), a, b)

    return choose


_larger, _smaller = _choice(">"), _choice("<")


@intrinsic
def maximum(_typing, _a, _b):
    """Return the larger of each lane; b where either is NaN."""
    return vector(vector, vector), lambda _c, builder, _s, args: _larger(builder, *args)


@intrinsic
def minimum(_typing, _a, _b):
    """Return the smaller of each lane; b where either is NaN."""
    return vector(vector, vector), lambda _c, builder, _s, args: _smaller(builder, *args)


def fold(builder: Any, value: Any, combine: Callable[..., Any]) -> Any:
    """Return the IR of the lanes combined: halves onto each other, three times."""
    step = LANES // 2
    while step:
        turned = ir.Constant(_INTS, [(lane + step) % LANES for lane in range(LANES)])
        value = combine(builder, value, builder.shuffle_vector(value, value, turned))
        step //= 2
    return builder.extract_element(value, ir.IntType(32)(0))


@intrinsic
def total(_typing, _a):
    """Return the sum of the lanes: halves onto each other, three times."""

    def code(_context, builder, _signature, args):
        return fold(builder, args[0], lambda builder, a, b: builder.fadd(a, b))

    return types.float64(vector), code


@intrinsic
def lowest(_typing, _a):
    """Return the smallest lane."""
    return types.float64(vector), lambda _c, builder, _s, args: fold(builder, args[0], _smaller)


@intrinsic
def exp2(_typing, _t, _least):
    """Return two to the power t <= 1000, to 2e-16 relative; 0 for t < least (>= -1021) and NaN."""

    def code(_context, builder, _signature, args):
        t, least = args
        rounded = builder.fadd(t, constant(_ROUNDER))
        fraction = builder.fsub(t, builder.fsub(rounded, constant(_ROUNDER)))
        power = builder.bitcast(_polynomial(builder, _EXP2, fraction), _LONGS)
        exponent = builder.shl(builder.bitcast(rounded, _LONGS), _longs(52))
        value = builder.bitcast(builder.add(power, exponent), DOUBLES)
        return builder.select(builder.fcmp_ordered(">=", t, least), value, constant(0.0))

    return vector(vector, vector), code


@intrinsic
def lanes_above(_typing, _a, _b):
    """Return a bit for each lane, the first the lowest: whether a > b; 0 where either is NaN."""

    def code(_context, builder, _signature, args):
        lanes = builder.bitcast(builder.fcmp_ordered(">", *args), ir.IntType(LANES))
        return builder.zext(lanes, ir.IntType(64))

    return types.int64(vector, vector), code


@intrinsic
def lowest_bit(_typing, _bits):
    """Return the position of the lowest bit that is set, of an integer that is not 0."""

    def code(_context, builder, _signature, args):
        return builder.cttz(args[0], ir.IntType(1)(1))

    return types.int64(types.int64), code


@intrinsic
def log2(_typing, _s):
    """Return the logarithm to base 2 of normal numbers > 0, to 3e-16 of the result or of 1."""

    def code(_context, builder, _signature, args):
        bits = builder.bitcast(args[0], _LONGS)
        half = _longs(0x3FE6A09E667F3BCD)  # sqrt(1/2): the mantissa is brought to [0.707, 1.414)
        exponent = builder.ashr(builder.sub(bits, half), _longs(52))
        mantissa = builder.sub(bits, builder.shl(exponent, _longs(52)))
        mantissa = builder.bitcast(mantissa, DOUBLES)
        one = constant(1.0)
        r = builder.fdiv(builder.fsub(mantissa, one), builder.fadd(mantissa, one))
        series = _polynomial(builder, _LOG2, builder.fmul(r, r))
        return multiply_add(builder, r, series, builder.sitofp(exponent, DOUBLES))

    return vector(vector), code


@intrinsic
def bits_set(_typing, _bits):
    """Return how many bits of an integer are set."""
    return types.int64(types.int64), lambda _c, builder, _s, args: builder.ctpop(args[0])
