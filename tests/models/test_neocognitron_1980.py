"""The neocognitron of 1980 organises itself: one deepest cell a pattern, the same when the pattern moves."""

import numpy as np
import pytest

from neuro_cnn.data import Dataset, deform, glyphs
from neuro_cnn.describe import describe
from neuro_cnn.evaluate import accuracy, predict
from neuro_cnn.models import build
from neuro_cnn.training import train

AROUND = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)]


def presented(characters, seed):
    """20 rounds of the characters, each shifted at random by up to 2 pixels, all different from seed to seed."""
    rng = np.random.default_rng(seed)
    images = np.stack([glyphs.vary(c, glyphs.Variation(2), rng) for _ in range(20) for c in characters])[:, None]
    return Dataset(images, np.tile(np.arange(len(characters)), 20), tuple(characters))


def organised(characters, seed):
    """Deepest C-cells of a trained network: how many patterns have a winner of their own, responders a pattern, and
    the share of patterns whose winner stays when shifted by 1 and by 2 pixels."""
    data = presented(characters, seed)
    net, curriculum = build("neocognitron-1980", data.shape, len(characters))
    *_, progress = train(net, curriculum, data, seed=seed)
    patterns = np.stack([glyphs.pattern(c) for c in characters])[:, None]

    def deepest(images):
        return predict(net, progress.params, images, stop="out")

    responses = deepest(patterns)
    winners, live = responses.argmax(axis=1), responses.max(axis=1) > 0
    steady = []
    for pixels in (1, 2):
        moved = [deepest(deform.shift(patterns, pixels * down, pixels * right)) for down, right in AROUND]
        steady.append(np.mean([(r.argmax(axis=1) == winners) & (r.max(axis=1) > 0) for r in moved]))
    score = accuracy(net, progress.params, Dataset(patterns, np.arange(len(characters)), tuple(characters)))
    return len(set(winners[live])), np.mean((responses > 0).sum(axis=1)), steady, score


def test_map_sizes_are_those_of_the_paper():
    net, _ = build("neocognitron-1980", (1, 16, 16), 5)
    shapes = [row.out_shape for row in describe(net, (1, 16, 16))[:6]]
    assert shapes == [(24, 16, 16), (24, 10, 10), (24, 8, 8), (24, 6, 6), (24, 2, 2), (24, 1, 1)]


def test_zero_input_gives_zero_everywhere():
    data = presented("XYTZ", 0)
    net, curriculum = build("neocognitron-1980", data.shape, 4)
    *_, progress = train(net, curriculum, data.take(np.arange(12)), seed=0)
    x = np.zeros((1, 1, 16, 16), np.float32)
    for name, layer in net.layers:
        x = layer.respond(progress.params[name], x)
        assert not np.any(x)


def test_letters_organise_themselves_quickly():
    found = [organised("XYTZ", seed) for seed in range(5)]
    assert sum(distinct == 4 for distinct, *_ in found) >= 4
    assert all(score == 1 for distinct, _, _, score in found if distinct == 4)


@pytest.mark.slow
@pytest.mark.parametrize(("characters", "seeds"), [("01234", range(50)), ("XYTZ", range(50))])
def test_self_organisation_of_1980(characters, seeds):
    found = [organised(characters, seed) for seed in seeds]
    good = [one for one in found if one[0] == len(characters)]
    assert len(good) >= 0.8 * len(found)
    assert np.mean([responders for _, responders, _, _ in found]) <= 1.5
    assert min(np.mean([steady for _, _, steady, _ in good], axis=0)) >= 0.95
