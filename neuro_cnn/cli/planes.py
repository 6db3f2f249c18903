"""neuro-cnn fields --method weights and backprojection: what every plane weighs, itself and at the pixels."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from neuro_cnn.cli.asked import Asked, Shown

if TYPE_CHECKING:
    from neuro_cnn.checkpoint import Checkpoint


def weights(asked: Asked) -> Shown:
    """The shared weights of every plane over its view."""
    from neuro_cnn.errors import UsageError

    saved, layer = asked.saved, asked.layer
    array = _weight(saved, layer)
    if getattr(array, "ndim", 0) != 4:
        maps = [name for name in saved.net.names if getattr(_weight(saved, name), "ndim", 0) == 4]
        instead = f"there is: {', '.join(maps)}" if maps else "no layer of this run has"
        raise UsageError(f"layer {layer} has no shared weights over a view to draw; {instead}")
    notes = []
    if array.shape[1] > 3:  # a table of planes by inputs says little of what is seen
        command = shlex.join(["neuro-cnn", "fields", str(asked.run), "--layer", layer, "--method", "backprojection"])
        notes.append(f"What they look for in the image: {command} --out FIGURE.")
    return _by_plane(asked, array, "weights", "weight", notes)


def backprojection(asked: Asked) -> Shown:
    """The weights of every plane, brought down to the pixels."""
    from neuro_cnn.physiology import backprojection

    saved = asked.saved
    found = backprojection(saved.net, saved.state.params, saved.in_shape, asked.layer)
    height, width = found.weights.shape[2:]
    notes = [
        "Linear back-projection without inhibition, OFF cells negative, pooling spread by its own weights; a tile is "
        f"the box of {height} x {width} pixels that the cell in the middle of the map sees; each plane on its own "
        "scale."
    ]
    peak = abs(found.weights).max(axis=(1, 2, 3), keepdims=True)
    return _by_plane(asked, found.weights / (peak + (peak == 0)), "weights back-projected", "relative", notes)


def _weight(saved: Checkpoint, name: str) -> Any:
    return getattr(saved.state.params[name].learned, "weight", None)


def _by_plane(asked: Asked, drawn: Any, what: str, quantity: str, notes: list[str]) -> Shown:
    """Weights (K, C, h, w) with the health of the planes; what never learned is left blank."""
    import numpy as np

    from neuro_cnn import viz
    from neuro_cnn.experiment import layer_health, unsupervised_layers

    saved, layer = asked.saved, asked.layer
    state = None
    if layer in unsupervised_layers(saved.net, saved.curriculum):
        images = asked.experiment.load().train.images
        state = layer_health(saved.net, saved.curriculum, saved.state.params, images, layer)
        notes = [*notes, state.line(layer)]
        if state.spare.any():  # at their own scale, what they began with would look learned
            drawn[state.spare] = 0
            notes.append("Planes that never learned are left blank.")
    dead = None if state is None else np.array(state.dead)
    title = f"{asked.experiment.name}: {what} of {layer}"
    figure = viz.filters(drawn, title=title, notes=notes, dead=dead, quantity=quantity)
    planes = [
        {
            "plane": k,
            "min": float(w.min()),
            "max": float(w.max()),
            "mean": float(w.mean()),
            "norm": float(np.linalg.norm(w)),
            "dead": None if state is None else state.dead[k],
            "learned": None if state is None else bool(not state.spare[k]),
            "wins": None if state is None else float(state.shares[k]),
            "nearest_cosine": None if state is None or np.isnan(state.cosines[k]) else float(state.cosines[k]),
        }
        for k, w in enumerate(drawn)
    ]
    return Shown(figure, planes, notes)
