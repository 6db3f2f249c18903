"""Edges and add-if-silent: what the planes of a growing layer are tuned to."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on

from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.data import Dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Contrast, InterpolatingVector, SCells, Subtractive
from neuro_cnn.network import Chain
from neuro_cnn.ops import patches
from neuro_cnn.rules import AddIfSilent, Edges, LearnReferences
from neuro_cnn.rules.edges import edges
from neuro_cnn.training import train

RNG = np.random.default_rng(0)
LAYER = SCells(40, 3, pad=1, response=Subtractive(0.6, sigma=1.2))


def grown(images, rule, layer=LAYER, batch=4):
    """The params after one look at the images, (N, C, H, W), and after every batch before."""
    params, state = rule.start(layer, layer.init(images.shape[1:], RNG), images, RNG, 1)
    steps = [params]
    for start in range(0, len(images), batch):
        _, activity = layer.forward(params, images[start : start + batch])
        params, state = rule.update(layer, params, state, activity, None, RNG)
        steps.append(params)
    return rule.finish(layer, params, state), steps


def cosines(params, images, layer=LAYER):
    """The weighted cosine of every view to every plane's pattern, (K, V), and v, (V,), by the definition."""
    c = params.fixed.surround.astype(float).ravel()
    views = np.moveaxis(patches(images.astype(float), 3, 1, 1), (1, 2, 3), (-3, -2, -1)).reshape(-1, c.size)
    patterns = params.learned.weight.reshape(-1, c.size) / c
    v = np.sqrt(np.sum(c * views**2, axis=1))
    norms = np.sqrt(np.sum(c * patterns**2, axis=1))
    return (patterns * c) @ views.T / np.outer(norms, np.where(v > 0, v, 1)), v


def sparse(seed, count=6):
    """Images like the responses of C-cells: not negative, half of them silent."""
    rng = np.random.default_rng(seed)
    return np.maximum(rng.standard_normal((count, 2, 5, 5)), 0).astype(np.float32)


@given(st.integers(0, 10_000), st.floats(0.61, 0.9), st.integers(1, 6))
def test_every_active_view_is_heard_by_a_plane_and_planes_do_not_hear_each_other(seed, theta, batch):
    images = sparse(seed)
    layer = SCells(1000, 3, pad=1, response=Subtractive(0.6, sigma=1.2))
    params, _ = grown(images, AddIfSilent(theta), layer, batch)
    s, v = cosines(params, images)
    active = (v.reshape(len(images), -1) > 0.3 * v.reshape(len(images), -1).max(axis=1)[:, None]).ravel()
    assert np.all(s.max(axis=0)[active] > theta - 1e-5)
    c = params.fixed.surround.astype(float).ravel()
    patterns = params.learned.weight.reshape(-1, c.size) / np.sqrt(c)
    between = patterns @ patterns.T  # the norm of a pattern under c is 1
    np.testing.assert_allclose(np.diag(between), 1, rtol=1e-5)
    assert np.all(between - np.eye(len(between)) <= theta + 1e-5)


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_the_planes_do_not_depend_on_how_images_are_batched(seed, batch):
    images = sparse(seed)
    assert_close(grown(images, AddIfSilent(0.7), batch=batch)[0], grown(images, AddIfSilent(0.7), batch=1)[0])


def test_a_plane_never_changes_once_made():
    _, steps = grown(sparse(1), AddIfSilent(0.75), batch=1)
    counts = [len(step.learned.weight) for step in steps]
    assert counts[0] == 0 < counts[1] < counts[-1]
    for before, after in pairwise(steps):
        for old, new in zip(before.learned, after.learned, strict=True):
            np.testing.assert_array_equal(new[: len(old)], old)


def test_the_first_plane_is_the_view_of_largest_activity():
    images = sparse(2, 1)
    params, _ = grown(images, AddIfSilent(0.7))
    s, v = cosines(params, images)
    assert s[0, np.argmax(v)] == pytest.approx(1)


def test_equal_views_make_one_plane():
    image = np.zeros((1, 2, 9, 5), np.float32)
    image[0, :, 1:4, 1:4] = image[0, :, 5:8, 1:4] = RNG.random((2, 3, 3))
    layer = SCells(9, 3, stride=(4, 1), pad=((-1, 0), (-1, -1)), response=Subtractive(0.6))
    assert layer.respond(layer.init((2, 9, 5), RNG), image).shape == (1, 9, 2, 1)
    for images in (image, np.concatenate([image, 3 * image])):
        params, _ = grown(images, AddIfSilent(0.7), layer)
        assert len(params.learned.weight) == 1


def test_the_layer_grows_no_further_than_its_planes():
    full, _ = grown(sparse(3), AddIfSilent(0.9), SCells(7, 3, pad=1, response=Subtractive(0.6, sigma=1.2)))
    free, _ = grown(sparse(3), AddIfSilent(0.9))
    assert len(full.learned.weight) == 7 < len(free.learned.weight)
    assert_close(full.learned.weight, free.learned.weight[:7])


def test_black_images_make_no_planes_and_none_is_a_layer():
    params, _ = grown(np.zeros((2, 2, 5, 5), np.float32), AddIfSilent(0.7))
    assert params.learned.weight.shape == (0, 2, 3, 3)
    y, activity = LAYER.forward(params, sparse(0))
    assert y.shape == (6, 0, 5, 5)
    dx, gradient = LAYER.backward(params, activity, y)
    assert not np.any(dx)
    assert gradient.weight.shape == (0, 2, 3, 3)


