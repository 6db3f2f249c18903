"""Correlation as it runs on GPUs: windows on NumPy, and what is handed to cuDNN, against the plain code."""

import sys

import numpy as np
import pytest
from fake_gpu import Cudnn, Cupy, held
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close

from neuro_cnn import ops
from neuro_cnn.errors import UsageError
from neuro_cnn.ops import choice, gpu_correlate, gpu_graphs, gpu_windows, tiled

ALL = ("respond", "spread", "multiply")


@st.composite
def problems(draw):
    """Arrays in some order of memory, and a window with paddings of any sign."""
    number = st.integers(1, 3)
    n, c, k = draw(st.integers(1, 5)), draw(number), draw(number)
    size, stride, dilation = (tuple(draw(st.tuples(number, number))) for _ in range(3))
    edge = st.integers(-2, 3)
    pad = draw(
        st.one_of(
            st.tuples(st.tuples(edge, edge), st.tuples(edge, edge)),
            st.tuples(number, number).map(lambda p: ((p[0], p[0]), (p[1], p[1]))),
        )
    )
    sides = []
    for axis in (0, 1):
        extent = dilation[axis] * (size[axis] - 1) + 1
        crop = sum(max(-p, 0) for p in pad[axis])
        sides.append(max(1 + crop, extent - sum(pad[axis])) + draw(st.integers(0, 4)))
    window = ops.window(size, stride, pad, dilation)
    order = draw(st.permutations(range(4)))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))

    def drawn(*shape):
        values = rng.standard_normal(shape).astype(np.float32)
        return np.ascontiguousarray(values.transpose(order)).transpose(np.argsort(order))

    return drawn(n, c, *sides), drawn(k, c, *size), drawn(n, k, *window.places(*sides)), window


def operands(problem):
    """What each of the three functions is given."""
    x, weight, dy, window = problem
    return {
        "respond": (x, weight, window),
        "spread": (dy, weight, x.shape, window),
        "multiply": (x, dy, weight.shape, window),
    }


def plain(problem):
    """The same by the plain code."""
    given = operands(problem)
    return {
        "respond": tiled.respond(*given["respond"], None, False),
        "spread": tiled.spread(*given["spread"]),
        "multiply": tiled.multiply(*given["multiply"]),
    }


def chosen(name, given):
    """What the way that is chosen comes to."""
    return getattr(gpu_correlate, name)(*given, *((None, False) if name == "respond" else ()))


@pytest.fixture
def cudnn(monkeypatch):
    """The stand-in as the library that is installed."""
    made = Cudnn()
    for place in (gpu_graphs, gpu_windows):
        monkeypatch.setattr(place, "namespace", lambda *arrays: Cupy())
    monkeypatch.setattr(gpu_graphs, "library", lambda: made)
    monkeypatch.setattr(gpu_graphs, "installed", lambda: True)
    gpu_graphs._plan.cache_clear()
    gpu_graphs._handle.cache_clear()
    yield made
    gpu_graphs._plan.cache_clear()
    gpu_graphs._handle.cache_clear()


@given(problems(), st.integers(1, 500))
def test_windows_and_matmul_are_the_plain_code_however_small_the_tile(problem, tile):
    expected = plain(problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gpu_windows, "TILE", tile)
        for name, given_operands in operands(problem).items():
            assert_close(getattr(gpu_windows, name)(*given_operands), expected[name])


@given(problem=problems())
def test_what_is_handed_to_cudnn_is_the_plain_problem(problem):
    with pytest.MonkeyPatch.context() as patch:
        made = Cudnn()
        patch.setattr(gpu_graphs, "namespace", lambda *arrays: Cupy())
        patch.setattr(gpu_graphs, "library", lambda: made)
        gpu_graphs._plan.cache_clear()
        gpu_graphs._handle.cache_clear()
        expected = plain(problem)
        for name, given_operands in operands(problem).items():
            assert_close(getattr(gpu_graphs, name)(*given_operands), expected[name])
        assert made.ran == {"conv_fprop": 1, "conv_dgrad": 1, "conv_wgrad": 1}


