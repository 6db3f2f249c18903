"""The receptive box by perturbation: which pixels move a cell's response, whatever the arithmetic of views says."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import namespace
from neuro_cnn.layers import Params
from neuro_cnn.physiology.findings import Findings, Maps, Measure, Verdict
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.record import Electrode, Pixels
from neuro_cnn.physiology.tissue import Tissue, intact
from neuro_cnn.stimuli import binary_noise, coloured_noise, sparse_noise, white_noise
from neuro_cnn.tree import leaves, tree_map

MARGIN = 1
"""Pixels around the box that are changed one by one (our choice); all beyond the box are changed at once besides."""
SINGLY, KINDS, CHUNK, ALL, PATIENCE = 8, 32, 32, 64, 256
"""Backgrounds on which every pixel is changed; of every kind; that are shown at once; on which all outside is changed,
and every border; and how many more must bring nothing new for the search of missing borders to end (our choice)."""
TOLD = {"float64": 1e-8, "float32": 1e-5}
"""Share of the largest response by which one must move to count. Where a whitening filter removes the mean of the
image, every pixel moves every response, but only by the rounding of a kernel whose sum is 0, some 1e-10 in double
precision; a corner of that filter under a corner of an S-cell's view moves it by 1e-6 or more."""
BORDERS = ("top", "left", "bottom", "right")


class Intact(Electrode):
    """An electrode for which the whole network is worked out, also what its cells should not see."""

    @cached_property
    def tissue(self) -> Tissue:
        return intact(self.below, self.params, self.at)


class Support(NamedTuple):
    """What moved the cells: mean change of the response (K, h, w) by every pixel from `corner` on, whether any did on
    any background, whether a border of the box did, (K, 4) by BORDERS, and whether anything beyond it did, (K,)."""

    change: NDArray[np.float64]
    moved: NDArray[np.bool_]
    corner: tuple[int, int]
    borders: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    answered: NDArray[np.bool_]
    backgrounds: int


WORDS = {
    "agrees": Measure("box by perturbation is that by arithmetic", "1 is yes"),
    "inside": Measure("pixels in the box that moved the response", "pixels"),
    "outside": Measure("pixels around the box that moved the response", "pixels"),
}


def receptive_box_check(preparation: Preparation) -> Findings:
    """Whether every cell's response is moved by the borders of its receptive box and by nothing outside.

    Raises UsageError where the box leaves the image.
    """
    box = preparation.electrode.whole().box
    found = support(preparation.electrode, preparation.rng("receptive box"), preparation.step)
    inside = np.zeros(found.moved.shape[1:], bool)
    inside[_within(box, found.corner)] = True
    agrees = found.borders.all(axis=1) & ~found.outside & ~found.moved[:, ~inside].any(axis=1)
    return Findings(
        protocol="receptive box",
        title="Receptive box: arithmetic and perturbation",
        measures={
            "agrees": agrees.astype(float),
            "inside": found.moved[:, inside].sum(axis=1).astype(float),
            "outside": found.moved[:, ~inside].sum(axis=1).astype(float),
        },
        verdicts=[_verdict(found, k, bool(agrees[k])) for k in range(len(agrees))],
        words=WORDS,
        shown=Maps(found.change, found.corner, "mean change of response"),
        notes=(
            f"Box of {box.sides[0]} x {box.sides[1]} pixels, framed. Single pixels were changed on {SINGLY} "
            f"backgrounds, its four borders on {found.backgrounds}, and all that lies outside on {ALL}.",
        ),
        stimuli={"box": list(box), "backgrounds": found.backgrounds},
    )


