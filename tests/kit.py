"""What several test files use: one tolerance, trees moved between libraries, and slopes by finite differences."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from neuro_cnn.backend import to_numpy
from neuro_cnn.ops import choice
from neuro_cnn.tree import leaves, tree_map

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
"""Largest difference over largest value that two ways of computing the same number may show."""


def difference(actual: Any, expected: Any) -> float:
    """max |actual - expected| / max |expected| (of zeros: the numerator); the shapes must agree."""
    actual, expected = to_numpy(actual), to_numpy(expected)
    assert actual.shape == expected.shape
    if not actual.size:
        return 0.0
    return float(np.max(np.abs(actual - expected))) / (float(np.max(np.abs(expected))) or 1.0)


def assert_close(actual: Any, expected: Any) -> None:
    """Every array of one tree equals the other's to the tolerance of its precision."""
    pairs = list(zip(leaves(actual), leaves(expected), strict=True))
    for (name, a), (_, b) in pairs:
        precision = str(to_numpy(b).dtype)
        assert difference(a, b) <= TOLERANCE.get(precision, 0.0), name or "the array"


def on(xp: Any, tree: Any) -> Any:
    """The tree with its NumPy arrays as arrays of another library."""
    return tree_map(lambda leaf: xp.asarray(leaf) if isinstance(leaf, np.ndarray) else leaf, tree)


def double(tree: Any) -> Any:
    """The tree in float64; whole numbers stay."""
    return tree_map(lambda leaf: np.asarray(leaf, np.float64) if is_float(leaf) else leaf, tree)


def is_float(leaf: Any) -> bool:
    """Whether a leaf is an array of floating-point numbers."""
    return hasattr(leaf, "dtype") and "float" in str(leaf.dtype)


def inner(a: Any, b: Any) -> float:
    """Inner product of two NumPy arrays of one shape."""
    assert a.shape == b.shape
    return float(np.sum(a * b))


def slope(function: Callable[[Any], float], point: Any, direction: Any, step: float = 1e-5) -> float:
    """The derivative of a function of one array along a direction, by the central difference."""
    return (function(point + step * direction) - function(point - step * direction)) / (2 * step)


def relative(actual: float, expected: float) -> float:
    """|actual - expected| / |expected| (of 0: the numerator)."""
    return abs(actual - expected) / (abs(expected) or 1.0)


@contextmanager
def plain_kernels() -> Iterator[None]:
    """Plain code instead of compiled kernels, as NEURO_CNN_KERNELS=plain asks for it."""
    kernels, choice.kernels = choice.kernels, lambda: "plain"  # type: ignore[assignment]
    try:
        yield
    finally:
        choice.kernels = kernels
