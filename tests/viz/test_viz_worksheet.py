"""The figure of a worksheet obeys the laws of every figure."""

import numpy as np
import pytest
from layer_examples import example
from matplotlib.backends.backend_agg import FigureCanvasAgg
from test_viz_layout import (
    test_no_panel_is_empty,
    test_no_text_is_cut_off,
    test_no_two_texts_overlap,
    test_text_is_legible_in_print,
)

from neuro_cnn import viz
from neuro_cnn.layers import CCells, Dense, Flatten, Params, SCells, Shunting
from neuro_cnn.layers.nearest import Memory
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Unit, worksheet

__all__ = [
    "test_no_panel_is_empty",
    "test_no_text_is_cut_off",
    "test_no_two_texts_overlap",
    "test_text_is_legible_in_print",
]


def of_example(name, cell, scale=1.0, fixed=None):
    layer, params, x, _ = example(name)
    params = params if fixed is None else params._replace(fixed=fixed)
    flat = x.ndim == 2  # a row of units is made of an image of single pixels
    net = Chain(((("flat", Flatten()),) if flat else ()) + (("cells", layer),))
    image = scale * (x[0, :, None, None] if flat else x[0])
    found = worksheet(net, {"flat": Params(), "cells": params}, image, Unit("cells", *cell))
    return viz.worksheet(image, found, title=name)


def deep(layer, colours=1):
    net = Chain(
        (
            ("S1", SCells(12, 5, pad=2, response=Shunting(r=2.0))),
            ("C1", CCells(3, 2)),
            ("S2", SCells(4, 3)),
            ("flat", Flatten()),
            ("readout", Dense(5)),
        )
    )
    params, image = net.init((colours, 28, 28), 0), np.random.default_rng(0).random((colours, 28, 28), np.float32)
    cell = Unit.parse(layer, net, params, image.shape)
    return viz.worksheet(image, worksheet(net, params, image, cell), title=f"A long title about cell {cell}. " * 4)


FIGURES = {
    "shunting": lambda: deep("S1/3/0/0"),
    "colour": lambda: deep("S1/3/14/14", 3),
    "maximum": lambda: deep("C1/3/5/5"),
    "deep": lambda: deep("S2/1/4/4"),
    "row": lambda: deep("flat/77"),
    "read-out": lambda: deep("readout/2"),
    **{
        name: lambda name=name: of_example(name, (0, 0, 0))
        for name in (
            *("conv-table", "ccells-saturating", "ccells-hyperbolic", "standardized", "join", "prototypes"),
            *("simple-cells", "end-stopped", "divisive", "interpolating-reach", "rbf", "apl", "batch-norm", "resize"),
        )
    },
    "large numbers": lambda: of_example("conv-odd", (1, 1, 1), -12345678.0),
    "inhibited": lambda: of_example("scells-rectified", (0, 0, 0), -1.0),
    "no template": lambda: of_example("nearest", (0, 0, 0), fixed=Memory(np.zeros((0, 6)), np.zeros(0, int))),
    "silent": lambda: of_example("conv-no-bias", (1, 1, 1), 0.0),
}


@pytest.fixture(params=FIGURES, scope="module")
def drawn(request):
    """A figure after it was drawn once, at 150 dpi."""
    made = FIGURES[request.param]()
    made.set_dpi(150)
    FigureCanvasAgg(made).draw()
    return made
