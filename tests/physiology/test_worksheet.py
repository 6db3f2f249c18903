"""The worksheet: worked by hand it comes to what the network answers, for every kind of cell that has a view."""

import json

import numpy as np
import pytest
from layer_examples import EXAMPLES, example

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Dense, Flatten, SCells, Shunting
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


def explained(name, cell):
    layer, params, x, _ = example(name)
    return worksheet(Chain((("cells", layer),)), {"cells": params}, x[0], Unit("cells", *cell)), x[0]


def test_every_kind_of_layer_with_a_view_has_a_worksheet_or_is_refused_with_those_that_have():
    assert {EXAMPLES[name][0].kind for name in SEEING} == set(KINDS) | UNEXPLAINED
    for name in ("interpolating-reach", "batch-norm", "residual"):
        with pytest.raises(UsageError, match="has no worksheet; these have: best_position, ccells, contrast, conv,"):
            explained(name, (0, 0, 0))


@pytest.mark.parametrize(
    "name", ["conv-odd", "conv-table", "scells-shunting", "dense", "ccells-mean", "join", "triangle"]
)
def test_contributions_add_up_and_are_named_largest_first(name):
    found, x = explained(name, (1, 0, 0))
    shares = [source.share for source in found.sources]
    before = {"triangle": found.work.drive}.get(name, found.work.excitation)
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


def test_a_class_without_planes_is_silent():
    layer, params, x, _ = example("labelled-cells")
    fixed = params.fixed._replace(labels=np.zeros_like(params.fixed.labels))
    net = Chain((("out", layer),))
    found = worksheet(net, {"out": params._replace(fixed=fixed)}, x[0], Unit("out", 1))
    assert found.work.response == found.network == 0
    assert found.sources == ()
    assert json.dumps(found.data())


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
