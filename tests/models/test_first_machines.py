"""Perceptron, Adaline and Madaline as systems; and the multi-layer perceptron by its layers."""

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import accuracy
from neuro_cnn.layers import Associations, Params
from neuro_cnn.models import build, learning
from neuro_cnn.training import train

DIGIT = (1, 28, 28)


def shapes(net, in_shape=DIGIT):
    return {row.name: row.out_shape for row in describe(net, in_shape)}


@pytest.mark.parametrize("in_shape", [DIGIT, (1, 40, 33)])
def test_the_perceptron_sees_400_photocells_whatever_the_image(in_shape):
    assert shapes(build("perceptron", in_shape, 10)[0], in_shape)["flat"] == (400,)
    marked = build("perceptron", in_shape, 8, associations=512)[0]  # the Mark I
    assert [shapes(marked, in_shape)[name] for name in ("retina", "A", "out")] == [(1, 20, 20), (512,), (8,)]


def test_only_responses_learn_and_association_units_have_so_many_connections_of_each_sign():
    data = load("digits", train_size=100).train
    net, curriculum = build("perceptron", data.shape, 10, associations=40, epochs=2)
    before = net.init(data.shape, 0)
    *_, last = train(net, curriculum, data, seed=0)
    weight = before["A"].fixed.weight
    np.testing.assert_array_equal(last.params["A"].fixed.weight, weight)
    assert (np.sum(weight == 1, axis=1) == 10).all()
    assert (np.sum(weight == -1, axis=1) == 10).all()
    assert len(np.unique(weight, axis=0)) == 40
    assert last.params["out"].learned.weight.any()


def test_association_units_answer_1_from_their_threshold_on():
    layer = Associations(1, 2, 1, threshold=1.0)
    params = Params((), type(layer.init((3,), None).fixed)(np.array([[1.0, 1.0, -1.0]])))
    x = np.array([[0.0, 0, 0], [1, 0, 0], [1, 0, 1], [1, 1, 1], [0.5, 0.4, 0], [0, 0, -1]])
    assert layer.respond(params, x)[:, 0].tolist() == [0, 1, 0, 1, 0, 1]


def test_madaline_has_its_adalines_class_by_class_under_a_vote():
    net, curriculum = build("madaline", DIGIT, 10, adalines=7)
    assert (shapes(net)["adalines"], shapes(net)["out"]) == ((70,), (10,))
    assert curriculum[0].layers == ("adalines",)
    params = net.init(DIGIT, 0)
    x = np.random.default_rng(0).random((5, *DIGIT), np.float32)
    votes = net.respond(params, x, stop="out").reshape(5, 10, 7) > 0
    np.testing.assert_allclose(net.respond(params, x), votes.mean(axis=2), rtol=1e-6)


@pytest.mark.parametrize(("name", "least"), [("perceptron", 0.75), ("adaline", 0.72), ("madaline", 0.65)])
def test_each_learns_digits(name, least):
    data = load("digits", train_size=600)
    net, curriculum = build(name, data.train.shape, 10, epochs=5)
    *_, last = train(net, curriculum, data.train, seed=0)
    assert accuracy(net, last.params, data.test) > least
    assert learning(curriculum) == {"perceptron": "perceptron", "adaline": "lms", "madaline": "madaline"}[name]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("madaline", {"adalines": 4}, "a majority of 4 Adalines; give an odd number"),
        ("adaline", {"rate": 2.0}, "rate Linear.* stay below 2"),
        ("perceptron", {"associations": -1}, "associations = -1: input should be greater than or equal to 0"),
        ("mlp", {"layers": 4}, "layers = 4: input should be less than or equal to 3"),
    ],
)
def test_what_cannot_be_set_is_refused(name, options, message):
    with pytest.raises(UsageError, match=message):
        build(name, DIGIT, 10, **options)


def test_wiring_that_cannot_be_is_refused():
    with pytest.raises(UsageError, match="20 connections of a unit to a retina of 9 points; give no more than points"):
        Associations(5).init((9,), None)
    with pytest.raises(UsageError, match="groups of 3 do not divide 10 units; choose a divisor"):
        build("madaline", DIGIT, 10, adalines=3)[0]["out"].init((10,), None)


def test_an_mlp_of_one_hidden_layer_is_what_it_was_and_more_stand_above_it():
    assert build("mlp", DIGIT, 10)[0].names == ("flat", "hidden", "rectified", "out")
    deep = build("mlp", DIGIT, 10, layers=3, hidden=30)[0]
    assert deep.names[3:-1] == ("hidden2", "rectified2", "hidden3", "rectified3")
    assert [shapes(deep)[name] for name in ("hidden", "hidden2", "hidden3")] == [(30,)] * 3
    one, three = (build("mlp", DIGIT, 10, layers=layers)[0].init(DIGIT, 0) for layers in (1, 3))
    np.testing.assert_array_equal(one["hidden"].learned.weight, three["hidden"].learned.weight)
