"""What a cell loses when parts of the image are covered."""

import numpy as np
import pytest

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Contrast, Conv, SCells, Shunting
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Unit, most_active, occlusion

RNG = np.random.default_rng(0)


def test_the_loss_of_a_linear_cell_is_its_weights_on_what_the_square_took():
    net = Chain((("S1", Conv(2, 6, bias=False)),))
    params = net.init((3, 10, 10), 0)
    image = RNG.random((3, 10, 10), dtype=np.float32)
    unit = Unit("S1", 1, 2, 3)
    found = occlusion(net, params, image, unit, side=4)
    weight = params["S1"].learned.weight[1]
    seen = image[:, 2:8, 3:9]
    assert (found.stride, found.lost.shape) == (2, (2, 2))
    for row, top in enumerate((0, 2)):
        for column, left in enumerate((0, 2)):
            part = np.s_[:, top : top + 4, left : left + 4]
            taken = seen[part] - seen[part].mean(axis=(1, 2), keepdims=True)
            assert found.lost[row, column] == pytest.approx(np.sum(weight[part] * taken), rel=1e-4, abs=1e-5)
    corner = found.map[2:4, 3:5]  # that one square covers alone
    np.testing.assert_allclose(corner, found.lost[0, 0])
    assert not found.map[:2].any()
    assert not found.map[:, 9:].any()


def test_an_even_image_has_nothing_to_lose():
    net = Chain((("S1", SCells(3, 5, response=Shunting(0.5), initial_inhibition=0.0)),))
    params = net.init((1, 9, 9), 0)
    found = occlusion(net, params, np.full((1, 9, 9), 0.7, np.float32), Unit("S1", 0, 2, 2))
    assert found.response > 0
    np.testing.assert_allclose(found.lost, 0, atol=1e-6)


@pytest.mark.parametrize("system", ["lenet5", "neocognitron-supervised"])
def test_outside_the_receptive_box_a_cover_changes_nothing(system):
    net, _ = build(system, (1, 28, 28), 10)
    params = net.init((1, 28, 28), 0)
    image = RNG.random((1, 28, 28), dtype=np.float32)
    unit = most_active(net, params, image, "S2", 1)[0]
    found = occlusion(net, params, image, unit)
    rows, columns = found.box.cut((28, 28))
    other = RNG.random((1, 28, 28), dtype=np.float32)
    other[:, rows, columns] = image[:, rows, columns]
    np.testing.assert_allclose(occlusion(net, params, other, unit).lost, found.lost, atol=1e-5)
    assert found.lost.any()
    outside = np.ones((28, 28), bool)
    outside[rows, columns] = False
    assert not found.map[outside].any()


def test_a_cover_in_grey_drives_contrast_cells_by_its_edges_and_one_of_the_mean_does_not():
    net = Chain((("R", Contrast(7, 0.8, 1.8)), ("C1", CCells(3))))
    params = net.init((1, 21, 21), 0)
    image = np.full((1, 21, 21), 0.9, np.float32)
    unit = Unit("C1", 1, 3, 3)
    grey = image.copy()
    grey[:, 9:13, 9:13] = 0.5
    assert net.respond(params, grey[None])[(0, *unit[1:])] > 0.05
    assert abs(occlusion(net, params, image, unit, 4).lost).max() < 1e-5


def test_a_square_wider_than_what_the_cell_sees_is_refused():
    net = Chain((("S1", SCells(1, 3)),))
    with pytest.raises(UsageError, match="squares of 4 pixels over the 3 x 3 that S1/0/1/1 sees; give 1 to 3"):
        occlusion(net, net.init((1, 5, 5), 0), np.ones((1, 5, 5), np.float32), Unit("S1", 0, 1, 1), 4)