def test_every_library_grows_the_same_planes(xp):
    rule, images = AddIfSilent(0.7), sparse(4)
    params, state = rule.start(LAYER, LAYER.init((2, 5, 5), np.random.default_rng(1)), images, RNG, 1)
    here, there = (
        rule.update(LAYER, p, s, LAYER.forward(p, x)[1], None, RNG)[0]
        for p, s, x in ((params, state, images), on(xp, (params, state, images)))
    )
    assert_close(there.learned, here.learned)


def test_layers_above_follow_a_layer_that_grows():
    images = np.maximum(RNG.standard_normal((8, 1, 6, 6)), 0).astype(np.float32)
    data = Dataset(images, np.arange(8) % 2, ("a", "b"))
    net = Chain((("S", LAYER), ("out", InterpolatingVector(2))))
    curriculum = (
        Phase(("S",), Local(AddIfSilent(0.8)), epochs=2, batch=3, images=5),
        Phase(("out",), Local(LearnReferences(None)), batch=3),
    )
    counts = []
    for progress in train(net, curriculum, data, seed=0):
        params = progress.params
        counts.append(len(params["S"].learned.weight))
        assert net["out"].fits(params["out"], net["S"].out_shape(params["S"], data.shape))
    assert counts == sorted(counts)
    assert len(counts) == 4 + 3
    assert len(params["out"].fixed.vectors) == 8


def test_a_layer_that_has_all_its_planes_is_shown_no_more_images():
    shown = []

    class Counted(AddIfSilent):
        def update(self, layer, params, state, activity, target, rng):
            shown.append(len(target))
            return super().update(layer, params, state, activity, target, rng)

    class Insatiable(Counted):
        def settled(self, layer, params, state):
            return False

    data = Dataset(np.maximum(RNG.standard_normal((12, 1, 6, 6)), 0).astype(np.float32), np.zeros(12, int), ("a",))
    net = Chain((("S", SCells(9, 3, pad=1, response=Subtractive(0.6, sigma=1.2))),))
    runs = []
    for rule in (Counted(0.8), Insatiable(0.8)):
        phases = (Phase(("S",), Local(rule), epochs=2, batch=2),)
        runs.append([(each.params, each.measures()) for each in train(net, phases, data, seed=0)])
    assert [len(params["S"].learned.weight) for params, _ in runs[0]][-1] == 9
    assert len(shown) < 2 * 12  # batches of both runs
    assert len(shown) > 12
    for (params, measures), (others, wanted) in zip(*runs, strict=True):
        assert_close(params, others)
        assert measures == wanted


@given(st.integers(0, 10_000), st.floats(0.05, 0.95), st.floats(0.1, 100))
def test_a_subtractive_cell_answers_with_the_norm_times_the_cosine_above_theta(seed, theta, strength):
    rng = np.random.default_rng(seed)
    layer = SCells(3, 3, response=Subtractive(theta, sigma=0.9))
    views = rng.random((4, 2, 3, 3))
    params = layer.init((2, 3, 3), rng)
    params = params._replace(
        learned=params.learned._replace(weight=params.learned.weight.astype(float)),
        fixed=type(params.fixed)(params.fixed.surround.astype(float)),
    )
    c, patterns = params.fixed.surround[0], rng.random((3, 2, 3, 3))
    params = layer.rewire(params, strength * c * patterns)
    for k, pattern in enumerate(patterns):
        norm, size = np.sqrt(np.sum(c * pattern**2)), np.sqrt(np.sum(c * views**2, axis=(1, 2, 3)))
        s = np.sum(c * pattern * views, axis=(1, 2, 3)) / (norm * size)
        expected = strength * norm * size * np.maximum(s - theta, 0) / (1 - theta)  # a need not be of norm 1
        np.testing.assert_allclose(layer.respond(params, views)[:, k, 0, 0], expected, rtol=1e-9, atol=1e-12 * strength)


def test_edge_cells_answer_most_to_their_own_edge_and_less_the_further_it_turns():
    layer, retina = SCells(16, 5, response=Subtractive(0.3, sigma=1.6)), Contrast(7)
    start = layer.init((2, 5, 5), RNG)
    params, _ = Edges(retina).start(layer, start, np.zeros((1, 2, 5, 5)), RNG, 0)
    seen = edges(start.learned.weight.shape, retina).astype(np.float32)
    u = (
        layer.respond(params, seen)[:, :, 0, 0]
        / np.sqrt(np.sum(start.fixed.surround * seen**2, axis=(1, 2, 3)))[:, None]
    )
    np.testing.assert_allclose(np.diag(u), 1, rtol=1e-5)
    assert np.array_equal(u.argmax(axis=1), np.arange(16))
    turned = np.array([[u[(k + step) % 16, k] for k in range(16)] for step in range(9)])
    assert np.all(np.diff(turned, axis=0) <= 1e-6)
    assert not np.any(turned[8])  # blind to the same edge with light and dark exchanged


def test_edges_need_contrast_cells_below_and_inhibition():
    layer = SCells(4, 3, response=Subtractive(0.5))
    with pytest.raises(UsageError, match="there are 3 input planes; put Contrast below"):
        Edges().start(layer, layer.init((3, 5, 5), RNG), np.zeros((1, 3, 5, 5)), RNG, 0)
    layer = SCells(4, 3)
    with pytest.raises(UsageError, match="set response = subtractive"):
        Edges().start(layer, layer.init((2, 5, 5), RNG), np.zeros((1, 2, 5, 5)), RNG, 0)
