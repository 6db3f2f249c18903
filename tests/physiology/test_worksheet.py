"""The worksheet: worked by hand it comes to what the network answers, for every kind of cell."""

import json
import re
from typing import get_args, get_type_hints

import numpy as np
import pytest
from layer_examples import EXAMPLES, example

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import AnyLayer, CCells, Dense, Flatten, ReLU, SCells, Shunting, Threshold
from neuro_cnn.layers.threshold import Level
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Unit, worksheet
from neuro_cnn.physiology.worksheets.worksheet import KINDS

EXPLAINED = [name for name, (layer, _) in EXAMPLES.items() if layer.kind not in ("residual", "branches")]


def thresholds(name):
    """Drives, and thresholds that some of them exceed, by themselves or by their opposites."""
    layer, rng = Threshold(2 if name == "threshold-both" else 1), np.random.default_rng(1)
    params = layer.init((2, 7, 6), rng)._replace(fixed=Level(np.float32([0.3, -0.2])))
    return layer, params, rng.standard_normal((2, 2, 7, 6)).astype(np.float32)


def cells_of(layer, params, x, y):
    """A corner of the map, where padding is, its middle, and its last cell."""
    for plane in {0, y.shape[1] - 1}:
        for part in (0, 0.5, 1):
            yield (plane, *(int(part * (side - 1)) for side in y.shape[2:]))


@pytest.mark.parametrize("name", [*EXPLAINED, "threshold", "threshold-both"])
def test_the_worked_response_is_that_of_the_forward_pass(name):
    layer, params, x = thresholds(name) if name.startswith("threshold") else example(name)[:3]
    net = Chain((("cells", layer),))
    y, _ = layer.forward(params, x)
    for image, answer in zip(x[:2], y, strict=False):
        for cell in cells_of(layer, params, x, y):
            found = worksheet(net, {"cells": params}, image, Unit("cells", *cell))
            assert found.work.response == pytest.approx(float(answer[cell]), rel=1e-5, abs=1e-5)
            assert found.network == pytest.approx(float(answer[cell]), rel=1e-5, abs=1e-5)
            assert found.work.steps[-1].value == found.work.response


def explained(name, cell):
    layer, params, x, _ = example(name)
    return worksheet(Chain((("cells", layer),)), {"cells": params}, x[0], Unit("cells", *cell)), x[0]


def test_every_kind_of_layer_has_a_worksheet_but_blocks():
    kinds = {kind for layer in get_args(AnyLayer) for kind in get_args(get_type_hints(layer)["kind"])}
    assert set(KINDS) == kinds


def test_a_block_is_refused_with_the_layers_that_can_be_explained():
    block, shape = EXAMPLES["residual"]
    net = Chain((("first", ReLU()), ("block", block), ("last", Flatten())))
    params, x = net.init(shape, 0), np.ones(shape, np.float32)
    with pytest.raises(UsageError, match=r"layer block is a residual block.*--cell LAYER/PLANE: first, last$"):
        worksheet(net, params, x, Unit("block", 0, 0, 0))
    found = worksheet(net, params, x, Unit("last", 5))
    assert found.work.response == found.network
    assert found.sources[0].cell.layer == "block"


@pytest.mark.parametrize(
    "name",
    ["conv-odd", "conv-table", "scells-shunting", "dense", "ccells-mean", "join", "triangle", "end-stopped", "resize"],
)
def test_contributions_add_up_and_are_named_largest_first(name):
    found, x = explained(name, (1, 0, 0))
    shares = [source.share for source in found.sources]
    before = found.work.drive if name in ("triangle", "end-stopped") else found.work.excitation
    assert sum(shares) == pytest.approx(before, rel=1e-9, abs=1e-12)
    assert np.abs(shares).tolist() == sorted(np.abs(shares), reverse=True)
    for source in found.sources:
        assert source.cell.layer == "input"
        where = (source.cell.plane, source.cell.row, source.cell.column)[: x.ndim]
        assert source.x == pytest.approx(float(x[where]))
        assert source.share == pytest.approx(source.x * source.weight, rel=1e-9, abs=1e-12)


