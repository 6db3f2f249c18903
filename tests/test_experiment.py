"""One run: the images held out, the measures of an epoch, and which weights are the best."""

from dataclasses import replace

import numpy as np
import pytest
from learning_examples import PROBLEMS, bars

import neuro_cnn as nc
from neuro_cnn.curriculum import Backprop, Phase
from neuro_cnn.data import Data, Dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import accuracy
from neuro_cnn.experiment import Experiment, learn, unsupervised_layers
from neuro_cnn.layers import Dense, Flatten
from neuro_cnn.losses import CrossEntropy, SquaredError
from neuro_cnn.network import Chain
from neuro_cnn.optim import SGD
from neuro_cnn.tree import leaves

DATA, HELD = bars(60), bars(24, seed=1)


def drained(steps):
    """All that a learning generator yields, and the outcome that it returns."""
    yielded = []
    while True:
        try:
            yielded.append(next(steps))
        except StopIteration as end:
            return yielded, end.value


def untimed(history):
    return [{key: value for key, value in line.items() if key != "seconds"} for line in history]


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_epoch_has_its_line_and_learning_is_that_of_train(name):
    net, curriculum = PROBLEMS[name]
    yielded, outcome = drained(learn(net, curriculum, DATA, HELD, 0))
    steps = list(nc.train(net, curriculum, DATA, seed=0))
    assert len(yielded) == len(steps)
    ends = [step for step in steps if step.epoch_ended]
    assert [(line["phase"], line["epoch"], line["label"]) for line in outcome.history] == [
        (step.phase, step.epoch, step.label) for step in ends
    ]
    assert [epoch.line for epoch in yielded if epoch.line is not None] == outcome.history
    assert all(step.measures().items() <= line.items() for step, line in zip(ends, outcome.history, strict=True))
    for (_, a), (_, b) in zip(leaves(outcome.params), leaves(steps[-1].params), strict=True):
        np.testing.assert_array_equal(a, b)
    assert outcome.seconds == pytest.approx(sum(line["seconds"] for line in outcome.history))


@pytest.mark.parametrize(
    ("name", "loss"),
    [("backprop", CrossEntropy()), ("shunting, momentum", SquaredError()), ("hebbian, ridge", SquaredError())],
)
def test_the_held_out_images_are_measured_by_the_loss_of_the_phase_where_the_read_out_learns(name, loss):
    net, curriculum = PROBLEMS[name]
    _, outcome = drained(learn(net, curriculum, DATA, HELD, 0))
    line = outcome.history[-1]
    scores = nc.predict(net, outcome.params, HELD.images)
    assert line["held_out_loss"] == float(loss(scores, HELD.labels)[0])
    assert line["held_out_accuracy"] == accuracy(net, outcome.params, HELD)
    unsupervised = [line for line in outcome.history if not curriculum[line["phase"]].method.supervised]
    assert all("held_out_loss" not in line for line in unsupervised)


def test_the_best_epoch_is_that_of_least_held_out_loss_in_the_last_phase():
    net, (phase,) = PROBLEMS["backprop"]
    wrong = replace(HELD, labels=(HELD.labels + 1) % 3)  # the more is learned, the larger the loss on these
    for held, last in ((wrong, False), (HELD, True)):
        yielded, outcome = drained(learn(net, (phase, replace(phase, epochs=12)), DATA, held, 0))
        losses = [line["held_out_loss"] for line in outcome.history[2:]]
        ends = [epoch.best for epoch in yielded if epoch.line is not None]
        assert ends == [False, False, *(loss == min(losses[: n + 1]) for n, loss in enumerate(losses))]
        assert ends[-1] == last


def test_without_held_out_images_no_epoch_is_the_best():
    yielded, outcome = drained(learn(*PROBLEMS["backprop"], DATA, None, 0))
    assert not any(epoch.best for epoch in yielded)
    assert all("held_out_loss" not in line for line in outcome.history)


