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

THREADS = 256
"""Threads of a block (our choice)."""

SOURCE = Path(__file__).with_suffix(".cu").read_text(encoding="ascii")
"""The kernels in C."""


def max_pool(x: Array, w: Window) -> tuple[Array, Array]:
    """Largest value of each view, and which tap it was: (N, K, H, W) -> y, winners, both (N, K, H', W')."""
    xp = namespace(x)
    places = w.places(*x.shape[2:])
    y = xp.empty((*x.shape[:2], *places), dtype=xp.float32)
    winners = xp.empty(y.shape, dtype=xp.int32)
    _run("max_pool", y.size, x, y, winners, *_laid(x.shape[2:], places, w))
    return y, winners


def max_pool_adjoint(dy: Array, winners: Array, in_shape: tuple[int, ...], w: Window) -> Array:
    """Each value sent back to the cell that won its view: (N, K, H', W') -> in_shape."""
    dx = namespace(dy).empty(in_shape, dtype=dy.dtype)
    _run("max_pool_adjoint", dx.size, dy, winners, dx, *_laid(in_shape[2:], dy.shape[2:], w))
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


def momentum(w: Array, g: Array, m: Array, rate: float, share: float, decay: float, ahead: bool) -> tuple[Array, Array]:
    """m <- share m + g + decay w, and weights moved by it, or by what it will be (`ahead`, Nesterov): w, m."""
    moved, kept = _like(w, 2)
    _run("momentum", w.size, w, g, m, moved, kept, *map(float, (rate, share, decay)), int(ahead))
    return moved, kept


def adam(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    rate: float,
    betas: tuple[float, float],
    step: int,
    epsilon: float,
    decay: float = 0.0,
    lasting: float = 1.0,
) -> tuple[Array, Array, Array]:
    """Adam's step number `step` from 0 on: w, m, v. `decay` is part of the gradient; `lasting` w is what is moved."""
    moved, first, second = _like(w, 3)
    fix1, fix2 = (1 - beta ** (step + 1) for beta in betas)  # the moments start at 0
    rests = (1 - beta for beta in betas)
    numbers = map(float, (rate / fix1, *betas, *rests, fix2, epsilon, decay, lasting))
    _run("adam", w.size, w, g, m, v, moved, first, second, *numbers)
    return moved, first, second


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


def _laid(sides: tuple[int, ...], places: tuple[int, ...], w: Window) -> tuple[int, ...]:
    """How views lie on maps: what the kernels of pooling are told."""
    return (*sides, *places, *w.size, *w.stride, w.pad[0][0], w.pad[1][0])


def _like(x: Array, several: int) -> list[Array]:
    return [namespace(x).empty(x.shape, dtype=x.dtype) for _ in range(several)]


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
