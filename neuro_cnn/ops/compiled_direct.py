"""Direct convolution, compiled by Numba: blocks of cells kept in registers while all taps of their views go by.

Maps lie with the batch innermost, (C, H, W, N), so that a vector holds one plane's cells of neighbouring images and,
where views step by one, of neighbouring places. A block is some planes times some vectors; its vector instructions are
written out through Numba's intrinsics, for neither loops over arrays nor a column buffer come near the machine's limit.
A plan of whole numbers says where everything lies: addresses and steps in bytes, counts in numbers. All is in one file,
for Numba's cache on disk looks at no other to see whether code has changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic

from neuro_cnn.ops.compiled import INFINITY, ZERO, addressed, compiled

FEATURES = binding.get_host_cpu_features()
WIDE = bool(FEATURES.get("avx512f"))
LANES = 16 if WIDE else 8 if FEATURES.get("avx2") and FEATURES.get("fma") else 4
"""Numbers of single precision in one vector of this processor."""
FUSED = bool(FEATURES.get("fma")) or not binding.get_process_triple().startswith("x86")
"""Whether the processor multiplies and adds in one instruction, which the kernels are made of."""
BYTES = 4
VECTOR = LANES * BYTES

REGISTERS = 24 if WIDE or LANES == 4 else 12
"""Vectors of running sums that fit into registers, beside those that are read."""
PLANES = (12, 8, 6, 4, 2, 1) if REGISTERS == 24 else (6, 4, 2, 1)
"""How many planes a block may have. Our choice, measured."""
RESPONSE_BLOCKS = [(k, v) for k in PLANES for v in {1, min(4, REGISTERS // k)}]
PRODUCTS = {6: (4, 2, 1), 5: (4, 2, 1), 4: (6, 4, 2, 1)} if REGISTERS == 24 else {4: (3, 1), 3: (4, 2, 1)}
"""How many columns of views a block of products may have, and with them how many planes. Our choice, measured."""
PRODUCT_BLOCKS = [(planes, columns) for columns, sizes in PRODUCTS.items() for planes in sizes]
MOST = max(planes * columns for planes, columns in PRODUCT_BLOCKS)

_REAL, _WORD, _LANE = ir.FloatType(), ir.IntType(64), ir.IntType(32)
_ROW = ir.VectorType(_REAL, LANES)


def _load(b: Any, address: Any, kind: Any = _ROW) -> Any:
    value = b.load(b.inttoptr(address, kind.as_pointer()))
    value.align = BYTES
    return value


def _store(b: Any, value: Any, address: Any) -> None:
    b.store(value, b.inttoptr(address, value.type.as_pointer())).align = BYTES


def _everywhere(b: Any, value: Any) -> Any:
    """A number in all lanes."""
    kind = ir.VectorType(value.type, LANES)
    one = b.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(_LANE, 0))
    return b.shuffle_vector(one, ir.Constant(kind, ir.Undefined), ir.Constant(ir.VectorType(_LANE, LANES), [0] * LANES))


def _from(b: Any, first: Any) -> Any:
    """Which lanes are not before the first."""
    lanes = ir.Constant(ir.VectorType(_LANE, LANES), list(range(LANES)))
    return b.icmp_signed(">=", lanes, _everywhere(b, b.trunc(first, _LANE)))


def _called(b: Any, name: str, result: Any, *args: Any, **how: Any) -> Any:
    kind = ir.FunctionType(result, [arg.type for arg in args])
    return b.call(b.module.globals.get(name) or ir.Function(b.module, kind, name), args, **how)


def _multiply_add(b: Any, x: Any, y: Any, total: Any) -> Any:
    return _called(b, f"llvm.fma.v{LANES}f32", _ROW, x, y, total)


def _after(b: Any, address: Any, count: int, step: Any = VECTOR) -> Any:
    """The address `count` steps on."""
    step = ir.Constant(_WORD, step) if isinstance(step, int) else step
    return b.add(address, b.mul(ir.Constant(_WORD, count), step))


def _sums(b: Any, start: list[Any]) -> list[Any]:
    """Places for running sums, which become registers."""
    places = [cgutils.alloca_once(b, _ROW) for _ in start]
    for place, value in zip(places, start, strict=True):
        b.store(value, place)
    return places


def _switch(b: Any, choices: Iterable[tuple[int, int]], first: Any, second: Any) -> Any:
    """Code for each pair of numbers, run where both are those."""
    for one, two in choices:
        this = b.and_(*(b.icmp_signed("==", a, ir.Constant(_WORD, n)) for a, n in ((first, one), (second, two))))
        with b.if_then(this):
            yield one, two


@intrinsic
def respond_block(context, planes, vectors, x, w, y, bias, floor, more, fresh, c, h, wide, xc, xh, xw, wc, wh, yk):
    """y = max(bias + sum over planes and taps of w x, floor) of some planes at some vectors of neighbouring cells.

    Addresses of x, w, y and bias; counts of planes, rows and columns of taps; steps of x from plane to plane, row to
    row and column to column; of w from plane to plane and row to row; of y from plane to plane.
    """

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        for planes, vectors in _switch(b, RESPONSE_BLOCKS, *args[:2]):
            _respond(b, planes, vectors, *args[2:])
        return context.get_dummy_value()

    return types.void(*(types.float32 if i == 6 else types.int64 for i in range(18))), code


def _respond(b, planes, vectors, x, w, y, bias, floor, more, fresh, c, h, wide, xc, xh, xw, wc, wh, yk):
    sums = [cgutils.alloca_once(b, _ROW) for _ in range(planes * vectors)]  # these become registers
    cells = [
        (k, v, sums[k * vectors + v], _after(b, _after(b, y, k, yk), v, VECTOR))
        for k in range(planes)
        for v in range(vectors)
    ]
    with b.if_else(b.icmp_signed("!=", more, ir.Constant(_WORD, 0))) as (going_on, beginning):
        with going_on:
            for _, _, place, address in cells:
                b.store(_load(b, address), place)
        with beginning:
            for k, _, place, _ in cells:
                b.store(_everywhere(b, _load(b, _after(b, bias, k, BYTES), _REAL)), place)
    with cgutils.for_range(b, c) as plane:
        x1, w1 = b.add(x, b.mul(plane.index, xc)), b.add(w, b.mul(plane.index, wc))
        with cgutils.for_range(b, h) as row:
            x2, w2 = b.add(x1, b.mul(row.index, xh)), b.add(w1, b.mul(row.index, wh))
            with cgutils.for_range(b, wide) as column:
                x3 = b.add(x2, b.mul(column.index, xw))
                w3 = b.add(w2, b.mul(column.index, ir.Constant(_WORD, planes * BYTES)))
                seen = [_load(b, _after(b, x3, v, VECTOR)) for v in range(vectors)]
                weights = [_everywhere(b, _load(b, _after(b, w3, k, BYTES), _REAL)) for k in range(planes)]
                for k, v, place, _ in cells:
                    b.store(_multiply_add(b, weights[k], seen[v], b.load(place)), place)
    least, kept = _everywhere(b, floor), _from(b, fresh)
    for _, _, place, address in cells:
        value = b.load(place)
        value = b.select(b.fcmp_ordered("<", value, least), least, value)  # a NaN stays
        _store(b, value if vectors > 1 else b.select(kept, value, _load(b, address)), address)


@intrinsic
def product_block(context, planes, columns, dy, x, at, sums, h, w, n, last, fresh, yk, yh, yw, yv, xh, xw, xv):
    """sums[k, j] = sum of dy[k] x[j] over rows, places and vectors, for some planes and some columns of views.

    Addresses of dy, of x, of the offsets of its columns from there, and of the sums; counts of rows, of places and of
    whole vectors of a place; where a last vector begins, and its first lane that is new (LANES: there is none); steps
    of dy from plane to plane, row to row, place to place and vector to vector, and of x but from plane to plane.
    """

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        for planes, columns in _switch(b, PRODUCT_BLOCKS, *args[:2]):
            _product(b, planes, columns, *args[2:])
        return context.get_dummy_value()

    return types.void(*[types.int64] * 18), code


def _product(b, planes, columns, dy, x, at, sums, h, w, n, last, fresh, yk, yh, yw, yv, xh, xw, xv):
    zero = ir.Constant(_ROW, None)
    totals = _sums(b, [zero] * (planes * columns))
    offsets = [b.add(x, _load(b, _after(b, at, j, 8), _WORD)) for j in range(columns)]
    rises = [_after(b, dy, k, yk) for k in range(planes)]
    kept = _from(b, fresh)
    some = b.icmp_signed("<", fresh, ir.Constant(_WORD, LANES))

    def add(y: Any, x: Any, mask: Any = None) -> None:
        rows = [_load(b, b.add(rise, y)) for rise in rises]
        rows = rows if mask is None else [b.select(mask, row, zero) for row in rows]
        for j, offset in enumerate(offsets):
            cells = _load(b, b.add(offset, x))
            cells = cells if mask is None else b.select(mask, cells, zero)
            for k, row in enumerate(rows):
                place = totals[k * columns + j]
                b.store(_multiply_add(b, row, cells, b.load(place)), place)

    with cgutils.for_range(b, h) as row:
        y1, x1 = b.mul(row.index, yh), b.mul(row.index, xh)
        with cgutils.for_range(b, w) as column:
            y2, x2 = b.add(y1, b.mul(column.index, yw)), b.add(x1, b.mul(column.index, xw))
            with cgutils.for_range(b, n) as vector:
                add(b.add(y2, b.mul(vector.index, yv)), b.add(x2, b.mul(vector.index, xv)))
            with b.if_then(some):
                add(b.add(y2, last), b.add(x2, last), kept)
    for i, place in enumerate(totals):
        start = ir.Constant(_REAL, 0.0)
        total = _called(b, f"llvm.vector.reduce.fadd.v{LANES}f32", _REAL, start, b.load(place), fastmath=("reassoc",))
        _store(b, total, _after(b, sums, i, BYTES))


@intrinsic
def get(context, address):
    """The number at an address."""
    return types.float32(types.int64), lambda context, b, signature, args: _load(b, args[0], _REAL)


@compiled()
def pack(w: int, steps: Any, shape: Any, blocks: Any, packed: Any) -> None:
    """Weights (K, C, h, w) in the order in which blocks of planes read them: (block, C, h, w, plane)."""
    k, to = 0, 0
    for planes in blocks:
        for c in range(shape[1]):
            for i in range(shape[2]):
                for j in range(shape[3]):
                    here = w + k * steps[0] + c * steps[1] + i * steps[2] + j * steps[3]
                    for q in range(planes):
                        packed[to + q] = get(here + q * steps[0])
                    to += planes
        k += planes


@compiled()
def taps(place: int, stride: int, pad: int, dilation: int, size: int, length: int) -> Any:
    """The first cell of a view on an axis, and which of its taps lie within the map: from one up to another."""
    first = place * stride - pad
    start = (max(0, -first) + dilation - 1) // dilation
    stop = min(size, (max(0, length - first) + dilation - 1) // dilation)
    return first, start, max(start, stop)


@intrinsic
def pointer(context, address):
    """An address as what `carray` takes."""
    return types.voidptr(types.int64), lambda context, b, signature, args: b.inttoptr(
        args[0], ir.IntType(8).as_pointer()
    )


@compiled()
def respond_run(
    planes: int, length: int, x: int, w: int, y: int, bias: int, floor: Any, more: int, c: int, h: int, wide: int,
    xc: int, xh: int, xw: int, wc: int, wh: int, yk: int,
) -> None:  # fmt: skip
    """A run of neighbouring cells, at least one vector, as many at a time as there are registers."""
    most = min(4, REGISTERS // planes)
    done = 0
    while done < length:
        left, fresh = length - done, 0
        vectors = most if left >= most * LANES else 1
        if left < LANES:  # the last vector overlaps the one before it
            done, fresh = length - LANES, LANES - left
        here = done * BYTES
        respond_block(
            planes, vectors, x + here, w, y + here, bias, floor, more, fresh, c, h, wide, xc, xh, xw, wc, wh, yk
        )
        done += vectors * LANES


@addressed
def respond(begin: int, end: int, address: int) -> None:
    """Rows of the map from `begin` to `end` (each in segments), all planes, in blocks of so many.

    Sums over more planes of the map than `few` are taken in parts, whose weights stay in the nearest cache.
    """
    plan = carray(pointer(address), (28,), np.int64)
    x, w, y, bias, channels, height, width, h, wide, sh, sw, dh, dw, ph, pw = plan[:15]
    n, columns, segment, few, xc, xh, xw, yk, yh, yw = plan[15:25]
    floor = ZERO if plan[25] else -INFINITY
    blocks = carray(pointer(plan[26]), (plan[27],), np.int64)
    segments = (columns + segment - 1) // segment
    inner, outer = pw, width - 1 - (wide - 1) * dw + pw  # where all columns of taps lie within the map, for steps of 1
    for task in range(begin, end):
        row, start = task // segments, task % segments * segment
        stop = min(start + segment, columns)
        first, top, bottom = taps(row, sh, ph, dh, h, height)
        for c in range(0, channels, few):
            count = min(few, channels - c)
            least = floor if c + count == channels else -INFINITY
            k = 0
            for planes in blocks:
                here = w + (k * channels + c * planes) * h * wide * BYTES
                place = start
                while place < stop:
                    run = 1
                    if sw == 1 and yw == n * BYTES and inner <= place <= outer:
                        run = min(stop, outer + 1) - place
                    left, from_, to = taps(place, sw, pw, dw, wide, width)
                    respond_run(
                        planes, run * n, x + c * xc + (first + top * dh) * xh + (left + from_ * dw) * xw,
                        here + (top * wide + from_) * planes * BYTES, y + k * yk + row * yh + place * yw,
                        bias + k * BYTES, least, c, count, bottom - top, to - from_,
                        xc, xh * dh, xw * dw, h * wide * planes * BYTES, wide * planes * BYTES, yk,
                    )  # fmt: skip
                    place += run
                k += planes


@compiled()
def places(tap: int, stride: int, pad: int, length: int, count: int) -> Any:
    """The places on an axis, from one up to another, whose view has the cell at `tap` within the map."""
    start = max(0, (pad - tap + stride - 1) // stride)
    stop = min(count, (length - 1 + pad - tap) // stride + 1)
    return start, max(start, stop)


@addressed
def products(begin: int, end: int, address: int) -> None:
    """Blocks of (planes, columns of views) from `begin` to `end`, added to dw, some rows of places at a time.

    A column is a plane of the map seen through taps of one column, at offsets `at`; its products with plane k are at
    `to` + the taps' row in dw, (K, D). Rows of taps are taken one after the other.
    """
    plan = carray(pointer(address), (26,), np.int64)
    x, dy, height, h, sh, sw, dh, ph, n, rows, across, few, columns, size, wide, xh, xw, yk, yh, yw = plan[:20]
    blocks, at = carray(pointer(plan[20]), (plan[21],), np.int64), plan[22]
    to = carray(pointer(plan[23]), (columns,), np.int64)
    dw = carray(pointer(plan[24]), (blocks.sum(), plan[25]), np.float32)
    sums = np.empty(MOST, np.float32)
    parts = (columns + size - 1) // size
    starts = np.cumsum(blocks) - blocks
    run, count = (across * n, 1) if sw == 1 else (n, across)  # the places of a row lie side by side, or they do not
    fresh, last = LANES - run % LANES, (run - LANES) * BYTES
    vectors, yv, xv = run // LANES, VECTOR, VECTOR
    if run == LANES:  # a vector a place
        vectors, count, yv, xv = count, 1, yw, sw * xw
    for row in range(0, rows, few):
        for task in range(begin, end):
            planes, k, column = blocks[task // parts], starts[task // parts], task % parts * size
            for i in range(h):
                top, bottom = places(i * dh, sh, ph, height, rows)
                top, bottom = max(row, top), min(row + few, bottom)
                if top >= bottom:
                    continue
                product_block(
                    planes, size, dy + k * yk + top * yh, x + (top * sh - ph + i * dh) * xh,
                    at + column * 8, sums.ctypes.data,
                    bottom - top, count, vectors, last, fresh, yk, yh, yw, yv, sh * xh, sw * xw, xv,
                )  # fmt: skip
                for q in range(planes):
                    for r in range(min(size, columns - column)):
                        dw[k + q, to[column + r] + i * wide] += sums[q * size + r]
