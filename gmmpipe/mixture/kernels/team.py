"""Threads that work on one fit together: who takes which task, and who waits for what.

An iteration is a few phases, each some tasks. A thread takes the next task; who completes the last
one begins the next phase, so nobody waits for a thread that has no task. A thread that has waited
for a chunk as long as it takes does it once more: the other thread may have lost its core for
milliseconds. Who is first commits; the sums are the same.

The threads are Python's, released from the interpreter lock for the whole fit. Against numba's
``prange`` this needs no second compilation and no threading layer (the OpenMP one ends a process
that forks, the other one is not safe to use concurrently).
"""

import sys

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

SIGNALS = 24  # length of the shared signals, int64
# values, each on its own cache line: a thread that waits for one does not slow another
TICKET, DONE, FIT = range(0, SIGNALS, 8)
MOST_TASKS = 128  # of a phase
_SIZE, _PHASE, _EPOCH = 16, 24, 28  # bits of a ticket below each; the lowest say which task
_LOOKS = 2000  # a microsecond, about
_PATIENCE = 100 * _LOOKS  # before a thread that has nothing to do sleeps
_NAP = 50  # microseconds
_ROW = 0xFF  # of an owner: the row of sums; above it the epoch


def _address(context, builder, kind, array, index):
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


@intrinsic
def fetch_add(_typing, array, _index, _value):
    """Add to an element of an int64 array in one atomic step; return what was there."""

    def code(context, builder, sig, args):
        address = _address(context, builder, sig.args[0], *args[:2])
        return builder.atomic_rmw("add", address, args[2], "seq_cst")

    return types.int64(array, types.intp, types.int64), code


@intrinsic
def _load(_typing, array, _index):
    """Return an element as others left it; unlike an addition of 0 this leaves them the line."""

    def code(context, builder, sig, args):
        address = _address(context, builder, sig.args[0], *args)
        return builder.load_atomic(address, "seq_cst", 8)

    return types.int64(array, types.intp), code


@intrinsic
def put(_typing, array, _index, _value):
    """Set an element; what was written before is seen by who sees it."""

    def code(context, builder, sig, args):
        address = _address(context, builder, sig.args[0], *args[:2])
        builder.store_atomic(args[2], address, "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), code


@intrinsic
def replace(_typing, array, _index, _before, _after):
    """Set an element in one atomic step if it is what it was; return whether it was."""

    def code(context, builder, sig, args):
        address = _address(context, builder, sig.args[0], *args[:2])
        pair = builder.cmpxchg(address, args[2], args[3], "seq_cst", "seq_cst")
        return builder.extract_value(pair, 1)

    return types.boolean(array, types.intp, types.int64, types.int64), code


@intrinsic
def _sleep(_typing):
    """Give the core away for a moment."""

    def code(context, builder, _signature, _args):
        name, arguments = ("usleep", [ir.IntType(32)(_NAP)])
        if sys.platform == "win32":
            name, arguments = "SwitchToThread", []
        kind = ir.FunctionType(ir.IntType(32), [value.type for value in arguments])
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        builder.call(function, arguments)
        return context.get_dummy_value()

    return types.void(), code


inlined = njit(nogil=True, forceinline=True)


@inlined
def publish(signals, epoch, phase, size):
    """Begin a phase of so many tasks, the last of its epoch being done."""
    signals[DONE] = 0
    put(signals, TICKET, epoch << _EPOCH | phase << _PHASE | size << _SIZE)


@inlined
def take(signals):
    """Return the epoch, its phase and size, and which of its tasks to do; size or more: none."""
    ticket = fetch_add(signals, TICKET, 1)
    size = (ticket >> _SIZE) & 0xFF
    return ticket >> _EPOCH, (ticket >> _PHASE) & 0xF, size, ticket & 0xFFFF


@inlined
def row_of(owners, chunk):
    """Return the row of sums of a chunk."""
    return owners[chunk] & _ROW


@inlined
def commit(owners, chunk, epoch, row):
    """Make a row that of the chunk in this epoch; return whether another one was not first.

    And the row that a thread may write to next.
    """
    before = _load(owners, chunk)
    if before >> 8 < epoch and replace(owners, chunk, before, epoch << 8 | row):
        return True, before & _ROW
    return False, row


@inlined
def wait(signals, owners, epoch, grace, start):
    """Wait for the end of an epoch and return -1; or return a chunk that is worth doing twice.

    grace: microseconds until one is, < 0 where the tasks are no chunks; start: where to look first.
    """
    looks = 0
    while _load(signals, TICKET) >> _EPOCH == epoch:
        looks += 1
        if looks > _PATIENCE:
            _sleep()
            looks += _NAP * _LOOKS
        if 0 <= grace * _LOOKS < looks:
            for i in range(len(owners)):
                chunk = (start + i) % len(owners)
                if _load(owners, chunk) >> 8 < epoch:
                    return chunk
    return -1
