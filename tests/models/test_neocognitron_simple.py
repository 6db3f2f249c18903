"""The lectures' neocognitron: learns from imprinted views, collapses without inhibition from random weights."""

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.evaluate import accuracy, predict
from neuro_cnn.models import build
from neuro_cnn.rules import Hebb, Hebbian, SeedCells
from neuro_cnn.training import train


def learned(seed, **options):
    data = load("glyphs:01234")
    net, curriculum = build("neocognitron-simple", data.train.shape, 5, **options)
    *_, progress = train(net, curriculum, data.train, seed=seed)
    return net, progress.params, data.test


@pytest.mark.parametrize("seed", [0, 1])
def test_from_views_of_the_images_it_names_nearly_all_unseen_ones(seed):
    net, params, test = learned(seed)
    assert accuracy(net, params, test) >= 0.9


def test_from_random_weights_one_deepest_cell_answers_to_everything():
    net, params, test = learned(0, initial="random")
    winners = predict(net, params, test.images, stop="out").argmax(axis=1)
    assert len(set(winners)) == 1


def test_its_update_is_input_times_output_at_the_seed_cells():
    net, params, test = learned(0)
    layer, rng = net["S1"], np.random.default_rng(0)
    rule = Hebbian(1.0, SeedCells(5), Hebb(), homeostasis=())
    _, activity = layer.forward(params["S1"], test.images[:1])
    after, _ = rule.update(
        layer, params["S1"], rule.start(layer, params["S1"], test.images, rng, 1)[1], activity, None, rng
    )
    seeds = SeedCells(5)(activity.drive)
    product = layer.associate(params["S1"], activity, seeds * activity.excitation)
    chances = np.maximum(seeds.sum(axis=(0, 2, 3)), seeds.sum() / len(product))
    expected = params["S1"].learned.weight + product / chances[:, None, None, None]
    np.testing.assert_allclose(after.learned.weight, expected, rtol=1e-5)
