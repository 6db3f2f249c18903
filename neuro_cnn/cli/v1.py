"""neuro-cnn v1: a pair of simple and complex cells held against macaque V1."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from neuro_cnn.cli.console import emit, progress, table
from neuro_cnn.cli.look import opened
from neuro_cnn.cli.measured import as_json, free

if TYPE_CHECKING:
    from neuro_cnn.physiology import V1Column

MARK = "v1.json"
"""The file by which a folder is known as this command's."""


def v1(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[Path, typer.Option(help="Folder to make: the figure, v1.json, table.csv, cells.csv.")],
    layer: Annotated[str, typer.Option(help="C-layer, with the S-layer that it pools; or an S-layer.")] = "C1",
    pixels_per_degree: Annotated[
        float | None, typer.Option(min=1, help="How large the world is. [default: 20, our choice]")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the controls' weights.")] = 0,
    format_: Annotated[Literal["png", "pdf", "svg"], typer.Option("--format", help="Of the figure.")] = "png",
    overwrite: Annotated[bool, typer.Option(help="Replace an earlier table in --out.")] = False,
    as_json_: Annotated[bool, typer.Option("--json", help="Print every property of every layer.")] = False,
) -> None:
    """Properties of cells as Marques, Schrimpf and DiCarlo (2021) define them, beside macaque V1 and two controls.

    Example: neuro-cnn v1 runs/pair --layer C1 --out against-v1
    """
    from neuro_cnn import viz
    from neuro_cnn.experiment import at_home
    from neuro_cnn.files import replacing_folder, write_text
    from neuro_cnn.physiology import MISSING, PIXELS_PER_DEGREE, PUBLISHED, v1_columns
    from neuro_cnn.report import csv_text

    free(out, MARK, overwrite)
    saved, experiment = opened(run)
    loaded = experiment.load()
    training, _ = experiment.parts(loaded)
    scale = PIXELS_PER_DEGREE if pixels_per_degree is None else pixels_per_degree
    curriculum = at_home(saved.curriculum, loaded)
    with progress(6, f"{experiment.name}, {layer}") as step:
        found, reason = v1_columns(saved.net, curriculum, saved.state.params, training, layer, seed, scale, step)
    rows = [column.row(name) for column in found for name in PUBLISHED]
    shapes = {each.system: each.single.summary() for each in found if each.single is not None}
    figure = f"v1.{format_}"
    result = {
        "schema_version": 1,
        "run": str(run),
        "layer": layer,
        "pixels_per_degree": scale,
        "figure": str(out / figure),
        "rows": rows,
        "shapes": shapes,
        "not_computed": list(MISSING),
        "left_out": reason,
    }
    title = f"{experiment.name}: simple and complex cells beside macaque V1"
    with replacing_folder(out) as folder:
        notes = (reason,) if reason else ()
        viz.save(viz.v1(found, pixels_per_degree=scale, title=title, notes=notes), folder / figure)
        write_text(folder / MARK, as_json(result))
        write_text(folder / "table.csv", csv_text(rows))
        write_text(folder / "cells.csv", csv_text(_cells(found)))
    if as_json_:
        emit(result)
        return
    heads = [f"{each.system}, {each.cells}" for each in found]
    told = [[name, *(_said(column.row(name)) for column in found)] for name in PUBLISHED]
    notes_ = f"medians, in brackets likeness to macaque V1 of what can be; {out}"
    table(["property", *heads], told, notes_ if not reason else f"{notes_}; {reason}")


def _said(row: dict[str, Any]) -> str:
    """A median, and the likeness in brackets where there is one."""
    alike = "" if row["of_ceiling"] is None else f" ({row['of_ceiling']:.2f})"
    return f"{'-' if row['median'] is None else format(row['median'], '.3g')}{alike}"


def _cells(found: list[V1Column]) -> list[dict[str, Any]]:
    """A row a cell that fires and a property."""
    return [
        {
            "system": each.system,
            "cells": each.cells,
            "layer": each.layer,
            "property": name,
            "cell": number,
            "value": None if value != value else float(value),
        }
        for each in found
        for name, values in each.v1.properties.items()
        for number, value in enumerate(values)
    ]
