"""The log of self-organisation: the seed cells by whom the weights came to be, and nobody else."""

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.layers.scells import SWeights
from neuro_cnn.models import build
from neuro_cnn.ops import patches
from neuro_cnn.physiology import Seed, seed_cells, trained
from neuro_cnn.rules.fukushima import oriented
from neuro_cnn.training import train

DATA = load("glyphs:XYT,shift=1,count=3")


@pytest.fixture(scope="module", params=["neocognitron-1980", "neocognitron-simple"])
def organised(request):
    """A system that has organised itself, its weights, and its log."""
    net, curriculum = build(request.param, DATA.train.shape, 3, presentations=2)
    *_, end = train(net, curriculum, DATA.train, seed=5)
    return net, curriculum, end.params, seed_cells(net, curriculum, DATA.train, 5, end.params)


def test_every_image_is_presented_once_an_epoch_and_every_layer_has_one_seed_a_plane_at_most(organised):
    net, _, params, log = organised
    shapes = net.shapes(params, DATA.train.shape)
    assert {each.presentation for each in log} == set(range(1, 19))
    assert len({each[:1] + each[2:4] for each in log}) == len(log)
    for each in log:
        assert all(0 <= at < side for at, side in zip(each[3:], shapes[each.layer], strict=True))
    by_presentation = {each.presentation: each.label for each in log}
    for epoch in (range(1, 10), range(10, 19)):
        assert sorted(by_presentation[at] for at in epoch) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_planes_that_were_never_seed_have_not_changed():
    net, curriculum = build("neocognitron-1980", DATA.train.shape, 3)
    *_, end = train(net, curriculum, DATA.train, seed=5)
    log = seed_cells(net, curriculum, DATA.train, 5, end.params)
    for layer in ("S1", "S2", "S3"):
        weight = end.params[layer].learned.weight
        moved = np.any(weight != oriented(weight.shape, 1e-4).astype(np.float32), axis=(1, 2, 3))
        assert set(np.flatnonzero(moved)) == {each.plane for each in log if each.layer == layer}


def test_the_first_layers_weights_are_the_sum_of_what_its_seeds_saw():
    data = load("glyphs:XYT,shift=1,count=1")
    net, curriculum = build("neocognitron-1980", data.train.shape, 3)
    *_, end = train(net, curriculum, data.train, seed=2)
    learned, fixed = end.params["S1"]
    expected = oriented(learned.weight.shape, 1e-4).astype(np.float32)
    for each in seed_cells(net, curriculum, data.train, 2, end.params):
        if each.layer == "S1":
            image = data.train.images[data.train.labels == each.label]  # one image of each class
            view = patches(image, 5, 1, ((2, 2), (2, 2)))[0, ..., each.row, each.column]
            expected[each.plane] += fixed.surround[0] * view
    np.testing.assert_allclose(learned.weight, expected, rtol=1e-5)


def test_a_run_that_ended_otherwise_is_refused(organised):
    net, curriculum, params, _ = organised
    a, b = params["S2"].learned
    other = {**params, "S2": params["S2"]._replace(learned=SWeights(1.01 * a, b))}
    with pytest.raises(DataError, match="ends with another weight of S2"):
        seed_cells(net, curriculum, DATA.train, 5, other)
    with pytest.raises(DataError, match="train it anew"):
        seed_cells(net, curriculum, DATA.train, 6, params)


def test_systems_without_seed_cells_have_no_log():
    net, curriculum = build("hebbian-wta", DATA.train.shape, 3)
    with pytest.raises(UsageError, match="no layer of this run learns by seed cells"):
        seed_cells(net, curriculum, DATA.train, 0, {})


def test_a_plane_counts_as_trained_from_its_first_seed_on():
    log = [Seed(1, 0, "S1", 4, 0, 0), Seed(3, 1, "S1", 4, 0, 0), Seed(3, 1, "S1", 2, 0, 0), Seed(2, 0, "S2", 0, 0, 0)]
    found = trained(log, 4)
    assert {layer: each.tolist() for layer, each in found.items()} == {"S1": [1, 1, 2, 2], "S2": [0, 1, 1, 1]}
