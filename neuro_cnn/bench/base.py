"""What a benchmark consists of: cases with goals, and the rows that they come to."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

from neuro_cnn.errors import UsageError

Work: TypeAlias = Callable[[], Any]
"""One piece of work; what it returns, an array or a tree of arrays, both sides must agree on."""
Precision: TypeAlias = Literal["float32", "float64"]
"""That of PyTorch's side: single to be timed, double to be right."""


class How(NamedTuple):
    """Whom to measure against ("torch" or nobody), in how many rounds, on how many threads of each side."""

    against: str | None = None
    rounds: int = 15
    threads: int = 1


class Goal(NamedTuple):
    """What a row is to reach: a ratio of at least so much, or a measure of ours of at most so much."""

    ratio: float | None = None
    ours: float | None = None


class Row(NamedTuple):
    """What a case came to: medians of ours and PyTorch's, in `unit`, or None where not measured.

    `ratio` is the median over rounds of PyTorch's over ours, above 1 where ours is better, between its quartiles `low`
    and `high`; `way` is the best of PyTorch's ways. `error` and `torch_error` say how far ours and the worst of
    PyTorch's ways are from PyTorch's result in double precision, over its largest value.
    """

    case: str
    unit: str
    ours: float | None
    torch: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    goal: Goal | None = None
    way: str | None = None
    error: float | None = None
    torch_error: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where there is none, or what it is about was not measured."""
        goal = self.goal or Goal()
        if goal.ratio is not None and self.ratio is not None:
            return self.ratio >= goal.ratio
        if goal.ours is not None and self.ours is not None:
            return self.ours <= goal.ours
        return None


class Case(Protocol):
    """Something to measure."""

    slow: ClassVar[bool] = False
    """Whether it takes so long that it is measured only when it is asked for."""

    def row(self, name: str, how: How) -> Row:
        """What it comes to."""
        ...


def pytorch() -> Any:
    """PyTorch. Raises UsageError where it is not installed."""
    try:
        return import_module("torch")
    except ImportError as error:
        raise UsageError('PyTorch is not installed; get it with: pip install "neuro_cnn[bench]"') from error
