"""Decision regions: what one layer can never tell, and more layers do."""

import numpy as np
import pytest

from neuro_cnn import viz
from neuro_cnn.data.plane import PROBLEMS, grid, points
from neuro_cnn.physiology import Answer, decision_regions
from neuro_cnn.physiology.learning.regions import network
from neuro_cnn.viz import style


@pytest.fixture(scope="module")
def planes():
    return decision_regions(units=6, seed=0)


def found(planes, problem, layers):
    (plane,) = (plane for plane in planes if plane.problem == problem)
    return plane.answers[layers]


def best_line(problem, directions=90):
    """The largest share of the square that any line puts in order, of lines in many directions at all places."""
    data = grid(PROBLEMS[problem], 60)
    best = 0.0
    for angle in np.linspace(0, np.pi, directions, endpoint=False):
        order = np.argsort(data.images[:, :, 0, 0] @ [np.cos(angle), np.sin(angle)])
        side = np.cumsum(2 * data.labels[order] - 1)  # inside less outside among the first
        best = max(best, (side.max() - side[-1] + np.sum(data.labels)) / len(data))
        best = max(best, (np.sum(data.labels) - side.min()) / len(data))
    return best


def test_the_problems_are_labelled_where_they_lie():
    x, y = np.array([0.1, 0.1, 0.9, 0.9, 0.5]), np.array([0.1, 0.9, 0.1, 0.9, 0.4])
    inside = {name: region(x, y).tolist() for name, region in PROBLEMS.items()}
    assert inside["half-plane"] == [False, True, False, True, False]
    assert inside["exclusive or"][:4] == [False, True, True, False]
    assert inside["convex"] == [False, False, False, False, True]
    data = grid(PROBLEMS["exclusive or"], 4)
    assert data.shape == (2, 1, 1)
    assert data.labels.reshape(4, 4).tolist() == [[0, 0, 1, 1]] * 2 + [[1, 1, 0, 0]] * 2


@pytest.mark.parametrize("name", PROBLEMS)
def test_points_are_of_the_square_and_reproducible(name):
    one, two = (points(PROBLEMS[name], 50, np.random.default_rng(3)) for _ in range(2))
    assert one.images.min() >= 0
    assert one.images.max() <= 1
    np.testing.assert_array_equal(one.images, two.images)
    assert 0 < one.labels.mean() < 1


def test_all_tell_half_planes_apart(planes):
    assert min(found(planes, "half-plane", layers).accuracy for layers in (1, 2, 3)) > 0.98


@pytest.mark.parametrize("problem", ["exclusive or", "convex", "meshed"])
def test_one_layer_does_no_better_than_the_best_line_which_does_badly(planes, problem):
    assert found(planes, problem, 1).accuracy <= best_line(problem) + 0.01
    assert best_line(problem) < 0.8


def test_two_layers_solve_exclusive_or_and_a_convex_region_and_three_also_meshed_ones(planes):
    for layers in (2, 3):
        assert found(planes, "exclusive or", layers).accuracy > 0.95
        assert found(planes, "convex", layers).accuracy > 0.93
    assert found(planes, "meshed", 3).accuracy > max(0.9, found(planes, "meshed", 2).accuracy + 0.05)


def test_a_perceptron_answers_in_half_planes_whatever_the_problem(planes):
    for plane in planes:  # margins of a linear unit: no curvature anywhere
        margin = plane.answers[1].margin.astype(float)
        bent = [np.abs(np.diff(margin, 2, axis=axis)).max() for axis in (0, 1)]
        assert max(bent) < 1e-4 * np.abs(margin).max()


def test_a_network_of_so_many_layers_has_so_many_layers_of_weights():
    for layers in (1, 2, 3):
        weights = [leaf for leaf in network(layers, 5).init((2, 1, 1), 0).values() if leaf.learned]
        assert len(weights) == layers


def test_the_figure_says_each_share_and_colours_each_side(planes):
    answers = {1: Answer(np.full((4, 4), -1.0), 0.5), 2: Answer(np.array([[-1.0, 1], [-1, 1]]), 0.97)}
    figure = viz.regions([planes[1]._replace(answers=answers)])
    silent, told = figure.axes
    assert [axes.get_title(loc="right") for axes in figure.axes] == ["50.0 %", "97.0 %"]
    assert not silent.images[0].get_array().any()
    np.testing.assert_array_equal(told.images[0].get_array(), [[False, True], [False, True]])
    dots = {line.get_color(): len(line.get_xdata()) for line in told.lines}
    inside = planes[1].learned.labels.sum()
    assert dots == {style.COLOURS[0]: inside, style.COLOURS[1]: len(planes[1].learned) - inside}