def support(electrode: Electrode, rng: np.random.Generator, step: Callable[[], None] = lambda: None) -> Support:
    """Which pixels, and which borders of the box, move the cells on backgrounds to which they answer.

    What lies outside the box is changed in the whole network. Borders are changed as wholes until every cell has been
    moved by all four, or until 256 further backgrounds, like those that the others answer to, have brought nothing new;
    where some are missing then, because single precision cannot tell, once more in double.
    """
    cut = electrode.whole()
    whole = Intact(cut.net, cut.params, cut.in_shape, cut.layer, cut.place)
    backgrounds = _backgrounds(cut, rng)
    box, told = cut.box, TOLD[_precision(cut)] * np.maximum(backgrounds.largest, np.finfo(float).tiny)
    around = Pixels(box.top - MARGIN, box.left - MARGIN, box.bottom + MARGIN, box.right + MARGIN).cut(cut.sides)
    inside, ring = np.zeros((2, *cut.sides), bool)
    ring[around] = True
    inside[box.cut(cut.sides)] = True
    change = np.zeros((*cut.sides, cut.planes))
    moved = np.zeros(change.shape, bool)
    for background in backgrounds.first(SINGLY):
        for here, pixels in ((cut, inside), (whole, ring & ~inside)):
            moves = np.abs(here.respond(_each_changed(background, np.argwhere(pixels))) - here.respond(background))
            change[pixels] += moves / SINGLY
            moved[pixels] |= moves > told
        step()
    sides, shown = _borders(cut, whole, backgrounds, told, rng, step)
    answered = backgrounds.answered > 0
    if _precision(cut) != "float64" and not sides[answered, :4].all():
        double = Electrode(cut.net, _double(cut.params), cut.in_shape, cut.layer, cut.place)
        more, _ = _borders(double, whole, backgrounds, told * TOLD["float64"] / TOLD["float32"], rng, step)
        sides[:, :4] |= more[:, :4]
    corner = (around[0].start, around[1].start)
    change, moved = np.moveaxis(change[around], -1, 0), np.moveaxis(moved[around], -1, 0)
    return Support(change, moved, corner, sides[:, :4], sides[:, 4], answered, shown)


def _borders(
    cut: Electrode,
    whole: Electrode,
    backgrounds: Backgrounds,
    told: NDArray[np.float64],
    rng: np.random.Generator,
    step: Callable[[], None],
) -> tuple[NDArray[np.bool_], int]:
    """Whether each border of the box, and all outside it, moved each cell, (K, 5), and on how many backgrounds."""
    best = backgrounds.first(ALL)
    moves = np.abs(whole.respond(_sides_changed(best, cut.box, rng)[:, 4]) - whole.respond(best))
    sides, quiet, count = np.zeros((cut.planes, 5), bool), 0, 0
    sides[:, 4] = (moves > told).any(axis=0)
    while True:
        missing = np.flatnonzero((backgrounds.answered > 0) & ~sides[:, :4].all(axis=1))
        if count < len(best):
            shown = best[count : count + CHUNK]
        elif len(missing) and quiet < PATIENCE:
            shown = backgrounds.near(missing, CHUNK, rng)
        else:
            return sides, count
        lines = _sides_changed(shown, cut.box, rng)[:, :4]
        new = (np.abs(cut.respond(lines) - cut.respond(shown)[:, None]) > told).any(axis=0).T & ~sides[:, :4]
        sides[:, :4] |= new
        quiet = 0 if new.any() else quiet + CHUNK
        count += len(shown)
        step()


