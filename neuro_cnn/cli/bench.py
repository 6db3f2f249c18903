"""neuro-cnn bench: how fast it works."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from neuro_cnn.cli.console import emit, say, table

if TYPE_CHECKING:
    from neuro_cnn.bench import Row


def bench(
    against: Annotated[Literal["torch"] | None, typer.Option(help="Whom to measure against, doing the same.")] = None,
    only: Annotated[str, typer.Option(metavar="PATTERN", help="Only the cases whose name holds this.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="The slow cases too.")] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, ours and theirs in turn.")] = 15,
    threads: Annotated[int, typer.Option(min=1, help="Threads, the same for both.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Figure of the ratios to draw (.png, .pdf, .svg).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print a table as in docs/performance.md.")] = False,
) -> None:
    """Medians of times and of ratios, PyTorch's time over ours: above 1 we are faster. Goals are the project's own.

    Both sides do the same work, and their results are compared before they are timed. Times on a busy machine mean
    nothing; ratios of interleaved rounds mean more.

    Example: neuro-cnn bench --against torch --only softhebb
    """
    from neuro_cnn import bench
    from neuro_cnn.bench.machine import peak_memory
    from neuro_cnn.bench.tables import COLUMNS

    _check(out, against)
    facts = bench.facts(against, rounds, threads)
    rows = []
    for row in bench.rows(only, against, rounds, threads, everything):
        say("  ".join(filter(None, bench.columns(row)[:4])))
        rows.append(row)
    peak = peak_memory()
    if as_json:
        emit({**facts, "peak_memory": peak, "rows": [_plain(row) for row in rows]})
    elif as_markdown:
        print(bench.markdown(facts, rows, peak))
    else:
        print("\n".join(bench.heading(facts, peak)))
        table(COLUMNS, [bench.columns(row) for row in rows])
    if out is not None:
        _draw(rows, "; ".join(bench.heading(facts)), out)


def _check(out: Path | None, against: str | None) -> None:
    """Refuse a figure that cannot be drawn before anything is measured."""
    if out is None:
        return
    from neuro_cnn import viz
    from neuro_cnn.errors import UsageError

    viz.drawable(out)
    if against is None:
        raise UsageError(f"no ratio to draw into {out}: add --against torch")


def _draw(rows: list[Row], detail: str, out: Path) -> None:
    from neuro_cnn import viz

    viz.save(viz.speed([_plain(row) for row in rows], detail=detail), out)


def _plain(row: Row) -> dict[str, Any]:
    goal = None if row.goal is None else row.goal._asdict()
    return {**row._asdict(), "goal": goal, "met": row.met}
