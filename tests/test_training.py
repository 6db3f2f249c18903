"""Learning phase by phase: the same from the same seed, and the same however often it is interrupted."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from kit import assert_close
from learning_examples import PROBLEMS, S1, TWO, WTA, bars

import neuro_cnn as nc
from neuro_cnn.checkpoint import Checkpoint, load, save
from neuro_cnn.curriculum import Backprop, Local, Phase
from neuro_cnn.data import Dataset
from neuro_cnn.data.augment import Augment
from neuro_cnn.data.deform import shift
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.layers import BatchNorm, Conv, Dense, Dropout, Flatten, Nearest, Params, ReLU, SCells
from neuro_cnn.layers.base import Weights
from neuro_cnn.losses import SquaredError
from neuro_cnn.network import Chain, Residual
from neuro_cnn.optim import SGD, Adam, ClipNorm
from neuro_cnn.rules import Hebbian, Imprint, LabelledWTA, LearnReferences, Memorize, Ridge, Rule, Standardize
from neuro_cnn.schedule import Steps
from neuro_cnn.streams import generator
from neuro_cnn.tree import leaves, tree_map

DATA = bars()
every_problem = pytest.mark.parametrize("name", PROBLEMS)


def run(net, curriculum, data=DATA, seed=0, **how):
    """Every progress of a run."""
    return list(nc.train(net, curriculum, data, seed=seed, **how))


def assert_same_bits(actual, expected):
    for (name, a), (_, b) in zip(leaves(actual), leaves(expected), strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype, name
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b), err_msg=name)


def differ(one, two):
    """The names of the arrays that are not the same."""
    pairs = zip(leaves(one), leaves(two), strict=True)
    return {name for (name, a), (_, b) in pairs if not np.array_equal(a, b)}


# Determinism


@every_problem
def test_the_same_seed_gives_the_same_bits(name):
    first, second = run(*PROBLEMS[name]), run(*PROBLEMS[name])
    assert_same_bits(second[-1].params, first[-1].params)
    assert [p.measures() for p in second] == [p.measures() for p in first]


@every_problem
def test_another_seed_gives_other_weights(name):
    first, second = run(*PROBLEMS[name])[-1].params, run(*PROBLEMS[name], seed=1)[-1].params
    assert differ(first, second)


def test_images_are_shown_in_another_order_in_every_epoch_and_all_of_them():
    net = Chain((("flat", Flatten()), ("out", Nearest(3))))
    seen = run(net, (Phase(("out",), Local(Memorize()), epochs=2, batch=100),))[-1].params["out"].fixed.templates
    np.testing.assert_array_equal(np.sort(seen[:26], axis=0), np.sort(DATA.images.reshape(26, -1), axis=0))
    shown = [p.params["out"].fixed.templates for p in run(net, (Phase(("out",), Local(Memorize()), 2, 4),))]
    assert not np.array_equal(shown[6][:4], shown[13][26:30])


@every_problem
def test_a_run_may_stop_after_any_batch_and_go_on_from_its_state(name):
    net, curriculum = PROBLEMS[name]
    whole = run(net, curriculum)
    for done, progress in enumerate(whole, 1):
        rest = run(net, curriculum, resume=progress.state)
        assert len(rest) == len(whole) - done
        for again, once in zip(rest, whole[done:], strict=True):
            assert_same_bits(again.params, once.params)
            assert replace(again, state=once.state, totals=()) == replace(once, totals=())
            assert again.measures() == once.measures()


@every_problem
def test_a_run_may_stop_after_any_batch_and_go_on_from_a_file(name, tmp_path):
    net, curriculum = PROBLEMS[name]
    whole = run(net, curriculum)
    for done, progress in enumerate(whole, 1):
        save(tmp_path / "it", Checkpoint(net, curriculum, progress.state, DATA.shape, DATA.classes))
        kept = load(tmp_path / "it")
        rest = run(kept.net, kept.curriculum, resume=kept.state)
        assert len(rest) == len(whole) - done
        for again, once in zip(rest, whole[done:], strict=True):
            assert_same_bits(again.params, once.params)
            assert again.measures() == once.measures()
        if rest:
            assert_same_bits(rest[-1].state, whole[-1].state)


@dataclass(frozen=True)
class Gambler(Hebbian):
    """Draws numbers and learns as if it had not."""

    def start(self, layer, params, sample, rng, updates):
        rng.random(100)
        return super().start(layer, params, sample, np.random.default_rng(7), updates)

    def update(self, layer, params, state, activity, target, rng):
        rng.random(10)
        return super().update(layer, params, state, activity, target, rng)


@dataclass(frozen=True)
class Sober(Hebbian):
    """The same without drawing."""

    def start(self, layer, params, sample, rng, updates):
        return super().start(layer, params, sample, np.random.default_rng(7), updates)


def test_a_draw_added_in_one_rule_changes_nothing_else():
    runs = []
    for rule in (Gambler, Sober):
        phases = (Phase(("S1",), Local(rule(0.2)), 2, 7), Phase(("S2",), WTA, 2, 7), Phase(("out",), Backprop(), 2, 7))
        runs.append(run(TWO, phases)[-1].params)
    assert_same_bits(*runs)


def test_a_layer_added_on_top_changes_no_initial_weight_below():
    net = PROBLEMS["hebbian, ridge"][0]
    more = Chain((*net.layers, ("A", ReLU()), ("more", Dense(2))))
    low, high = net.init(DATA.shape, 0), more.init(DATA.shape, 0)
    assert_same_bits({name: high[name] for name in net.names}, low)


# Phases


@every_problem
def test_only_the_layers_of_the_phase_change_and_those_above_a_layer_that_grows_are_drawn_anew(name):
    net, curriculum = PROBLEMS[name]
    before = net.init(DATA.shape, 0)
    for progress in run(net, curriculum):
        now, learners = progress.params, curriculum[progress.phase].learners(net)
        grown = [not same_shapes(before[layer], now[layer]) for layer in net.names]
        for place, layer in enumerate(net.names):
            if layer not in learners and not grown[place]:
                assert_same_bits(now[layer], before[layer])
            assert layer in learners or not grown[place] or any(grown[:place])
        before = now


def test_layers_between_those_that_learn_answer_as_at_rest():
    net = Chain((("C", Conv(2, 3)), ("B", BatchNorm()), ("D", Dropout(0.5)), ("F", Flatten()), ("out", Dense(3))))
    data = DATA.take(range(8))
    phase = Phase(("C", "out"), Backprop(), batch=len(data))
    start = net.init(data.shape, 0)
    first = run(net, (phase,), data)[0]
    loss, _ = Backprop().loss(net.respond(start, data.images), data.labels)
    assert first.measures()["loss"] == pytest.approx(float(loss), rel=1e-6)
    assert_same_bits(first.params["B"], start["B"])


def same_shapes(one, two):
    return [np.shape(leaf) for _, leaf in leaves(one)] == [np.shape(leaf) for _, leaf in leaves(two)]


@every_problem
def test_progress_counts_phases_epochs_and_batches_in_order(name):
    net, curriculum = PROBLEMS[name]
    expected = []
    for number, phase in enumerate(curriculum):
        lessons = [rule.shows(DATA.shape) for rule in phase.method.taught]
        shown = next((len(lesson) for lesson in lessons if lesson is not None), len(DATA))
        batches = -(-min(shown, phase.images or shown) // phase.batch)
        places = [(e, b) for e in range(phase.epochs) for b in range(batches)] or [(0, 0)]
        for epoch, batch in places:
            ends = phase.epochs == 0 or batch + 1 == batches
            expected.append((number, epoch, batch, ends, ends and epoch + 1 >= phase.epochs))
    found = [(p.phase, p.epoch, p.batch, p.epoch_ended, p.phase_ended) for p in run(net, curriculum)]
    assert found == expected


def test_measures_are_means_over_the_images_of_the_epoch_so_far():
    net = Chain((("flat", Flatten()), ("out", Dense(3))))
    phase = Phase(None, Backprop(optimizer=SGD(0.0)), 1, 7)  # rate 0: the weights stay
    params = net.init(DATA.shape, 0)
    loss, _ = phase.method.loss(net.respond(params, DATA.images), DATA.labels)
    right = np.mean(np.argmax(net.respond(params, DATA.images), axis=1) == DATA.labels)
    measured = run(net, (phase,))[-1].measures()
    assert measured == pytest.approx({"loss": float(loss), "accuracy": right}, rel=1e-6)


def test_0_epochs_do_only_what_a_rule_does_at_its_start():
    net, _ = PROBLEMS["hebbian, ridge"]
    (progress,) = run(net, (Phase(("S1",), Local(Imprint()), epochs=0),))
    layer, order = net["S1"], generator(0, "sample", 0).permutation(len(DATA))
    sample = DATA.images[np.sort(order)]
    expected, _ = Imprint().start(layer, net.init(DATA.shape, 0)["S1"], sample, generator(0, "start", 0, "S1"), 0)
    assert_same_bits(progress.params["S1"], expected)
    assert progress.measures() == {}
    (progress,) = run(net, (Phase(None, Backprop(), epochs=0),))
    assert_same_bits(progress.params, net.init(DATA.shape, 0))


def test_given_params_are_learned_from_and_not_changed():
    net, curriculum = PROBLEMS["backprop"]
    params = net.init(DATA.shape, 5)
    before = tree_map(np.copy, params)
    assert_same_bits(run(net, curriculum, seed=5)[-1].params, run(net, curriculum, seed=5, params=params)[-1].params)
    assert_same_bits(params, before)


@dataclass(frozen=True)
class Sprout(Rule):
    """Doubles the planes of a layer."""

    kind: str = "sprout"
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (Conv,)
    when: str = "start"

    def start(self, layer, params, sample, rng, updates):
        return self._grown(params, "start"), None

    def update(self, layer, params, state, activity, target, rng):
        return self._grown(params, "update"), None

    def finish(self, layer, params, state):
        return self._grown(params, "finish")

    def _grown(self, params, now):
        weight = params.learned.weight
        return Params(Weights(np.concatenate([weight, -weight]))) if now == self.when else params


@pytest.mark.parametrize("when", ["start", "finish"])
def test_layers_above_one_that_has_grown_are_drawn_anew_from_their_own_stream(when):
    net = Chain((S1, ("A1", ReLU()), ("S2", Conv(2, 2)), ("flat", Flatten()), ("out", Dense(3))))
    phases = (Phase(("S1",), Local(Sprout(when=when)), batch=10), Phase(None, Backprop(), 1, 10))
    grown = [p for p in run(net, phases[:1]) if p.phase_ended][-1].params
    assert grown["S1"].learned.weight.shape == (8, 1, 3, 3)
    assert_same_bits(grown["S2"], net["S2"].init((8, 4, 4), generator(0, "init", "S2")))
    assert_same_bits(grown["out"], net.init(DATA.shape, 0)["out"])  # two planes of 3 x 3 still, so nothing to draw
    assert [p.phase for p in run(net, phases)][-1] == 1


# Labels


def half_labelled(hidden=None):
    """Every second image without its label, and its pixels replaced where `hidden` is given."""
    labels, images = DATA.labels.copy(), DATA.images.copy()
    labels[1::2] = -1
    if hidden is not None:
        images[1::2] = hidden
    return Dataset(images, labels, DATA.classes)


@pytest.mark.parametrize("name", ["backprop", "softmax on frozen features", "nearest neighbour"])
def test_supervised_phases_do_not_see_unlabelled_images(name):
    net, curriculum = PROBLEMS[name]
    curriculum = tuple(phase for phase in curriculum if phase.method.supervised)
    blind = run(net, curriculum, half_labelled(hidden=np.nan))[-1].params
    assert_same_bits(blind, run(net, curriculum, half_labelled())[-1].params)
    assert all(np.all(np.isfinite(leaf)) for _, leaf in leaves(blind))


@dataclass(frozen=True)
class Witness(Rule):
    """Notes every label that it is shown."""

    kind: str = "witness"
    supervised: ClassVar[bool] = True
    teaches: ClassVar[tuple[type, ...]] = (Dense,)
    shown: ClassVar[list[int]] = []

    def start(self, layer, params, sample, rng, updates):
        self.shown.clear()
        return params, None

    def update(self, layer, params, state, activity, target, rng):
        self.shown.extend(target.tolist())
        return params, None


def test_a_supervised_rule_is_shown_every_label_once_and_never_minus_1():
    net = Chain((("flat", Flatten()), ("out", Dense(3))))
    run(net, (Phase(("out",), Local(Witness()), batch=4),), half_labelled())
    assert sorted(Witness.shown) == sorted(DATA.labels[::2])


@dataclass(frozen=True)
class Viewer(Witness):
    """Notes every image that it is shown."""

    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (Conv,)

    def update(self, layer, params, state, activity, target, rng):
        self.shown.append(activity.x)
        return params, None


def test_images_are_varied_anew_in_every_epoch_and_not_at_all_without_augmentation():
    net, _ = PROBLEMS["hebbian, ridge"]
    shown = {}
    for augment in (Augment(shift=1), Augment(), None):
        run(net, (Phase(("S1",), Local(Viewer()), 2, 100, augment=augment),))
        shown[augment] = list(Viewer.shown)
    one, two = shown[Augment(shift=1)]
    assert not np.array_equal(one, two)
    for image, original in zip(one, DATA.images, strict=True):
        assert any(np.array_equal(image, shift(original, i, j)) for i in (-1, 0, 1) for j in (-1, 0, 1))
    np.testing.assert_array_equal(shown[Augment()], shown[None])


def test_unsupervised_phases_see_all_images_and_need_no_label():
    net = Chain((("N", Conv(1, 1)), ("M", PROBLEMS["two layers of softhebb"][0]["N2"])))
    unlabelled = Dataset(DATA.images, np.full(len(DATA), -1), ())
    for data in (unlabelled, half_labelled()):
        net = Chain((("N", PROBLEMS["two layers of softhebb"][0]["N2"]),))
        fixed = run(net, (Phase(("N",), Local(Standardize()), batch=7),), data)[-1].params["N"].fixed
        np.testing.assert_allclose(fixed.mean, DATA.images.mean(), rtol=1e-5)


# Learning that works


@every_problem
def test_every_curriculum_learns_the_bars(name):
    net, curriculum = PROBLEMS[name]
    curriculum = tuple(replace(p, epochs=40) if isinstance(p.method, Backprop) else p for p in curriculum)
    params = run(net, curriculum, bars(150))[-1].params
    assert nc.evaluate.accuracy(net, params, bars(60, seed=1)) > 1 / 2  # chance is 1/3


def test_lenet5_fits_60_digits_and_its_loss_falls():
    digits = nc.data.load("digits", train_size=60).train
    net, curriculum = nc.models.build("lenet5", digits.shape, 10, epochs=25, batch=20)
    epochs = [p.measures() for p in run(net, curriculum, digits) if p.epoch_ended]
    assert epochs[0]["loss"] > 1.5
    assert epochs[-1]["loss"] < 0.1
    assert epochs[-1]["accuracy"] == 1


@pytest.mark.parametrize("optimizer", [SGD(0.01), Adam(0.002)])
def test_lenet5_of_s_cells_is_lenet5_of_convolution_and_relu_through_ten_steps(optimizer):
    digits = nc.data.load("digits", train_size=80).train
    net, _ = nc.models.build("lenet5", digits.shape, 10)
    plain = []
    for name, layer in net.layers:
        if isinstance(layer, SCells):
            plain += [(name, Conv(layer.planes, layer.size, pad=layer.pad)), (f"A{name}", ReLU())]
        else:
            plain.append((name, layer))
    plain = Chain(tuple(plain))
    phases = (Phase(None, Backprop(optimizer=optimizer), batch=8),)
    start = net.init(digits.shape, 0)
    same = {**plain.init(digits.shape, 0), **start}
    for name in ("S1", "S2"):
        weight, inhibition = start[name].learned
        same[name] = Params(Weights(weight, -inhibition))
    ours, theirs = run(net, phases, digits, params=start), run(plain, phases, digits, params=same)
    assert len(ours) == 10
    for one, two in zip(ours, theirs, strict=True):
        for name in net.names:
            a, b = one.params[name].learned, two.params[name].learned
            assert_close(Weights(a.weight, -a.inhibition) if isinstance(net[name], SCells) else a, b)


# What cannot be


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        ((), "a curriculum without phases; give it at least one"),
        ((Phase(("S3",), WTA),), "unknown layer 'S3'; did you mean 'S1'"),
        ((Phase(("C1",), WTA),), "hebbian cannot teach layer C1, a ccells layer; name layers of these kinds: Conv, St"),
        ((Phase(("S1",), Local(Ridge())),), "ridge cannot teach layer S1, a conv layer; name layers of these kinds: D"),
        ((Phase(("flat",), Local(Standardize())),), "standardize cannot teach layer flat, a flatten layer"),
        ((Phase(("out",), Local(Memorize())),), "memorize cannot teach layer out, a dense layer"),
    ],
)
def test_a_curriculum_that_does_not_fit_the_network_is_refused_before_anything_is_learned(phases, message):
    with pytest.raises(UsageError, match=message):
        next(iter(nc.train(PROBLEMS["hebbian, ridge"][0], phases, DATA, seed=0)))


def test_batch_normalisation_that_would_meet_one_value_a_plane_is_refused_before_anything_is_learned():
    block = Residual(Chain((("D", Dense(3)), ("B", BatchNorm()))))
    net = Chain((("flat", Flatten()), ("out", Dense(3)), ("more", block)))
    phase, one = Phase(None, Backprop(), batch=8), Phase(("flat", "out"), Backprop(), batch=8)
    with pytest.raises(UsageError, match=r"layer more\.B: the last batch of 17 images, 8 at a time, is of one"):
        next(iter(nc.train(net, (one, phase), DATA.take(range(17)), seed=0)))
    with pytest.raises(UsageError, match=r"layer more\.B: the last batch of 17 images, 1 at a time, is of one"):
        next(iter(nc.train(net, (replace(phase, batch=1),), DATA.take(range(17)), seed=0)))
    run(net, (phase,), DATA.take(range(18)))
    run(net, (one,), DATA.take(range(17)))  # there it is at rest


def test_images_cannot_be_varied_below_frozen_layers():
    net, curriculum = PROBLEMS["softmax on frozen features"]
    phases = (curriculum[0], replace(curriculum[1], augment=Augment(shift=1)))
    with pytest.raises(UsageError, match=r"images are varied for out, but the layers below are frozen .* let S1 learn"):
        run(net, phases)


def test_labels_that_do_not_fit_the_last_layer_are_refused():
    net, curriculum = PROBLEMS["hebbian, ridge"]
    with pytest.raises(UsageError, match="phase 'out: ridge' needs labels, but no image of this data set has one"):
        run(net, curriculum, Dataset(DATA.images, np.full(len(DATA), -1), ()))
    with pytest.raises(UsageError, match=r"answers with \(3,\) but the data has 4 classes; give it one unit a class"):
        run(net, curriculum, Dataset(DATA.images, DATA.labels, (*DATA.classes, "none")))


@pytest.mark.parametrize(("label", "count"), [(3, 3), (7, 3), (-2, 3)])
def test_a_label_that_is_no_class_number_is_refused_before_anything_is_learned(label, count):
    net, curriculum = PROBLEMS["backprop"]
    labels = DATA.labels.copy()
    labels[4] = label
    with pytest.raises(DataError, match=f"label {label} is none of {count} classes; number them from 0, unlabelled -1"):
        next(iter(nc.train(net, curriculum, replace(DATA, labels=labels), seed=0)))


# Learning that diverges

LINEAR = Chain((("flat", Flatten()), ("out", Dense(3))))


def diverging(batch, epochs=2):
    """A phase of 13 batches an epoch whose rate becomes absurd at the update of this number, from 0 over all."""
    rate = Steps(0.01, 1e30, ((batch - 0.5) / (13 * epochs),))
    return Phase(None, Backprop(SquaredError(), SGD(rate, momentum=0.0)), epochs, 2)


@pytest.mark.parametrize("batch", [1, 7, 12, 13, 19, 24])
def test_the_batch_whose_loss_is_no_number_is_named_and_what_was_yielded_before_is_finite(batch):
    seen = []
    place = f"epoch {(batch + 1) // 13 + 1}, batch {(batch + 1) % 13 + 1} of 13, at a rate of 1e"
    with pytest.raises(FloatingPointError, match=f"all layers: backprop: loss is (inf|nan) in {place}"):
        seen.extend(nc.train(LINEAR, (diverging(batch),), DATA, seed=0))
    assert len(seen) == batch + 1
    assert all(np.all(np.isfinite(leaf)) for progress in seen[:-1] for _, leaf in leaves(progress.params))


def test_a_device_that_is_seldom_waited_for_names_the_same_batch(monkeypatch):
    for module in ("training", "presentation"):  # a GPU, but for its name
        monkeypatch.setattr(f"neuro_cnn.{module}.to_device", lambda tree, device: tree)
    monkeypatch.setattr("neuro_cnn.training.CHECKED", 5)
    for batch in (2, 3, 4, 9, 11):
        seen = []
        place = f"epoch {(batch + 1) // 13 + 1}, batch {(batch + 1) % 13 + 1} of 13"
        with pytest.raises(FloatingPointError, match=f"loss is (inf|nan) in {place}"):
            seen.extend(nc.train(LINEAR, (diverging(batch),), DATA, seed=0, device="cuda"))
        assert len(seen) == {2: 4, 3: 4, 4: 9, 9: 12, 11: 12}[batch]  # until it is looked at next


def test_weights_that_the_last_update_made_infinite_end_the_phase_with_an_error():
    phase = Phase(None, Backprop(SquaredError(), SGD(1e39)), 1, len(DATA))
    with pytest.raises(FloatingPointError, match=r"backprop: weight of out is no longer finite in epoch 1; lower the"):
        list(nc.train(LINEAR, (phase,), DATA, seed=0))


def test_a_clipped_gradient_moves_the_weights_by_no_more_than_its_limit():
    phase = Phase(None, Backprop(SquaredError(), SGD(1.0, momentum=0.0), ClipNorm(1e-3)), 1, 5)
    before, steps = LINEAR.init(DATA.shape, 0), list(nc.train(LINEAR, (phase,), DATA, seed=0))
    for progress in steps:
        moved = [b - a for (_, a), (_, b) in zip(leaves(before), leaves(progress.params), strict=True)]
        assert sum(float(np.sum(part * part)) for part in moved) ** 0.5 == pytest.approx(1e-3, rel=1e-2)
        before = progress.params


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Phase(None, Backprop(), patience=0), "a patience of 0 epochs; give 1 or more, or leave patience out"),
        (lambda: Phase(("out",), Local(Ridge()), patience=1), "patience waits for the loss that backprop minimises"),
        (lambda: Phase(None, Backprop(), epochs=-1), "-1 epochs; give 0 or more"),
        (lambda: Phase(("out",), Local(Ridge()), epochs=2), "ridge takes every image once, not 2 times"),
        (lambda: Phase(("out",), Local(LearnReferences()), epochs=2), "learn_references takes every image once, not 2"),
        (lambda: Phase(("out",), Local(LabelledWTA()), epochs=3), "labelled_wta takes every image once, not 3 times"),
        (lambda: Phase(None, Backprop(), batch=0), "batches of 0 images; give 1 or more"),
        (lambda: Phase((), Backprop()), "a phase with no layers; name at least one"),
        (lambda: Hebbian(-0.1), "rate -0.1; rates must be numbers from 0 up"),
        (lambda: Hebbian(float("nan")), "rate nan; rates must be numbers from 0 up"),
    ],
)
def test_phases_and_rates_that_cannot_be_are_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
