"""The parts of images to which each plane of a layer answers most."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.ahead import in_batches
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.physiology.deep.active import answered, at_once, peaks, respond_to
from neuro_cnn.physiology.record import Unit, receptive_box

TOP = 9
"""Patches of a plane, as Zeiler and Fergus (2014) show them."""


class Winners(NamedTuple):
    """For each plane the images that its cells answer to most, the strongest first, and last the least.

    `responses` are those of the plane's most active cell at each image, (K, k + 1), `images` the images' numbers, and
    `places` where that cell lies, (K, k + 1, 2).
    """

    responses: NDArray[Any]
    images: NDArray[Any]
    places: NDArray[Any]


class Patches(NamedTuple):
    """What the winning cells of some planes see, (n, k, C, h, w), their mean and the least, (n, C, h, w) each.

    `found` says which of the k were answered to, (n, k): of the others, and in a mean of none, all is background.
    `opposed` are those that correlate negatively with the strongest of their plane, (n, k): a mean over patches of
    both polarities hides what they have in common.
    """

    patches: NDArray[Any]
    mean: NDArray[Any]
    least: NDArray[Any]
    found: NDArray[Any]
    opposed: NDArray[Any]


def winners(
    net: Chain,
    params: dict[str, Params],
    images: Any,
    layer: str,
    top: int = TOP,
    step: Callable[[], None] = lambda: None,
) -> Winners:
    """The images (N, C, H, W) that each plane of a layer answers to most and least, each image once.

    Images are shown in batches, of which no more is kept than the strongest so far; `step` is called
    after each. With fewer images than `top` there are as many winners as images. Ties go to the image that came first.
    """
    planes = net.shapes(params, images.shape[1:])[layer][0]
    best = least = Winners(np.empty((planes, 0)), np.empty((planes, 0), int), np.empty((planes, 0, 2), int))
    number = 0
    size = at_once(net, params, images.shape[1:], layer)
    with closing(in_batches(images, size)) as batches:
        for batch in batches:
            values, places = (np.swapaxes(each, 0, 1) for each in peaks(respond_to(net, params, batch, layer)))
            numbers = np.broadcast_to(np.arange(number, number + len(batch)), values.shape)
            these = Winners(values, numbers, places)
            best, least = _ranked(best, these, top, -1), _ranked(least, these, 1, 1)
            number += len(batch)
            step()
    return Winners(*(np.concatenate(pair, axis=1) for pair in zip(best, least, strict=True)))


def patches(
    net: Chain, params: dict[str, Params], images: Any, layer: str, found: Winners, planes: NDArray[Any]
) -> Patches:
    """Cut what the winners among these planes (n,) see out of the images; beyond an image's edge lies darkness, 0."""
    shape = images.shape[1:]
    height, width = receptive_box(net, params, shape, layer).sides
    cut = np.zeros((len(planes), found.images.shape[1], shape[0], height, width), np.float32)
    for row, plane in enumerate(planes):
        for column, (number, place) in enumerate(zip(found.images[plane], found.places[plane], strict=True)):
            cut[row, column] = view_of(net, params, images[int(number)], layer, (int(place[0]), int(place[1])))
    there = answered(found.responses[planes, :-1])
    cut[:, :-1][~there] = 0
    shown = cut[:, :-1]
    contrast = shown - shown.mean(axis=(2, 3, 4), keepdims=True)
    opposed = np.sum(contrast * contrast[:, :1], axis=(2, 3, 4)) < 0
    count = np.maximum(there.sum(axis=1), 1)[:, None, None, None]
    return Patches(shown, shown.sum(axis=1) / count, cut[:, -1], there, opposed)


def example(net: Chain, params: dict[str, Params], images: Any, found: Winners, unit: Unit) -> NDArray[Any]:
    """The patch that a unit's plane answers to most, put where the unit sees it, in darkness: (C, H, W)."""
    number, place = int(found.images[unit.plane, 0]), found.places[unit.plane, 0]
    view = view_of(net, params, images[number], unit.layer, (int(place[0]), int(place[1])))
    box = receptive_box(net, params, images.shape[1:], unit.layer, (unit.row, unit.column))
    rows, columns = box.cut(images.shape[2:])
    made = np.zeros(images.shape[1:], view.dtype)
    made[:, rows, columns] = view[
        :, rows.start - box.top : rows.stop - box.top, columns.start - box.left : columns.stop - box.left
    ]
    return made


def view_of(
    net: Chain, params: dict[str, Params], image: NDArray[Any], layer: str, place: tuple[int, int]
) -> NDArray[Any]:
    """What a cell of a layer sees of an image (C, H, W), with the darkness beyond the edge: (C, h, w)."""
    box = receptive_box(net, params, image.shape, layer, place)
    rows, columns = box.cut(image.shape[1:])
    view = np.zeros((len(image), *box.sides), image.dtype)
    down, across = rows.start - box.top, columns.start - box.left
    seen = image[:, rows, columns]
    view[:, down : down + seen.shape[1], across : across + seen.shape[2]] = seen
    return view


def _ranked(before: Winners, these: Winners, count: int, sign: int) -> Winners:
    """The first `count` of those before and these in the order of sign * response."""
    both = Winners(*(np.concatenate(pair, axis=1) for pair in zip(before, these, strict=True)))
    order = np.argsort(sign * both.responses, axis=1, kind="stable")[:, :count]
    values, numbers = (np.take_along_axis(each, order, axis=1) for each in both[:2])
    return Winners(values, numbers, np.take_along_axis(both.places, order[..., None], axis=1))
