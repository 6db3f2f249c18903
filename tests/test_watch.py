"""A layer watched while it learns: every update is counted, the first weights are those that the rule starts with."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from learning_examples import PROBLEMS, S1, WTA, bars

import neuro_cnn as nc
from neuro_cnn.curriculum import Backprop, Local, Phase
from neuro_cnn.experiment import learn
from neuro_cnn.layers import Conv, Dense, Flatten
from neuro_cnn.network import Chain
from neuro_cnn.rules import Hebbian, Imprint, Ridge
from neuro_cnn.watch import Watcher, by_epoch, drawable_layers, epoch_ends, first_learned, spans, spread, watching

DATA = bars()
NET = Chain((S1, ("flat", Flatten()), ("out", Dense(3))))
TWICE = (
    Phase(("S1",), WTA, epochs=2, batch=8),
    Phase(("out",), Local(Ridge())),
    Phase(None, Backprop(), epochs=3, batch=10, images=15),
)


@given(st.integers(0, 500), st.integers(2, 60))
def test_moments_are_spread_evenly_from_before_to_the_end(count, most):
    found = np.array(spread(count, most))
    assert (found[0], found[-1], len(found)) == (0, count, min(count + 1, most))
    gaps = np.diff(found)
    assert count == 0 or gaps.max() - gaps.min() <= 1
    assert count == 0 or gaps.min() >= 1


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_update_of_every_layer_is_seen_and_the_last_leaves_its_final_weights(name):
    net, curriculum = PROBLEMS[name]
    steps = list(nc.train(net, curriculum, DATA, seed=0))
    for layer in drawable_layers(net, DATA):
        phases = spans(net, curriculum, DATA, layer)
        watcher = Watcher(layer, phases, range(100_000))
        for step in steps:
            watcher.see(step)
        learned = [
            step for step in steps if curriculum[step.phase].epochs and layer in curriculum[step.phase].learners(net)
        ]
        assert len(watcher.snapshots) == (len(learned) + 1 if learned else 0)
        if learned:
            ends = [i for i, step in enumerate(learned, 1) if step.epoch_ended]
            assert list(epoch_ends(phases)) == ends
            np.testing.assert_array_equal(watcher.snapshots[-1].weight, learned[-1].params[layer].learned.weight)


def test_images_are_counted_over_batches_epochs_and_phases():
    steps = list(nc.train(NET, TWICE, DATA, seed=0))
    watcher = Watcher("S1", spans(NET, TWICE, DATA, "S1"), range(100))
    for step in steps:
        watcher.see(step)
    assert [each.updates for each in watcher.snapshots] == list(range(15))
    expected = [0, 8, 16, 24, 26, 34, 42, 50, 52, 62, 67, 77, 82, 92, 97]  # 2 x 26 images, then 3 x 15
    assert [each.images for each in watcher.snapshots] == expected
    places = [(each.label, each.epoch, each.batch) for each in watcher.snapshots]
    assert places[:2] == [("S1: hebbian", 0, 0), ("S1: hebbian", 1, 1)]
    assert places[-1] == ("all layers: backprop", 3, 2)


def test_only_the_moments_are_kept_and_one_more_where_it_is_asked_for():
    watcher = Watcher("S1", spans(NET, TWICE, DATA, "S1"), (0, 3, 14))
    for number, step in enumerate(nc.train(NET, TWICE, DATA, seed=0)):
        watcher.see(step, keep=number == 4)
    assert [each.updates for each in watcher.snapshots] == [0, 3, 5, 14]


def test_before_are_the_weights_that_the_rule_starts_with_whatever_it_then_learns():
    def before(rate, initial, seed=0):
        curriculum = (Phase(("S1",), Local(Hebbian(rate, initial=initial))),)
        watcher = by_epoch(NET, curriculum, DATA, 2)
        for step in nc.train(NET, curriculum, DATA, seed=seed):
            watcher.see(step)
        assert not np.array_equal(watcher.snapshots[0].weight, watcher.snapshots[1].weight)
        return watcher.snapshots[0].weight

    drawn = NET.init(DATA.shape, 0)["S1"].learned.weight
    random = before(0.1, "random")
    norm = np.sqrt(np.sum(drawn * drawn, axis=(1, 2, 3), keepdims=True))
    np.testing.assert_allclose(random, drawn / norm, rtol=1e-6)
    np.testing.assert_array_equal(before(0.4, "data"), before(0.1, "data"))
    assert not np.array_equal(before(0.1, "data"), random)


def test_epochs_are_thinned_with_the_first_and_the_last_kept():
    curriculum = (Phase(("S1",), WTA, epochs=9, batch=13),)
    watcher = by_epoch(NET, curriculum, DATA, 4)
    outcome = None
    steps = watching(learn(NET, curriculum, DATA, None, 0), watcher)
    while outcome is None:
        try:
            next(steps)
        except StopIteration as end:
            outcome = end.value
    assert [(each.epoch, each.images) for each in watcher.snapshots] == [(0, 0), (3, 78), (6, 156), (9, 234)]
    np.testing.assert_array_equal(watcher.snapshots[-1].weight, outcome.params["S1"].learned.weight)


def test_what_is_wired_drawn_grown_or_taught_is_no_layer_that_learns_by_itself():
    (imprinted, read_out) = (Phase(("S1",), Local(Imprint()), epochs=0), Phase(("out",), Local(Ridge())))
    assert first_learned(NET, (imprinted, read_out), DATA) is None
    assert by_epoch(NET, (imprinted, read_out), DATA, 6).snapshots == []
    assert first_learned(NET, (Phase(None, Backprop()),), DATA) is None
    assert first_learned(NET, TWICE, DATA) == "S1"
    net = Chain((S1, ("S2", Conv(3, 2)), *NET.layers[1:]))
    assert first_learned(net, (imprinted, Phase(("S2",), WTA)), DATA) == "S2"
    glyphs = nc.data.load("glyphs:01,count=5").train
    assert first_learned(*nc.models.build("neocognitron-2013", glyphs.shape, 2), glyphs) is None
    assert first_learned(*nc.models.build("neocognitron-1980", glyphs.shape, 2), glyphs) == "S1"


def test_a_run_begins_each_phase_once():
    begun = [(step.phase, step.batch) for step in nc.train(NET, TWICE, DATA, seed=0) if step.began is not None]
    assert begun == [(0, 0), (1, 0), (2, 0)]
