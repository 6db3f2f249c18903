"""neuro-cnn regions: what networks of one to three layers can tell apart in the plane."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neuro_cnn.cli.console import emit, table


def regions(
    out: Annotated[Path, typer.Option(help="Figure to draw (.png, .pdf, .svg).")],
    units: Annotated[int, typer.Option(min=1, max=1000, help="Units of each hidden layer.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the points and the weights.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """What one, two and three layers can tell apart in the plane, on four problems; exclusive or (XOR) is one.

    One layer learns by the perceptron rule, more by backpropagation.

    Example: neuro-cnn regions --units 6 --out regions.png
    """
    from neuro_cnn import viz
    from neuro_cnn.physiology import decision_regions

    viz.drawable(out)
    planes = decision_regions(units, seed)
    learned = f"{len(planes[0].learned)} points, {units} units in each hidden layer, seed {seed}"
    viz.save(viz.regions(planes, detail=learned), out)
    if as_json:
        found = {plane.problem: {str(n): each.accuracy for n, each in plane.answers.items()} for plane in planes}
        emit({"units": units, "seed": seed, "points": len(planes[0].learned), "figure": str(out), "accuracy": found})
        return
    rows = [[plane.problem, *(f"{100 * each.accuracy:.1f}" for each in plane.answers.values())] for plane in planes]
    title = f"{learned}: % of the square answered rightly; drawn in {out}"
    table(["problem", "one layer", "two layers", "three layers"], rows, title)
