"""What a GPU comes to is what the CPU comes to, within 1e-4: run where one answers, by `pytest -k gpu`.

Skipped elsewhere. The law batteries of layers, rules and ops take CuPy as one more library wherever a GPU answers.
"""

from typing import get_args

import numpy as np
import pytest
from kit import difference, on
from learning_examples import PROBLEMS, bars

from neuro_cnn import ops
from neuro_cnn.backend import gpu_name, namespace, room_of, to_device, to_numpy
from neuro_cnn.experiment import learn
from neuro_cnn.layers.responses import Shunting, Subtractive
from neuro_cnn.ops import compete, cuda, gpu_graphs, gpu_windows, linalg, random, special
from neuro_cnn.optim import Optimizer
from neuro_cnn.training import train
from neuro_cnn.tree import leaves, tree_map

pytestmark = pytest.mark.skipif(gpu_name() is None, reason="no GPU answers")

ALIKE = 1e-4
"""Largest difference over the largest value."""
WINDOWS = {
    "plain": (ops.window(3), 1, (4, 6, 12, 10)),
    "same": (ops.window(5, 1, 2), 1, (4, 6, 12, 10)),
    "asymmetric": (ops.window((3, 2), (2, 1), ((1, 2), (0, 1))), 1, (5, 4, 11, 9)),
    "cropped": (ops.window(3, 1, ((-1, 2), (-2, 0))), 1, (3, 4, 11, 9)),
    "dilated": (ops.window(3, (1, 2), 2, (2, 3)), 1, (3, 4, 13, 15)),
    "grouped": (ops.window(3, 2, 1), 3, (4, 6, 12, 10)),
    "by plane": (ops.window(3, 1, 1), 6, (4, 6, 9, 9)),
    "one by one": (ops.window(1), 1, (7, 16, 5, 5)),
    "one image": (ops.window(5), 1, (1, 1, 28, 28)),
    "many planes": (ops.window(3, 1, 1), 1, (32, 96, 12, 12)),
}
ROUTES = {"windows": gpu_windows, "cudnn": gpu_graphs}


@pytest.fixture(scope="module")
def cupy():
    """The library of the GPU."""
    return pytest.importorskip("cupy")


