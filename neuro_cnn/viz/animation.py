"""Receptive fields while they form: weights -> pictures -> an animated GIF."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.viz import style
from neuro_cnn.viz.weights import filters, shown

DPI = 120  # 850 pixels across: letters can be read, and forty frames stay within a few megabytes (our choice)
FRAME, LAST = 100, 2500  # milliseconds that a frame stands, and the last (our choice)
SAMPLE = 8  # frames from which the colours of all are chosen (our choice)


def animatable(path: Path | str) -> Path:
    """The path, when an animation can be saved there. Raises UsageError unless it ends in .gif."""
    if Path(path).suffix.lower() != ".gif":
        raise UsageError(f"cannot animate into {str(path)!r}: let the name end in .gif")
    return Path(path)


def aligned(weights: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Weights of a layer at several moments, (K, C, h, w) each, as one array (F, K, C, h, w); 0 before planes grew."""
    shape = tuple(max(sides) for sides in zip(*(each.shape for each in weights), strict=True))
    result = np.zeros((len(weights), *shape))
    for moment, each in zip(result, weights, strict=True):
        moment[tuple(map(slice, each.shape))] = each
    return result


def frames(weights: NDArray[Any], captions: Sequence[str], *, title: str) -> Iterator[NDArray[np.uint8]]:
    """A picture, (H, W, 3), of the receptive fields at each moment, (F, K, C, h, w), all on one colour scale.

    Each looks like the figure of `filters`, its caption below. Raises DataError for weights that are not finite.
    """
    weights = style.finite("weights", weights, (5,))
    planes, inputs = weights.shape[1:3]
    among = weights[:, : shown(planes, inputs)].reshape(-1, *weights.shape[2:])
    for moment, caption in zip(weights, captions, strict=True):
        figure = filters(moment, title=title, notes=[caption], among=among)
        figure.set_dpi(DPI)
        canvas: Any = FigureCanvasAgg(figure)
        with style.context():
            canvas.draw()
        yield np.asarray(canvas.buffer_rgba())[:, :, :3].copy()


def gif(pictures: Sequence[NDArray[np.uint8]]) -> bytes:
    """Pictures of one size, (H, W, 3) each, as an endless GIF that dwells on the last; the same 256 colours in all."""
    from PIL import Image

    palette = _palette(pictures)
    drawn = []
    for picture in pictures:
        drawn.append(Image.fromarray(_nearest(picture, palette)))
        drawn[-1].putpalette(palette.tobytes())
    buffer = io.BytesIO()
    times = [FRAME] * (len(drawn) - 1) + [LAST]
    drawn[0].save(buffer, "GIF", save_all=True, append_images=drawn[1:], duration=times, loop=0)
    return buffer.getvalue()


def _palette(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Up to 256 colours that stand for those of all pictures, (n, 3)."""
    from PIL import Image

    some = np.concatenate([*pictures[:: -(-len(pictures) // SAMPLE)], pictures[-1]])
    found = Image.fromarray(some).quantize(256, Image.Quantize.MAXCOVERAGE).getpalette()
    palette = np.array(found, np.uint8).reshape(-1, 3)
    palette[palette.sum(axis=1).argmax()] = 255  # paper is white, not the mean of all that is nearly so
    return palette


def _nearest(picture: NDArray[np.uint8], palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The number of the nearest colour of the palette for each pixel, (H, W)."""
    codes, places = np.unique(picture @ np.array([1 << 16, 1 << 8, 1]), return_inverse=True)
    colours = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)  # (n, 3)
    distance = np.sum((colours[:, None] - palette.astype(int)) ** 2, axis=2)  # (n, 256)
    nearest: NDArray[np.uint8] = distance.argmin(axis=1).astype(np.uint8)
    return nearest[places].reshape(picture.shape[:2])
