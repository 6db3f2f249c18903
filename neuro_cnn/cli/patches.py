"""neuro-cnn fields --method patches and preferred: what planes answer to most, found among images or ascended to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuro_cnn.cli.asked import Asked, Shown, number
from neuro_cnn.cli.console import progress

if TYPE_CHECKING:
    from neuro_cnn.physiology import Preferred, Unit, Winners

MOST = 12
"""Planes whose preferred stimuli are sought."""


def patches(asked: Asked) -> Shown:
    """The nine parts of the test images to which every plane answers most."""
    import numpy as np

    from neuro_cnn import physiology, viz
    from neuro_cnn.errors import UsageError
    from neuro_cnn.viz.picture_rows import MOST as ROWS

    saved, layer = asked.saved, asked.layer
    images = asked.experiment.load().test.images
    found = _winners(asked, images)
    awake = np.flatnonzero(physiology.answered(found.responses[:, 0]))
    if not len(awake):
        raise UsageError(f"no plane of {layer} answers to any of {len(images)} test images; choose another layer")
    cut = physiology.patches(saved.net, saved.state.params, images, layer, found, awake[:ROWS])
    shown = np.where(cut.found[..., None, None, None], cut.patches, np.nan)
    pictures = np.concatenate([shown, cut.mean[:, None], cut.least[:, None]], axis=1)
    top = shown.shape[1]
    height, width = pictures.shape[3:]
    silent = len(found.responses) - len(awake)
    notes = [
        f"Of {len(images)} test images the parts of {height} x {width} pixels that the most active cell of each plane "
        "sees, one an image, with darkness beyond the edge; their mean; and the part to which that cell answers least. "
        "Blank: no more images were answered to."
    ]
    if cut.opposed.any():
        notes.append(
            f"{cut.opposed.sum()} of {cut.found.sum()} parts correlate negatively with the first of their plane: their "
            "mean hides what both polarities have in common."
        )
    if silent:
        notes.append(f"{silent} of {len(found.responses)} planes of {layer} answer to none of them and are left out.")
    if len(awake) > ROWS:
        notes.append(f"Drawn are the first {ROWS} of {len(awake)} planes.")
    figure = viz.picture_rows(
        pictures,
        [f"plane {k}\n{found.responses[k, 0]:.3g}" for k in awake[:ROWS]],
        [*map(str, range(1, top + 1)), "mean", "least"],
        title=f"{asked.experiment.name}: what {layer} answers to most",
        notes=notes,
    )
    return Shown(figure, [_row(found, k) for k in range(len(found.responses))], notes)


def preferred(asked: Asked) -> Shown:
    """The stimuli that the cells in the middle of a layer prefer, from five seeds."""
    import numpy as np

    from neuro_cnn import physiology, viz
    from neuro_cnn.errors import UsageError
    from neuro_cnn.physiology.deep.preferred import CONTRAST

    saved, layer = asked.saved, asked.layer
    net, params, shape = saved.net, saved.state.params, saved.in_shape
    images = asked.experiment.load().test.images
    found = _winners(asked, images)
    units = _sought(asked, found)
    contrast = CONTRAST if asked.contrast is None else asked.contrast
    ascended = []
    with progress(len(units), "ascending") as step:
        for unit in units:
            example = physiology.example(net, params, images, found, unit)
            ascended.append(physiology.preferred(net, params, shape, unit, example=example, contrast=contrast))
            step()
    awake = [pair for pair in zip(units, ascended, strict=True) if pair[1].start != "none"]
    silent = [str(unit) for unit, each in zip(units, ascended, strict=True) if each.start == "none"]
    if not awake:
        raise UsageError(f"{', '.join(silent)} silent to noise, back-projection and images; raise --contrast, up to 1")
    notes = [
        f"Gradient ascent over stimuli of a fixed contrast (root mean square {awake[0][1].contrast:.2g}) around grey, "
        "each step blurred, from five seeds; beside them the mean response, that to grey in brackets, and the mean "
        "cosine between two seeds' stimuli."
    ]
    begun = {"back-projection": "their linear back-projection", "image": "the patch they answer to most"}
    for start, words in begun.items():
        from_it = [str(unit) for unit, each in awake if each.start == start]
        if from_it:
            notes.append(f"Begun at {words}, for noise led to silence or to less: {', '.join(from_it)}.")
    if silent:
        notes.append(f"Silent to every start at this contrast, and left out: {', '.join(silent)}.")
    figure = viz.picture_rows(
        np.stack([(1 + each.stimuli) / 2 for _, each in awake]),
        [_label(unit, each) for unit, each in awake],
        [f"seed {seed}" for seed in range(len(awake[0][1].responses))],
        title=f"{asked.experiment.name}: what {layer} prefers",
        notes=notes,
    )
    return Shown(figure, [_ascent(*pair) for pair in zip(units, ascended, strict=True)], notes, "cells")


def _winners(asked: Asked, images: Any) -> Winners:
    from neuro_cnn.physiology import winners
    from neuro_cnn.physiology.deep.active import at_once

    net, params = asked.saved.net, asked.saved.state.params
    size = at_once(net, params, asked.saved.in_shape, asked.layer)
    with progress(-(-len(images) // size), "showing test images") as step:
        return winners(net, params, images, asked.layer, step=step)


def _sought(asked: Asked, found: Winners) -> list[Unit]:
    """The cell that was named, or those in the middle of the planes that images drive most."""
    from neuro_cnn.physiology import Electrode

    if asked.unit is not None:
        return [asked.unit]
    saved = asked.saved
    middle = Electrode(saved.net, saved.state.params, saved.in_shape, asked.layer)
    return [middle.unit(int(plane)) for plane in (-found.responses[:, 0]).argsort(kind="stable")[:MOST]]


def _row(found: Winners, plane: int) -> dict[str, Any]:
    from neuro_cnn.physiology import answered

    responses, numbers, places = (each[plane] for each in found)
    there = answered(responses[:-1])
    return {
        "plane": plane,
        "silent": not there.any(),
        "mean_response": float(responses[:-1][there].mean()) if there.any() else None,
        "responses": [float(each) for each in responses[:-1][there]],
        "images": numbers[:-1][there].tolist(),
        "places": places[:-1][there].tolist(),
        "least": {"response": number(responses[-1]), "image": int(numbers[-1]), "place": places[-1].tolist()},
    }


def _label(unit: Unit, found: Preferred) -> str:
    words = f"{unit}\n{found.responses.mean():.2g} ({found.blank:.2g}), {found.agreement:.2f}"
    return words.replace("-", "\N{MINUS SIGN}")


def _ascent(unit: Unit, found: Preferred) -> dict[str, Any]:
    return {
        "cell": str(unit),
        "start": found.start,
        "response": float(found.responses.mean()),
        "responses": found.responses.tolist(),
        "blank": found.blank,
        "agreement": found.agreement,
        "contrast": found.contrast,
    }