def test_padding_is_part_of_the_view_but_no_cell():
    found, _ = explained("conv-same", (0, 0, 0))
    assert found.work.view.values.shape == (2, 4, 4)
    assert not found.work.view.inside.all()
    assert len(found.sources) == 2 * found.work.view.inside.sum()
    assert min(source.cell.row for source in found.sources) == 0


def test_a_table_and_groups_leave_out_the_planes_that_are_not_seen():
    assert explained("conv-table", (0, 2, 2))[0].work.view.planes.tolist() == [0, 2]
    assert explained("conv-odd", (3, 1, 1))[0].work.view.planes.tolist() == [1]


def test_the_shunting_cell_is_fukushimas_formula_in_numbers():
    """e = 2 * .5 + 1 * .3 = 1.3 and v = sqrt((4 + 1) / 2); with r = 1 and b = .4, u = (1 + e) / (1 + b v) - 1."""
    layer = SCells(1, (1, 2), response=Shunting(r=1.0))
    params = layer.init((1, 1, 2), np.random.default_rng(0))
    learned = params.learned._replace(weight=np.float32([[[[0.5, 0.3]]]]), inhibition=np.float32([0.4]))
    net, params = Chain((("S1", layer),)), {"S1": params._replace(learned=learned)}
    found = worksheet(net, params, np.float32([[[2, 1]]]), Unit("S1", 0, 0, 0)).work
    assert found.excitation == pytest.approx(1.3, rel=1e-6)
    assert found.inhibition == pytest.approx(0.4 * np.sqrt(2.5), rel=1e-6)
    assert found.response == pytest.approx(2.3 / (1 + 0.4 * np.sqrt(2.5)) - 1, rel=1e-6)
    assert found.threshold == 0.5
    assert [step.symbol for step in found.steps] == ["e", "v", "h", "u"]
    assert found.steps[0].worked == "1 + 0.3"
    assert found.steps[2].worked == "0.4 * 1.58114"


def test_the_cell_that_has_won_is_the_only_one_that_contributes_to_a_maximum():
    found, x = explained("ccells-max", (1, 1, 1))
    won, *others = found.sources
    assert won.share == won.x == found.work.response == pytest.approx(x[1, 2:4, 2:4].max())
    assert {other.share for other in others} == {0}
    assert f"row {won.cell.row}, column {won.cell.column} has won" in found.work.steps[0].worked


def emptied(name):
    """The fixed arrays of a layer of classes, nothing of which is any class's."""
    layer, params, x, _ = example(name)
    fixed = params.fixed
    if name == "labelled":
        return layer, params._replace(fixed=fixed._replace(table=0 * fixed.table)), x
    return layer, params._replace(fixed=fixed._replace(labels=np.zeros_like(fixed.labels))), x


@pytest.mark.parametrize(
    ("name", "score", "why"),
    [
        ("labelled-cells", 0, "no plane is of this class"),
        ("labelled", 0, "no cell is of this class"),
        ("nearest", -np.inf, "no template is of this class"),
        ("interpolating", -np.inf, "no reference is of this class"),
    ],
)
def test_a_class_that_nothing_speaks_for_says_so(name, score, why):
    layer, params, x = emptied(name)
    found = worksheet(Chain((("out", layer),)), {"out": params}, x[0], Unit("out", 1))
    assert found.work.response == found.network == score
    assert found.work.steps[-1].worked == why
    assert found.work.silence == (None if score else why)
    assert found.sources == ()
    assert json.loads(json.dumps(found.data(), allow_nan=False))["response"] == (None if score else 0)


SILENT = {
    "scells-shunting": r"inhibition wins: 2r/\(1\+r\) h = .* no less than the excitation e = ",
    "scells-subtractive": "inhibition wins: theta h = .* no less than the excitation e = ",
    "scells-rectified": "the excitation e = .* does not exceed the threshold b = ",
    "ccells-saturating": "inhibition wins: the planes' mean v = ",
    "contrast": "the (surround's h outweighs the centre's e|centre's e outweighs the surround's h): h = ",
    "simple-cells": "the pull of h = .* outweighs the push of e = ",
    "end-stopped": "the cells at its ends, h = .* outweigh the one in the middle, e = ",
    "threshold": "x = .* does not exceed the threshold b = ",
    "relu": "its drive, .*, is not above 0",
    "triangle": "e = .* does not exceed the mean of its column, m = ",
    "associations": "e = .* does not reach the threshold of 0.5",
}