class Backgrounds(NamedTuple):
    """Frames (n, H, W), which of them each cell answers to most, growing less, (n, K); to how many of them it does, and
    its largest response, (K,) each."""

    frames: NDArray[np.float64]
    ranked: NDArray[np.int_]
    answered: NDArray[np.int_]
    largest: NDArray[np.float64]

    def first(self, count: int) -> NDArray[np.float64]:
        """Each cell's best in turn, then every cell's second best, and so on."""
        best = self.ranked.ravel()
        return np.asarray(self.frames[best[np.sort(np.unique(best, return_index=True)[1])][:count]])

    def near(self, cells: NDArray[np.int_], count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Frames like the best ones of some cells, moved by up to two pixels and with noise on them."""
        drawn = rng.choice(cells, count)
        rank = rng.integers(np.minimum(self.answered[drawn], 8))
        chosen = self.frames[self.ranked[rank, drawn]]
        shifts = rng.integers(-2, 3, (count, 2))
        moved = [np.roll(each, tuple(shift), (0, 1)) for each, shift in zip(chosen, shifts, strict=True)]
        return np.asarray(moved + 0.3 * rng.standard_normal(chosen.shape))


def _backgrounds(electrode: Electrode, rng: np.random.Generator) -> Backgrounds:
    """Noise of several kinds and contrasts, and what the cells make of it."""
    count, sides = KINDS, electrode.sides
    kinds = [white_noise(count, sides, rng, contrast) for contrast in (0.1, 0.3, 1.0)]
    kinds += [binary_noise(count, sides, rng, 1.0, block) for block in (1, 3)]
    kinds += [coloured_noise(count, sides, rng, exponent) for exponent in (1.0, 2.0)]
    kinds += [sparse_noise(count, sides, rng, size=min(3, *sides), spots=12)]
    shown = np.concatenate(kinds).astype(float)
    answers = np.abs(electrode.respond(shown))
    ranked = np.argsort(-answers, axis=0, kind="stable")
    return Backgrounds(shown, ranked, np.count_nonzero(answers, axis=0), answers.max(axis=0))


def _each_changed(background: NDArray[np.float64], places: NDArray[np.int_]) -> NDArray[np.float64]:
    """The background with one pixel at each place turned to the other side of grey, (n, H, W)."""
    frames = np.repeat(background[None], len(places), axis=0)
    at = (np.arange(len(places)), *places.T)
    frames[at] = np.where(frames[at] > 0, -1.0, 1.0)
    return frames


def _sides_changed(shown: NDArray[np.float64], box: Pixels, rng: np.random.Generator) -> NDArray[np.float64]:
    """Backgrounds with other pixels along each border of the box, and with others all around it: (n, 5, H, W)."""
    frames = np.repeat(shown[:, None], 5, axis=1)
    other = rng.uniform(-1, 1, shown.shape)
    rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
    last, end = box.bottom - 1, box.right - 1
    lines: list[Any] = [(box.top, columns), (rows, box.left), (last, columns), (rows, end)]
    for number, (row, column) in enumerate(lines):
        frames[:, number, row, column] = other[:, row, column]
    frames[:, 4] = other
    frames[:, 4, rows, columns] = shown[:, rows, columns]
    return frames


def _precision(electrode: Electrode) -> str:
    """float32 or float64, as the weights are."""
    kinds = (str(getattr(leaf, "dtype", "")) for _, leaf in leaves(electrode.params))
    return next((kind for kind in kinds if "float" in kind), "float32")


def _double(params: dict[str, Params]) -> dict[str, Params]:
    """The weights in double precision."""

    def cast(leaf: object) -> object:
        if "float" not in str(getattr(leaf, "dtype", "")):
            return leaf
        xp = namespace(leaf)
        return xp.astype(leaf, xp.float64)

    return tree_map(cast, params)


def _within(box: Pixels, corner: tuple[int, int]) -> tuple[slice, slice]:
    top, left = box.top - corner[0], box.left - corner[1]
    return slice(top, top + box.sides[0]), slice(left, left + box.sides[1])


def _verdict(found: Support, cell: int, agrees: bool) -> Verdict:
    if not found.answered[cell]:
        return Verdict("silent", "answers to no background")
    if agrees:
        return Verdict()
    missing = [name for name, seen in zip(BORDERS, found.borders[cell], strict=True) if not seen]
    if missing:
        return Verdict("unfit", f"nothing moved it at the {' and '.join(missing)} of the box")
    return Verdict("unfit", "pixels outside the box moved it")
