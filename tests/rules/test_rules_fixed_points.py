"""Where the rules come to rest: principal directions, cluster centres, and views of the sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on
from rule_examples import example, step
from scipy.cluster.vq import kmeans2
from scipy.linalg import eigh
from scipy.spatial.distance import cdist

from neuro_cnn import ops
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Conv, Dense, Nearest, Normalize, SCells, Shunting
from neuro_cnn.ops.normalize import unit_norm
from neuro_cnn.rules import HardWTA, Hebbian, Imprint, Instar, Memorize, Oja, SoftWTA, Standardize
from neuro_cnn.tree import leaves, tree_map

RNG = np.random.default_rng(3)


def learned(rule, layer, x, updates):
    """A layer's params after so many updates on the same images."""
    params = tree_map(lambda leaf: leaf.astype(np.float64), layer.init(x.shape[1:], np.random.default_rng(0)))
    params, state = rule.start(layer, params, x, np.random.default_rng(0), updates)
    for _ in range(updates):
        params, state = step(rule, layer, params, x, state)
    return params


@pytest.mark.parametrize("competition", [HardWTA(), SoftWTA()])
@pytest.mark.parametrize(("layer", "shape"), [(Dense(1), (6,)), (Conv(1, (2, 3), stride=(1, 2), pad=1), (2, 5, 5))])
def test_one_plane_under_oja_finds_the_first_principal_direction(layer, shape, competition):
    x = RNG.standard_normal((40, *shape)) * np.linspace(0.3, 1.5, shape[-1]) + 0.4
    views = x if x.ndim == 2 else np.moveaxis(ops.patches(x, (2, 3), (1, 2), 1), (4, 5), (1, 2)).reshape(-1, 12)
    _, directions = eigh(views.T @ views / len(views))
    weight = learned(Hebbian(0.2, competition, Oja(), ()), layer, x, 400).learned.weight.ravel()
    np.testing.assert_allclose(weight * np.sign(weight @ directions[:, -1]), directions[:, -1], atol=1e-8)


CENTRES = np.array([[1.0, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0]])
MEMBERS = np.repeat(CENTRES, 20, axis=0) + 0.1 * RNG.standard_normal((60, 4))


def tiled(vectors):
    """Vectors of 4 as the 2 x 2 views of 10 images with 6 views each."""
    return np.moveaxis(vectors.reshape(10, 2, 3, 2, 2), 3, 2).reshape(10, 1, 4, 6)


@pytest.mark.parametrize("layer", [Dense(3), Conv(3, 2, stride=2)])
def test_instar_from_one_view_of_each_cluster_finds_the_centres_of_k_means(layer):
    one_each = MEMBERS[[0, 20, 40]]
    expected, which = kmeans2(MEMBERS, one_each, minit="matrix")
    np.testing.assert_array_equal(which, np.repeat([0, 1, 2], 20))
    x = MEMBERS if isinstance(layer, Dense) else tiled(MEMBERS)
    params = layer.init(x.shape[1:], np.random.default_rng(0))
    params, state = layer.rewire(params, unit_norm(one_each).reshape(params.learned.weight.shape)), None
    for _ in range(80):
        params, state = step(Hebbian(0.5, HardWTA(), Instar(), ()), layer, params, x, state)
    np.testing.assert_allclose(params.learned.weight.reshape(3, 4), expected, atol=1e-9)


def test_tiles_hold_the_vectors():
    views = np.moveaxis(ops.patches(tiled(MEMBERS), 2, 2), (4, 5), (1, 2)).reshape(60, 4)
    np.testing.assert_array_equal(views, MEMBERS)


# Closed form: what one pass over the data leaves


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 99), st.sampled_from([(), (3, 2)]))
def test_standardize_finds_mean_and_deviation_whatever_the_batches(xp, sizes, seed, places):
    x = np.random.default_rng(seed).normal(3, 5, (sum(sizes), 4, *places))
    layer, rule = Normalize(), Standardize()
    params = on(xp, tree_map(lambda leaf: leaf.astype(np.float64), layer.init(x.shape[1:], None)))
    params, state = rule.start(layer, params, on(xp, x), np.random.default_rng(0), len(sizes))
    for start, size in zip(np.cumsum([0, *sizes]), sizes, strict=False):
        params, state = step(rule, layer, params, on(xp, x[start : start + size]), state, labels=None)
    mean, deviation = rule.finish(layer, params, state).fixed
    axes = (0, *range(2, x.ndim))
    np.testing.assert_allclose(np.asarray(mean), x.mean(axis=axes), rtol=1e-12)
    np.testing.assert_allclose(np.asarray(deviation), x.std(axis=axes), rtol=1e-11, atol=1e-12)


def test_after_standardize_the_training_images_have_mean_0_and_deviation_1_but_a_constant_plane_is_only_centred():
    x = RNG.normal(3, 5, (20, 3, 4, 4)).astype(np.float32)
    x[:, 1] = 7.3  # no sum of binary fractions: its mean is off by the rounding
    layer, rule = Normalize(), Standardize()
    params, state = step(rule, layer, layer.init(x.shape[1:], None), x)
    y = layer.respond(rule.finish(layer, params, state), x)
    np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=(0, 2, 3)), [1, 0, 1], atol=1e-5)