@pytest.mark.parametrize("name", SILENT)
def test_a_silent_cell_says_what_won(name):
    layer, params, x = thresholds(name) if name == "threshold" else example(name)[:3]
    y = layer.respond(params, x)
    seen = np.argwhere((y == 0) & (np.indices(y.shape)[-1] < 3))  # not in the corner, where all lies beyond the edge
    number, *place = (int(axis) for axis in seen[0])
    net, params = Chain((("cells", layer),)), {"cells": params}
    found = worksheet(net, params, x[number], Unit("cells", *place)).work
    assert re.match(SILENT[name], found.silence)
    answering = np.argwhere(y[number] != 0)[0]
    assert worksheet(net, params, x[number], Unit("cells", *map(int, answering))).work.silence is None


@pytest.mark.parametrize(
    ("name", "place", "why"),
    [
        ("scells-shunting", (1, 1), "every cell that it sees is silent"),
        ("scells-shunting", (2, 5), "all that it sees lies beyond the edge of the map"),
        ("resize", (0, 0), "all that it sees lies beyond the edge of the map"),
    ],
)
def test_a_cell_that_sees_nothing_says_so(name, place, why):
    layer, params, x, _ = example(name)
    found = worksheet(Chain((("cells", layer),)), {"cells": params}, 0 * x[0], Unit("cells", 0, *place)).work
    assert found.silence == why


def test_a_cell_divided_by_its_neighbours_would_answer_more_without_each():
    layer, params, x, _ = example("local-response")
    image, found = x[0], explained("local-response", (1, 0, 0))[0]
    for source in found.sources:
        without = image.copy()
        without[source.cell.plane, 0, 0] = 0
        answer = float(layer.respond(params, without[None])[0, 1, 0, 0])
        assert source.share == pytest.approx(found.network - answer, rel=1e-4, abs=1e-6)


def test_what_a_cell_came_from_can_be_explained_in_turn_down_to_the_pixels():
    net = Chain((("S1", SCells(2, 3)), ("C1", CCells(2)), ("flat", Flatten()), ("out", Dense(3))))
    rng = np.random.default_rng(0)
    params, image = net.init((1, 8, 8), 0), rng.random((1, 8, 8), np.float32)
    cell, seen = Unit("out", 1), []
    while cell.layer != "input":
        assert Unit.parse(str(cell), net, params, image.shape) == cell
        found = worksheet(net, params, image, cell)
        seen.append(found.work.response)
        assert found.work.response == pytest.approx(found.network, rel=1e-5, abs=1e-5)
        cell = found.sources[0].cell
        below = found.sources[0].x
        if cell.layer != "input":
            assert worksheet(net, params, image, cell).network == pytest.approx(below, rel=1e-6)
    assert len(seen) == 4
    assert below == pytest.approx(image[0, cell.row, cell.column])


@pytest.mark.parametrize("name", ["ccells-max", "scells-subtractive", "contrast", "dense"])
def test_json_has_the_keys_of_the_contract_and_null_for_what_a_cell_has_not(name):
    found, _ = explained(name, (0, 0, 0))
    data = json.loads(json.dumps(found.data(), allow_nan=False))
    assert {"view", "weights", "excitation", "inhibition", "drive", "response", "cell", "from"} <= set(data)
    assert data["cell"] == "cells/0/0/0"
    assert np.shape(data["view"]) == found.work.view.values.shape
    lacking = {key for key in ("weights", "excitation", "inhibition", "drive") if data[key] is None}
    assert (
        lacking
        == {
            "ccells-max": {"weights", "excitation", "inhibition", "drive"},
            "scells-subtractive": set(),
            "contrast": set(),
            "dense": {"inhibition"},
        }[name]
    )
    assert list(data["from"][0]) == ["cell", "x", "weight", "share"]
