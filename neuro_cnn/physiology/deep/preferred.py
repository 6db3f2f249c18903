"""The stimulus that a cell prefers: its response made as large as a fixed contrast allows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import ceil, prod, sqrt
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn import ops
from neuro_cnn.backend import to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params, Shape
from neuro_cnn.network import Chain
from neuro_cnn.ops.kernels import gaussian
from neuro_cnn.physiology.deep.active import up_to
from neuro_cnn.physiology.deep.backprojection import at_pixels
from neuro_cnn.physiology.record import GREY, Pixels, Unit, receptive_box
from neuro_cnn.streams import generator
from neuro_cnn.tree import leaves, tree_map

SEEDS = 5
STEPS = 40
"""Steps of the ascent, of which each is halved until the response rises (our choice)."""
CONTRAST = 0.5
"""Root mean square of the stimulus over the pixels that the cell sees, of at most 1 (our choice)."""
BLUR = 0.7
"""Standard deviation, in pixels, of the Gaussian that blurs every step: a prior for smooth stimuli (our choice)."""
FIRST, LAST = 0.5, 1e-4
"""Length of the first step over that of the stimulus, and the length at which the ascent ends (our choice)."""

Start: TypeAlias = Literal["noise", "back-projection", "image", "none"]


class Preferred(NamedTuple):
    """What each seed's ascent came to: stimuli around grey, (seeds, C, h, w), and the responses to them, (seeds,).

    `start` is what it started from: noise; or, where noise left the cell silent or led to less than these begin with,
    its back-projection or an image; "none": it stayed silent to all, and the stimuli are 0. `blank` is the response to
    grey, `agreement` the mean cosine between the stimuli of two seeds, and `contrast` their root mean square, over the
    box that the cell sees as far as it lies within the image.
    """

    stimuli: NDArray[Any]
    responses: NDArray[Any]
    blank: float
    start: Start
    agreement: float
    contrast: float
    box: Pixels


def preferred(
    net: Chain,
    params: dict[str, Params],
    in_shape: Shape,
    unit: Unit,
    *,
    contrast: float = CONTRAST,
    blur: float = BLUR,
    seeds: int = SEEDS,
    example: NDArray[Any] | None = None,
) -> Preferred:
    """Ascend a cell's response by its gradient, from several seeds, under a fixed norm of the stimulus.

    The network sees .5 + .5 * stimulus, the stimulus within -1 and 1 and 0 outside what the cell sees (Erhan et al.
    2009). The norm is fixed because S-cells saturate with contrast: without that, contrast alone would be found.
    `example` is an image, (C, H, W), to start from where noise and back-projection lead to less.
    Raises UsageError for a contrast outside 0 to 1.
    """
    if not 0 < contrast <= 1:
        raise UsageError(f"contrast {contrast:g} of a preferred stimulus; give more than 0, and 1 at most")
    hill = _Hill(net, params, in_shape, unit, contrast, blur)
    start, stimuli = hill.climbed(seeds, example)
    blank = float(hill.response(np.zeros((1, *in_shape)))[0])
    rows, columns = hill.box.cut(in_shape[1:])
    inside = stimuli[:, :, rows, columns]
    rms = sqrt(float(np.mean(inside**2)))
    return Preferred(inside, hill.response(stimuli), blank, start, _agreement(inside), rms, hill.box)


class _Hill:
    """A cell's response over stimuli of one norm, (N, C, H, W) in double precision."""

    def __init__(
        self, net: Chain, params: dict[str, Params], in_shape: Shape, unit: Unit, contrast: float, blur: float
    ) -> None:
        self.whole = net, params, in_shape
        self.unit, self.contrast = unit, contrast
        self.below = up_to(net, unit.layer)
        self.params = {name: tree_map(to_numpy, params[name]) for name in self.below.names}
        self.dtype = next((leaf.dtype for _, leaf in leaves(self.params) if leaf.dtype.kind == "f"), np.dtype("f4"))
        self.box = receptive_box(net, params, in_shape, unit.layer, (unit.row, unit.column))
        self.seen = np.zeros(in_shape[1:])
        self.seen[self.box.cut(in_shape[1:])] = 1
        self.norm = contrast * sqrt(in_shape[0] * self.seen.sum())
        reach = ceil(3 * blur)
        self.bell = gaussian((2 * reach + 1, 1), blur)[:, 0] if blur > 0 else np.ones(1)

    def response(self, stimuli: NDArray[Any]) -> NDArray[Any]:
        """(N, C, H, W) -> (N,)."""
        y = self.below.respond(self.params, self._image(stimuli))
        return np.asarray(y[(slice(None), *self.unit[1 : y.ndim])], float)

    def slope(self, stimuli: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """The response, and its derivative by the stimuli, as far as the cell sees."""
        y, activity = self.below.forward(self.params, self._image(stimuli))
        at = (slice(None), *self.unit[1 : y.ndim])
        dy = np.zeros_like(y)
        dy[at] = GREY
        dx, _ = self.below.backward(self.params, activity, dy)
        return np.array(y[at], float), np.asarray(dx, float) * self.seen

    def climbed(self, seeds: int, example: NDArray[Any] | None) -> tuple[Start, NDArray[Any]]:
        """What the ascent started from, and what each seed came to, (seeds, C, H, W)."""
        starts: list[tuple[Start, Callable[[], NDArray[Any]]]] = [
            ("noise", lambda: np.zeros(self.whole[2])),
            ("back-projection", self.back_projected),
        ]
        if example is not None:
            starts.append(("image", lambda: np.asarray(example, float) / GREY - 1))
        best: Start = "none"
        reached, found = -np.inf, np.zeros((seeds, *self.whole[2]))
        for start, centre in starts:
            begun = self.begin(centre(), seeds)
            response, slope = self.slope(begun)
            if slope.any(axis=(1, 2, 3)).all() and response.mean() > reached:  # else a higher place is known
                best, found = start, self.ascend(begun)
                reached = self.response(found).mean()
        return best, found

    def begin(self, centre: NDArray[Any], seeds: int) -> NDArray[Any]:
        """A stimulus and a tenth of noise for each seed; noise alone where it is 0."""
        noise = np.stack([generator(seed, "preferred").standard_normal(centre.shape) for seed in range(seeds)])
        amount = 0.1 * np.sqrt(np.mean(centre**2)) or 1.0
        return self._on_sphere(centre + amount * self._blurred(noise))

    def back_projected(self) -> NDArray[Any]:
        """The cell's linear back-projection, (C, H, W); 0 where no linear path leads down from its layer.

        Its mean is taken off: of weights that are not negative the light ones shall stand before a dark ground.
        """
        net, params, in_shape = self.whole
        try:
            field = np.asarray(at_pixels(net, params, in_shape, [self.unit])[0], float)
        except UsageError:
            return np.zeros(in_shape)
        return np.asarray(field - field.sum() / (in_shape[0] * self.seen.sum()))

    def ascend(self, stimuli: NDArray[Any]) -> NDArray[Any]:
        """Steps along the blurred slope, each stimulus by its own length, which is halved where it would fall."""
        length = np.full(len(stimuli), FIRST)
        response, slope = self.slope(stimuli)
        for _ in range(STEPS):
            way = self._blurred(slope) * self.seen
            far = np.sqrt(np.sum(way**2, axis=(1, 2, 3)))
            step = self.norm * length / np.where(far > 0, far, 1)
            there = self._on_sphere(stimuli + step[:, None, None, None] * way)
            new, onward = self.slope(there)
            better = new > response
            stimuli[better], response[better], slope[better] = there[better], new[better], onward[better]
            length = np.where(better, length, length / 2)
            if (length < LAST).all():
                break
        return stimuli

    def _on_sphere(self, stimuli: NDArray[Any]) -> NDArray[Any]:
        """The stimuli at their norm, within -1 and 1, where the cell sees."""
        stimuli = stimuli * self.seen
        for _ in range(8):  # each clip shortens, each scaling lengthens: they meet
            length = np.sqrt(np.sum(stimuli**2, axis=(1, 2, 3), keepdims=True))
            stimuli = np.clip(stimuli * (self.norm / np.where(length > 0, length, 1)), -1, 1)
        return np.asarray(stimuli)

    def _blurred(self, stimuli: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(ops.blur(stimuli, self.bell, self.bell, 1, len(self.bell) // 2))

    def _image(self, stimuli: NDArray[Any]) -> NDArray[Any]:
        return (GREY + GREY * stimuli).astype(self.dtype)


def _agreement(stimuli: NDArray[Any]) -> float:
    """The mean cosine between two of several stimuli; 0 where they are 0."""
    flat = stimuli.reshape(len(stimuli), prod(stimuli.shape[1:]))
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    unit = flat / np.where(length > 0, length, 1)
    return float(np.mean([unit[i] @ unit[j] for i, j in combinations(range(len(unit)), 2)] or [1.0]))
