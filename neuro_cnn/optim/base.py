"""What optimisers have in common: all weights as one row of numbers, their checks, and the slope of a penalty."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Protocol, TypeAlias

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops import cuda
from neuro_cnn.ops.choice import compiled_takes, cuda_takes
from neuro_cnn.ops.geometry import check_shape
from neuro_cnn.ops.moving import moved
from neuro_cnn.schedule import Rate, at
from neuro_cnn.tree import arrays, rebuilt

Rows: TypeAlias = tuple[Array, ...]
Numbers: TypeAlias = tuple[float, ...]


class Flat(Protocol):
    """An optimiser that does the same to every weight, and so moves all as one row of numbers.

    Its state is its memories, rows like that one. The new weights are parts of a new row.
    """

    rate: Rate
    compiled: ClassVar[str]
    """The name under which `ops` has the formula compiled."""
    memories: ClassVar[int] = 1

    def start(self, weights: Any) -> Rows:
        """State before the first step: memories of zeros."""
        parts = arrays(weights)
        return tuple(namespace(*parts).zeros_like(row(parts)) for _ in range(self.memories)) if parts else ()

    def step(self, weights: Any, gradient: Any, state: Rows, step: int, steps: int) -> tuple[Any, Rows]:
        """One step, number `step` of `steps`."""
        if not state:  # no weights
            return weights, state
        constants, parts = self.constants(at(self.rate, step, steps), step), arrays(weights)
        w, g = row(parts), row(arrays(gradient, weights))
        for each in (g, *state):
            check_shape("gradient or memory", each, w.shape)
        if cuda_takes(w, g, *state):
            new, *memories = cuda.moved(self.compiled, (w, g, *state), constants)
        elif compiled_takes(w, g, *state):
            new, *memories = moved(self.compiled, (w, g, *state), constants)
        else:
            new, *memories = self.formula(w, g, state, constants)
        return rebuilt(weights, iter(apart(new, parts))), tuple(memories)

    @abstractmethod
    def constants(self, rate: float, step: int) -> Numbers:
        """The numbers of the formula in this step."""
        ...

    @staticmethod
    @abstractmethod
    def formula(w: Array, g: Array, memories: Rows, constants: Numbers) -> Rows:
        """From weights, gradient, memories and constants to new weights and memories."""
        ...


def row(parts: list[Array]) -> Array:
    """All numbers of arrays of one precision, in a row."""
    return namespace(parts[0]).concat(parts, axis=None)


def apart(numbers: Array, parts: list[Array]) -> list[Array]:
    """The inverse of `row`: its arrays again, as parts of the row's memory."""
    xp, begin, found = namespace(numbers), 0, []
    for part in parts:
        end = begin + part.size
        found.append(numbers[begin:end] if part.ndim == 1 else xp.reshape(numbers[begin:end], part.shape))
        begin = end
    return found


def penalised(g: Array, w: Array, decay: float) -> Array:
    """The gradient of the loss with a penalty of decay w^2 / 2: g + decay w."""
    return g + decay * w if decay else g


def root(x: Array) -> Array:
    """The square root of each number."""
    return namespace(x).sqrt(x)


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
