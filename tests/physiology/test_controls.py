"""Controls of learned cells: the same wiring, unlearned or with random Gabor functions for weights."""

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Contrast, Conv, ReLU, SCells, Shunting
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.physiology import born, gabor_bank
from neuro_cnn.physiology.cortex.controls import random_gabors
from neuro_cnn.physiology.shapes.gabor import fit
from neuro_cnn.training import train


@pytest.fixture(scope="module")
def pair():
    data = load("natural:size=32,count=100").train
    net, curriculum = build("simple-complex", data.shape, 0, planes=6, size=7, threshold=0.3)
    *_, progress = train(net, curriculum, data, seed=0)
    return net, curriculum, progress.params, data


def test_random_gabors_are_gabor_functions_blind_to_diffuse_light():
    fields = random_gabors(40, (11, 11), np.random.default_rng(0))
    np.testing.assert_allclose(fields.sum(axis=(1, 2)), 0, atol=1e-9)
    found = fit(fields)
    assert np.mean(found.r2 > 0.9) > 0.9
    quarters = np.histogram(found.orientation, 4, (0, 180))[0]
    assert quarters.min() >= 4


def test_a_bank_has_the_norm_of_every_learned_plane_and_thresholds_of_its_own(pair):
    net, curriculum, params, data = pair
    bank = gabor_bank(net, curriculum, params, data, "S1", 0)
    learned, made = (np.linalg.norm(each["S1"].learned.weight.reshape(6, -1), axis=1) for each in (params, bank))
    np.testing.assert_allclose(made, learned, rtol=1e-5)
    assert np.mean(fit(bank["S1"].learned.weight[:, 0].astype(float)).r2 > 0.9) > 0.6
    assert not np.allclose(bank["T1"].fixed.level, params["T1"].fixed.level)
    assert (bank["T1"].fixed.level > 0).all()
    again, other = (gabor_bank(net, curriculum, params, data, "S1", seed) for seed in (0, 1))
    np.testing.assert_array_equal(again["S1"].learned.weight, bank["S1"].learned.weight)
    assert not np.allclose(other["S1"].learned.weight, bank["S1"].learned.weight)


def test_what_is_born_has_the_weights_it_begins_with_and_fitted_thresholds(pair):
    net, curriculum, params, data = pair
    found = born(net, curriculum, data, 3)
    np.testing.assert_array_equal(found["S1"].learned.weight, net.init(data.shape, 3)["S1"].learned.weight)
    assert (found["T1"].fixed.level > 0).all()
    assert not np.allclose(found["S1"].learned.weight, params["S1"].learned.weight)


def test_on_and_off_cells_see_the_function_and_its_negative_and_synapses_stay_positive():
    data = load("natural:size=16,count=20").train
    signed = Chain((("R", Contrast(5, 0.8, 1.6)), ("S1", Conv(4, 7)), ("T1", ReLU())))
    weight = gabor_bank(signed, (), signed.init(data.shape, 0), data, "S1", 0)["S1"].learned.weight
    np.testing.assert_allclose(weight[:, 0], -weight[:, 1])
    shunting = Chain((("R", Contrast(5, 0.8, 1.6)), ("S1", SCells(4, 7, response=Shunting(1.0)))))
    params = shunting.init(data.shape, 0)
    made = gabor_bank(shunting, (), params, data, "S1", 0)["S1"].learned
    assert made.weight.min() == 0
    assert (made.inhibition > 0).all()
    assert not np.any((made.weight[:, 0] > 0) & (made.weight[:, 1] > 0))


def test_layers_that_gabor_functions_cannot_stand_in_for_are_refused():
    net, curriculum = build("hebbian-wta", (1, 28, 28), 10, layers=2, planes=4)
    data = load("digits").train.take(np.arange(20))
    params = net.init((1, 28, 28), 0)
    with pytest.raises(UsageError, match="layer S2 looks at 4 planes, not at an image"):
        gabor_bank(net, curriculum, params, data, "S2", 0)
    with pytest.raises(UsageError, match=r"layer C1 \(ccells\) has no weights that Gabor functions could stand in for"):
        gabor_bank(net, curriculum, params, data, "C1", 0)
