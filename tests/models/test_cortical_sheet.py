"""The sheet of cortex: a map from natural images, no map without neighbours, and what it reads of digits."""

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import accuracy
from neuro_cnn.experiment import layer_health
from neuro_cnn.models import build
from neuro_cnn.physiology import health, topography
from neuro_cnn.rules import Conscience, Neighbourhood
from neuro_cnn.training import train


def learned(data, classes, **options):
    net, curriculum = build("cortical-sheet", data.shape, classes, rows=12, columns=10, **options)
    *_, progress = train(net, curriculum, data, seed=0)
    return net, curriculum, progress.params


@pytest.mark.parametrize("seed", range(2))
def test_an_orientation_map_emerges_from_natural_images_and_none_without_neighbours(seed):
    patches = load("natural:size=14,count=4000", split=seed).train
    maps = []
    for radius in (3.0, 0.05):
        net, curriculum, params = learned(patches, 0, radius=radius, batch=100, epochs=3)
        maps.append(topography(net, params, patches.shape, curriculum, "S1"))
    with_neighbours, alone = (each.neighbours.mean() / each.shuffled.mean() for each in maps)
    assert with_neighbours < 0.5
    assert 0.8 < alone < 1.2
    assert len(maps[0].pinwheels) < len(maps[1].pinwheels) / 2


def test_units_of_a_map_are_like_their_neighbours_and_that_is_no_ailment():
    patches = load("natural:size=14,count=2000").train
    net, curriculum, params = learned(patches, 0, batch=100)
    state = layer_health(net, curriculum, params, patches.images, "S1")
    assert state.redundancy > 0.95
    assert not any("alike" in warning for warning in state.warnings)
    assert any("alike" in warning for warning in health(net, params, patches.images, "S1").warnings)


def test_contrast_cells_see_nothing_beyond_the_edge():
    net, _ = build("cortical-sheet", (1, 16, 16), 0)
    grey = np.full((1, 1, 16, 16), 0.7, np.float32)
    assert np.abs(net.respond(net.init((1, 16, 16), 0), grey, stop="flat")).max() < 1e-6


def test_of_data_without_labels_the_read_out_is_left_out_in_any_system():
    assert build("cortical-sheet", (1, 16, 16), 0)[0].names == ("R", "flat", "S1", "T1")
    for name in ("hebbian-wta", "softhebb"):
        (whole, taught), (net, curriculum) = (build(name, (1, 16, 16), classes, layers=2) for classes in (3, 0))
        assert net.layers == whole.layers[: len(net.layers)]
        assert net.names[-4:] == ("S2", "T2", "C2", "P")
        assert curriculum == taught[:-1]
    with pytest.raises(UsageError, match="lenet5 learns from labels alone, but the data has none"):
        build("lenet5", (1, 28, 28), 0)


def test_options_reach_the_rule_and_a_radius_below_the_last_stays():
    rule = build("cortical-sheet", (1, 16, 16), 0, rows=3, columns=5, radius=0.5, conscience=0)[1][0].method.rule
    assert rule.competition == Neighbourhood(3, 5, 0.5, 0.5)
    assert not any(isinstance(part, Conscience) for part in rule.homeostasis)
    with pytest.raises(UsageError, match=r"radius falls from 0.001 to 0.001; let it fall, .* end at 0.01 or more"):
        build("cortical-sheet", (1, 16, 16), 0, radius=0.001)


def test_it_learns_digits_too_and_a_read_out_names_them():
    digits = load("digits", train_size=600)
    net, _, params = learned(digits.train, 10, batch=100, epochs=10)
    assert accuracy(net, params, digits.test) > 0.75
