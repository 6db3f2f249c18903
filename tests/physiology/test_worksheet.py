"""The worksheet: worked by hand it comes to what the network answers, for every kind of cell that has a view."""

import pytest
from layer_examples import EXAMPLES, example

from neuro_cnn.network import Chain
from neuro_cnn.physiology import Unit, worksheet
from neuro_cnn.physiology.worksheet import KINDS

SEEING = [
    name
    for name, (layer, shape) in EXAMPLES.items()
    if layer.kind in KINDS or (len(shape) == 3 and tuple(layer.window(shape).size) != (1, 1))
]
UNEXPLAINED = {"interpolating_vector"}  # their answer is that of many references to the whole map


def cells_of(layer, params, x, y):
    """A corner of the map, where padding is, its middle, and its last cell."""
    for plane in {0, y.shape[1] - 1}:
        for part in (0, 0.5, 1):
            yield (plane, *(int(part * (side - 1)) for side in y.shape[2:]))


@pytest.mark.parametrize("name", [name for name in SEEING if EXAMPLES[name][0].kind not in UNEXPLAINED])
def test_the_worked_response_is_that_of_the_forward_pass(name):
    layer, params, x, _ = example(name)
    net = Chain((("cells", layer),))
    y, _ = layer.forward(params, x)
    for image, answer in zip(x[:2], y, strict=False):
        for cell in cells_of(layer, params, x, y):
            found = worksheet(net, {"cells": params}, image, Unit("cells", *cell))
            assert found.work.response == pytest.approx(float(answer[cell]), rel=1e-5, abs=1e-5)
            assert found.network == pytest.approx(float(answer[cell]), rel=1e-5, abs=1e-5)
            assert found.work.steps[-1].value == found.work.response
