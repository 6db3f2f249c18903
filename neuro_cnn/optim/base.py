"""What optimisers have in common: their checks, memory that begins at 0, and the slope of a penalty on weights."""

from __future__ import annotations

from typing import Any

from neuro_cnn.errors import UsageError
from neuro_cnn.tree import tree_map


def zeros(weights: Any) -> Any:
    """Zeros in the shapes of the weights."""
    return tree_map(lambda w: 0 * w, weights)


def penalised(gradient: Any, weights: Any, decay: float) -> Any:
    """The gradient of the loss with a penalty of decay w^2 / 2: g + decay w."""
    return tree_map(lambda g, w: g + decay * w, gradient, weights) if decay else gradient


def check_fraction(name: str, value: float) -> None:
    """Raises UsageError unless 0 <= value < 1."""
    if not 0 <= value < 1:
        raise UsageError(f"{name} is {value}; it must lie in [0, 1)")


def check_decay(value: float) -> None:
    """Raises UsageError unless it is a number from 0 up."""
    if not 0 <= value < float("inf"):
        raise UsageError(f"decay is {value}; it must be a number from 0 up")


def check_positive(name: str, value: float) -> None:
    """Raises UsageError unless it is a number above 0."""
    if not 0 < value < float("inf"):
        raise UsageError(f"{name} is {value}; it must be positive")