def example():
    rng = np.random.default_rng(0)
    window = ops.window(3, 2, 1)
    x, weight = rng.standard_normal((4, 2, 9, 9), np.float32), rng.standard_normal((3, 2, 3, 3), np.float32)
    return x, weight, rng.standard_normal((4, 3, 5, 5), np.float32), window


def test_a_shape_is_planned_once(cudnn):
    x, weight, _, window = example()
    for _ in range(3):
        gpu_correlate.respond(x, weight, window, None, False)
    gpu_correlate.respond(x[:2], weight, window, None, False)
    assert len(cudnn.graphs) == 2
    assert cudnn.ran["conv_fprop"] == 4


@pytest.mark.parametrize(("value", "refused"), [("0", {"tensor cores", "rounded inputs"}), ("1", set())])
def test_plans_that_round_are_refused_unless_asked_for_and_those_in_no_order_always(cudnn, monkeypatch, value, refused):
    monkeypatch.setenv("CUPY_TF32", value)
    x, weight, _, window = example()
    gpu_correlate.respond(x, weight, window, None, False)
    assert cudnn.graphs[0].refused == refused | {"in no order"}


def test_a_slice_whose_memory_is_not_aligned_is_copied(cudnn):
    x, weight, _, window = example()
    room = np.zeros(x.size + 8, np.float32)
    first = next(start for start in range(8) if (room.ctypes.data + 4 * start) % 16)
    moved = held(room[first : first + x.size].reshape(x.shape))
    moved[...] = x
    assert_close(gpu_correlate.respond(moved, weight, window, None, False), ops.correlate(x, weight, 2, 1))


@pytest.mark.parametrize("name", ALL)
def test_where_cudnn_has_no_plan_windows_do_it_and_a_warning_says_so_once(cudnn, name):
    cudnn.has_no_plan = True
    problem = example()
    with pytest.warns(RuntimeWarning, match=r"cuDNN has no plan for Call\(.*: windows and matmul instead"):
        first = chosen(name, operands(problem)[name])
    again = chosen(name, operands(problem)[name])  # warnings are errors
    assert_close(first, plain(problem)[name])
    assert_close(again, plain(problem)[name])


@pytest.mark.parametrize("name", ALL)
def test_double_precision_and_empty_batches_do_not_go_to_cudnn(cudnn, name):
    x, weight, dy, window = example()
    double = (x.astype(np.float64), weight.astype(np.float64), dy.astype(np.float64), window)
    assert_close(chosen(name, operands(double)[name]), plain(double)[name])
    empty = (x[:0], weight, dy[:0], window)
    assert_close(chosen(name, operands(empty)[name]), plain(empty)[name])
    assert not cudnn.graphs


def test_correlation_on_a_gpu_goes_this_way_group_by_group(cudnn, monkeypatch):
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.standard_normal(shape, np.float32) for shape in ((3, 4, 7, 7), (6, 2, 3, 3), (6,)))
    table = rng.random((6, 2)) < 0.7
    given = (x, weight, 1, 1, 1, 2, table)
    expected = ops.correlate(*given, bias, rectified=True)
    monkeypatch.setattr(choice, "on_gpu", lambda array: True)
    assert_close(ops.correlate(*given, bias, rectified=True), expected)
    assert cudnn.ran["conv_fprop"] == 2


def test_a_frontend_without_cudnn_is_refused_with_the_remedy(monkeypatch):
    class Frontend:
        @staticmethod
        def backend_version():
            raise RuntimeError("Unable to find symbol cudnnGetVersion")

    monkeypatch.setitem(sys.modules, "cudnn", Frontend)
    gpu_graphs.library.cache_clear()
    with pytest.raises(UsageError, match=r"does not load \(Unable to find.*install nvidia-cudnn-cu13, or uninstall"):
        gpu_graphs.library()
