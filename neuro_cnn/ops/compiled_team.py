"""Threads that share a kernel's work without waking each other: they look for it, awake, for a while.

To wake a thread takes some 50 microseconds, as long as many a kernel; a thread that is still awake takes up work in
less than one. All threads look at one box of whole numbers, which they read and change atomically. A job is a kernel,
its plan, and so many tasks in so many parts; its ticket, job number and next part in one, is what a thread must change
from what it saw to take a part, so that no part is taken twice, or by one that still has an older job in hand.
"""

from __future__ import annotations

import sys
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic

from neuro_cnn.ops.compiled import compiled

TICKET, KERNEL, PLAN, COUNT, PARTS, DONE, SIZE = 0, 1, 2, 3, 4, 5, 16
"""Where in the box things are, and how large it is, in words of 8 bytes."""
JOB = 16
"""Bits of a ticket that count parts; the job's number lies above them."""
CLOSED = (1 << JOB) - 1
"""The next part while a job is written down: more than any job has."""

AWAKE = 100
"""Looks after which a waiting thread offers its core: both may have been put on one. Our choice, measured."""

_WORD = ir.IntType(64)
_YIELD = None if sys.platform == "win32" else "sched_yield"
_PAUSE = "llvm.x86.sse2.pause" if binding.get_process_triple().startswith("x86") else None


def _at(b: Any, box: Any, place: Any) -> Any:
    return b.inttoptr(b.add(box, b.mul(place, ir.Constant(_WORD, 8))), _WORD.as_pointer())


@intrinsic
def read(context, box, place):
    """What is at a place of the box now."""
    return types.int64(types.int64, types.int64), lambda context, b, signature, args: b.load_atomic(
        _at(b, *args), "seq_cst", 8
    )


@intrinsic
def write(context, box, place, value):
    """Put a number at a place of the box."""

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        b.store_atomic(args[2], _at(b, *args[:2]), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), code


@intrinsic
def exchange(context, box, place, old, new):
    """Put a number in place of another; whether that other was still there."""

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        found = b.cmpxchg(_at(b, *args[:2]), args[2], args[3], "seq_cst")
        return b.extract_value(found, 1)

    return types.boolean(types.int64, types.int64, types.int64, types.int64), code


@intrinsic
def add(context, box, place, value):
    """Add to the number at a place of the box."""

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        b.atomic_rmw("add", _at(b, *args[:2]), args[2], "seq_cst")
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), code


@intrinsic
def call(context, kernel, begin, end, plan):
    """Run the kernel at an address on the tasks from `begin` to `end`."""

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [_WORD] * 3)
        b.call(b.inttoptr(args[0], kind.as_pointer()), args[1:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), code


@intrinsic
def pause(context):
    """A moment's rest, in which a thread on the same core gets on."""

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        if _PAUSE is not None:
            kind = ir.FunctionType(ir.VoidType(), [])
            b.call(b.module.globals.get(_PAUSE) or ir.Function(b.module, kind, _PAUSE), [])
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def make_way(context):
    """Let another thread have the core, should one wait for it."""

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        if _YIELD is not None:
            name, kind = _YIELD, ir.FunctionType(ir.IntType(32), [])
            b.call(b.module.globals.get(name) or ir.Function(b.module, kind, name), [])
        return context.get_dummy_value()

    return types.void(), code


@compiled()
def run(kernel: int, count: int, plan: int) -> None:
    """All of a job, by this thread alone."""
    call(kernel, 0, count, plan)


@compiled()
def wait(looks: int) -> None:
    """Until the next look: at first on the core, then where the system may give it to who has the work in hand."""
    if looks < AWAKE:
        pause()
    else:
        make_way()


@compiled()
def help_out(box: int) -> bool:
    """Take part after part of the job that is there, until none is left; whether there was any."""
    helped = False
    while True:
        ticket: int = read(box, TICKET)
        part, parts, count = ticket & CLOSED, read(box, PARTS), read(box, COUNT)
        kernel, plan = read(box, KERNEL), read(box, PLAN)
        if part >= parts:
            return helped
        if exchange(box, TICKET, ticket, ticket + 1):  # then all that was read belongs to this ticket
            call(kernel, count * part // parts, count * (part + 1) // parts, plan)
            add(box, DONE, 1)
            helped = True


@compiled()
def lead(box: int, kernel: int, count: int, plan: int, parts: int) -> None:
    """Put a job into the box, and work on it until all of it is done. One thread leads at a time."""
    job = (read(box, TICKET) >> JOB) + 1
    write(box, TICKET, (job << JOB) + CLOSED)
    write(box, KERNEL, kernel)
    write(box, COUNT, count)
    write(box, PLAN, plan)
    write(box, PARTS, parts)
    write(box, DONE, 0)
    write(box, TICKET, job << JOB)
    help_out(box)
    looks = 0
    while read(box, DONE) < parts:
        looks += 1
        wait(looks)


@compiled()
def serve(box: int, patience: int) -> None:
    """Help with job after job, until none has come for so many looks."""
    looks = 0
    while looks < patience:
        if help_out(box):
            looks = 0
        else:
            looks += 1
            wait(looks)
