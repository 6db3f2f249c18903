"""What a benchmark came to, in words: for a terminal, and for a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from neuro_cnn.bench.base import Goal, Row
from neuro_cnn.bench.machine import MEGA

COLUMNS = ["work", "ours", "PyTorch", "ratio", "quartiles", "goal", "met", "PyTorch's way"]


def heading(facts: Mapping[str, Any], peak: int | None = None) -> list[str]:
    """On what it was measured, in a few lines."""
    blas = "; ".join(sorted(f"{pool['library']} {pool['version']} for {pool['core']}" for pool in facts["blas"]))
    versions = {"neuro_cnn": "neuro_cnn", "Python": "python", "NumPy": "numpy", "Numba": "numba", "PyTorch": "torch"}
    told = [f"{name} {facts[key]}" for name, key in versions.items() if facts[key] is not None]
    threads = f"{facts['threads']} of ours"
    threads += "" if facts["torch"] is None else f", {facts['torch_threads']} of PyTorch's"
    lines = [
        ", ".join(told),
        f"{facts['processor']}, {facts['cores']} cores; BLAS {blas or 'unknown'}; kernels {facts['kernels']}",
        f"threads: {threads}; {facts['rounds']} rounds",
    ]
    return lines if peak is None else [*lines, f"peak memory of the process: {peak / MEGA:,.0f} MB"]


def columns(row: Row) -> list[str]:
    """A row's cells, in the order of `COLUMNS`."""
    return [
        f"{row.case} ({row.note})" if row.note else row.case,
        "not measured" if row.ours is None else _amount(row.ours, row.unit),
        "" if row.torch is None else _amount(row.torch, row.unit),
        "" if row.ratio is None else f"{row.ratio:.2f}",
        "" if row.low is None else f"{row.low:.2f} to {row.high:.2f}",
        "" if row.goal is None or row.met is None else _bound(row.goal, row.unit),
        {True: "yes", False: "no", None: ""}[row.met],
        row.way or "",
    ]


def _amount(value: float, unit: str) -> str:
    """Three digits and the unit."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{digits}f} {unit}"


def _bound(goal: Goal, unit: str) -> str:
    return f"≥ {goal.ratio:g}" if goal.ours is None else f"≤ {_amount(goal.ours, unit)}"


def markdown(facts: Mapping[str, Any], rows: Iterable[Row], peak: int | None = None) -> str:
    """The table of docs/performance.md, with what it was measured on below it."""
    lines = [COLUMNS, ["---", *["--:"] * 3, *["---"] * 4], *map(columns, rows)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return "\n".join([table, "", *(f"{line}  " for line in heading(facts, peak))])
