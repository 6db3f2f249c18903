"""neuro-cnn view: a network at one image, as ConvNetJS shows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuro_cnn.cli.console import emit, table
from neuro_cnn.cli.look import opened, possible, read_one

if TYPE_CHECKING:
    from neuro_cnn.checkpoint import Checkpoint


def view(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    image: Annotated[str, typer.Argument(help="An image file, or a number: that test image.")],
    out: Annotated[Path, typer.Option(help="Figure to draw (.png, .pdf, .svg).")],
    label: Annotated[str | None, typer.Option(help="Class of the image. [default: the test image's]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each layer's limits.")] = False,
) -> None:
    """Every layer's responses and weights for one image, each beside the gradient of the loss by it.

    In the table, error is the gradient by the response, and gradient that by the weight. The loss is that of the last
    teacher by backpropagation, cross-entropy where there was none.

    Example: neuro-cnn view runs/lenet5 7 --out view.png
    """
    from neuro_cnn import viz
    from neuro_cnn.physiology import network_view

    viz.drawable(out)
    saved, experiment = opened(run)
    x, name, known = read_one(image, saved, experiment)
    right = _label(label, known, name, saved)
    seen = network_view(saved.net, saved.state.params, x, right, _loss(saved))
    layers = {key: each._replace(response=possible(each.response)) for key, each in seen.layers.items()}
    shown = {key: each for key, each in layers.items() if saved.net[key].kind != "flatten"}
    loss, correct = float(seen.loss), saved.classes[right]
    figure = viz.network_view(
        (x, seen.error),
        shown,
        about={key: f"{saved.net[key].kind}\n{_by(each.response)}" for key, each in shown.items()},
        classes=saved.classes,
        label=right,
        title=f"{experiment.name} at {name}",
        detail=f"loss {loss:.3g} for class {correct}",
    )
    viz.save(figure, out)
    arrays = {"input": {"response": x, "error": seen.error}}
    arrays |= {
        key: {what: array for what, array in each._asdict().items() if len(array)} for key, each in layers.items()
    }
    if as_json:
        facts = [
            {"layer": key, "shape": list(each["response"].shape)} | {what: _limits(each[what]) for what in each}
            for key, each in arrays.items()
        ]
        emit({"run": str(run), "image": name, "label": correct, "loss": loss, "figure": str(out), "layers": facts})
        return
    columns = ("response", "error", "weight", "gradient")
    rows = [
        [key, _by(each["response"]), *(_words(each[what]) if what in each else "" for what in columns)]
        for key, each in arrays.items()
    ]
    table(["layer", "shape", *columns], rows, f"loss {loss:.3g} for class {correct}; drawn in {out}", words=2)


def _label(label: str | None, known: int, name: str, saved: Checkpoint) -> int:
    """The number of the class that is right. Raises UsageError where nobody knows it, or there is no such class."""
    from neuro_cnn.errors import UsageError, unknown

    if label is not None:
        if label not in saved.classes:
            raise unknown("class", label, saved.classes)
        return list(saved.classes).index(label)
    if known < 0:
        raise UsageError(f"{name} has no label, and without one there is no loss; set --label")
    return known


def _loss(saved: Checkpoint) -> Any:
    """The loss that the last teacher by backpropagation minimised; cross-entropy where there was none."""
    from neuro_cnn.curriculum import Backprop

    taught = [phase.method.loss for phase in saved.curriculum if isinstance(phase.method, Backprop)]
    return taught[-1] if taught else Backprop().loss


def _limits(array: Any) -> dict[str, float]:
    return {"min": float(array.min()), "max": float(array.max())}


def _words(array: Any) -> str:
    return f"{float(array.min()) + 0.0:.3g} to {float(array.max()) + 0.0:.3g}"  # no minus before a 0


def _by(array: Any) -> str:
    return " \N{MULTIPLICATION SIGN} ".join(map(str, array.shape))
