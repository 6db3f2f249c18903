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
from neuro_cnn.ops import gpu_correlate, gpu_graphs, gpu_windows

ALL = ("correlate", "input_adjoint", "weight_adjoint")


@st.composite
def problems(draw):
    """Arrays in some order of memory, a window with paddings of any sign, and groups."""
    number = st.integers(1, 3)
    n, groups, c, k = draw(st.integers(1, 5)), draw(number), draw(number), draw(number)
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

    x, weight = drawn(n, groups * c, *sides), drawn(groups * k, c, *size)
    return x, weight, drawn(n, groups * k, *window.places(*sides)), window, groups


def operands(problem):
    """What each of the three functions is given."""
    x, weight, dy, window, groups = problem
    return {
        "correlate": (x, weight, window, groups),
        "input_adjoint": (dy, weight, x.shape, window, groups),
        "weight_adjoint": (x, dy, weight.shape, window, groups),
    }


def plain(problem):
    """The same by the plain code."""
    x, weight, dy, window, groups = problem
    how = (window.stride, window.pad, window.dilation, groups)
    return {
        "correlate": ops.correlate(x, weight, *how),
        "input_adjoint": ops.correlate_input_adjoint(dy, weight, x.shape, *how),
        "weight_adjoint": ops.correlate_weight_adjoint(x, dy, weight.shape, *how),
    }


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
            assert_close(getattr(gpu_graphs, name)(*given_operands[:-1]), expected[name])
        assert made.ran == {"conv_fprop": 1, "conv_dgrad": 1, "conv_wgrad": 1}


def example():
    rng = np.random.default_rng(0)
    window = ops.window(3, 2, 1)
    x, weight = rng.standard_normal((4, 2, 9, 9), np.float32), rng.standard_normal((3, 2, 3, 3), np.float32)
    return x, weight, rng.standard_normal((4, 3, 5, 5), np.float32), window, 1


def test_a_shape_is_planned_once(cudnn):
    x, weight, _, window, groups = example()
    for _ in range(3):
        gpu_correlate.correlate(x, weight, window, groups)
    gpu_correlate.correlate(x[:2], weight, window, groups)
    assert len(cudnn.graphs) == 2
    assert cudnn.ran["conv_fprop"] == 4


@pytest.mark.parametrize(("value", "refused"), [("0", {"tensor cores", "rounded inputs"}), ("1", set())])
def test_plans_that_round_are_refused_unless_asked_for_and_those_in_no_order_always(cudnn, monkeypatch, value, refused):
    monkeypatch.setenv("CUPY_TF32", value)
    x, weight, _, window, groups = example()
    gpu_correlate.correlate(x, weight, window, groups)
    assert cudnn.graphs[0].refused == refused | {"in no order"}


def test_a_slice_whose_memory_is_not_aligned_is_copied(cudnn):
    x, weight, _, window, groups = example()
    room = np.zeros(x.size + 8, np.float32)
    first = next(start for start in range(8) if (room.ctypes.data + 4 * start) % 16)
    moved = held(room[first : first + x.size].reshape(x.shape))
    moved[...] = x
    assert_close(gpu_correlate.correlate(moved, weight, window, groups), ops.correlate(x, weight, 2, 1))


@pytest.mark.parametrize("name", ALL)
def test_where_cudnn_has_no_plan_windows_do_it_and_a_warning_says_so_once(cudnn, name):
    cudnn.has_no_plan = True
    problem = example()
    with pytest.warns(RuntimeWarning, match=r"cuDNN has no plan for Call\(.*: windows and matmul instead"):
        first = getattr(gpu_correlate, name)(*operands(problem)[name])
    again = getattr(gpu_correlate, name)(*operands(problem)[name])  # warnings are errors
    assert_close(first, plain(problem)[name])
    assert_close(again, plain(problem)[name])


@pytest.mark.parametrize("name", ALL)
def test_double_precision_and_empty_batches_do_not_go_to_cudnn(cudnn, name):
    x, weight, dy, window, groups = example()
    double = (x.astype(np.float64), weight.astype(np.float64), dy.astype(np.float64), window, groups)
    assert_close(getattr(gpu_correlate, name)(*operands(double)[name]), plain(double)[name])
    empty = (x[:0], weight, dy[:0], window, groups)
    assert_close(getattr(gpu_correlate, name)(*operands(empty)[name]), plain(empty)[name])
    assert not cudnn.graphs


def test_a_frontend_without_cudnn_is_refused_with_the_remedy(monkeypatch):
    class Frontend:
        @staticmethod
        def backend_version():
            raise RuntimeError("Unable to find symbol cudnnGetVersion")

    monkeypatch.setitem(sys.modules, "cudnn", Frontend)
    gpu_graphs.library.cache_clear()
    with pytest.raises(UsageError, match=r"does not load \(Unable to find.*install nvidia-cudnn-cu13, or uninstall"):
        gpu_graphs.library()
