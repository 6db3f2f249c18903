"""What can go wrong by a user's hand: one line that names the value and the remedy, and an exit code."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UsageError(ValueError):
    """A wrong name, option, size or configuration (exit code 2)."""

    exit_code = 2


class SilentError(UsageError):
    """Cells that are silent to all images, so that the layer above has nothing to learn from (exit code 2)."""


class DataError(ValueError):
    """Data that is missing, unreadable or not what it claims to be (exit code 3)."""

    exit_code = 3


class GpuMemoryError(MemoryError):
    """A GPU that has no room for what a batch needs (exit code 1)."""

    exit_code = 1


class WorkerError(RuntimeError):
    """A process that learned for this one and died (exit code 1)."""

    exit_code = 1


def unknown(what: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a misspelt name: says what there is, and the nearest."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return UsageError(f"unknown {what} {name!r}; {hint}there is: {', '.join(names)}")
