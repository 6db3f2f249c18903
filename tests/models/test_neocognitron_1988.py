"""The neocognitron of 1988 knows the ten digits from its teacher's patterns alone, also where they are moved."""

import numpy as np
import pytest

from neuro_cnn.data import Dataset, glyphs, load
from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import accuracy, accuracy_under, predict
from neuro_cnn.models import build, control
from neuro_cnn.models.lessons_1988 import STARS, digits, lines, parts, stars
from neuro_cnn.training import train

DIGITS = "0123456789"


def plain(characters=DIGITS):
    """One image of each character as it is."""
    images = np.stack([glyphs.pattern(c) for c in characters])[:, None]
    return Dataset(images, np.arange(len(characters)), tuple(characters))


def taught(data):
    net, curriculum = build("neocognitron-1988", data.shape, len(data.classes))
    *_, progress = train(net, curriculum, data, seed=0)
    return net, progress.params


@pytest.fixture(scope="module")
def learned():
    return taught(plain())


@pytest.mark.parametrize("side", [16, 19])
def test_planes_and_map_sizes(side):
    net, _ = build("neocognitron-1988", (1, side, side), 10)
    shapes = {row.name: row.out_shape for row in describe(net, (1, side, side))}
    expected = {"S1": (12, 19), "C1": (8, 21), "S2": (38, 21), "C2": (22, 13), "S3": (30, 13), "C3": (30, 7)}
    expected |= {"S4": (10, 3), "C4": (10, 1)}
    assert {name: shapes[name] for name in expected} == {name: (k, n, n) for name, (k, n) in expected.items()}


def test_every_s_plane_is_taught_and_led_into_a_c_plane():
    for (lesson, table), planes in ((lines(), 12), (stars(), 38)):
        assert [pattern.plane for pattern in lesson] == list(range(planes))
        assert {plane for row in table for plane in row} == set(range(planes))
    assert [pattern.plane for pattern in (*parts(), *digits())] == [*range(30), *range(10)]
    assert len(set(STARS)) == 38


def test_every_plane_answers_at_its_seed_to_its_own_pattern(learned):
    net, params = learned
    _, curriculum = build("neocognitron-1988", (1, 16, 16), 10)
    for phase in curriculum:
        name, lesson = phase.layers[0], phase.method.rule.shows((1, 16, 16))
        u = net[name].respond(params[name], net.respond(params, lesson.images, stop=name))
        for image, pattern in zip(u, phase.method.rule.lesson, strict=True):
            here = image[:, pattern.seed[0], pattern.seed[1]]
            assert here[pattern.plane] == here.max() > 0.9


def test_zero_input_gives_zero_everywhere(learned):
    net, params = learned
    x = np.zeros((1, 1, 16, 16), np.float32)
    for name, layer in net.layers:
        x = layer.respond(params[name], x)
        assert not np.any(x)


def test_each_digit_excites_its_own_cell_most_wherever_it_lies(learned):
    assert accuracy(*learned, plain()) == 1
    assert min(accuracy_under(*learned, plain(), "shift", pixels) for pixels in (1, 2, 3)) == 1


def test_digits_of_the_data_set_that_it_has_never_seen(learned):
    assert accuracy(*learned, load("glyphs:0123456789,shift=2,count=20").test) >= 0.95


def test_the_data_sets_own_images_and_labels_do_not_matter(learned):
    nothing = Dataset(np.zeros((2, 1, 16, 16), np.float32), np.full(2, -1), tuple(DIGITS))
    for name, layer in taught(nothing)[1].items():
        for one, two in zip(layer.learned, learned[1][name].learned, strict=True):
            np.testing.assert_array_equal(one, two)


def test_fewer_digits_leave_out_cells_at_the_top():
    assert accuracy(*taught(plain("0123")), plain("0123")) == 1


def test_larger_images_are_shrunk_to_the_teachers_board(learned):
    large = Dataset(np.kron(plain().images, np.ones((2, 2), np.float32)), np.arange(10), tuple(DIGITS))
    np.testing.assert_allclose(predict(*taught(large), large.images), predict(*learned, plain().images), rtol=1e-4)


def test_more_classes_than_the_teacher_knows_are_refused():
    with pytest.raises(UsageError, match="the teacher knows ten digits, but the data has 11 classes; choose data of"):
        build("neocognitron-1988", (1, 16, 16), 11)


def test_nothing_is_learned_without_a_teacher():
    assert control(build("neocognitron-1988", (1, 16, 16), 10)[1]) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "least"),
    [({"scale": 0.1, "rotate": 10}, 0.9), ({"elastic": 1}, 0.8), ({"flip": 8}, 0.95)],
    ids=str,
)
def test_deformed_and_spoiled_digits(learned, how, least):
    rng = np.random.default_rng(5)
    images = np.stack([glyphs.vary(c, glyphs.Variation(**how), rng) for _ in range(50) for c in DIGITS])[:, None]
    assert accuracy(*learned, Dataset(images, np.tile(np.arange(10), 50), tuple(DIGITS))) >= least


def test_the_teacher_refuses_classes_that_are_not_its_digits():
    data = load("glyphs:XYTZ,shift=1,count=5").train
    net, curriculum = build("neocognitron-1988", data.shape, 4)
    with pytest.raises(
        UsageError, match=r"the teacher of S4 knows the classes 0, 1, 2, .*, in this order, not X, Y, T"
    ):
        next(iter(train(net, curriculum, data, seed=0)))
