"""Who answers to what: winners, responders, and whose cell is whose own."""

import numpy as np
import pytest
from kit import on

from neuro_cnn.data import load
from neuro_cnn.data.variants import AS_IT_IS, variants
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import predict
from neuro_cnn.layers import CCells, Conv, Flatten, Labelled, Params
from neuro_cnn.layers.base import Weights
from neuro_cnn.layers.labelled import Labels
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Responders, Table, cell_names, deepest, responders
from neuro_cnn.training import train

FOUR = Chain((("S1", Conv(3, 1, bias=False)), ("C1", CCells(2)), ("flat", Flatten()), ("out", Labelled(2))))
WEIGHTS = {
    "S1": Params(Weights(np.array([[1.0, 0], [0, 1], [-1, -1]], np.float32)[:, :, None, None])),
    "C1": Params(),
    "flat": Params(),
    "out": Params((), Labels(np.array([[0, 1, 0], [1, 0, 0]], np.float32))),
}


def image(first, second):
    """2 x 2 pixels of two planes, one pixel lit in each."""
    x = np.zeros((2, 2, 2), np.float32)
    x[0, 0, 1], x[1, 1, 0] = first, second
    return x


def test_the_plane_of_the_strongest_cell_wins_and_those_above_0_respond(xp):
    forms = np.array([[image(2, 1), image(1, 2), image(2, 0)], [image(0, 0), image(-1, -2), image(1, 1)]])
    found = responders(FOUR, on(xp, WEIGHTS), forms, "C1")
    assert found.winners.tolist() == [[0, 1, 0], [-1, 2, 0]]  # a tie goes to the lowest plane
    assert found.responding.tolist() == [[2, 2, 1], [0, 1, 2]]


def test_a_cell_is_a_patterns_own_where_it_wins_for_no_other_and_silence_is_nobodys():
    def table(*winners):
        clean = np.array(winners)[:, None]
        return Table("C1", ("A", "B", "C"), Responders(clean, clean * 0), {"moved": Responders(clean, clean * 0)})

    assert [table(*w).own() for w in ((4, 5, 6), (4, 4, 6), (4, 4, 4), (-1, 5, -1))] == [3, 1, 0, 1]
    assert table(-1, 5, -1).steady().tolist() == [False, True, False]


def test_sameness_is_the_share_of_forms_with_the_winner_of_the_pattern_as_it_is():
    clean = Responders(np.array([[7], [2]]), np.array([[1], [3]]))
    forms = {
        "shifted": Responders(np.array([[7, 7, 7, 2], [2, 2, 2, 2]]), np.ones((2, 4), int)),
        "noisy": Responders(np.array([[7], [2]]), np.ones((2, 1), int)),
    }
    table = Table("C3", ("A", "B"), clean, forms)
    assert table.steady().tolist() == [False, True]
    assert table.summary() == {
        "patterns": 2,
        "own": 2,
        "responders": 2.0,
        "same": {"shifted": 0.875, "noisy": 1.0},
    }


def test_the_deepest_layer_is_the_last_of_c_cells_and_its_cells_have_the_names_they_were_given():
    assert deepest(FOUR) == "C1"
    assert cell_names(FOUR, WEIGHTS, 3, ("A", "B")) == ["B", "A", None]
    assert cell_names(FOUR, WEIGHTS, 12, ("A", "B")) == [None] * 12
    with pytest.raises(UsageError, match="no layer of C-cells"):
        deepest(Chain((("flat", Flatten()),)))
    with pytest.raises(UsageError, match="not with cell-planes"):
        responders(FOUR, WEIGHTS, np.zeros((1, 1, 2, 2, 2), np.float32), "out")


def test_named_cells_of_1980_answer_to_their_class_wherever_it_lies():
    data = load("glyphs:XYTZ,shift=2,count=20")
    net, curriculum = build("neocognitron-1980", data.train.shape, 4)
    *_, last = train(net, curriculum, data.train, seed=0)
    forms = variants(data)
    found = {name: responders(net, last.params, each, "C3") for name, each in forms.items()}
    clean = found.pop(AS_IT_IS)
    table = Table("C3", data.train.classes, clean, found)
    called = cell_names(net, last.params, 24, data.train.classes)
    answers = predict(net, last.params, forms[AS_IT_IS][:, 0]).argmax(axis=1)
    assert [called[k] for k in table.winners] == [data.train.classes[label] for label in answers]
    assert table.own() == 4
    assert all(table.summary()["same"][f"shifted {pixels} px"] >= 0.9 for pixels in (1, 2))
    assert table.summary()["responders"] <= 1.5
