"""The stimulus that a cell prefers at a fixed contrast."""

import numpy as np
import pytest

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Conv, Dense, Flatten, Join, LeakyReLU, Mean, Params, SCells, Shunting, Subtractive
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Electrode, Unit, preferred

RNG = np.random.default_rng(0)


def test_a_linear_cell_prefers_its_own_weights_and_answers_as_schwarz_says():
    net = Chain((("S1", Conv(1, 9, bias=False)), ("C1", CCells(1, pool=Mean()))))
    params = net.init((2, 15, 15), 0)
    weight = params["S1"].learned.weight[0]
    found = preferred(net, params, (2, 15, 15), Unit("C1", 0, 3, 3), contrast=0.2, blur=0)
    assert (found.start, found.box.sides) == ("noise", (9, 9))
    for stimulus in found.stimuli:
        cosine = np.sum(stimulus * weight) / (np.linalg.norm(stimulus) * np.linalg.norm(weight))
        assert cosine > 0.999
    assert found.agreement > 0.999
    assert found.contrast == pytest.approx(0.2, rel=1e-3)
    bound = 0.5 * 0.2 * np.sqrt(weight.size) * np.linalg.norm(weight)
    np.testing.assert_allclose(found.responses - found.blank, bound, rtol=1e-3)


def test_a_shunting_cell_prefers_its_pattern_and_no_stimulus_of_that_contrast_beats_it():
    net = Chain((("S1", SCells(1, 7, response=Shunting(2.0), initial_inhibition=1.0)),))
    params = net.init((1, 7, 7), 0)
    found = preferred(net, params, (1, 7, 7), Unit("S1", 0), contrast=0.3)
    assert found.start in ("noise", "back-projection")
    others = RNG.normal(size=(200, 7, 7))
    others = np.clip(0.3 * others / np.sqrt(np.mean(others**2, axis=(1, 2), keepdims=True)), -1, 1)
    recorded = Electrode(net, params, (1, 7, 7), "S1").respond(others)
    assert found.responses.min() > recorded.max()


@pytest.mark.parametrize(
    ("system", "options", "shape", "layer"),
    [("lenet5", {}, (3, 20, 20), "C2"), ("neocognitron-supervised", {"planes": 5}, (1, 28, 28), "S2")],
)
def test_the_ascent_keeps_to_the_norm_the_box_and_the_range_and_beats_grey(system, options, shape, layer):
    net, _ = build(system, shape, 10, **options)
    params = net.init(shape, 1)
    middle = Electrode(net, params, shape, layer).unit(1)
    found = preferred(net, params, shape, middle, contrast=0.4)
    assert found.start != "none"
    assert abs(found.stimuli).max() <= 1
    np.testing.assert_allclose(np.sqrt(np.mean(found.stimuli**2, axis=(1, 2, 3))), 0.4, rtol=0.02)
    assert (found.responses > found.blank).all()
    rows, columns = found.box.cut(shape[1:])
    assert found.stimuli.shape == (5, shape[0], rows.stop - rows.start, columns.stop - columns.start)
    again = preferred(net, params, shape, middle, contrast=0.4)
    np.testing.assert_array_equal(found.stimuli, again.stimuli)


def selective():
    """A cell, fully inhibited, that has learned a cross; grey light and noise leave it silent."""
    cross = np.zeros((1, 1, 7, 7), np.float32)
    cross[..., 3, :] = cross[..., :, 3] = 1
    net = Chain((("S1", SCells(1, 7, response=Subtractive(0.8, 3.0))),))
    params = net.init((1, 7, 7), 0)
    params["S1"] = net["S1"].rewire(params["S1"], cross * params["S1"].fixed.surround)
    return net, params, cross[0]


def test_a_cell_that_noise_leaves_silent_starts_from_its_weights():
    net, params, cross = selective()
    found = preferred(net, params, (1, 7, 7), Unit("S1", 0), contrast=0.9)
    assert found.start == "back-projection"
    assert (found.responses > 0).all()
    cosine = [np.corrcoef(each.ravel(), cross.ravel())[0, 1] for each in found.stimuli]
    assert min(cosine) > 0.7


def test_of_a_cell_that_is_silent_to_every_start_it_is_said():
    net, params, cross = selective()
    inverted = {"S1": params["S1"]._replace(learned=params["S1"].learned._replace(inhibition=np.full(1, 1e3, "f4")))}
    found = preferred(net, inverted, (1, 7, 7), Unit("S1", 0), example=cross)
    assert (found.start, found.agreement, found.stimuli.any()) == ("none", 0, False)
    assert found.responses.tolist() == [0] * 5


def test_where_no_linear_path_leads_down_an_image_is_the_start():
    _, params, cross = selective()
    net = Chain((("a", LeakyReLU()), ("S1", SCells(1, 7, response=Subtractive(0.8, 3.0)))))
    params = {"a": Params(), **params}
    assert preferred(net, params, (1, 7, 7), Unit("S1", 0), contrast=0.9).start == "none"
    found = preferred(net, params, (1, 7, 7), Unit("S1", 0), contrast=0.9, example=cross)
    assert found.start == "image"
    assert (found.responses > 0).all()


def test_units_in_a_row_see_the_whole_image():
    net = Chain((("flat", Flatten()), ("out", Dense(2))))
    params = net.init((1, 6, 6), 0)
    found = preferred(net, params, (1, 6, 6), Unit("out", 1), contrast=0.2, blur=0, seeds=2)
    weight = params["out"].learned.weight[1]
    assert np.corrcoef(found.stimuli[0].ravel(), weight)[0, 1] > 0.99


@pytest.mark.parametrize("contrast", [0, 1.5])
def test_a_contrast_that_no_image_has_is_refused(contrast):
    net = Chain((("S1", SCells(1, 3)),))
    with pytest.raises(UsageError, match="give more than 0, and 1 at most"):
        preferred(net, net.init((1, 5, 5), 0), (1, 5, 5), Unit("S1", 0, 1, 1), contrast=contrast)


def test_where_noise_climbs_a_lower_hill_than_an_image_stands_on_the_image_is_the_start():
    # the greater of two views: noise is on the way to some pattern of the one, the cross is far up the other's
    _, params, cross = selective()
    net = Chain((("S1", SCells(2, 7, response=Subtractive(0.8, 3.0))), ("join", Join(((0, 1),)))))
    weak = net["S1"].rewire(
        params["S1"]._replace(learned=params["S1"].learned._replace(weight=np.zeros((2, 1, 7, 7), "f4"))),
        np.concatenate([0.01 * params["S1"].fixed.surround, params["S1"].learned.weight]),
    )
    params = {"S1": weak, "join": net["join"].init((2, 1, 1), None)}
    low, high = (preferred(net, params, (1, 7, 7), Unit("join", 0), contrast=c, example=cross) for c in (0.3, 0.5))
    assert (low.start, high.start) == ("noise", "image")  # at the lower contrast the cross leaves the cell silent
    assert high.responses.mean() > 10 * low.responses.mean()
