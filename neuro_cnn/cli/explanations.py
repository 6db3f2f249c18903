"""neuro-cnn fields --method saliency, guided, deconvnet and occlusion: why cells answer to one image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from neuro_cnn.cli.asked import Asked, Shown, number
from neuro_cnn.cli.console import progress
from neuro_cnn.cli.look import read_one

if TYPE_CHECKING:
    from neuro_cnn.physiology import Redrawn, Unit

MOST = 12
"""Cells that are explained together."""
SEES = "Each map over its own peak, below the cell and its response; framed: what the cell sees."


def saliency(asked: Asked) -> Shown:
    """The slope of cells' responses by every pixel."""
    from neuro_cnn.physiology import saliency

    return _checked(asked, saliency, "saliency", f"The derivative of each cell's response by every pixel. {SEES}")


def guided(asked: Asked) -> Shown:
    """Guided backpropagation."""
    from neuro_cnn.physiology import guided

    words = f"The derivative of each cell's response, of which every rectifier lets down what is positive. {SEES}"
    return _checked(asked, guided, "guided backpropagation", words)


def deconvnet(asked: Asked) -> Shown:
    """The deconvolutional network."""
    from neuro_cnn.physiology import deconvnet

    words = (
        "Weights transposed, rectified on the way down, maxima by their switches at this image, other pools by their "
        f"weights. Inhibition of S-cells, divisive or subtractive, is ignored, and so are surrounds. {SEES}"
    )
    return _checked(asked, deconvnet, "deconvnet", words)


def occlusion(asked: Asked) -> Shown:
    """What cells lose when a square is covered."""
    import numpy as np

    from neuro_cnn import viz
    from neuro_cnn.physiology import occlusion

    saved = asked.saved
    image, name, _ = read_one(str(asked.image), saved, asked.experiment)
    units = _explained(asked, image, name)
    found = []
    with progress(len(units), "covering") as step:
        for unit in units:
            found.append(occlusion(saved.net, saved.state.params, image, unit, asked.side))
            step()
    sides = f"{found[0].side} x {found[0].side}"
    notes = [
        f"Share of its response that each cell loses while a square of {sides} pixels has the mean of what it covers, "
        f"at steps of {found[0].stride}; a pixel shows the mean over the squares on it. Below each cell its response; "
        "framed: what it sees."
    ]
    figure = viz.explained(
        image,
        np.stack([each.map / abs(each.response) for each in found]),
        [(str(unit), each.response, each.box) for unit, each in zip(units, found, strict=True)],
        quantity="share\nlost",
        title=f"{asked.experiment.name}: {asked.layer} while parts of the image are covered",
        detail=name,
        notes=notes,
    )
    rows = [
        {
            "cell": str(unit),
            "response": each.response,
            "largest_loss": float(each.lost.max()),
            "largest_gain": float(max(-each.lost.min(), 0)),
            "side": each.side,
            "stride": each.stride,
            "lost": each.lost.tolist(),
        }
        for unit, each in zip(units, found, strict=True)
    ]
    return Shown(figure, rows, notes, "cells", {"image": name})


def _checked(asked: Asked, way: Callable[..., Any], what: str, words: str) -> Shown:
    """Maps by a way down, with the sanity check that belongs to them."""
    from neuro_cnn import viz
    from neuro_cnn.physiology import randomisation, receptive_box
    from neuro_cnn.physiology.deep.randomisation import DRAWS

    saved = asked.saved
    net, params = saved.net, saved.state.params
    image, name, _ = read_one(str(asked.image), saved, asked.experiment)
    units = _explained(asked, image, name)
    found = way(net, params, image, units)
    with progress(DRAWS, "drawing weights anew") as step:
        check = randomisation(net, params, image, units, way, step=step)
    notes = [words, _verdict(check, DRAWS)]
    flat = [str(unit) for unit, peak in zip(units, found.peaks, strict=True) if not peak]
    if flat:
        notes.append(f"Nothing comes down to the pixels from {', '.join(flat)}.")
    boxes = [receptive_box(net, params, image.shape, unit.layer, (unit.row, unit.column)) for unit in units]
    figure = viz.explained(
        image,
        found.relative,
        [(str(unit), float(each), box) for unit, each, box in zip(units, found.responses, boxes, strict=True)],
        quantity="relative\nto peak",
        title=f"{asked.experiment.name}: {what} of {asked.layer}",
        detail=name,
        notes=notes,
        check={each.layer: (each.alike, each.signed) for each in check},
    )
    rows = [
        {
            "cell": str(unit),
            "response": float(found.responses[k]),
            "peak": float(found.peaks[k]),
            "alike": {each.layer: number(each.alike[k]) for each in check},
            "signed": {each.layer: number(each.signed[k]) for each in check},
            "silent": {each.layer: int(each.silent[k]) for each in check},
        }
        for k, unit in enumerate(units)
    ]
    steps = [
        {"layer": each.layer, "alike": each.means[0], "signed": each.means[1], "silent": int(each.silent.sum())}
        for each in check
    ]
    return Shown(figure, rows, notes, "cells", {"image": name, "randomisation": {"draws": DRAWS, "steps": steps}})


def _explained(asked: Asked, image: Any, name: str) -> list[Unit]:
    """The cells to explain. Raises UsageError where they are silent at this image: nothing is to be told."""
    from neuro_cnn.errors import UsageError
    from neuro_cnn.physiology import answered, most_active
    from neuro_cnn.physiology.deep.active import at, respond_to

    net, params = asked.saved.net, asked.saved.state.params
    active = most_active(net, params, image, asked.layer, MOST)
    if asked.unit is None:
        if not active:
            raise UsageError(f"all cells of {asked.layer} are silent at {name}; choose another image or layer")
        return active
    if not answered(at(respond_to(net, params, image[None], asked.layer), [asked.unit])).all():
        instead = f"name one that answers, such as {active[0]}" if active else "so are all cells of its layer"
        raise UsageError(f"cell {asked.unit} is silent at {name}, and there is nothing to explain; {instead}")
    return [asked.unit]


def _verdict(check: list[Redrawn], draws: int) -> str:
    """The sanity check in words."""
    words = "Sanity check (Adebayo et al. 2018): "
    if not check:
        return words + "no layer up to this one has learned, so there are no weights to draw anew."
    told = []
    for each in check:
        alike, signed = each.means
        if alike is None:
            told.append(f"{each.layer} no map, for all are silent")
        else:
            told.append(f"{each.layer} {alike:.2f} ({signed:.2f})".replace("-", "\N{MINUS SIGN}"))
    return (
        f"{words}rank correlation of the maps' magnitudes (and with sign) with those of weights drawn anew, {draws} "
        f"times, from the top down to {', '.join(told)}; near 1 the map tells of image and wiring, not of the weights."
    )
