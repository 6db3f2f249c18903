"""Loops over inputs and references, compiled by Numba: what `interpolate` runs on NumPy arrays of single precision."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from neuro_cnn.ops.compiled import INFINITY, ONE, ZERO, compiled
from neuro_cnn.ops.interpolate import APART

LEAST = np.float32(APART)


@compiled()
def best_pairs(
    begin: int,
    end: int,
    s: Any,
    products: Any,
    by_class: Any,
    begins: Any,
    nearest: int,
    score: Any,
    first: Any,
    second: Any,
    near: Any,
    far: Any,
) -> None:
    """The best pair of each class for the inputs from `begin` to `end`, into the last five, (N, classes) each.

    s is (M, N). The references of class c are `by_class` from begins[c] to begins[c + 1].
    """
    top, which = np.empty(nearest, np.float32), np.empty(nearest, np.int64)
    for n in range(begin, end):
        for c in range(score.shape[1]):
            members = by_class[begins[c] : begins[c + 1]]
            count = nearest_of(members, s, n, top, which)
            score[n, c], near[n, c], far[n, c] = (top[0], ONE, ZERO) if count else (-INFINITY, ZERO, ZERO)
            if count:
                first[n, c] = second[n, c] = which[0]
            for i in range(count):
                for j in range(i + 1, count):
                    g = products[which[i], which[j]]
                    a, b, room = top[i] - g * top[j], top[j] - g * top[i], ONE - g * g
                    if (a > ZERO) & (b > ZERO) & (room > LEAST):
                        length = np.float32(sqrt((a * top[i] + b * top[j]) / room))
                        if length > score[n, c]:
                            score[n, c], near[n, c], far[n, c] = length, a / (room * length), b / (room * length)
                            first[n, c], second[n, c] = which[i], which[j]


@compiled()
def nearest_of(members: Any, s: Any, n: int, top: Any, which: Any) -> int:
    """The most similar of some references to input n, in order, into `top` and `which`; ties go to the first."""
    count = 0
    for m in members:
        value = s[m, n]
        if count == top.shape[0] and not value > top[count - 1]:
            continue
        place = min(count, top.shape[0] - 1)
        while place and value > top[place - 1]:
            top[place], which[place] = top[place - 1], which[place - 1]
            place -= 1
        top[place], which[place] = value, m
        count = min(count + 1, top.shape[0])
    return count


@compiled()
def best_between(begin: int, end: int, s: Any, others: Any, g: Any, best: Any) -> None:
    """The best score of a new reference for the inputs from `begin` to `end`, into `best`."""
    squares = np.zeros(end - begin, np.float32)
    mine = s[begin:end]
    for k in range(others.shape[0]):
        product, room = g[k], ONE - g[k] * g[k]
        if room > LEAST:
            row = others[k, begin:end]
            for m in range(mine.shape[0]):
                a, b = mine[m] - product * row[m], row[m] - product * mine[m]
                square = (a * mine[m] + b * row[m]) / room
                squares[m] = square if (a > ZERO) & (b > ZERO) & (square > squares[m]) else squares[m]
    for m in range(mine.shape[0]):
        length = np.float32(sqrt(squares[m]))
        best[begin + m] = length if length > mine[m] else mine[m]
