"""neuro-cnn health: are a run's planes in use, do they differ, and how long are their weights?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuro_cnn.cli.console import emit, table

if TYPE_CHECKING:
    from neuro_cnn.checkpoint import Checkpoint
    from neuro_cnn.physiology import Health


def health(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    layer: Annotated[
        str | None, typer.Option(help="Layer to look at. [default: all that learned without a teacher]")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Figure to draw (.png, .pdf, .svg).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Health of a run's learned layers: dead planes, win entropy, nearest filters, effective rank, norms.

    Example: neuro-cnn health runs/hebbian --out health.png
    """
    from neuro_cnn import viz
    from neuro_cnn.cli.look import opened
    from neuro_cnn.experiment import layer_health
    from neuro_cnn.physiology import health

    if out is not None:
        viz.drawable(out)
    saved, experiment = opened(run)
    layers = _layers(saved, layer, run)
    images = experiment.parts(experiment.load())[0].images  # those that it learned from
    found = {name: layer_health(saved.net, saved.curriculum, saved.state.params, images, name) for name in layers}
    if out is not None:
        before = saved.net.init(saved.in_shape, experiment.seed)
        pairs = {name: (state, health(saved.net, before, images, name)) for name, state in found.items()}
        figure = viz.health(pairs, title=f"{experiment.name}: health", beside="the same cells before they learned")
        viz.save(figure, out)
    if as_json:
        emit(
            {
                "run": str(run),
                "layers": {name: _told(name, state) for name, state in found.items()},
                "figure": None if out is None else str(out),
            }
        )
        return
    table(["layer", "planes", "dead %", "win entropy", "nearest cosine", "rank", "of", "norms"], _rows(found), str(run))
    for name, state in found.items():
        for warning in state.warnings:
            print(f"{name}: {warning}")


def _layers(saved: Checkpoint, layer: str | None, run: Path) -> tuple[str, ...]:
    """The layer that was named, or all that learned without a teacher. Raises UsageError where there is none."""
    from neuro_cnn.errors import UsageError
    from neuro_cnn.experiment import unsupervised_layers

    plastic = tuple(name for name, each in saved.net.layers if hasattr(each, "associate"))
    chosen = unsupervised_layers(saved.net, saved.curriculum)
    if layer is not None:
        saved.net[layer]
        chosen = (layer,) if layer in plastic else ()
    if not chosen:
        wrong = f"no layer of {run} learned without a teacher" if layer is None else f"{layer} has no planes that learn"
        raise UsageError(f"{wrong}; name one with --layer: {', '.join(plastic) or 'there is none'}")
    return chosen


def _told(name: str, state: Health) -> dict[str, Any]:
    per_plane = {
        "shares": state.shares.tolist(),
        "cosines": [None if cosine != cosine else float(cosine) for cosine in state.cosines],
        "norms": [float(norm) for norm in state.norms],
        "dead": list(state.dead),
    }
    return {**state.numbers(), "warnings": list(state.warnings), "line": state.line(name), "by_plane": per_plane}


def _rows(found: dict[str, Health]) -> list[list[str]]:
    rows = []
    for name, state in found.items():
        n = state.numbers()
        measured = [n["win_entropy"], n["cosine_median"], n["effective_rank"]]
        shown = ["" if value is None else f"{value:.{2 - (place == 2)}f}" for place, value in enumerate(measured)]
        norms = ", ".join(f"{n[key]:.2g}" for key in ("norm_min", "norm_median", "norm_max") if n[key] is not None)
        rows.append([name, str(state.planes), f"{100 * state.dead_units:.1f}", *shown, str(state.full_rank), norms])
    return rows
