"""The catalogue: every system can be built, set, controlled and described."""

import re
from dataclasses import fields

import numpy as np
import pytest
from catalogue import OF_DIGITS, images_of

from neuro_cnn.check import check
from neuro_cnn.curriculum import Backprop, Local, Phase
from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Dense, Triangle
from neuro_cnn.models import CATALOGUE, MAIN, build, control, learning, system
from neuro_cnn.optim import Adam
from neuro_cnn.rules import Bernoulli, Conscience, Gaussian, Hebbian, Imprint, Ridge, Sparse, Standardize
from neuro_cnn.schedule import Linear
from neuro_cnn.spec import plain

DIGIT = (1, 28, 28)
every_system = pytest.mark.parametrize("name", CATALOGUE)
every_system_of_digits = pytest.mark.parametrize("name", OF_DIGITS)


@every_system_of_digits
@pytest.mark.parametrize("in_shape", [DIGIT, (3, 32, 32), (2, 40, 33)])
def test_every_system_answers_with_one_score_a_class(name, in_shape):
    net, curriculum = build(name, in_shape, 7)
    assert describe(net, in_shape)[-1].out_shape == (7,)
    for phase in curriculum:
        assert set(phase.learners(net)) <= set(net.names)


@every_system
def test_every_system_says_in_one_line_what_it_is_and_states_its_options(name):
    assert CATALOGUE[name].__doc__.splitlines()[0].endswith(".")
    assert plain(system(name)) == {field.name: field.default for field in fields(CATALOGUE[name])}


def test_the_main_comparison_is_of_systems_of_the_catalogue():
    assert set(MAIN) <= set(CATALOGUE)


@every_system
def test_the_control_learns_nothing_without_a_teacher_but_moments_and_takes_views_where_planes_grew(name):
    _, curriculum = build(name, images_of(name), 10)
    bare = control(curriculum)
    if bare is None:
        assert all(phase.method.supervised for phase in curriculum)
        return
    assert [phase for phase in curriculum if phase.method.supervised] == [p for p in bare if p.method.supervised]
    for phase in bare:
        if not phase.method.supervised:
            assert {rule.kind for rule in phase.method.taught} <= {
                "edges",
                "standardize",
                "whiten",
                "centre",
                "imprint",
            }
    free = [phase for phase in curriculum if not phase.method.supervised]
    grown = [phase.layers for phase in free if any(rule.grows for rule in phase.method.taught)]
    assert grown == [phase.layers for phase in bare if any(rule.kind == "imprint" for rule in phase.method.taught)]
    assert grown or len(bare) < len(curriculum)


@pytest.mark.parametrize("name", ["hebbian-wta", "softhebb", "imprinted-patches", "autoencoder", "rbm"])
@pytest.mark.parametrize(
    "options", [{}, {"layers": 2}, {"readout": "softmax", "planes": 7, "eye": "pixels"}, {"layers": 3}]
)
def test_the_control_of_an_unsupervised_system_is_random_features_with_the_same_options(name, options):
    net, curriculum = build(name, DIGIT, 10, **options)
    assert (net, control(curriculum)) == build("random-features", DIGIT, 10, **options)


def test_what_has_no_unsupervised_phase_or_nothing_else_has_no_control():
    assert control(build("lenet5", DIGIT, 10)[1]) is None
    assert control((Phase(("S1",), Local(Imprint())),)) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lenet5", "backprop"),
        ("mlp", "backprop"),
        ("random-features", "none"),
        ("imprinted-patches", "imprint"),
        ("hebbian-wta", "hebbian"),
        ("softhebb", "hebbian"),
        ("autoencoder", "reconstruct"),
        ("rbm", "contrastive_divergence"),
        ("nearest-neighbour", "memorize"),
        ("neocognitron-1988", "taught"),
        ("neocognitron-2013", "add_if_silent"),
        ("neocognitron-supervised", "imprint + backprop"),
        ("hmax", "imprint"),
    ],
)
def test_how_the_features_learn_is_said_in_a_word(name, words):
    assert learning(build(name, DIGIT, 10)[1]) == words


