"""Tuples of vectors: a tile of features, or of a matrix over features, for eight samples.

Each operation is written out for the tile's size when it is compiled, so that all of a tile
stays in registers; LLVM's own unrolling gives up at some size. ``like`` is a tuple read for its
length alone.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from gmmpipe.mixture.kernels.simd import (  # fmt: skip
    DOUBLES,
    LANES,
    address_of,
    broadcast,
    constant,
    fold,
    multiply_add,
    vector,
)


def _tile(like):
    return types.UniTuple(vector, like.count)


def _pack(builder, values):
    return cgutils.pack_array(builder, values, DOUBLES)


def _entries(n_entries, side):
    """Return (row, column) of the entries of a square, a lower triangle or a diagonal."""
    if n_entries == side:
        return [(i, i) for i in range(side)]
    if n_entries == side * side:
        return [(i, j) for j in range(side) for i in range(side)]
    return [(i, j) for i in range(side) for j in range(i + 1)]


@intrinsic
def zeros(_typing, like):
    """Return a tile of zeros."""

    def code(_context, builder, sig, _args):
        return _pack(builder, [constant(0.0)] * sig.return_type.count)

    return _tile(like)(like), code


@intrinsic
def rows(_typing, like, pointer, _start, _stride):
    """Return the vectors at start, start + stride, ... of the doubles."""

    def code(_context, builder, sig, args):
        _, data, at, stride = args
        values = []
        for _ in range(sig.return_type.count):
            address = address_of(builder, data, at)
            pointer = builder.bitcast(address, DOUBLES.as_pointer())
            values.append(builder.load(pointer, align=8, typ=DOUBLES))
            at = builder.add(at, stride)
        return _pack(builder, values)

    return _tile(like)(like, pointer, types.intp, types.intp), code


def _columns(builder, matrix, width):
    """Return the columns of a matrix of eight rows, all in one vector."""
    kind, values = ir.VectorType(ir.IntType(32), LANES), []
    for i in range(width):
        places = ir.Constant(kind, [i + width * lane for lane in range(LANES)])
        unused = ir.Constant(matrix.type, ir.Undefined)
        values.append(builder.shuffle_vector(matrix, unused, places))
    return values


@intrinsic
def columns(_typing, like, pointer, _start):
    """Return the columns of a matrix of eight rows, that of the doubles from start on."""

    def code(_context, builder, sig, args):
        _, data, start = args
        width = sig.return_type.count
        kind = ir.VectorType(ir.DoubleType(), LANES * width)
        address = builder.bitcast(address_of(builder, data, start), kind.as_pointer())
        matrix = builder.load(address, align=8, typ=kind)
        return _pack(builder, _columns(builder, matrix, width))

    return _tile(like)(like, pointer, types.intp), code


@intrinsic
def gathered(_typing, like, pointer, order, _at, _first, _width, _column):
    """Return columns of eight rows of a matrix of so many columns.

    Rows: ``first`` plus each of eight doubles of ``order`` from ``at`` on.
    """

    def code(_context, builder, sig, args):
        _, data, numbers, at, first, width, column = args
        n_columns = sig.return_type.count
        kind = ir.VectorType(ir.DoubleType(), n_columns)
        parts = []
        for lane in range(LANES):
            number = builder.load(address_of(builder, numbers, builder.add(at, at.type(lane))))
            row = builder.add(first, builder.fptosi(number, first.type))
            start = address_of(builder, data, builder.add(builder.mul(row, width), column))
            parts.append(builder.load(builder.bitcast(start, kind.as_pointer()), align=8, typ=kind))
        while len(parts) > 1:
            size = 2 * parts[0].type.count
            places = ir.Constant(ir.VectorType(ir.IntType(32), size), list(range(size)))
            parts = [
                builder.shuffle_vector(parts[i], parts[i + 1], places)
                for i in range(0, len(parts), 2)
            ]
        return _pack(builder, _columns(builder, parts[0], n_columns))

    kinds = (like, pointer, order, *[types.intp] * 4)
    return _tile(like)(*kinds), code


@intrinsic
def spread_rows(_typing, like, pointer, _start):
    """Return the elements at start, start + 1, ... of the doubles, each in all lanes."""

    def code(_context, builder, sig, args):
        _, data, start = args
        values = []
        for i in range(sig.return_type.count):
            at = builder.add(start, ir.Constant(start.type, i))
            address = address_of(builder, data, at)
            values.append(broadcast(builder, builder.load(address)))
        return _pack(builder, values)

    return _tile(like)(like, pointer, types.intp), code


@intrinsic
def difference(_typing, a, b):
    """Return a - b."""

    def code(_context, builder, _signature, args):
        pairs = zip(*(cgutils.unpack_tuple(builder, tile) for tile in args), strict=True)
        return _pack(builder, [builder.fsub(*pair) for pair in pairs])

    return a(a, b), code


@intrinsic
def added(_typing, a, b):
    """Return a + b."""

    def code(_context, builder, _signature, args):
        pairs = zip(*(cgutils.unpack_tuple(builder, tile) for tile in args), strict=True)
        return _pack(builder, [builder.fadd(*pair) for pair in pairs])

    return a(a, b), code


@intrinsic
def scaled(_typing, a, factor):
    """Return a * factor, a vector."""

    def code(_context, builder, _signature, args):
        values = cgutils.unpack_tuple(builder, args[0])
        return _pack(builder, [builder.fmul(value, args[1]) for value in values])

    return a(a, factor), code


@intrinsic
def add_scaled(_typing, y, a, factor):
    """Return y + a * factor, a vector."""

    def code(_context, builder, _signature, args):
        y, a = (cgutils.unpack_tuple(builder, tile) for tile in args[:2])
        pairs = zip(a, y, strict=True)
        return _pack(builder, [multiply_add(builder, ai, args[2], yi) for ai, yi in pairs])

    return y(y, a, factor), code


@intrinsic
def add_product(_typing, y, matrix, d):
    """Return y + matrix @ d; the matrix a lower triangle by rows, or a diagonal."""

    def code(_context, builder, _signature, args):
        y, matrix, d = (cgutils.unpack_tuple(builder, tile) for tile in args)
        for (i, j), value in zip(_entries(len(matrix), len(d)), matrix, strict=True):
            y[i] = multiply_add(builder, value, d[j], y[i])
        return _pack(builder, y)

    return y(y, matrix, d), code


@intrinsic
def add_outer(_typing, matrix, a, b):
    """Return matrix + a b^T; the matrix a square by columns, a lower triangle or a diagonal."""

    def code(_context, builder, _signature, args):
        matrix, a, b = (cgutils.unpack_tuple(builder, tile) for tile in args)
        pairs = zip(matrix, _entries(len(matrix), len(a)), strict=False)
        return _pack(builder, [multiply_add(builder, a[i], b[j], value) for value, (i, j) in pairs])

    return matrix(matrix, a, b), code


@intrinsic
def add_squares(_typing, q, y):
    """Return q + y . y, a vector."""

    def code(_context, builder, _signature, args):
        q = args[0]
        for value in cgutils.unpack_tuple(builder, args[1]):
            q = multiply_add(builder, value, value, q)
        return q

    return q(q, y), code


@intrinsic
def store_rows(_typing, pointer, _start, _stride, values):
    """Write the vectors to start, start + stride, ... of the doubles."""

    def code(context, builder, _signature, args):
        data, at, stride, tile = args
        for value in cgutils.unpack_tuple(builder, tile):
            address = address_of(builder, data, at)
            builder.store(value, builder.bitcast(address, DOUBLES.as_pointer()), align=8)
            at = builder.add(at, stride)
        return context.get_dummy_value()

    return types.void(pointer, types.intp, types.intp, values), code


@intrinsic
def add_totals(_typing, pointer, _start, values):
    """Add the sum over the lanes of each vector to start, start + 1, ... of the doubles."""

    def code(context, builder, _signature, args):
        data, start, tile = args
        for i, value in enumerate(cgutils.unpack_tuple(builder, tile)):
            at = builder.add(start, ir.Constant(start.type, i))
            address = address_of(builder, data, at)
            amount = fold(builder, value, lambda builder, a, b: builder.fadd(a, b))
            builder.store(builder.fadd(builder.load(address), amount), address)
        return context.get_dummy_value()

    return types.void(pointer, types.intp, values), code
