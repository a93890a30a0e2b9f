"""Threads that work on one fit together: an atomic counter and a barrier.

The threads are Python's, released from the interpreter lock for the whole fit. Against numba's
``prange`` this needs no second compilation, no threading layer (the OpenMP one ends a process
that forks, the other one is not safe to use concurrently), and costs 0.2 us a turn.
"""

import sys

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

SIGNALS = 40  # length of the shared signals, int64
# values, each on its own cache line: a thread that waits for one does not slow another
ARRIVED, TURN, FIT, CHUNK, DECISION = range(0, SIGNALS, 8)
_PATIENCE = 2000  # looks at the barrier, some 1 us, before the core is offered to others
_YIELD = "SwitchToThread" if sys.platform == "win32" else "sched_yield"


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
def _seen(_typing, array, _index):
    """Return an element as others left it; unlike an addition of 0 this leaves them the line."""

    def code(context, builder, sig, args):
        address = _address(context, builder, sig.args[0], *args)
        return builder.load_atomic(address, "seq_cst", 8)

    return types.int64(array, types.intp), code


@intrinsic
def _give_way(_typing):
    def code(context, builder, _signature, _args):
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, _YIELD), [])
        return context.get_dummy_value()

    return types.void(), code


@njit(nogil=True)
def barrier(signals, team):
    """Wait until all threads of the team are here; what they wrote before is seen after.

    The last to come hands the chunks out anew.
    """
    if team == 1:
        return
    turn = _seen(signals, TURN)
    if fetch_add(signals, ARRIVED, 1) == team - 1:
        fetch_add(signals, ARRIVED, -team)
        signals[CHUNK] = 0
        fetch_add(signals, TURN, 1)
        return
    looks = 0
    while _seen(signals, TURN) == turn:
        looks += 1
        if looks > _PATIENCE:
            _give_way()