def test_unlabelled_images_held_out_do_not_count():
    net, curriculum = PROBLEMS["backprop"]
    labels = HELD.labels.copy()
    labels[::2] = -1
    _, half = drained(learn(net, curriculum, DATA, replace(HELD, labels=labels), 0))
    _, taken = drained(learn(net, curriculum, DATA, HELD.take(np.arange(1, 24, 2)), 0))
    assert untimed(half.history) == untimed(taken.history)
    _, none = drained(learn(net, curriculum, DATA, replace(HELD, labels=np.full(24, -1)), 0))
    assert all("held_out_loss" not in line for line in none.history)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_resumed_run_ends_as_the_whole_one(name):
    net, curriculum = PROBLEMS[name]
    yielded, whole = drained(learn(net, curriculum, DATA, HELD, 0))
    for done in range(0, len(yielded), 3):
        history = [epoch.line for epoch in yielded[: done + 1] if epoch.line is not None]
        state = yielded[done].progress.state
        _, resumed = drained(learn(net, curriculum, DATA, HELD, 0, resume=state, history=history))
        assert untimed(resumed.history) == untimed(whole.history)
        for (_, a), (_, b) in zip(leaves(resumed.params), leaves(whole.params), strict=True):
            np.testing.assert_array_equal(a, b)


LINEAR = Chain((("flat", Flatten()), ("out", Dense(3))))


def test_a_held_out_loss_that_is_no_longer_a_number_ends_the_run_in_one_line():
    curriculum = (Phase(None, Backprop(SquaredError(), SGD(1e25)), 1, 60),)  # one batch: its loss is from before
    with pytest.raises(
        FloatingPointError, match=r"all layers: backprop: held_out_loss is (inf|nan) after epoch 1; lower the rate"
    ):
        drained(learn(LINEAR, curriculum, DATA, HELD, 0))


# Patience


def unlearnable(epochs, patience):
    """A curriculum of two phases and images held out that it does worse on as it learns, but for noise."""
    net, (phase,) = PROBLEMS["backprop"]
    return net, (replace(phase, epochs=epochs, patience=patience), replace(phase, epochs=2))


WRONG = replace(HELD, labels=(HELD.labels + 1) % 3)


@pytest.mark.parametrize("patience", [1, 2, 4])
def test_a_phase_ends_once_the_held_out_loss_has_not_fallen_for_so_many_epochs(patience):
    net, curriculum = unlearnable(12, patience)
    yielded, outcome = drained(learn(net, curriculum, DATA, WRONG, 0))
    first = [line for line in outcome.history if line["phase"] == 0]
    losses = [line["held_out_loss"] for line in first]
    assert len(first) < 12
    assert len(first) == 1 + int(np.argmin(losses)) + patience
    gaps = np.arange(len(losses)) - [int(np.argmin(losses[: n + 1])) for n in range(len(losses))]
    assert np.all(gaps[:-1] < patience)  # and not before
    _, plain = drained(learn(net, (replace(curriculum[0], patience=None),), DATA, WRONG, 0))
    assert untimed(first) == untimed(plain.history[: len(first)])  # until then it learns as without
    assert [line["epoch"] for line in outcome.history[len(first) :]] == [0, 1]  # and what follows is learned
    assert [e.progress.phase for e in yielded if e.progress.phase_ended] == [0, 1]


def test_a_patient_phase_that_gains_all_along_is_learned_to_its_end():
    net, (phase,) = PROBLEMS["backprop"]
    patient = (replace(phase, epochs=6, patience=1),)
    _, whole = drained(learn(net, (replace(phase, epochs=6),), DATA, HELD, 0))
    losses = [line["held_out_loss"] for line in whole.history]
    assert np.all(np.diff(losses) < 0)
    assert untimed(drained(learn(net, patient, DATA, HELD, 0))[1].history) == untimed(whole.history)


def test_a_run_that_loses_patience_resumes_to_the_same_bits_from_every_batch():
    net, curriculum = unlearnable(5, 2)
    yielded, whole = drained(learn(net, curriculum, DATA, WRONG, 0))
    assert len(whole.history) < 7
    for done, each in enumerate(yielded):
        history = [epoch.line for epoch in yielded[: done + 1] if epoch.line is not None]
        rest, resumed = drained(learn(net, curriculum, DATA, WRONG, 0, resume=each.progress.state, history=history))
        assert untimed(resumed.history) == untimed(whole.history)
        assert len(rest) == len(yielded) - done - 1
        for (_, a), (_, b) in zip(leaves(resumed.params), leaves(whole.params), strict=True):
            np.testing.assert_array_equal(a, b)