def drawn(*shape, seed=0):
    """Single precision, both signs."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def assert_alike(actual, expected):
    """Every array of a tree on the GPU is that of the CPU, and lies on the GPU."""
    for (name, mine), (_, other) in zip(leaves(actual), leaves(expected), strict=True):
        assert namespace(mine).__name__ == "cupy"
        assert mine.dtype == other.dtype
        assert difference(mine, other) <= ALIKE, name or "the array"


def both(function, *arguments):
    """What a function comes to on the GPU and on the CPU."""
    there = [to_device(each, "gpu") if isinstance(each, np.ndarray) else each for each in arguments]
    return function(*there), function(*arguments)


def correlations(name):
    """The operands of correlation and its adjoints."""
    window, groups, shape = WINDOWS[name]
    planes = 2 * groups
    x, weight = drawn(*shape), drawn(planes, shape[1] // groups, *window.size, seed=1)
    dy = drawn(shape[0], planes, *window.places(*shape[2:]), seed=2)
    return x, weight, dy, window, groups


@pytest.mark.parametrize("name", WINDOWS)
def test_correlation_is_the_cpus(cupy, name):
    x, weight, dy, w, groups = correlations(name)
    how = (w.stride, w.pad, w.dilation, groups)
    assert_alike(*both(ops.correlate, x, weight, *how))
    assert_alike(*both(ops.correlate_input_adjoint, dy, weight, x.shape, *how))
    assert_alike(*both(ops.correlate_weight_adjoint, x, dy, weight.shape, *how))


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", [name for name, (_, groups, _) in WINDOWS.items() if groups == 1])
def test_every_route_of_correlation_is_the_cpus(cupy, name, route):
    if route == "cudnn" and not gpu_graphs.installed():
        pytest.skip("nvidia-cudnn-frontend is not installed")
    x, weight, dy, w, _ = correlations(name)
    how, way = (w.stride, w.pad, w.dilation), ROUTES[route]
    a, b, c = (to_device(each, "gpu") for each in (x, weight, dy))
    assert_alike(way.respond(a, b, w), ops.correlate(x, weight, *how))
    assert_alike(way.spread(c, b, x.shape, w), ops.correlate_input_adjoint(dy, weight, x.shape, *how))
    assert_alike(way.multiply(a, c, weight.shape, w), ops.correlate_weight_adjoint(x, dy, weight.shape, *how))


def test_a_table_and_weights_of_each_places_own_are_the_cpus(cupy):
    x, weight, dy, w, _ = correlations("same")
    table = np.random.default_rng(3).random(weight.shape[:2]) < 0.5
    assert_alike(*both(lambda x, weight: ops.correlate(x, weight, w.stride, w.pad, 1, 1, table), x, weight))
    unshared = drawn(*dy.shape[2:], *weight.shape, seed=4)
    how = (w.stride, w.pad)
    assert_alike(*both(ops.correlate_unshared, x, unshared, *how))
    assert_alike(*both(ops.correlate_unshared_input_adjoint, dy, unshared, x.shape, *how))
    assert_alike(*both(ops.correlate_unshared_weight_adjoint, x, dy, unshared.shape, *how))


@pytest.mark.parametrize("how", [(2, 2, 0), (3, 2, 1), ((2, 3), (1, 2), ((0, 1), (1, 0)))])
def test_pooling_is_the_cpus(cupy, how):
    x = drawn(4, 5, 12, 11)
    there, here = both(ops.max_pool, x, *how)
    assert_alike(there, here)
    dy = drawn(*here[0].shape, seed=1)
    assert_alike(*both(ops.maximum, x, *how))
    assert_alike(*both(ops.max_pool_adjoint, dy, here[1], x.shape, *how))
    assert_alike(*both(ops.mean_pool, x, *how))
    assert_alike(*both(ops.mean_pool_adjoint, dy, x.shape, *how))
    powers = (how[0], 2.5, *how[1:])
    y = ops.power_mean_pool(x, *powers)
    assert_alike(*both(ops.power_mean_pool, x, *powers))
    assert_alike(*both(ops.power_mean_pool_adjoint, dy, x, y, *powers))


def test_weighted_pools_and_blurs_are_the_cpus(cupy):
    x, kernel, down, across = drawn(3, 4, 10, 9), drawn(3, 2, seed=1), drawn(3, seed=2), drawn(4, seed=3)
    y = ops.weighted_pool(x, kernel, 2, 1)
    assert_alike(*both(ops.weighted_pool, x, kernel, 2, 1))
    assert_alike(*both(ops.weighted_pool_adjoint, drawn(*y.shape), kernel, x.shape, 2, 1))
    y = ops.blur(x, down, across, 2, 2)
    assert_alike(*both(ops.blur, x, down, across, 2, 2))
    assert_alike(*both(ops.blur_adjoint, drawn(*y.shape), down, across, x.shape, 2, 2))


@pytest.mark.parametrize("planes", [1, 7, 96])
def test_competition_is_the_cpus(cupy, planes):
    drive = drawn(5, planes, 6, 4) * (np.random.default_rng(1).random((5, 1, 6, 4)) < 0.8)
    g = compete.plain_softmax(drive, 0.7)
    assert_alike(*both(compete.softmax_planes, drive, 0.7))
    assert_alike(*both(compete.winner, drive))
    assert_alike(*both(compete.awake_winner, drive))
    assert_alike(*both(compete.softhebb_factor, g, drive))
    assert_alike(*both(compete.raise_awake, drive, drawn(planes, seed=2)))
    assert_alike(*both(compete.deviation, drive))


def test_s_cells_answer_as_on_the_cpu(cupy):
    e, b, v = np.abs(drawn(3, 5, 6, 4)), np.abs(drawn(5, seed=1)), np.abs(drawn(3, 1, 6, 4, seed=2))
    there = to_device((e, b, v), "gpu")
    assert_alike(cuda.shunting(*there, 1.5), np.maximum(Shunting(1.5).drive(e, b, v), np.float32(0)))
    assert_alike(cuda.subtractive(*there, 0.4), np.maximum(Subtractive(0.4).drive(e, b, v), np.float32(0)))


@pytest.mark.parametrize("kind", get_args(Optimizer), ids=lambda kind: kind.__name__)
def test_optimisers_step_as_on_the_cpu(cupy, kind):
    made = kind(rate=0.1, decay=0.01)
    w, g, *memories = (np.abs(drawn(15, seed=seed)) for seed in range(2 + made.memories))
    given = {"weight": w}, {"weight": g}, tuple(memories)
    assert_alike(made.step(*to_device(given, "gpu"), 6, 10), made.step(*given, 6, 10))


def test_equations_and_functions_are_the_cpus(cupy):
    root, right = drawn(20, 8), drawn(8, 3, seed=1)
    assert_alike(*both(linalg.solve_positive, root.T @ root, right))
    assert_alike(*both(linalg.diagonal, root.T @ root))
    with pytest.raises(np.linalg.LinAlgError):
        linalg.solve_positive(to_device(-np.eye(3, dtype=np.float32), "gpu"), to_device(drawn(3, 1), "gpu"))
    x = drawn(50)
    for name in ("erf", "logistic", "softplus"):
        assert_alike(*both(getattr(special, name), x))
    here, there = (random.uniform((1, 2, 3), (4, 5), to_device(x, device)) for device in ("cpu", "gpu"))
    np.testing.assert_array_equal(to_numpy(there), here)


@pytest.mark.parametrize("name", ["hebbian, ridge", "backprop", "two layers of softhebb"])
def test_learning_on_a_gpu_repeats_bit_for_bit_and_comes_to_the_cpus_weights(cupy, name):
    net, curriculum = PROBLEMS[name]
    here, *there = (
        tree_map(to_numpy, list(train(net, curriculum, bars(), seed=0, device=device))[-1].params)
        for device in ("cpu", "gpu", "gpu")
    )
    for (_, first), (_, second) in zip(*map(leaves, there), strict=True):
        np.testing.assert_array_equal(first, second)
    for (key, mine), (_, other) in zip(leaves(there[0]), leaves(here), strict=True):
        assert difference(mine, other) <= 1e-3, key  # after many steps


def test_a_batch_without_room_is_told_of(cupy):
    pool = cupy.get_default_memory_pool()
    before = pool.get_limit()
    pool.free_all_blocks()
    pool.set_limit(size=pool.used_bytes() + 4096)
    net, curriculum = PROBLEMS["backprop"]
    try:
        with pytest.raises(MemoryError, match=r"^a batch of 8 needs more memory than the GPU has: .* were asked for"):
            list(learn(net, curriculum, bars(), None, 0, "gpu"))
        with pytest.raises(MemoryError) as caught:
            cupy.zeros(1 << 20)
        assert room_of(caught.value).asked >= 1 << 23
    finally:
        pool.set_limit(size=before)


def test_arrays_of_both_do_not_meet(cupy):
    with pytest.raises(TypeError, match="arrays of different libraries meet"):
        ops.correlate(drawn(1, 1, 4, 4), on(cupy, drawn(1, 1, 3, 3)))
