"""Invariance of cells: closed forms with cells that see one pixel, pooling, ranks, noise that keeps contrast."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from neuro_cnn.data.deform import rotate
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Conv, Dense, Flatten, Max
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.physiology import TRANSFORMS, invariance
from neuro_cnn.physiology.population.transforms import changes, mixed

RNG = np.random.default_rng(0)
SIDE = 17  # the middle is pixel 8
SEEN = Chain((("S1", Conv(2, 1)), ("C1", CCells(5, 1, pool=Max()))))


def pixels():
    """A network whose first plane is the image and whose second is silent; C1 has the largest in 5 x 5."""
    params = SEEN.init((1, SIDE, SIDE), 0)
    learned = params["S1"].learned
    weight = np.zeros_like(learned.weight)
    weight[0] = 1
    return {**params, "S1": params["S1"]._replace(learned=learned._replace(weight=weight, bias=0 * learned.bias))}


def cones(count=8):
    """Images that fall linearly along the axes around the middle, to 0 in 8 pixels, each fainter than the last."""
    away = np.abs(np.arange(SIDE) - 8)
    cone = np.maximum(0, 1 - (away[:, None] + away) / 8).astype(np.float32)
    return np.stack([cone * (1 - k / 10) for k in range(count)])[:, None]


def test_a_cell_that_sees_one_pixel_of_a_cone_keeps_what_the_cone_keeps():
    found = invariance(SEEN, pixels(), cones(), "S1", amounts={"shift": (0, 1, 2, 3, 6)})
    assert found.place == (8, 8)
    cell = found.of_cell.kept["shift"]
    assert found.of_cell.best[0] == 0
    assert found.of_cell.peak[0] == pytest.approx(1)
    assert cell.response[0] == pytest.approx([1, 7 / 8, 6 / 8, 5 / 8, 2 / 8])
    assert cell.invariance[0] == pytest.approx(20 / 32)
    assert cell.tolerance[0] == pytest.approx(4)  # half of it is left at 4 pixels
    assert not cell.bounded[0]


def test_pooling_by_the_maximum_adds_the_width_of_the_pool_and_the_maximum_of_the_map_all():
    amounts = {"shift": (0, 1, 2, 3, 4, 5, 6, 7)}
    first, pooled = (invariance(SEEN, pixels(), cones(), name, amounts=amounts) for name in ("S1", "C1"))
    assert pooled.of_cell.kept["shift"].tolerance[0] == pytest.approx(first.of_cell.kept["shift"].tolerance[0] + 2)
    whole = first.of_plane.kept["shift"]
    assert whole.response[0] == pytest.approx(np.ones(8))
    assert whole.tolerance[0] == 7
    assert whole.bounded[0]


def test_tolerance_is_a_width_on_both_sides_where_amounts_have_a_sign():
    images = np.zeros((8, 1, SIDE, SIDE), np.float32)
    images[:, :, 8, 8:] = 1  # a ray to the right
    found = invariance(SEEN, pixels(), images, "S1", (8, 14), {"rotate": (-90, -30, 0, 30, 90)}).of_cell.kept["rotate"]
    left = rotate(images[:1], 30)[0, 0, 8, 14]
    assert found.response[0] == pytest.approx([0, left, 1, left, 0], abs=1e-5)
    assert left < 0.5
    assert found.tolerance[0] == pytest.approx(2 * 30 * 0.5 / (1 - left))


def test_a_silent_cell_is_flagged_and_has_no_numbers_but_is_not_dropped():
    found = invariance(SEEN, pixels(), cones(), "S1", amounts={"shift": (0, 1), "noise": (0, 0.5)})
    for cells in (found.of_cell, found.of_plane):
        assert cells.silent.tolist() == [False, True]
        for kept in cells.kept.values():
            assert np.isnan(kept.response[1]).all()
            assert np.isnan(kept.invariance[1])
            assert np.isnan(kept.ranks[1]).all()
            assert kept.response.shape == (2, 2)
    assert [row["invariance"] is None for row in found.of_cell.rows()] == [False, False, True, True]


def test_ranks_are_spearmans_over_images_and_1_for_images_as_they_are():
    shape = (1, 12, 12)
    net, _ = build("INPUT -> CONV(4) -> RELU -> POOL -> FC", shape, 3)
    params, images = net.init(shape, 0), RNG.random((9, *shape), np.float32)
    layer, above = net.names[1], net.names[2]
    found = invariance(net, params, images, layer, (3, 4), {"rotate": (0, 20)})
    plain = net.respond(params, images, stop=above)[:, :, 3, 4]
    turned = net.respond(params, rotate(images, 20), stop=above)[:, :, 3, 4]
    for plane in range(4):
        if not found.of_cell.silent[plane] and turned[:, plane].any():
            ranks = found.of_cell.kept["rotate"].ranks[plane]
            assert ranks == pytest.approx([1, spearmanr(plain[:, plane], turned[:, plane]).statistic], abs=1e-6)


def test_the_blank_response_is_taken_away_first():
    params = pixels()
    learned = params["S1"].learned
    raised = {**params, "S1": params["S1"]._replace(learned=learned._replace(bias=learned.bias + 5))}
    plain, other = (invariance(SEEN, each, cones(), "S1", amounts={"shift": (0, 3)}) for each in (params, raised))
    assert other.of_cell.kept["shift"].response[0] == pytest.approx(plain.of_cell.kept["shift"].response[0], abs=1e-5)
    assert other.of_cell.silent.tolist() == [False, True]


def test_noise_keeps_mean_and_contrast_and_is_all_that_is_left_at_a_share_of_1():
    images = RNG.random((5, 1, 20, 20)) ** 3
    for share in (0.0, 0.3, 1.0):
        noisy = mixed(images, share, np.random.default_rng(0))
        assert noisy.mean(axis=(1, 2, 3)) == pytest.approx(images.mean(axis=(1, 2, 3)))
        assert noisy.std(axis=(1, 2, 3)) == pytest.approx(images.std(axis=(1, 2, 3)))
        correlation = np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(noisy, images, strict=True)])
        assert correlation == pytest.approx(np.sqrt(1 - share), abs=0.06)
    assert mixed(np.full((2, 1, 4, 4), 0.5), 0.5, RNG) == pytest.approx(0.5)


def test_scale_is_in_octaves_and_every_transform_changes_images_by_every_amount_but_0():
    images = cones()
    images[..., 5] = 1  # so that a turn by 90 degrees shows
    for kind, each in TRANSFORMS.items():
        assert 0 in each.amounts
        for amount in each.amounts:
            if amount:
                changed = [change(images) for change in changes(kind, amount)]
                assert all(np.abs(one - images).max() > 0.01 for one in changed), (kind, amount)
    images = cones()
    smaller, larger = (changes("scale", octaves)[0](images).sum() for octaves in (-1, 1))
    assert smaller == pytest.approx(images.sum() / 4, rel=0.1)
    assert larger > 2 * images.sum()


def test_a_layer_without_a_map_has_no_place():
    net = Chain((("flat", Flatten()), ("out", Dense(3))))
    params = net.init((1, SIDE, SIDE), 0)
    found = invariance(net, params, cones(), "out", amounts={"shift": (0, 1)})
    assert found.place is None
    assert found.of_cell.kept["shift"].response == pytest.approx(found.of_plane.kept["shift"].response, nan_ok=True)
    with pytest.raises(UsageError, match="leave the place out"):
        invariance(net, params, cones(), "out", (0, 0))


@pytest.mark.parametrize(
    ("words", "count", "layer", "place", "amounts"),
    [
        ("unknown layer 's1'; did you mean 'S1'", 8, "s1", None, None),
        ("7 images", 7, "S1", None, None),
        ("row 17, column 0 of S1; its map is 17 x 17", 8, "S1", (17, 0), None),
        ("unknown transform 'shfit'; did you mean 'shift'", 8, "S1", None, {"shfit": (0, 1)}),
        ("give 0", 8, "S1", None, {"shift": (1, 2)}),
        ("from 0 to 1", 8, "S1", None, {"noise": (0, 2)}),
        ("whole pixels", 8, "S1", None, {"shift": (0, 1.5)}),
    ],
)
def test_what_cannot_be_tried_is_refused(words, count, layer, place, amounts):
    with pytest.raises(UsageError, match=words.split(";")[0]) as error:
        invariance(SEEN, pixels(), cones(count), layer, place, amounts)
    assert words in str(error.value)
