"""neuro-cnn topography: the map on a sheet of units."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_cnn.cli.console import emit
from neuro_cnn.cli.look import opened

if TYPE_CHECKING:
    from neuro_cnn.physiology import Topography


def topography(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[Path, typer.Option(help="Figure to draw (.png, .pdf, .svg).")],
    layer: Annotated[str, typer.Option(help="Layer that learned on a sheet.")] = "S1",
    as_json: Annotated[bool, typer.Option("--json", help="Print the map and its measures.")] = False,
) -> None:
    """The orientation map on a sheet of units: how smooth it is, beside the same units shuffled, and its pinwheels.

    Example: neuro-cnn topography runs/sheet --out map.png
    """
    from neuro_cnn import viz
    from neuro_cnn.physiology import topography as mapped

    viz.drawable(out)
    saved, experiment = opened(run)
    found = mapped(saved.net, saved.state.params, saved.in_shape, saved.curriculum, layer)
    viz.save(viz.topography(found, title=f"{experiment.name}: the map on {layer}", detail=_said(found)), out)
    if as_json:
        emit(
            {
                "run": str(run),
                "layer": layer,
                "figure": str(out),
                "rows": len(found.orientation),
                "columns": len(found.orientation[0]),
                "orientation": found.orientation.tolist(),
                "selectivity": found.selectivity.tolist(),
                "neighbour_difference": float(found.neighbours.mean()),
                "shuffled_difference": float(found.shuffled.mean()),
                "pinwheels": [each._asdict() for each in found.pinwheels],
            }
        )
        return
    print(_said(found))
    print(f"drawn in {out}")


def _said(found: Topography) -> str:
    count = len(found.pinwheels)
    return (
        f"neighbours differ by {found.neighbours.mean():.1f} degrees, shuffled by {found.shuffled.mean():.1f}; "
        f"{count} pinwheel{'s' * (count != 1)} among {found.orientation.size} units"
    )