def test_two_layers_learn_one_after_the_other_from_standardised_responses():
    net, curriculum = build("softhebb", DIGIT, 10, layers=2, planes=6, size=3)
    assert [phase.layers for phase in curriculum] == [("S1",), ("N2",), ("S2",), ("out",)]
    kinds = [type(phase.method.rule) for phase in curriculum]
    assert kinds == [Hebbian, Standardize, Hebbian, Ridge]
    assert (net["S1"].planes, net["S2"].planes) == (6, 24)


def test_options_reach_wiring_and_rule():
    options = {"rate": 0.07, "conscience": 0, "epochs": 3, "batch": 5, "initial": "random", "power": 2.0}
    net, curriculum = build("hebbian-wta", DIGIT, 10, **options)
    assert net["T1"] == Triangle(2.0)
    phase = curriculum[0]
    assert (phase.epochs, phase.batch) == (3, 5)
    assert (phase.method.rule.rate, phase.method.rule.initial) == (Linear(0.07), "random")
    assert not any(isinstance(part, Conscience) for part in phase.method.rule.homeostasis)
    _, curriculum = build("softhebb", DIGIT, 10, temperature=0.3, readout="softmax")
    assert curriculum[0].method.rule.competition.temperature == 0.3
    assert isinstance(curriculum[-1].method, Backprop)
    _, curriculum = build("autoencoder", DIGIT, 10, corruption=0.3, rate=0.01)
    rule = curriculum[0].method.rule
    assert (rule.corruption, rule.optimizer) == (0.3, Adam(Linear(0.01)))
    assert build("mlp", DIGIT, 10, hidden=3)[0]["hidden"] == Dense(3)


def test_the_machine_takes_pixels_as_binary_and_contrast_and_standardised_responses_as_gaussian():
    first, _, second, _ = build("rbm", DIGIT, 10, layers=2, deviation=0.3, k=4, sparsity=0.02)[1]
    assert [phase.method.rule.visible for phase in (first, second)] == [Gaussian(0.3), Gaussian()]
    assert {(phase.method.rule.k, phase.method.rule.sparse) for phase in (first, second)} == {(4, Sparse(0.02))}
    assert build("rbm", DIGIT, 10, eye="pixels")[1][0].method.rule.visible == Bernoulli()


@pytest.mark.parametrize("size", range(1, 29))
def test_every_view_that_fits_gives_a_map_of_the_same_side(size):
    net, _ = build("random-features", DIGIT, 10, size=size)
    assert {row.name: row.out_shape for row in describe(net, DIGIT)}["S1"] == (96, 28, 28)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("softheb", {}, "unknown system 'softheb'; did you mean 'softhebb'"),
        ("softhebb", {"temprature": 1}, "unknown option of softhebb 'temprature'; did you mean 'temperature'"),
        ("nearest-neighbour", {"k": 3}, "nearest-neighbour has no options, so 'k' cannot be set"),
        ("softhebb", {"planes": 0}, "softhebb: planes = 0: input should be greater than or equal to 1"),
        ("softhebb", {"layers": 4}, "softhebb: layers = 4: input should be less than or equal to 3"),
        ("softhebb", {"temperature": 0.0}, "softhebb: temperature = 0.0: input should be greater than 0"),
        ("hebbian-wta", {"conscience": float("inf")}, "hebbian-wta: conscience = inf: input should be a finite number"),
        ("autoencoder", {"corruption": 1.0}, "autoencoder: corruption = 1.0: input should be less than 1"),
        ("rbm", {"k": 0}, "rbm: k = 0: input should be greater than or equal to 1"),
        ("rbm", {"rate": 0.0}, "rbm: rate = 0.0: input should be greater than 0"),
        ("hebbian-wta", {"size": 29}, "a view of 29 does not fit a map of 28 x 28; set size=28 or less"),
        ("hebbian-wta", {"eye": "ear"}, "hebbian-wta: eye = 'ear': input should be 'retina'"),
    ],
)
def test_what_cannot_be_set_is_refused_with_the_remedy(name, options, message):
    with pytest.raises(UsageError, match=message) as caught:
        build(name, DIGIT, 10, **options)
    assert "\n" not in str(caught.value)


