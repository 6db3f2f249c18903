"""neuro-cnn nature: what simple and complex cells become in the world that they grow up in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from neuro_cnn.cli.console import emit, progress, table
from neuro_cnn.cli.measured import as_json, free

if TYPE_CHECKING:
    from neuro_cnn.physiology import Portrait

MARK = "nature.json"
"""The file by which a folder is known as this command's."""
BORN = "random weights"
"""What the control is called: the same cells before they have learned."""
COLUMNS = {
    "r2_above_0.7": "R2 > .7",
    "effective_rank": "rank",
    "half_width": "half width",
    "bandwidth": "octaves",
    "near_vertical": "near vertical",
    "near_horizontal": "near horizontal",
    "complex_below_1": "C with F1/F0 < 1",
}
"""What is printed of every world and seed."""


def nature(
    out: Annotated[Path, typer.Option(help="Folder to make: the figure, nature.json, cells.csv.")],
    world: Annotated[
        list[str] | None,
        typer.Option(help="Worlds: natural, vertical, horizontal, mixed, or a data set; several for rearing."),
    ] = None,
    photographs: Annotated[Path | None, typer.Option(help="Folder of photographs of one's own for `natural`.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Learning seeds, from 0 on.")] = 1,
    planes: Annotated[int, typer.Option(min=2, help="Planes of S-cells.")] = 32,
    size: Annotated[int, typer.Option(min=3, help="Side of their views, pixels.")] = 9,
    threshold: Annotated[
        float, typer.Option(min=0, max=0.99, help="Of S-cells, as a part of each one's best response.")
    ] = 0.0,
    eye: Annotated[
        Literal["olshausen-field", "retina"], typer.Option(help="What S-cells look at.")
    ] = "olshausen-field",
    count: Annotated[int, typer.Option(min=100, help="Images of the world.")] = 4000,
    format_: Annotated[Literal["png", "pdf", "svg"], typer.Option("--format", help="Of the figure.")] = "png",
    overwrite: Annotated[bool, typer.Option(help="Replace an earlier study in --out.")] = False,
    as_json_: Annotated[bool, typer.Option("--json", help="Print the numbers of every world and seed.")] = False,
) -> None:
    """What simple and complex cells become without a teacher: fields, tuning and Gabor plane, beside random weights.

    Example: neuro-cnn nature --world natural --world vertical --world mixed --out reared
    """
    from neuro_cnn import viz
    from neuro_cnn.data import load
    from neuro_cnn.files import replacing_folder, write_text
    from neuro_cnn.physiology import grow, portrait
    from neuro_cnn.report import csv_text

    free(out, MARK, overwrite)
    side = 2 * ((size + 22) // 2) + 1  # the eye's filter, the view and the pool, and a little more
    names = _named(list(dict.fromkeys(world or ["natural"])), photographs, side, count)
    data = {name: load(text).train for name, text in names.items()}
    options: dict[str, Any] = {"planes": planes, "size": size, "threshold": threshold, "eye": eye}
    grown: dict[str, list[Portrait]] = {}
    with progress(seeds * (len(data) + 1), "nature") as step:
        for name in (*data, BORN):
            seen = data.get(name) or next(iter(data.values()))
            grown[name] = []
            for seed in range(seeds):
                net, params = grow(seen, seed, learned=name != BORN, **options)
                grown[name].append(portrait(net, params, seen))
                step()
    rows = [_row(name, seed, each) for name, of_seed in grown.items() for seed, each in enumerate(of_seed)]
    times = f"{seeds} seeds" if seeds > 1 else "one seed"
    detail = f"simple-complex, {planes} planes, views of {size} x {size}, threshold {threshold:g}, {times}"
    figure = f"nature.{format_}"
    result = {"schema_version": 1, "worlds": names, "options": options, "figure": str(out / figure), "rows": rows}
    with replacing_folder(out) as folder:
        viz.save(viz.nature(grown, "What simple and complex cells become", detail), folder / figure)
        write_text(folder / MARK, as_json(result))
        write_text(folder / "cells.csv", csv_text(_cells(grown)))
    if as_json_:
        emit(result)
        return
    words = (
        "r2_above_0.7",
        "effective_rank",
        "half_width",
        "bandwidth",
        "near_vertical",
        "near_horizontal",
        "complex_below_1",
    )
    head = ["world", "seed", "R2 > .7", "rank", "half width", "octaves", "vertical", "horizontal", "C with F1/F0 < 1"]
    told = [[row["world"], str(row["seed"]), *(_short(row[key]) for key in words)] for row in rows]
    table(head, told, f"figure and numbers: {out}")


def _named(worlds: list[str], photographs: Path | None, side: int, count: int) -> dict[str, str]:
    """Names of data by world.

    Raises UsageError for a world that does not exist, and where photographs are given and nobody looks at them.
    """
    from neuro_cnn.data import catalogue
    from neuro_cnn.errors import UsageError, unknown
    from neuro_cnn.physiology import WORLDS

    known = [*WORLDS, *(str(row["name"]) for row in catalogue())]
    for name in worlds:
        if name not in known and ":" not in name and not Path(name).exists():
            raise unknown("world", name, known)
    if photographs is not None and "natural" not in worlds:
        raise UsageError(f"--photographs {photographs} without --world natural; add it, or leave them out")
    names = {name: WORLDS.get(name, name).format(size=side, count=count) for name in worlds}
    if photographs is not None:
        names["natural"] += f",folder={photographs}"
    return names


def _row(world: str, seed: int, found: Portrait) -> dict[str, Any]:
    """The study's numbers of one world and seed."""
    import numpy as np

    def middle(values: Any) -> float | None:
        known = values[np.isfinite(values)]
        return float(np.median(known)) if known.size else None

    wins = found.wins[found.wins > 0]
    simple, complex_ = found.simple, found.complex
    return {
        "world": world,
        "seed": seed,
        "r2_median": float(np.median(found.gabors.r2)),
        "r2_above_0.7": float(np.mean(found.gabors.r2 > 0.7)),
        "r2_above_0.9": float(np.mean(found.gabors.r2 > 0.9)),
        "degenerate": float(np.mean(found.gabors.degenerate)),
        "effective_rank": float(found.bank.effective_rank),
        "dead": int(np.sum(found.wins * len(found.wins) < 0.1)),
        "win_entropy": float(-np.sum(wins * np.log(wins)) / np.log(len(found.wins))),
        "selectivity": middle(simple.selectivity),
        "half_width": middle(simple.half_width),
        "bandwidth": middle(simple.bandwidth),
        "bandwidth_undefined": float(np.mean(~np.isfinite(simple.bandwidth))),
        "frequency": middle(simple.frequency),
        "near_vertical": _known(simple.near(90)),
        "near_horizontal": _known(simple.near(0)),
        "simple_above_1": float(np.mean(simple.ratio > 1)),
        "complex_below_1": float(np.mean(complex_.ratio < 1)),
        "complex_half_width": middle(complex_.half_width),
    }


def _known(value: float) -> float | None:
    return None if value != value else value


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _cells(grown: dict[str, list[Portrait]]) -> list[dict[str, Any]]:
    """A row a cell: its Gabor fit, and its tuning as an S- and as a C-cell."""
    rows = []
    for world, seeds in grown.items():
        for seed, each in enumerate(seeds):
            for k, fitted in enumerate(each.gabors.rows()):
                row: dict[str, Any] = {"world": world, "seed": seed, "plane": k, "wins": float(each.wins[k])}
                row["gabor"] = {key: value for key, value in fitted.items() if key != "plane"}
                for layer, tuned in (("s", each.simple), ("c", each.complex)):
                    row[layer] = {name: _known(float(values[k])) for name, values in tuned._asdict().items()}
                rows.append(row)
    return rows
