"""neuro-cnn bench: how fast it works."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from neuro_cnn.cli.console import emit, table


def bench(
    against: Annotated[Literal["torch"] | None, typer.Option(help="Whom to measure against, doing the same.")] = None,
    only: Annotated[str, typer.Option(metavar="PATTERN", help="Only the cases whose name holds this.")] = "",
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, ours and theirs in turn.")] = 15,
    threads: Annotated[int, typer.Option(min=1, help="Threads, the same for both.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Medians of times and of ratios; a ratio above 1 says that we are faster.

    Times on a busy machine mean nothing; ratios of interleaved rounds mean more.

    Example: neuro-cnn bench --against torch --only softhebb
    """
    from neuro_cnn import bench

    rows = list(bench.rows(only, against, rounds, threads))
    if as_json:
        emit({"rows": [row._asdict() for row in rows], "threads": threads, "rounds": rounds})
        return
    numbers = [[row.ours_ms, row.torch_ms, row.ratio] for row in rows]
    texts = [["" if number is None else f"{number:.2f}" for number in line] for line in numbers]
    table(["case", "ours, ms", "PyTorch, ms", "ratio"], [[row.case, *t] for row, t in zip(rows, texts, strict=True)])
