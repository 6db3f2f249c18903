"""neuro-cnn respond: looking at cells; and how a run is opened for it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuro_cnn.cli.console import emit, say, table

if TYPE_CHECKING:
    from neuro_cnn.checkpoint import Checkpoint
    from neuro_cnn.experiment import Experiment


def opened(run: Path) -> tuple[Checkpoint, Experiment]:
    """A run's best weights and its configuration. Raises UsageError for a run that has none yet."""
    from neuro_cnn import checkpoint
    from neuro_cnn.errors import UsageError
    from neuro_cnn.running import configured
    from neuro_cnn.runs import MARK, RunFolder

    folder = RunFolder.open(run)
    experiment = configured(folder)
    best = folder.checkpoint("best")
    if not best.is_file():
        command = shlex.join(["neuro-cnn", "train", "--resume", str(run)])
        raise UsageError(f"{run} has not learned far enough; go on with: {command}")
    status = folder.read_json(MARK).get("status")
    if status != "done":
        say(f"{run} is {status}, not done; this is about the best weights that it has saved")
    return checkpoint.load(best), experiment


def respond(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    image: Annotated[str, typer.Argument(help="An image file, or a number: that test image.")],
    out: Annotated[Path, typer.Option(help="Figure to draw (.png, .pdf, .svg).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print each layer's statistics.")] = False,
) -> None:
    """Every plane of every layer for one image.

    Example: neuro-cnn respond runs/hebbian 7 --out responses.png
    """
    from neuro_cnn import viz
    from neuro_cnn.physiology import sparseness

    viz.drawable(out)
    saved, experiment = opened(run)
    x, name, _ = read_one(image, saved, experiment)
    layers: dict[str, Any] = {}
    y = x[None]
    for layer_name, layer in saved.net.layers:
        y = layer.respond(saved.state.params[layer_name], y)
        layers[layer_name] = possible(y[0])
    shown = {key: value for key, value in layers.items() if saved.net[key].kind != "flatten"}
    figure = viz.responses(x, shown, classes=saved.classes, title=f"{experiment.name} responds to {name}")
    viz.save(figure, out)
    facts = [
        {
            "layer": key,
            "shape": list(value.shape),
            "min": float(value.min()),
            "max": float(value.max()),
            "sparseness": sparseness(value),
        }
        for key, value in layers.items()
    ]
    taught = any(phase.method.supervised for phase in saved.curriculum)
    scores = zip(saved.classes, y[0], strict=True) if taught else ()
    best = [name for name, score in scores if score == y[0].max()]
    answer = best[0] if len(best) == 1 else None
    if as_json:
        emit({"run": str(run), "image": name, "answer": answer, "figure": str(out), "layers": facts})
        return
    rows = [[str(f["layer"]), str(f["shape"]), *(f"{f[k]:.3g}" for k in ("min", "max", "sparseness"))] for f in facts]
    table(["layer", "shape", "min", "max", "sparseness"], rows, f"answer: {answer or 'none'}; drawn in {out}", words=2)


def possible(response: Any) -> Any:
    """A response without the -inf of classes that have no reference: they get 0 or the least score."""
    import numpy as np

    never = np.isneginf(response)
    return np.where(never, response[~never].min(initial=0), response)


def read_one(text: str, saved: Checkpoint, experiment: Experiment) -> tuple[Any, str, int]:
    """An image file, or the test image of a number: the image, what to call it, and its label (-1: nobody knows)."""
    from neuro_cnn.data import read_image
    from neuro_cnn.errors import DataError, UsageError

    if text.isdigit():
        test = experiment.load().test
        if int(text) >= len(test):
            raise UsageError(f"test image {text}; there are {len(test)}, numbered from 0")
        label = int(test.labels[int(text)])
        name = f"test image {text}" + (f", a {test.classes[label]}" if label >= 0 else "")
        return test.images[int(text)], name, label
    if not Path(text).exists():
        raise DataError(f"{text}: no such file; give an image file, or the number of a test image, from 0")
    image = read_image(Path(text))
    if image.shape != saved.in_shape:
        raise UsageError(f"{text} is an image of {image.shape}, but the run sees {saved.in_shape}; scale it first")
    return image, Path(text).name, -1
