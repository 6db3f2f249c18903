"""What all protocols owe: a verdict for every cell, silent ones counted, numbers for every figure."""

import json
from itertools import pairwise

import numpy as np
import pytest
from known_cells import pooled, rectified

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Conv, Dense, Flatten, LocallyConnected, Params
from neuro_cnn.layers.base import Weights
from neuro_cnn.network import Chain
from neuro_cnn.physiology import PROTOCOLS, Curves, Electrode, Preparation
from neuro_cnn.physiology.preparation import close_up
from neuro_cnn.stimuli import gabor, white_noise

ALIVE = gabor((13, 13), np.array([10.0, 80.0]), 0.15, 0.5, 2.5, 3.0)
OURS = ("orientation", "frequency", "phase", "contrast", "size", "length", "plaid", "position")


@pytest.fixture(scope="module")
def some():
    """Two Gabor cells and a dead one between them."""
    return Preparation(rectified([ALIVE[0], np.zeros((13, 13)), ALIVE[1]]))


@pytest.mark.parametrize("name", OURS)
def test_a_dead_cell_is_counted_as_silent_with_a_reason_and_has_no_measures(some, name):
    found = PROTOCOLS[name](some)
    assert found.verdicts[1].flag == "silent"
    assert found.verdicts[1].reason
    assert found.verdicts[0].flag != "silent"
    assert all(np.isnan(values[1]) for values in found.measures.values())
    assert "1 silent" in found.count()
    assert found.summary()["silent"] == 1


@pytest.mark.parametrize("name", OURS)
def test_a_dead_layer_gives_findings_too(name):
    found = PROTOCOLS[name](Preparation(rectified(np.zeros((2, 9, 9)))))
    assert found.count() == "0 of 2 cells usable, 2 silent"


@pytest.mark.parametrize("name", OURS)
def test_every_number_that_is_drawn_is_in_the_record(some, name):
    found = PROTOCOLS[name](some)
    record = json.loads(json.dumps(found.record(some.units), allow_nan=False))
    assert isinstance(found.shown, Curves)
    assert record["protocol"] == name == found.protocol
    assert np.array(record["shown"]["responses"], float).shape == found.shown.responses.shape
    assert len(record["shown"]["axis"]["values"]) == found.shown.responses.shape[1]
    assert [unit["cell"] for unit in record["units"]] == ["R1/0/0/0", "R1/1/0/0", "R1/2/0/0"]
    assert set(found.shown_in) <= set(found.measures) == set(record["measures"])


@pytest.mark.parametrize("name", OURS)
def test_a_protocol_gives_the_same_again(some, name):
    again = PROTOCOLS[name](Preparation(some.electrode))
    for measure, values in PROTOCOLS[name](some).measures.items():
        np.testing.assert_array_equal(values, again.measures[measure])


def test_the_mean_of_orientations_is_taken_around_the_circle():
    cells = Preparation(rectified(gabor((21, 21), np.array([2.0, 178.0]), 0.15, 0.5, 2.8, 4.0)))
    preferred = PROTOCOLS["orientation"](cells).summary()["preferred"]
    assert min(preferred["mean"], 180 - preferred["mean"]) < 1
    assert preferred["resultant"] > 0.99


def chain(*layers):
    """A chain with weights, on images of 29 x 31."""
    net = Chain(layers)
    return net, net.init((1, 29, 31), 0), (1, 29, 31)


def test_a_close_up_shows_the_same_cells_with_padding_and_strides():
    net = chain(("a", Conv(3, 5, 2, 2)), ("b", CCells(3, 2, 1)), ("c", Conv(2, 3, 1, 1)))
    electrode = Electrode(*net, "c", (3, 4))
    near = close_up(electrode)
    assert near.box.sides == electrode.box.sides
    assert max(near.sides) < 29
    noise = white_noise(20, electrode.box.sides, np.random.default_rng(3))
    answers = []
    for each in (electrode, near):
        field = np.zeros((20, *each.sides), np.float32)
        field[:, *each.box.cut(each.sides)] = noise
        answers.append(each.respond(field))
    np.testing.assert_allclose(*answers, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("last", [Dense(4), LocallyConnected(2, 3)])
def test_cells_with_weights_for_places_are_recorded_where_they_are(last):
    net, params, shape = chain(("a", Conv(2, 5)), *[("f", Flatten())] * isinstance(last, Dense), ("last", last))
    electrode = Electrode(net, params, shape, "last")
    assert close_up(electrode) is electrode


def test_units_in_a_row_are_probed_like_any_others():
    filters = np.stack([ALIVE[0].ravel(), ALIVE[1].ravel()])
    net = Chain((("flat", Flatten()), ("out", Dense(2))))
    params = {"flat": Params(), "out": Params(Weights(filters, np.zeros(2, np.float32)))}
    found = PROTOCOLS["orientation"](Preparation(Electrode(net, params, (1, 13, 13), "out")))
    np.testing.assert_allclose(found.measures["preferred"], [10, 80], atol=2.5)


def test_an_unrectified_cell_has_no_f1_over_f0_and_is_told_why():
    net = Chain((("S", Conv(2, 13, bias=False)),))
    params = {"S": Params(Weights(ALIVE[:, None]))}
    found = PROTOCOLS["phase"](Preparation(Electrode(net, params, (1, 13, 13), "S")))
    assert [verdict.flag for verdict in found.verdicts] == ["unfit", "unfit"]
    assert "stays at blank" in found.verdicts[0].reason


def test_a_receptive_field_that_leaves_the_image_is_refused():
    net, params, shape = chain(("a", Conv(2, 5, 1, 2)))
    with pytest.raises(UsageError, match="see rows -2 to 2"):
        Preparation(Electrode(net, params, shape, "a", (0, 0))).gratings  # noqa: B018


def test_a_maximum_over_a_longer_stretch_is_complex_from_a_lower_frequency_on():
    from_where = [PROTOCOLS["phase"](Preparation(pooled(stretch=n))).measures["complex_from"][0] for n in (2, 4, 8)]
    assert all(longer < shorter for shorter, longer in pairwise(from_where))
