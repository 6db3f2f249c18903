"""How hard the generated sounds are, measured on a part of their training images kept from the rest."""

import numpy as np
import pytest

import neuro_cnn as nc


@pytest.mark.slow
def test_sounds_need_local_features_and_are_not_told_by_their_nearest_neighbour():
    data = nc.data.load("sounds", split=1).train
    shown, kept = data.take(range(3200)), data.take(range(3200, 4000))
    right = {}
    for name in ("nearest-neighbour", "random-features"):
        net, curriculum = nc.models.build(name, in_shape=data.shape, classes=10)
        *_, last = nc.train(net, curriculum, shown, seed=0)
        right[name] = np.mean(nc.predict(net, last.params, kept.images).argmax(axis=1) == kept.labels)
    assert 0.6 < right["nearest-neighbour"] < 0.8
    assert right["random-features"] > right["nearest-neighbour"] + 0.15
