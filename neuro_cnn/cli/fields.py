"""neuro-cnn fields: what cells look for, by any of several methods."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from neuro_cnn.cli import explanations, mapping, patches, planes
from neuro_cnn.cli.asked import Asked, Shown
from neuro_cnn.cli.console import emit
from neuro_cnn.cli.look import opened

if TYPE_CHECKING:
    from neuro_cnn.checkpoint import Checkpoint


class Method(NamedTuple):
    """How fields are drawn, and which of the options image, cell, side and contrast that takes."""

    draw: Callable[[Asked], Shown]
    reads: tuple[str, ...] = ()


METHODS: dict[str, Method] = {
    "weights": Method(planes.weights),
    "backprojection": Method(planes.backprojection),
    "reverse-correlation": Method(mapping.mapped),
    "spots": Method(mapping.mapped),
    "effective": Method(mapping.mapped),
    "subspace": Method(mapping.mapped),
    "spectra": Method(mapping.mapped),
    "patches": Method(patches.patches),
    "preferred": Method(patches.preferred, ("cell", "contrast")),
    "deconvnet": Method(explanations.deconvnet, ("image", "cell")),
    "saliency": Method(explanations.saliency, ("image", "cell")),
    "guided": Method(explanations.guided, ("image", "cell")),
    "occlusion": Method(explanations.occlusion, ("image", "cell", "side")),
}
"""Every method by its name; a new one is a line here."""


def fields(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[Path, typer.Option(help="Figure to draw (.png, .pdf, .svg).")],
    layer: Annotated[
        str | None, typer.Option(help="Layer whose planes are drawn. [default: that of --cell, or S1]")
    ] = None,
    method: Annotated[str, typer.Option(metavar="|".join(METHODS), help="How to look at cells.")] = "weights",
    image: Annotated[str | None, typer.Option(help="Image to explain: a file, or the number of a test image.")] = None,
    cell: Annotated[
        str | None,
        typer.Option(metavar="LAYER/PLANE/ROW/COLUMN", help="Cell to explain. [default: the most active ones]"),
    ] = None,
    side: Annotated[int | None, typer.Option(min=1, help="Pixels of the square of --method occlusion.")] = None,
    contrast: Annotated[float | None, typer.Option(help="Contrast of --method preferred, up to 1.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Table to write: a line a plane or cell.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each plane's statistics.")] = False,
) -> None:
    """Receptive fields of every plane of a layer, or what in an image its cells answer to.

    Methods: weights; backprojection, the weights brought down to the pixels. By what the cell in the middle of every
    plane answers to: reverse-correlation and local spectra of noise, light and dark spots, the subspace of Hartley's
    waves, the effective field of all that moves it. patches, the test images that planes answer to most; preferred, the
    stimulus that they prefer. Of one --image: saliency, guided backpropagation, deconvnet, and occlusion.

    Example: neuro-cnn fields runs/hebbian --layer S1 --out fields.png
    """
    from neuro_cnn import viz
    from neuro_cnn.errors import unknown
    from neuro_cnn.files import write_text
    from neuro_cnn.report import csv_text

    viz.drawable(out)
    if method not in METHODS:
        raise unknown("method", method, METHODS)
    chosen = METHODS[method]
    _fits(chosen, method, {"image": image, "cell": cell, "side": side, "contrast": contrast})
    saved, experiment = opened(run)
    name = _layer(saved, layer, cell)
    shown = chosen.draw(Asked(run, saved, experiment, method, name, image, cell, side, contrast))
    viz.save(shown.figure, out)
    if csv is not None:
        write_text(csv, csv_text([_columns(row) for row in shown.rows]))
    if as_json:
        about = {"run": str(run), "layer": name, "method": method, "figure": str(out)}
        emit({**about, **shown.about, shown.what: shown.rows, "notes": shown.notes})
        return
    for line in shown.notes:
        print(line)
    print(f"{len(shown.rows)} {shown.what} of {name} drawn in {out}")


def _fits(chosen: Method, method: str, given: dict[str, Any]) -> None:
    """Refuse options that the method does not read, and an image that is missing."""
    from neuro_cnn.errors import UsageError

    for option, value in given.items():
        if value is not None and option not in chosen.reads:
            able = [name for name, each in METHODS.items() if option in each.reads]
            raise UsageError(f"--{option} says nothing to --method {method}; it is for {', '.join(able)}")
    if "image" in chosen.reads and given["image"] is None:
        raise UsageError(f"--method {method} explains one image; name it, such as --image 0, the first test image")


def _layer(saved: Checkpoint, layer: str | None, cell: str | None) -> str:
    """The layer that is drawn. Raises UsageError for one that does not exist, or is not the cell's."""
    from neuro_cnn.errors import UsageError

    name = layer or (cell or "S1").split("/")[0]
    saved.net[name]
    if cell is not None and cell.split("/")[0] != name:
        raise UsageError(f"cell {cell} is not of layer {name}; leave out --layer")
    return name


def _columns(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose lists have become parts numbered from 1, for a table; maps are left to the JSON."""
    return {key: _parts(value) for key, value in row.items() if key != "map"}


def _parts(value: Any) -> Any:
    if isinstance(value, list):
        return {str(number): _parts(each) for number, each in enumerate(value, 1)}
    return _columns(value) if isinstance(value, dict) else value