def test_a_second_fit_forgets_the_first():
    layer, rule, x = Normalize(), Standardize(), RNG.normal(3, 5, (20, 3)).astype(np.float32)
    fitted = [rule.finish(layer, *step(rule, layer, layer.init((3,), None), x))]
    fitted.append(rule.finish(layer, *step(rule, layer, fitted[0], x)))
    assert_close(fitted[1], fitted[0])


@given(st.integers(1, 7), st.integers(0, 99))
def test_memorised_images_answer_as_the_nearest_neighbour_does(xp, batch, seed):
    rng = np.random.default_rng(seed)
    x, labels, asked = rng.random((20, 5)), rng.integers(0, 3, 20), rng.random((9, 5))
    layer, rule = Nearest(4), Memorize()
    params = on(xp, tree_map(lambda leaf: leaf.astype(leaf.dtype if leaf.ndim == 1 else float), layer.init((5,), None)))
    params, state = rule.start(layer, params, on(xp, x), rng, 0)
    for start in range(0, 20, batch):
        now, taught = on(xp, x[start : start + batch]), on(xp, labels[start : start + batch])
        params, state = rule.update(layer, params, state, layer.forward(params, now)[1], taught, rng)
    scores = np.asarray(layer.respond(params, on(xp, asked)))
    distances = cdist(asked, x, "sqeuclidean")
    np.testing.assert_array_equal(np.argmax(scores, axis=1), labels[np.argmin(distances, axis=1)])
    for label in range(4):
        mine = distances[:, labels == label]
        np.testing.assert_allclose(scores[:, label], -mine.min(axis=1, initial=np.inf), atol=1e-12)


def test_the_memory_is_contiguous_whatever_the_order_of_the_images_in_memory():
    x = np.asfortranarray(RNG.random((8, 5)).astype(np.float32))
    layer = Nearest(3)
    params, _ = step(Memorize(), layer, layer.init((5,), None), x)
    assert all(leaf.flags.c_contiguous for _, leaf in leaves(params))


IMPRINTED = {
    "conv": Conv(6, (2, 3), stride=(2, 1), pad=((1, 0), (0, 2)), bias=False),
    "conv-dilated": Conv(6, 2, dilation=(2, 3), pad=1),
    "scells": SCells(6, 3, pad=1),
    "shunting": SCells(6, 3, response=Shunting()),
}


@pytest.mark.parametrize("name", IMPRINTED)
@pytest.mark.parametrize("seed", range(3))
def test_imprinted_planes_are_views_of_the_sample_none_blank_of_norm_1(xp, name, seed):
    layer, x = IMPRINTED[name], RNG.random((5, 2, 7, 8)).astype(np.float32)
    x[:, :, :4] = 0  # most views are blank
    params = layer.init(x.shape[1:], np.random.default_rng(0))
    made, _ = Imprint().start(layer, on(xp, params), on(xp, x), np.random.default_rng(seed), 0)
    w = layer.window(x.shape[1:])
    views = np.moveaxis(ops.patches(x, w.size, w.stride, w.pad, w.dilation), (4, 5), (1, 2))
    views = views.reshape(-1, 2 * w.size[0] * w.size[1])
    norms = np.linalg.norm(views, axis=1)
    planes = np.asarray(made.learned.weight).reshape(6, -1)
    np.testing.assert_allclose(np.linalg.norm(planes, axis=1), 1, rtol=1e-6)
    cosines = planes @ (views[norms > 0] / norms[norms > 0][:, None]).T
    np.testing.assert_allclose(cosines.max(axis=1), 1, rtol=1e-6)


def test_dense_units_are_imprinted_with_different_images():
    x = RNG.random((9, 12)).astype(np.float32)
    x[4] = 0
    params, _ = Imprint().start(Dense(8), Dense(8).init((12,), None), x, np.random.default_rng(0), 0)
    np.testing.assert_allclose(params.learned.weight, unit_norm(np.delete(x, 4, axis=0)), rtol=1e-6)


def test_another_generator_imprints_other_views():
    layer, params, x = example("conv")
    first, second = (Imprint().start(layer, params, x, np.random.default_rng(seed), 0)[0] for seed in (0, 1))
    assert not np.array_equal(first.learned.weight, second.learned.weight)


def test_a_sample_with_too_few_views_is_refused_with_the_remedy():
    layer, params, x = example("dense")
    with pytest.raises(UsageError, match="2 views of the sample are not blank, but 5 planes want one each; use fewer"):
        Imprint().start(layer, params, x[4:], np.random.default_rng(0), 0)
    grouped, x = Conv(4, 3, groups=2), example("conv")[2]
    with pytest.raises(UsageError, match="cannot be imprinted on a conv layer with groups"):
        Imprint().start(grouped, grouped.init(x.shape[1:], None), x, np.random.default_rng(0), 0)
