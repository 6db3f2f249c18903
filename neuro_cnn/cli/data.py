"""neuro-cnn data: the data sets."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Annotated

import typer

from neuro_cnn.cli.console import emit, table

app = typer.Typer(help="Data sets: list, fetch, show.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_sets(as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False) -> None:
    """The data sets that have a name.

    Example: neuro-cnn data list
    """
    from neuro_cnn.data import catalogue

    rows = catalogue()
    if as_json:
        emit(rows)
        return
    columns = list(rows[0])
    words = [[_word(row[column]) for column in columns] for row in rows]
    table(columns, words, words=len(columns))
    print("of your own: idx:FOLDER, npz:FILE, npy:FOLDER (read batch by batch), folder:PATH (one sub-folder a class)")


def _word(value: object) -> str:
    if isinstance(value, tuple | list):
        return (" x " if all(isinstance(part, int) for part in value) else ", ").join(map(str, value))
    return "" if value is None else str(value)


@app.command("fetch")
def fetch(name: Annotated[str, typer.Argument(help="A name from `neuro-cnn data list`.")]) -> None:
    """Download a data set once, checking its hash.

    Example: neuro-cnn data fetch mnist
    """
    from neuro_cnn.data import fetch as download

    print(download(name))


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A data set.")],
    out: Annotated[Path, typer.Option(help="Figure to draw (.png, .pdf, .svg).")],
    count: Annotated[int, typer.Option(min=1, max=400, help="Training images to show.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Draw the first training images of a data set.

    Example: neuro-cnn data show digits --out digits.png
    """
    import numpy as np

    from neuro_cnn import viz
    from neuro_cnn.data import load

    viz.drawable(out)
    data = load(name)
    images = data.train.images[:count]
    viz.save(viz.images(images, title=f"{name}: the first {len(images)} of {len(data.train)} training images"), out)
    labels = data.train.labels[data.train.labelled]
    facts = {
        "name": name,
        "source": data.source,
        "shape": list(data.train.shape),
        "train": len(data.train),
        "test": len(data.test),
        "classes": list(data.train.classes),
        "per_class": dict(zip(data.train.classes, np.bincount(labels).tolist(), strict=False)) if len(labels) else {},
        "figure": str(out),
    }
    if as_json:
        emit(facts)
        return
    table(["what", "value"], [[key, _word(value)] for key, value in facts.items()], words=2)


@app.command("flips")
def flips(
    name: Annotated[str, typer.Argument(help="A data set.")],
    out: Annotated[Path, typer.Option(help="Figure to draw (.png, .pdf, .svg).")],
    shift: Annotated[int, typer.Option(min=1, help="Pixels that the images move.")] = 2,
    threshold: Annotated[float, typer.Option(help="Values above it are on.")] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """How many inputs a shift turns on and off in binary images, by class.

    Means over the training images and the four directions.

    Example: neuro-cnn data flips digits --shift 2 --out flips.png
    """
    import numpy as np

    from neuro_cnn import viz
    from neuro_cnn.data import load
    from neuro_cnn.data.deform import shift as moved
    from neuro_cnn.data.flips import flipped, flips

    viz.drawable(out)
    data = load(name).train
    rows = flipped(flips(data.images, shift, threshold), data.labels, data.classes)
    first = [int((data.labels == data.classes.index(row.name)).argmax()) for row in rows[:-1]]
    before = data.images[np.array(first, int)] > threshold
    title = f"{name}: what a shift of {shift} px does to binary images"
    whole = rows[-1]
    words = f"{whole.lit:.1f} of {prod(data.shape)} pixels are on; {whole.on:.1f} go on, {whole.off:.1f} off"
    viz.save(viz.flips(rows, before, moved(before, 0, shift), shift, title=title, detail=words), out)
    if as_json:
        facts = {"name": name, "shift": shift, "threshold": threshold, "figure": str(out)}
        emit({**facts, "classes": [row._asdict() for row in rows]})
        return
    cells = [[row.name, str(row.images), *(f"{part:.1f}" for part in row[2:])] for row in rows]
    table(["class", "images", "pixels on", "go on", "go off"], cells, f"{title}; drawn in {out}")
