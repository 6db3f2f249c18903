"""CUDA kernels of our own, compiled by CuPy when first called: where many small operations would each cross memory.

Arrays are in single precision; a kernel reads them contiguous, maps batch first: (N, K, H, W). One thread makes one
number, or all planes of one position. No sum depends on the order in which threads run, so that results repeat bit for
bit. The C is plain enough for a C++ compiler, which is how its arithmetic is tested.
"""

from __future__ import annotations

from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.ops.geometry import Window
from neuro_cnn.ops.plain_pool import counter

THREADS = 256
"""Threads of a block (our choice)."""

SOURCE = Path(__file__).with_suffix(".cu").read_text(encoding="ascii")
"""The kernels in C."""


def max_pool(x: Array, w: Window) -> tuple[Array, Array]:
    """Largest value of each view, and which tap it was: (N, K, H, W) -> y, winners, both (N, K, H', W')."""
    y, kind = _places(x, w), counter(w)
    winners = namespace(x).empty(y.shape, dtype=kind)
    _run(f"max_pool_{kind}", y.size, x, y, winners, *_laid(x.shape, y.shape, w))
    return y, winners


def maximum(x: Array, w: Window) -> Array:
    """Largest value of each view: (N, K, H, W) -> (N, K, H', W')."""
    y = _places(x, w)
    _run("maximum", y.size, x, y, *_laid(x.shape, y.shape, w))
    return y


def max_pool_adjoint(dy: Array, winners: Array, in_shape: tuple[int, ...], w: Window) -> Array:
    """Each value sent back to the cell that won its view: (N, K, H', W') -> in_shape."""
    dx = namespace(dy).empty(in_shape, dtype=dy.dtype)
    _run(f"max_pool_adjoint_{winners.dtype}", dx.size, dy, winners, dx, *_laid(in_shape, dy.shape, w))
    return dx


def weighted_pool(x: Array, kernel: Array, over: float, w: Window) -> Array:
    """Each view's weighted sum over a number: (N, K, H, W), (h, w) -> (N, K, H', W')."""
    y = _places(x, w)
    _run("weighted_pool", y.size, x, kernel, y, *_laid(x.shape, y.shape, w), float(over))
    return y


def weighted_pool_adjoint(dy: Array, kernel: Array, over: float, in_shape: tuple[int, ...], w: Window) -> Array:
    """Each value shared out over its view by the same weights: (N, K, H', W'), (h, w) -> in_shape."""
    dx = namespace(dy).empty(in_shape, dtype=dy.dtype)
    _run("weighted_pool_adjoint", dx.size, dy, kernel, dx, *_laid(in_shape, dy.shape, w), float(over))
    return dx


def softmax(drive: Array, temperature: float) -> Array:
    """softmax(drive / temperature) over the planes; 0 where a position is blank: (N, K, ...) -> (N, K, ...)."""
    return _over_planes("softmax", (drive,), float(temperature))


def winner(drive: Array) -> Array:
    """1 at the plane with the largest drive of each position, else 0; ties go to the lowest index."""
    return _over_planes("winner", (drive,), 0)


def awake_winner(drive: Array) -> Array:
    """`winner`, but nobody wins where a position is blank."""
    return _over_planes("winner", (drive,), -1)


def softhebb(g: Array, u: Array) -> Array:
    """g for the winner and -g for all others: the largest chance, and of several the most excited."""
    return _over_planes("softhebb", (g, u))


def raise_awake(drive: Array, lead: Array) -> Array:
    """Each plane's lead, (K,), added to its drives, except where a position is blank."""
    raised = namespace(drive).empty(drive.shape, dtype=drive.dtype)
    _run("raise_awake", drive.size // drive.shape[1], drive, lead, raised, *_planes(drive))
    return raised


def shunting(e: Array, b: Array, v: Array, r: float) -> Array:
    """r phi[(1 + e) / (1 + 2r/(1+r) b v) - 1]: (N, K, H, W), (K,), (N, 1, H, W) -> (N, K, H, W)."""
    return _answered("shunting", e, b, v, r, 2 * r / (1 + r))


def subtractive(e: Array, b: Array, v: Array, theta: float) -> Array:
    """phi[e - theta b v] / (1 - theta): (N, K, H, W), (K,), (N, 1, H, W) -> (N, K, H, W)."""
    return _answered("subtractive", e, b, v, theta)


def moved(formula: str, rows: tuple[Array, ...], constants: tuple[float, ...]) -> tuple[Array, ...]:
    """What an optimiser's formula of this name makes of weights, gradient and memories: all but the gradient."""
    results = tuple(namespace(*rows).empty(rows[0].shape, dtype=rows[0].dtype) for _ in rows[1:])
    _run(formula, rows[0].size, *rows, *results, *map(float, constants))
    return results


def _over_planes(name: str, given: tuple[Array, ...], *numbers: float) -> Array:
    """A kernel whose threads each see all planes of a position."""
    like = given[0]
    out = namespace(like).empty(like.shape, dtype=like.dtype)
    _run(name, like.size // like.shape[1], *given, out, *_planes(like), *numbers)
    return out


def _answered(name: str, e: Array, b: Array, v: Array, *numbers: float) -> Array:
    y = namespace(e).empty(e.shape, dtype=e.dtype)
    _run(name, e.size, e, b, v, y, *_planes(e), *map(float, numbers))
    return y


def _planes(x: Array) -> tuple[int, int]:
    """How many planes, and how many positions of one image."""
    return x.shape[1], prod(x.shape[2:])


def _places(x: Array, w: Window) -> Array:
    """An array for a number of each view."""
    return namespace(x).empty((*x.shape[:2], *w.places(*x.shape[2:])), dtype=x.dtype)


def _laid(in_shape: tuple[int, ...], out_shape: tuple[int, ...], w: Window) -> tuple[int, ...]:
    """How views lie on maps: what the kernels of pooling are told."""
    return (*in_shape[2:], *out_shape[2:], *w.size, *w.stride, w.pad[0][0], w.pad[1][0])


def _run(name: str, count: int, *arguments: Any) -> None:
    """Run a kernel with a thread for each of `count` numbers; outputs are arrays that are contiguous already."""
    arrays = [argument for argument in arguments if hasattr(argument, "shape")]
    xp = namespace(*arrays)
    given = [xp.ascontiguousarray(a) if hasattr(a, "shape") else KINDS[type(a)](a) for a in arguments]
    _kernel(xp, name)((-(-count // THREADS),), (THREADS,), (np.uint32(count), *given))


KINDS: dict[type, Any] = {int: np.int32, float: np.float32}
"""How numbers are handed over."""


@cache
def _kernel(xp: Any, name: str) -> Any:
    return _module(xp).get_function(name)  # which looks the kernel up anew for every object that it returns


@cache
def _module(xp: Any) -> Any:
    return xp.RawModule(code=SOURCE)
