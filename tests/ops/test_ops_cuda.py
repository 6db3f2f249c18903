"""Our CUDA kernels: their arithmetic as C++ against the plain code, and that NVIDIA's compiler takes them."""

from typing import get_args

import numpy as np
import pytest
from cuda_shim import Emulated, compiler
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close
from numpy.testing import assert_array_equal

from neuro_cnn import environment, ops
from neuro_cnn.layers import SCells
from neuro_cnn.layers.responses import Rectified, Shunting, Subtractive
from neuro_cnn.ops import choice, compete, cuda, plain_pool
from neuro_cnn.ops.pool import pooling
from neuro_cnn.optim import SGD, Optimizer

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler")
SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 12), st.integers(1, 5), st.integers(1, 5))
KINDS = st.sampled_from(["smooth", "ties", "some NaN", "batch last"])


@pytest.fixture(scope="module", autouse=True)
def emulated(tmp_path_factory):
    """The kernels run on the CPU, for all tests of this file."""
    made = Emulated(tmp_path_factory.mktemp("cuda"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda, "namespace", lambda *arrays: made)
        patch.setattr(cuda, "THREADS", 32)  # fewer idle ones on maps as small as these
        for kept in (cuda._module, cuda._kernel):
            kept.cache_clear()
        yield
        for kept in (cuda._module, cuda._kernel):
            kept.cache_clear()


def activity(shape, seed, kind="smooth"):
    """Drives of which a fifth of the positions is blank."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape).astype(np.float32)
    if kind == "ties":
        values = np.round(values)
    if kind == "some NaN":
        values[rng.random(shape) < 0.05] = np.nan
    if kind == "batch last":
        values = np.moveaxis(np.ascontiguousarray(np.moveaxis(values, 0, -1)), -1, 0)
    return values * (rng.random((shape[0], 1, *shape[2:])) < 0.8)


@st.composite
def pools(draw):
    """A map and how views lie on it."""
    size, stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3))), draw(st.integers(1, 3))
    pad = tuple(draw(st.tuples(st.integers(-1, side - 1), st.integers(-1, side - 1))) for side in size)
    sides = tuple(max(3, s - sum(p)) + draw(st.integers(0, 4)) for s, p in zip(size, pad, strict=True))
    return activity((2, 3, *sides), draw(st.integers(0, 999)), draw(KINDS)), pooling(size, stride, pad)


@needs_compiler
@given(pools())
def test_pooling_and_its_adjoint_are_the_plain_ones(problem):
    x, w = problem
    y, winners = cuda.max_pool(x, w)
    plain, plain_winners = plain_pool.max_pool(x, w)
    assert_array_equal(y, plain)
    assert_array_equal(winners, plain_winners)
    assert winners.dtype == plain_winners.dtype
    assert_array_equal(cuda.maximum(x, w), plain)
    dy = activity(y.shape, 1)
    dx = plain_pool.max_pool_adjoint(dy, winners, x.shape, w)
    assert_close(cuda.max_pool_adjoint(dy, winners, x.shape, w), dx)
    assert_close(cuda.max_pool_adjoint(dy, winners.astype(np.int32), x.shape, w), dx)


@needs_compiler
def test_winners_of_large_views_are_counted_in_full():
    x, w = activity((1, 2, 17, 17), 0), pooling(17)
    x[0, 1, 16, 15] = 9
    y, winners = cuda.max_pool(x, w)
    assert (y[0, 1, 0, 0], winners[0, 1, 0, 0], winners.dtype) == (9, 16 * 17 + 15, np.int32)


@needs_compiler
@given(pools())
def test_weighted_pools_and_their_adjoints_are_the_plain_ones(problem):
    x, w = np.nan_to_num(problem[0]), problem[1]
    kernel, ones = activity((1, 1, *w.size), 2)[0, 0], np.ones(w.size, np.float32)
    y = plain_pool.weighted_pool(x, kernel, w)
    assert_close(cuda.weighted_pool(x, kernel, 1, w), y)
    assert_close(cuda.weighted_pool(x, ones, plain_pool.area(w), w), plain_pool.mean_pool(x, w))
    dy = activity(y.shape, 1)
    dx = plain_pool.weighted_pool_adjoint(dy, kernel, x.shape, w)
    assert_close(cuda.weighted_pool_adjoint(dy, kernel, 1, x.shape, w), dx)
    dx = plain_pool.mean_pool_adjoint(dy, x.shape, w)
    assert_close(cuda.weighted_pool_adjoint(dy, ones, plain_pool.area(w), x.shape, w), dx)


@needs_compiler
@given(SHAPES, st.integers(0, 999), KINDS, st.floats(0.05, 20))
def test_softmax_is_the_plain_one(shape, seed, kind, temperature):
    drive = activity(shape, seed, kind)
    g, plain = cuda.softmax(drive, temperature), compete.plain_softmax(drive, temperature)
    assert_array_equal(np.isnan(g), np.isnan(plain))
    assert_close(np.nan_to_num(g), np.nan_to_num(plain))


@needs_compiler
@given(SHAPES, st.integers(0, 999), KINDS)
def test_winners_are_the_plain_ones(shape, seed, kind):
    drive = activity(shape, seed, kind)
    plain = compete.plain_winner(drive)
    assert_array_equal(cuda.winner(drive), plain)
    assert_array_equal(cuda.awake_winner(drive), plain * compete.awake(drive))


@needs_compiler
@given(SHAPES, st.integers(0, 999), KINDS)
def test_the_factor_of_softhebb_is_the_plain_one(shape, seed, kind):
    u = activity(shape, seed, kind)
    for g in (compete.plain_softmax(u, 1.0), np.asarray(u > np.float32(0.5), np.float32)):
        assert_array_equal(cuda.softhebb(g, u), compete.plain_softhebb_factor(g, u)[0])


@needs_compiler
@given(SHAPES, st.integers(0, 999), KINDS)
def test_the_lead_is_added_where_cells_are_driven(shape, seed, kind):
    drive, lead = activity(shape, seed, kind), np.linspace(-1, 1, shape[1], dtype=np.float32)
    assert_array_equal(cuda.raise_awake(drive, lead), compete.raise_awake(drive.copy(), lead))


@needs_compiler
@given(SHAPES, st.integers(0, 999), st.floats(0.1, 0.9))
def test_s_cells_answer_as_their_formulas_say(shape, seed, theta):
    e = np.abs(activity(shape, seed))
    v, b = np.abs(activity((shape[0], 1, *shape[2:]), seed + 1)), np.linspace(0, 2, shape[1], dtype=np.float32)
    for response in (Shunting(theta / (1 - theta)), Subtractive(theta)):
        plain = response.answer(e, b, v)
        assert_close(plain, np.maximum(response.drive(e, b, v), 0))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(choice, "on_gpu", lambda array: True)
            assert_close(response.answer(e, b, v), plain)


@pytest.mark.parametrize("response", [Rectified(), Shunting(1.5), Subtractive(0.4)], ids=lambda each: each.kind)
def test_compiled_s_cells_answer_as_plain_ones(monkeypatch, response):
    layer = SCells(4, 3, response=response)
    params, x = layer.init((2, 7, 6), np.random.default_rng(0)), np.abs(activity((3, 2, 7, 6), 0))
    expected = layer.respond(params, x)
    monkeypatch.setenv(environment.KERNELS, "plain")
    choice.kernels.cache_clear()
    try:
        assert_close(layer.respond(params, x), expected)
    finally:
        monkeypatch.undo()
        choice.kernels.cache_clear()


@needs_compiler
@pytest.mark.parametrize("decay", [0, 0.01])
@pytest.mark.parametrize("kind", get_args(Optimizer), ids=lambda kind: kind.__name__)
def test_optimisers_step_by_their_formulas(kind, decay):
    made = kind(rate=0.1, decay=decay)
    rng = np.random.default_rng(0)
    w, g, *memories = (rng.uniform(0, 1, 15).astype(np.float32) for _ in range(2 + made.memories))
    constants = made.constants(0.1, 6)
    assert_close(cuda.moved(made.compiled, (w, g, *memories), constants), made.formula(w, g, memories, constants))


@needs_compiler
def test_on_a_gpu_it_is_these_kernels_that_run(monkeypatch):
    drive = activity((2, 4, 3, 3), 0)
    g, lead = compete.plain_softmax(drive, 1.0), np.ones(4, np.float32)
    calls = [
        (compete.softmax_planes, (drive, 0.5)),
        (compete.winner, (drive,)),
        (compete.awake_winner, (drive,)),
        (compete.softhebb_factor, (g, drive)),
        (compete.raise_awake, (drive, lead)),
        (ops.max_pool, (drive, 2)),
        (ops.maximum, (drive, 2)),
        (ops.mean_pool, (drive, 2)),
        (ops.weighted_pool, (drive, np.eye(2, dtype=np.float32), 1)),
        (ops.max_pool_adjoint, (drive, np.zeros(drive.shape, np.uint8), (2, 4, 6, 6), 2)),
        (ops.mean_pool_adjoint, (drive, (2, 4, 6, 6), 2)),
        (ops.weighted_pool_adjoint, (drive, np.eye(2, dtype=np.float32), (2, 4, 4, 4), 1)),
        (SGD().step, ({"weight": lead}, {"weight": lead}, (lead,), 0, 1)),
    ]
    expected = [function(*given_arrays) for function, given_arrays in calls]
    ran = []
    run = cuda._run
    monkeypatch.setattr(cuda, "_run", lambda name, *rest: (ran.append(name), run(name, *rest)))
    monkeypatch.setattr(choice, "on_gpu", lambda array: True)
    for (function, given_arrays), plain in zip(calls, expected, strict=True):
        assert_close(function(*given_arrays), plain)
    competition = ["softmax", "winner", "winner", "softhebb", "raise_awake"]
    pooled = ["max_pool_uint8", "maximum", "weighted_pool", "weighted_pool"]
    spread = ["max_pool_adjoint_uint8", "weighted_pool_adjoint", "weighted_pool_adjoint"]
    assert ran == [*competition, *pooled, *spread, "sgd"]


@pytest.mark.parametrize("architecture", ["sm_75", "sm_80", "sm_90", "sm_100"])
def test_nvidias_compiler_takes_the_kernels(architecture):
    nvrtc = pytest.importorskip("cupy_backends.cuda.libs.nvrtc", reason="CuPy is not installed")
    try:
        nvrtc.getVersion()
    except RuntimeError as error:
        pytest.skip(f"no NVRTC: {error}")
    program = nvrtc.createProgram(cuda.SOURCE, "kernels.cu", (), ())
    try:
        nvrtc.compileProgram(program, (f"--gpu-architecture={architecture}",))
        assert nvrtc.getCUBIN(program)
        assert not nvrtc.getProgramLog(program).strip()  # no warning either
    finally:
        nvrtc.destroyProgram(program)
