"""What crosses between host and device: array-api-strict stands in for the GPU's library and is watched."""

import array_api_strict
import pytest
from kit import assert_close
from learning_examples import PROBLEMS, bars

from neuro_cnn import backend
from neuro_cnn.backend import to_numpy
from neuro_cnn.training import train
from neuro_cnn.tree import leaves

Device = type(array_api_strict.ones(1))
READS = ("__array__", "__float__", "__int__", "__bool__", "__index__")

AT_HOME = {
    "neocognitron": "seed cells are looked for on the host",
    "neocognitron 2013": "planes are made on the host, one after the other",
    "planes that compete": "planes are made on the host, one after the other",
    "with a teacher": "seed cells are named on the host",
    "neocognitron 2003": "planes are made on the host, one after the other",
    "hmax": "views are drawn by their energy on the host",
    "reconstruction": "views that are blank are left out, and how many there are is asked",
}
"""Learning that waits for the device at every batch, and why."""


@pytest.fixture
def reads(monkeypatch):
    """The times that a number was read from the device, which must be waited for; `gpu` is the stand-in."""
    seen = []
    monkeypatch.setattr(backend, "_cupy", lambda: array_api_strict)
    monkeypatch.setattr(type(array_api_strict.float32), "itemsize", 4, raising=False)  # as CuPy's have
    for name in READS:
        if hasattr(Device, name):
            monkeypatch.setattr(Device, name, watched(name, getattr(Device, name), seen))
    return seen


def watched(name, read, seen):
    """The same method, which notes its calls."""

    def noted(self, *how, **more):
        seen.append(name)
        return read(self, *how, **more)

    return noted


def learned(name, device):
    """All progress of a problem; images enough for several batches an epoch."""
    net, curriculum = PROBLEMS[name]
    return train(net, curriculum, bars(), seed=0, device=device)


@pytest.mark.parametrize("name", sorted(set(PROBLEMS) - set(AT_HOME)))
def test_nothing_is_read_from_the_device_between_the_ends_of_an_epoch(reads, name):
    before, within = None, 0
    del reads[:]
    for progress in learned(name, "gpu"):
        begins = before is None or before.epoch_ended
        if not begins and not progress.epoch_ended:
            within += 1
            assert reads == []
        before = progress
        del reads[:]
    assert within or all(phase.batches(bars()) < 3 for phase in PROBLEMS[name][1])


@pytest.mark.parametrize("name", ["hebbian, ridge", "backprop", "two layers of softhebb"])
def test_images_that_are_seen_again_cross_to_the_device_before_the_first_batch_only(reads, monkeypatch, name):
    crossed = []
    move = array_api_strict.asarray

    def watched_move(x, *how, **more):
        crossed.append(getattr(x, "shape", ())[1:] == bars().shape)
        return move(x, *how, **more)

    monkeypatch.setattr(array_api_strict, "asarray", watched_move)
    began = None
    for progress in learned(name, "gpu"):
        if progress.phase == began and progress.epochs > 1:
            assert not any(crossed)
        began = progress.phase
        del crossed[:]


def test_a_read_is_seen(reads):
    x = array_api_strict.ones(3)
    to_numpy(x)
    float(x[0])
    bool(x[0] > 0)
    assert {"__array__", "__float__", "__bool__"} <= set(reads)


@pytest.mark.parametrize("name", ["hebbian, ridge", "backprop", "reconstruction"])
def test_learning_on_a_device_comes_to_the_same_weights(reads, name):
    here, there = (dict(leaves(list(learned(name, device))[-1].params)) for device in ("cpu", "gpu"))
    assert {type(leaf) for leaf in there.values()} == {Device}
    assert_close({key: to_numpy(leaf) for key, leaf in there.items()}, here)
