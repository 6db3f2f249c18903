"""Rules see the views of a layer padded by a word as those of the same layer padded by numbers."""

from dataclasses import replace

import numpy as np
import pytest
from kit import assert_close

from neuro_cnn.layers import Conv, SCells, Shunting, StandardizedConv
from neuro_cnn.rules import Fukushima1980, HardWTA, Hebbian, Imprint, Instar, KMeans

MAP = (2, 7, 6)
LAYERS = {
    "conv": Conv(5, 4, (2, 1), "same", bias=False),
    "scells": SCells(5, (4, 3), 2, "same-before", response=Shunting(1.5)),
    "standardized": StandardizedConv(5, (2, 3), (1, 2), "full", contrast=0.01),
}
RULES = {
    "hebbian": Hebbian(0.3, HardWTA(), Instar()),
    "hebbian-positions": Hebbian(0.3, HardWTA(), Instar(), positions=0.4),
    "imprint": Imprint(),
    "kmeans": KMeans(iterations=2),
}


def learned(rule, layer):
    """The params after a rule saw two batches of images."""
    x = np.random.default_rng(1).random((12, *MAP), np.float32)
    rng = np.random.default_rng(2)
    params, state = rule.start(layer, layer.init(MAP, np.random.default_rng(0)), x, rng, 2)
    for batch in (x[:6], x[6:]):
        activity = rule.sees(layer, params, batch, rng)
        params, state = rule.update(layer, params, state, activity, np.zeros(6, int), rng)
    return rule.finish(layer, params, state)


@pytest.mark.parametrize("cells", LAYERS)
@pytest.mark.parametrize("name", RULES)
def test_a_rule_learns_the_same_from_a_word_and_from_its_numbers(name, cells):
    layer = LAYERS[cells]
    numbers = replace(layer, pad=layer.window(MAP).pad)
    assert numbers != layer
    before = layer.init(MAP, np.random.default_rng(0))
    after = learned(RULES[name], layer)
    assert_close(after, learned(RULES[name], numbers))
    assert np.any(after.learned.weight != before.learned.weight)


def test_seed_cells_learn_the_same_from_a_word_and_from_its_numbers():
    layer = SCells(5, (4, 3), 1, "same", response=Shunting(1.5))
    rule = Fukushima1980(4.0)
    assert_close(learned(rule, layer), learned(rule, replace(layer, pad=layer.window(MAP).pad)))
