"""neuro-cnn lesions: planes of a run silenced, and what its answers lose by it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuro_cnn.cli.console import emit, say

if TYPE_CHECKING:
    from neuro_cnn.checkpoint import Checkpoint
    from neuro_cnn.data import Dataset
    from neuro_cnn.experiment import Experiment
    from neuro_cnn.physiology import Lesions


def lesions(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[Path, typer.Option(metavar="FIG", help="Figure to draw (.png, .pdf, .svg).")],
    layer: Annotated[str, typer.Option(help="Layer whose planes are silenced.")] = "S1",
    images: Annotated[int, typer.Option(min=1, help="Test images to answer, drawn at random; at most all.")] = 1000,
    seeds: Annotated[int, typer.Option(min=1, help="Random orders of the planes.")] = 5,
    csv: Annotated[Path | None, typer.Option(help="Table to write: a line a lesion.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Silence planes of a layer: one at a time, at random, the most and the least class-selective first.

    A silenced plane is 0 to the layers above, and nothing is fitted anew: what is lost says how the network as it
    stands uses the plane.

    Example: neuro-cnn lesions runs/hebbian --layer S1 --out lesions.png
    """
    from neuro_cnn import viz
    from neuro_cnn.cli.look import opened
    from neuro_cnn.files import write_text
    from neuro_cnn.report import csv_text

    viz.drawable(out)
    saved, experiment = opened(run)
    found = _silenced(saved, experiment, layer, images, seeds)
    detail = f"{found.images} test images of {experiment.data}; selectivity on training images"
    viz.save(viz.lesions(found, title=f"{experiment.name}: planes of {layer} silenced", detail=detail), out)
    if csv is not None:
        write_text(csv, csv_text(_rows(found)))
    rho = found.correlation
    if as_json:
        facts = {"schema_version": 1, "run": str(run), "layer": layer, "images": found.images, "seeds": seeds}
        facts |= {"intact": found.intact, "chance": found.chance, "selectivity_loss_rho": rho, "figure": str(out)}
        emit({**facts, "lesions": _rows(found)})
        return
    _print(found, layer)
    print(f"drawn in {out}")


def _silenced(saved: Checkpoint, experiment: Experiment, layer: str, images: int, seeds: int) -> Lesions:
    from neuro_cnn.errors import UsageError
    from neuro_cnn.physiology import lesions

    if not any(phase.method.supervised for phase in saved.curriculum):
        raise UsageError("the run learned without labels and has no answers to lose; train it on labelled data")
    data = experiment.load()
    steps = lesions(saved.net, saved.state.params, layer, _some(data.test, images), experiment.parts(data)[0], seeds)
    told = 0
    while True:
        try:
            done = next(steps)
        except StopIteration as end:
            found: Lesions = end.value
            return found
        if 4 * done.images // done.of > told:
            told = 4 * done.images // done.of
            say(f"{layer}: {done.images} of {done.of} test images answered under every lesion")


def _some(test: Dataset, count: int) -> Dataset:
    from neuro_cnn.streams import generator

    return test.take(sorted(generator(0, "images").permutation(len(test))[:count]))


def _rows(found: Lesions) -> list[dict[str, Any]]:
    """A row a lesion: which planes were silenced, how many, and the accuracy."""
    rows: list[dict[str, Any]] = []
    for plane, accuracy in enumerate(found.alone):
        known = None if found.silent[plane] else float(found.selectivity[plane])
        row = {"order": "alone", "seed": None, "silenced": 1, "plane": plane, "selectivity": known}
        rows.append({**row, "silent": bool(found.silent[plane]), "accuracy": float(accuracy)})
    curves: list[tuple[str, int | None, Any]] = [
        ("most_selective", None, found.most),
        ("least_selective", None, found.least),
    ]
    curves += [("random", seed, each) for seed, each in enumerate(found.random)]
    for order, seed, curve in curves:
        for count, accuracy in zip(found.counts, curve, strict=True):
            rows.append({"order": order, "seed": seed, "silenced": int(count), "accuracy": float(accuracy)})
    return rows


def _print(found: Lesions, layer: str) -> None:
    from neuro_cnn.cli.console import table

    rows = []
    for place, count in enumerate(found.counts):
        accuracies = (found.random[:, place].mean(), found.most[place], found.least[place])
        rows.append([str(count), *(f"{100 * each:.1f}" for each in accuracies)])
    columns = ["silenced", "random", "most selective first", "least selective first"]
    table(columns, rows, f"accuracy % with planes of {layer} silenced; intact {100 * found.intact:.1f}", words=0)
    worst = int(found.alone.argmin())
    rho = found.correlation
    told = "undefined" if rho is None else f"{rho:.2f}"
    print(f"Chance is {100 * found.chance:.1f} %. The plane that is missed most is {worst}: {_percent(found, worst)}.")
    print(f"Selectivity and loss of a plane alone: Spearman's rho {told}; {found.silent.sum()} planes silent.")


def _percent(found: Lesions, plane: int) -> str:
    return f"{100 * found.alone[plane]:.1f} % without it"
