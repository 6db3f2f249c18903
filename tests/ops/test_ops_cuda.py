"""Our CUDA kernels: their arithmetic as C++ against the plain code, and that NVIDIA's compiler takes them."""

import numpy as np
import pytest
from cuda_shim import Emulated, compiler
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close
from numpy.testing import assert_array_equal

from neuro_cnn import ops
from neuro_cnn.layers.responses import Shunting, Subtractive
from neuro_cnn.ops import choice, compete, cuda
from neuro_cnn.ops.pool import pooling
from neuro_cnn.optim import SGD, Adam, AdamW, Nesterov

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
    how = (w.size, w.stride, w.pad)
    y, winners = cuda.max_pool(x, w)
    plain, plain_winners = ops.max_pool(x, *how)
    assert_array_equal(y, plain)
    assert_array_equal(winners, plain_winners)
    dy = activity(y.shape, 1)
    assert_close(cuda.max_pool_adjoint(dy, winners, x.shape, w), ops.max_pool_adjoint(dy, winners, x.shape, *how))


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
    each = b[:, None, None]
    r = theta / (1 - theta)
    assert_close(cuda.shunting(e, b, v, r), np.maximum(Shunting(r).drive(e, each, v), 0))
    assert_close(cuda.subtractive(e, b, v, theta), np.maximum(Subtractive(theta).drive(e, each, v), 0))


@needs_compiler
@pytest.mark.parametrize("optimizer", [SGD, Nesterov, Adam, AdamW], ids=lambda kind: kind.__name__)
def test_optimisers_step_as_the_plain_ones(optimizer):
    rng = np.random.default_rng(0)
    w, g, m, v = (rng.standard_normal((3, 5)).astype(np.float32) for _ in range(4))
    v = np.abs(v)
    made = optimizer(rate=0.1, decay=0.01)
    if optimizer in (SGD, Nesterov):
        expected = made.step(w, g, m, 6, 10)
        assert_close(cuda.momentum(w, g, m, 0.1, made.momentum, 0.01, optimizer is Nesterov), expected)
        return
    moved, (first, second) = made.step(w, g, (m, v), 6, 10)
    decays = {"lasting": 1 - 0.1 * 0.01} if optimizer is AdamW else {"decay": 0.01}
    ours = cuda.adam(w, g, m, v, 0.1, (made.beta1, made.beta2), 6, made.epsilon, **decays)
    assert_close(ours, (moved, first, second))


@needs_compiler
def test_competition_on_a_gpu_is_by_these_kernels(monkeypatch):
    drive = activity((2, 4, 3, 3), 0)
    g, lead = compete.plain_softmax(drive, 1.0), np.ones(4, np.float32)
    calls = [
        (compete.softmax_planes, (drive, 0.5)),
        (compete.winner, (drive,)),
        (compete.awake_winner, (drive,)),
        (compete.softhebb_factor, (g, drive)),
        (compete.raise_awake, (drive, lead)),
    ]
    expected = [function(*given_arrays) for function, given_arrays in calls]
    ran = []
    run = cuda._run
    monkeypatch.setattr(cuda, "_run", lambda name, *rest: (ran.append(name), run(name, *rest)))
    monkeypatch.setattr(choice, "on_gpu", lambda array: True)
    for (function, given_arrays), plain in zip(calls, expected, strict=True):
        assert_close(function(*given_arrays), plain)
    assert ran == ["softmax", "winner", "winner", "softhebb", "raise_awake"]


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
