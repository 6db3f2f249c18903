"""Similarity to what lies between two reference vectors of norm 1, and which two of a class are best.

For similarities s_i, s_j of an input to references with product g, the nearest point between the two is as similar as
s^2 = (s_i^2 + s_j^2 - 2 s_i s_j g) / (1 - g^2) where the input projects between them (Fukushima 2013). The plain forms
are the definitions and work in every array library; compiled loops do the same in one pass over memory.
"""

from __future__ import annotations

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.ops.choice import compiled_takes
from neuro_cnn.ops.threads import in_parts, share

APART = 1e-3
"""1 - g^2 below which two references are one: what lies between them is lost in rounding (our choice)."""
IMAGES = 16
"""Inputs of one part of the work that threads share (our choice)."""


def best_pairs(
    s: Array, products: Array, labels: Array, classes: int, nearest: int
) -> tuple[Array, Array, Array, Array, Array]:
    """Score, the two references, and its slopes in their similarities, of each class's best pair: (N, classes) each.

    s, (N, M), are similarities to references with `labels`, (M,), and `products` with one another, (M, M). Only the
    `nearest` of each class make pairs; a reference alone is a pair with itself, and has slopes of 1 and 0. A class
    without a reference scores -inf.
    """
    if not compiled_takes(s, products):
        return plain_best_pairs(s, products, labels, classes, nearest)
    from neuro_cnn.ops import compiled_interpolate as compiled

    shape = (s.shape[0], classes)
    score, near, far = (np.empty(shape, s.dtype) for _ in range(3))
    first, second = (np.zeros(shape, np.int64) for _ in range(2))
    by_class = np.argsort(labels, kind="stable")
    begins = np.searchsorted(labels[by_class], np.arange(classes + 1))
    rows, made = np.swapaxes(s, 0, 1), (score, first, second, near, far)

    def work(begin: int) -> None:
        compiled.best_pairs(begin, min(begin + IMAGES, len(s)), rows, products, by_class, begins, nearest, *made)

    share(work, range(0, len(s), IMAGES))
    return made


def plain_best_pairs(
    s: Array, products: Array, labels: Array, classes: int, nearest: int
) -> tuple[Array, Array, Array, Array, Array]:
    """`best_pairs`, plain."""
    xp = namespace(s)
    found = []
    for label in range(classes):
        mine = xp.asarray(np.flatnonzero(to_numpy(labels) == label))
        g = xp.take(xp.take(products, mine, axis=0), mine, axis=1)
        score, first, second, near, far = _best_pair(xp.take(s, mine, axis=1), g, nearest)
        if mine.shape[0]:
            first, second = xp.take(mine, first), xp.take(mine, second)
        found.append((score, first, second, near, far))
    score, first, second, near, far = (xp.stack(part, axis=1) for part in zip(*found, strict=True))
    return score, first, second, near, far


def best_between(s: Array, others: Array, g: Array) -> Array:
    """The best score that a new reference gives to each input, alone or paired with others of its class: (n,).

    s, (n,), are the inputs' similarities to it, `others`, (m, n), those to the references of its class, and g, (m,),
    its products with these.
    """
    if not (compiled_takes(s, others, g) and others.shape == g.shape + s.shape):
        return plain_best_between(s, others, g)
    from neuro_cnn.ops import compiled_interpolate as compiled

    best = np.empty_like(s)
    in_parts(lambda begin, end: compiled.best_between(begin, end, s, others, g, best), len(s))
    return best


def plain_best_between(s: Array, others: Array, g: Array) -> Array:
    """`best_between`, plain."""
    xp = namespace(s)
    if not others.shape[0]:
        return s
    near, far, room, inside = _projected(s, others, g[:, None])
    squares = xp.where(inside, (near * s + far * others) / room, xp.zeros((), dtype=s.dtype))
    return xp.maximum(s, xp.sqrt(xp.max(squares, axis=0)))


def between(first: Array, second: Array, g: Array) -> tuple[Array, Array, Array]:
    """Similarity to the nearest point between two references, and its slopes in their two similarities.

    Where the input does not project between the two it is that to the first.
    """
    xp = namespace(g)
    zero, one = xp.zeros((), dtype=g.dtype), xp.ones((), dtype=g.dtype)
    near, far, room, inside = _projected(first, second, g)
    length = xp.sqrt(xp.where(inside, (near * first + far * second) / room, one))
    score = xp.where(inside, length, first + 0 * g)
    scale = room * length
    return score, xp.where(inside, near / scale, one), xp.where(inside, far / scale, zero)


def _projected(first: Array, second: Array, g: Array) -> tuple[Array, Array, Array, Array]:
    """s_i - g s_j, s_j - g s_i, 1 - g^2 (or 1), and whether the input projects between two references that differ."""
    xp = namespace(g)
    near, far, room = first - g * second, second - g * first, 1 - g * g
    apart = room > APART
    return near, far, xp.where(apart, room, xp.ones((), dtype=g.dtype)), (near > 0) & (far > 0) & apart


def _best_pair(s: Array, g: Array, nearest: int) -> tuple[Array, Array, Array, Array, Array]:
    """What `best_pairs` finds for one class, (N,) each: s, (N, M), are similarities to its references alone."""
    xp = namespace(s)
    rows, members = s.shape
    count = min(nearest, members)
    if not count:
        none = xp.zeros((rows,), dtype=xp.int64)
        return xp.full((rows,), -xp.inf, dtype=s.dtype), none, none, *(xp.zeros((rows,), dtype=s.dtype),) * 2
    order = xp.argsort(-s, axis=1, stable=True)[:, :count]  # ties go to the first
    top = xp.take_along_axis(s, order, axis=1)
    pairs = order[:, :, None] * members + order[:, None, :]
    products = xp.reshape(xp.take(xp.reshape(g, (-1,)), xp.reshape(pairs, (-1,))), (rows, count, count))
    parts = [xp.reshape(part, (rows, count * count)) for part in between(top[:, :, None], top[:, None, :], products)]
    best = xp.argmax(parts[0], axis=1)[:, None]
    score, near, far = (xp.take_along_axis(part, best, axis=1)[:, 0] for part in parts)
    first, second = (xp.take_along_axis(order, which, axis=1)[:, 0] for which in (best // count, best % count))
    return score, first, second, near, far