def test_images_too_small_for_the_wiring_are_refused_with_both_sizes():
    message = "lenet5 cannot see images of 1 x 8 x 8: layer S2: view of 5 does not fit a map of 4 x 4; pad by 1 or"
    with pytest.raises(UsageError, match=message):
        build("lenet5", (1, 8, 8), 10)


@every_system_of_digits
@pytest.mark.parametrize("sides", [(1, 1), (8, 9), (3, 20)])
def test_images_too_small_are_told_the_least_that_are_not(name, sides):
    try:
        build(name, (1, *sides), 10)
    except UsageError as error:
        found = re.search(r", or give images of at least 1 x (\d+) x (\d+)$", str(error))
        assert found
        height, width = int(found[1]), int(found[2])
        assert height - sides[0] == width - sides[1] > 0
        build(name, (1, height, width), 10)
        with pytest.raises(UsageError, match="cannot see images"):
            build(name, (1, height - 1, width - 1), 10)


@every_system_of_digits
def test_every_system_can_learn_from_digits(name):
    from neuro_cnn.data import load

    check(*build(name, DIGIT, 10), load("digits").train)


@pytest.mark.parametrize(("layers", "places"), [(1, 1), (1, 5), (1, 7), (1, 14), (2, 3), (2, 7), (3, 3)])
def test_the_readout_sees_as_many_places_as_it_is_told_to_and_every_cell_in_one(layers, places):
    net, _ = build("random-features", DIGIT, 10, layers=layers, places=places, planes=4)
    params = net.init(DIGIT, 0)
    shapes = net.shapes(params, DIGIT)
    assert shapes["P"][1:] == (places, places)
    ones = np.ones((1, *shapes[f"C{layers}"]), np.float32)
    reached = net["P"].backward(params["P"], net["P"].forward(params["P"], ones)[1], np.ones((1, *shapes["P"])))[0]
    assert reached.min() > 0


def test_more_places_than_the_map_has_are_refused():
    with pytest.raises(UsageError, match="15 places a side of a map of 14 x 14; set places=14 or less"):
        build("hebbian-wta", DIGIT, 10, places=15)


def test_features_from_elsewhere_learn_there_but_for_the_readout():
    *features, end = build("hebbian-wta", DIGIT, 10, layers=2, source="natural:size=28")[1]
    assert {phase.data for phase in features} == {"natural:size=28"}
    assert end.data is None


@pytest.mark.parametrize(
    "rule", ["none", "imprinted", "hebbian-wta", "softhebb", "k-means", "hpca", "autoencoder", "rbm"]
)
@pytest.mark.parametrize("tune", ["all", "last"])
def test_pretraining_is_the_systems_own_and_backprop_follows_through_all_layers_or_the_last(rule, tune):
    net, curriculum = build("pretrained-finetuned", DIGIT, 10, rule=rule, tune=tune, layers=2, planes=16, epochs=3)
    names = {"none": "random-features", "imprinted": "imprinted-patches", "k-means": "kmeans-features"}
    shared = {"layers": 2, "planes": 16, "eye": "retina"}
    first, learned = build(names.get(rule, rule), DIGIT, 10, **shared)
    assert (net, curriculum[:-1]) == (first, learned[:-1])
    assert curriculum[-1].layers == (None if tune == "all" else ("out",))
    assert (curriculum[-1].epochs, isinstance(curriculum[-1].method, Backprop)) == (3, True)
    scratch = build("pretrained-finetuned", DIGIT, 10, rule="none", tune=tune, layers=2, planes=16, epochs=3)[1]
    if rule != "hpca":  # whose control still removes the means of the views
        assert control(curriculum) == (None if rule == "none" else scratch)