def test_patience_is_refused_where_nothing_is_held_out_to_wait_for():
    net, (phase,) = PROBLEMS["backprop"]
    patient = (replace(phase, patience=3),)
    blind = replace(HELD, labels=np.full(len(HELD), -1))
    refused = "with patience = 3 waits for the loss of images held out, but none are; train with hold_out"
    for attempt in (learn(net, patient, DATA, None, 0), learn(net, patient, DATA, blind, 0)):
        with pytest.raises(UsageError, match=refused):
            drained(attempt)
    with pytest.raises(UsageError, match=refused):
        list(nc.train(net, patient, DATA, seed=0))
    below = (replace(phase, layers=("S1",), patience=3),)
    with pytest.raises(UsageError, match="'S1: backprop' does not teach the last layer; leave patience out"):
        drained(learn(net, below, DATA, HELD, 0))


# What is held out


def data(count=60):
    return Data("bars", bars(count), HELD, "drawn")


@pytest.mark.parametrize(("share", "count"), [(1 / 6, 10), (0.5, 30), (0.02, 1)])
def test_a_share_of_the_training_images_is_held_out_and_not_learned_from(share, count):
    training, held = Experiment("mlp", hold_out=share).parts(data())
    assert (len(training), len(held)) == (60 - count, count)
    both = np.concatenate([training.images, held.images]).reshape(60, -1)
    np.testing.assert_array_equal(
        both[np.lexsort(both.T)], (old := data().train.images.reshape(60, -1))[np.lexsort(old.T)]
    )


def test_what_is_held_out_depends_on_the_split_and_not_on_the_seed():
    held = [
        Experiment("mlp", hold_out=0.5, seed=seed, split=split).parts(data())[1].images
        for seed, split in ((0, 0), (1, 0), (0, 1))
    ]
    np.testing.assert_array_equal(held[0], held[1])
    assert not np.array_equal(held[0], held[2])


def test_nothing_is_held_out_unless_asked_and_never_everything():
    training, held = Experiment("mlp").parts(data())
    assert (len(training), held) == (60, None)
    for share, count in ((0.01, 20), (0.99, 20)):
        with pytest.raises(UsageError, match=r"hold_out = 0\.\d\d of 20 images leaves one part empty"):
            Experiment("mlp", hold_out=share).parts(data(count))


# The experiment


def test_an_experiment_loads_its_data_and_builds_its_system():
    made = Experiment("softhebb", {"planes": 5}, train_size=30, labels_per_class=1, split=1)
    loaded = made.load()
    assert (len(loaded.train), len(loaded.train.labelled)) == (30, 10)
    net, _ = made.build(loaded.train.shape, 10)
    assert net["S1"].planes == 5
    assert (made.name, made.variant) == ("softhebb", "planes=5")


def test_a_network_of_ones_own_is_built_as_it_is_and_must_fit():
    net, curriculum = PROBLEMS["backprop"]
    made = Experiment(network=net, curriculum=curriculum, title="mine")
    assert made.build((1, 6, 6), 3) == (net, curriculum)
    assert made.name == "mine"
    with pytest.raises(UsageError, match=r"layer S1: view of 3 does not fit a map of 2 x 2"):
        made.build((1, 2, 2), 3)


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("hebbian, ridge", ("S1",)),
        ("two layers of softhebb", ("S1", "S2")),
        ("neocognitron", ("S1", "S2")),
        ("backprop", ()),
        ("nearest neighbour", ()),
    ],
)
def test_the_layers_whose_health_matters_are_those_that_learn_without_a_teacher(name, layers):
    assert unsupervised_layers(*PROBLEMS[name]) == layers


def test_a_dataset_without_labels_is_refused_where_a_teacher_is_needed():
    net, curriculum = PROBLEMS["backprop"]
    with pytest.raises(UsageError, match="needs labels"):
        drained(learn(net, curriculum, Dataset(DATA.images, np.full(60, -1), ()), None, 0))
