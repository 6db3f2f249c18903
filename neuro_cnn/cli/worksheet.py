"""neuro-cnn explain: one cell's arithmetic, to be checked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuro_cnn.cli.console import emit, table
from neuro_cnn.cli.look import opened, read_one

if TYPE_CHECKING:
    from neuro_cnn.physiology import Worksheet

WHOLE = 50
"""Cells of a view that is printed whole (our choice): 5 x 5 of two planes."""
LARGEST = 12
"""Contributions that are printed of a larger one (our choice)."""


def explain(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    image: Annotated[str, typer.Argument(help="An image file, or a number: that test image.")],
    cell: Annotated[str, typer.Option(help="The cell: LAYER/PLANE/ROW/COLUMN, or LAYER/PLANE for the middle one.")],
    out: Annotated[Path | None, typer.Option(help="Figure to draw (.png, .pdf, .svg).")] = None,
    csv: Annotated[Path | None, typer.Option(help="Table to write: a line a cell of the view.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the worksheet as JSON.")] = False,
) -> None:
    """What one cell sees of an image, and how its response comes of it, in numbers to be checked by hand.

    The cells that it is made of are named as cells that can be explained in their turn.

    Example: neuro-cnn explain runs/neocognitron 7 --cell S2/3/7/7 --out s2.png
    """
    from neuro_cnn import viz
    from neuro_cnn.files import write_text
    from neuro_cnn.physiology import Unit, worksheet

    if out is not None:
        viz.drawable(out)
    saved, experiment = opened(run)
    unit = Unit.parse(cell, saved.net, saved.state.params, saved.in_shape)
    x, name, _ = read_one(image, saved, experiment)
    found = worksheet(saved.net, saved.state.params, x, unit)
    title = f"{experiment.name} at {name}: {found.kind} cell {unit}"
    if out is not None:
        viz.save(viz.worksheet(x, found, title=title), out)
    if csv is not None:
        from neuro_cnn.report import csv_text

        write_text(csv, csv_text(_rows(found)))
    if as_json:
        figure = None if out is None else str(out)
        emit({"run": str(run), "image": name, "figure": figure, **found.data()})
        return
    _tell(found, title)
    if out is not None:
        print(f"drawn in {out}")


def _rows(found: Worksheet) -> list[dict[str, Any]]:
    """A row a cell of the view, the largest contributions first."""
    return [
        {"cell": str(each.cell), "x": each.x, "weight": each.weight, "contribution": each.share}
        for each in found.sources
    ]


def _tell(found: Worksheet, title: str) -> None:
    """Print where the view lies, its numbers, the steps, and the cells that contribute most."""
    from neuro_cnn.physiology.worksheets.arithmetic import text

    work, box = found.work, found.box
    view = work.view
    print(title)
    print(f"sees {_seen(found)}; in pixels, rows {box.top} to {box.bottom - 1}, columns {box.left} to {box.right - 1}")
    if not view.inside.all():
        print(f"{view.inside.size - view.inside.sum()} of {view.inside.size} places lie beyond the edge of the map")
    if view.values[:1].size > 1 and view.values.size <= WHOLE:
        for number, plane in enumerate(view.planes):
            _grid(f"x, plane {plane}", view.values[number], view)
            if work.weights is not None:
                _grid(f"w, plane {plane}", work.weights[number], view)
    print()
    for step in work.steps:
        print(f"{step.symbol} = " + "\n  = ".join(dict.fromkeys((step.formula, step.worked, text(step.value)))))
    print(f"the network answers {text(found.network)}")
    if work.silence:
        print(f"silent: {work.silence}")
    if found.sources:
        _contributions(found)


def _contributions(found: Worksheet) -> None:
    """The table of the cells below, those that contribute most first, and the sum of the rest."""
    from neuro_cnn.physiology.worksheets.arithmetic import text

    heard = [each for each in found.sources if each.share] or list(found.sources[:LARGEST])
    many = LARGEST if len(heard) > WHOLE else len(heard)
    rows = [
        [str(each.cell), text(each.x), "" if each.weight is None else text(each.weight), text(each.share)]
        for each in heard[:many]
    ]
    if heard[many:]:
        rows.append([f"{len(heard[many:])} others", "", "", text(sum(each.share for each in heard[many:]))])
    silent = len(found.sources) - len(heard)
    if silent:
        rows.append([f"{silent} others", "", "", "0"])
    table(["cell below", "x", "weight", "contribution"], rows, "what each cell below contributes")


def _grid(name: str, values: Any, view: Any) -> None:
    """A map in numbers, its rows and columns named."""
    rows = [[str(row), *(f"{value + 0.0:.4g}" for value in line)] for row, line in zip(view.rows, values, strict=True)]
    table([name, *map(str, view.columns)], rows)


def _seen(found: Worksheet) -> str:
    """The planes, rows and columns of the layer below, in words."""
    view, below = found.work.view, found.below
    count = len(view.planes)
    if len(view.rows) == len(view.columns) == 1 and not (view.rows[0] or view.columns[0]):
        return f"{count} cell{'s' * (count != 1)} of {below}"
    planes = f"plane {view.planes[0]}" if count == 1 else f"{count} planes"
    return f"{planes} of {below}, {_span('row', view.rows)}, {_span('column', view.columns)}"


def _span(what: str, places: Any) -> str:
    first, last = int(places[0]), int(places[-1])
    step = f" by {places[1] - places[0]}" if len(places) > 1 and places[1] - places[0] > 1 else ""
    return f"{what} {first}" if first == last else f"{what}s {first} to {last}{step}"
