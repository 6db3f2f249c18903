"""Decision regions: what networks of one to three layers can tell apart in the plane (Lippmann 1987).

R. P. Lippmann: An introduction to computing with neural nets. IEEE ASSP Magazine 4 (1987), fig. 14: units with a
threshold tell half-planes apart in one layer, convex regions in two, any regions in three. Ours are learned, and the
last layer of two may combine its half-planes in other ways than by a conjunction.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from neuro_cnn.curriculum import Backprop, Curriculum, Local, Phase
from neuro_cnn.data import Dataset
from neuro_cnn.data.plane import PROBLEMS, grid, points
from neuro_cnn.evaluate import predict, right
from neuro_cnn.layers import AnyLayer, Dense, Flatten, Tanh
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.rules import ErrorCorrection
from neuro_cnn.schedule import Linear
from neuro_cnn.streams import generator
from neuro_cnn.training import train

POINTS, SIDE, EPOCHS = 400, 120, (60, 100)  # learned from; of the plane; of one layer and of more (our choice)
LAYERS = (1, 2, 3)


class Plane(NamedTuple):
    """A problem, the points that were learned from, and what networks of each number of layers make of it."""

    problem: str
    learned: Dataset
    answers: dict[int, Answer]


class Answer(NamedTuple):
    """By how much the score of "inside" exceeds that of "outside", (SIDE, SIDE), and the share of the plane in order.

    Rows go up and columns to the right.
    """

    margin: NDArray[Any]
    accuracy: float


def decision_regions(units: int = 6, seed: int = 0) -> list[Plane]:
    """What a perceptron, and networks of two and three layers with so many units in each hidden one, learn to tell.

    Points and weights depend on the seed.
    """
    planes = []
    for problem, region in PROBLEMS.items():
        learned, tested = points(region, POINTS, generator(seed, "points", problem)), grid(region, SIDE)
        answers = {}
        for layers in LAYERS:
            net = network(layers, units)
            *_, last = train(net, curriculum(layers), learned, seed=seed)
            scores = predict(net, last.params, tested.images)
            margin = (scores[:, 1] - scores[:, 0]).reshape(SIDE, SIDE)
            answers[layers] = Answer(margin, right(scores, tested.labels))
        planes.append(Plane(problem, learned, answers))
    return planes


def network(layers: int, units: int) -> Chain:
    """Two inputs, hidden layers with a soft threshold, and a unit for each side."""
    hidden: list[tuple[str, AnyLayer]] = []
    for level in range(1, layers):
        hidden += [(f"hidden{level}", Dense(units)), (f"soft{level}", Tanh())]
    return Chain((("flat", Flatten()), *hidden, ("out", Dense(2))))


def curriculum(layers: int) -> Curriculum:
    """Error correction where there is one layer, backpropagation where there are more. Rate and batch: our choice."""
    if layers == 1:
        return (Phase(("out",), Local(ErrorCorrection()), EPOCHS[0], POINTS),)
    return (Phase(None, Backprop(optimizer=Adam(Linear(0.05))), EPOCHS[1], 50),)
