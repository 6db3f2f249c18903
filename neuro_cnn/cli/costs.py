"""neuro-cnn costs: how time and memory of a step grow with what is computed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neuro_cnn.cli.console import emit, table


def costs(
    out: Annotated[Path | None, typer.Option(help="Figure to draw (.png, .pdf, .svg).")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of which the median counts.")] = 7,
    threads: Annotated[int, typer.Option(min=1, help="Threads to compute on.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Time and memory of a step against images, planes, map size and depth, and by what power they grow.

    A step of backpropagation, one of Hebbian learning and an inference on the CPU, on networks of 3 x 3 cells.

    Example: neuro-cnn costs --out costs.png
    """
    from neuro_cnn import viz
    from neuro_cnn.costs import Size, courses

    if out is not None:
        viz.drawable(out)
    base = Size()
    found = list(courses(base, rounds=rounds, threads=threads))
    fixed = f"{base.images} images of {base.side} x {base.side}, {base.depth} layers of {base.planes} planes"
    if out is not None:
        detail = f"{fixed} where not varied; {threads} thread{'s' * (threads > 1)}, median of {rounds} rounds"
        viz.save(viz.costs(found, title="What a step costs", detail=detail), out)
    powers = {cost: [course.exponent(cost) for course in found] for cost in ("seconds", "macs", "memory")}
    if as_json:
        rows = [
            {
                "quantity": course.quantity,
                "work": course.work,
                "exponents": {cost: values[place] for cost, values in powers.items()},
                "points": [point._asdict() for point in course.points],
            }
            for place, course in enumerate(found)
        ]
        emit({"threads": threads, "rounds": rounds, "figure": None if out is None else str(out), "rows": rows})
        return
    lines = []
    for place, course in enumerate(found):
        first, last = course.points[0], course.points[-1]
        ends = [f"{1e3 * point.seconds:.2f}" for point in (first, last)]
        bytes_ = f"{last.memory / 2**20:.1f}"
        fitted = [f"{powers[cost][place]:.2f}" for cost in ("seconds", "macs", "memory")]
        lines.append([course.quantity, course.work, f"{first.value} to {last.value}", *ends, bytes_, *fitted])
    heads = ["quantity", "work", "from", "ms, first", "ms, last", "MiB, last", "time", "multiply-adds", "memory"]
    table(heads, lines, f"{fixed} where not varied; right: exponents", words=3)
