"""Competition in compiled loops comes to what the plain definition says, ties, blanks and NaN included."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close
from numpy.testing import assert_array_equal

from neuro_cnn.ops import compete, compiled, inhibition, threads
from neuro_cnn.ops.geometry import batch_first
from neuro_cnn.ops.interpolate import best_between

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 6), st.integers(1, 6), st.integers(1, 4))
"""Planes, height, width and images: some fill a vector of 16 numbers, some do not."""
KINDS = st.sampled_from(["smooth", "ties", "far", "one plane"])


def activity(shape, seed, kind="smooth"):
    """Single precision, the batch innermost in memory; a fifth of the positions is blank."""
    rng = np.random.default_rng(seed)
    if kind == "one plane":
        shape = (1, *shape[1:])
    values = rng.standard_normal(shape, np.float32)
    if kind == "ties":
        values = np.round(values)
    if kind == "far":  # most shares are too small to be told from 0
        values = values * np.float32(300)
    return batch_first(values * (rng.random(shape[1:]) < 0.8))


def chances(drive, kind):
    """What may meet the drive in a plasticity: soft chances, or several winners alike."""
    return compete.plain_softmax(drive, 1.0) if kind == "soft" else np.asarray(drive > np.float32(0.5), np.float32)


@given(SHAPES, st.integers(0, 999), KINDS, st.floats(0.05, 20))
def test_softmax_is_the_plain_one(shape, seed, kind, temperature):
    drive = activity(shape, seed, kind)
    g = compete.softmax_planes(drive, temperature)
    assert_close(g, compete.plain_softmax(drive, temperature))
    assert g.dtype == np.float32
    assert g.strides == drive.strides


@given(st.integers(1, 40), st.integers(0, 999), st.floats(0.05, 2))
def test_softmax_is_right_to_its_last_digits_however_small_the_share(planes, seed, temperature):
    drive = activity((planes, 3, 3, 2), seed)
    exact = compete.plain_softmax(drive.astype(np.float64), temperature)
    far = (np.max(drive, axis=1, keepdims=True) - drive) / temperature  # its rounding is that of the exponent
    error = np.abs(compete.softmax_planes(drive, temperature) - exact)
    normal = exact > 1e-37  # the smallest normal number is 1.2e-38
    assert np.all(error[normal] <= ((2 + far) * 2e-7 * exact)[normal])


@given(SHAPES, st.integers(0, 999), KINDS)
def test_winners_are_the_plain_ones_and_ties_go_to_the_lowest_plane(shape, seed, kind):
    drive = activity(shape, seed, kind)
    assert_array_equal(compete.winner(drive), compete.plain_winner(drive))
    assert_array_equal(compete.awake_winner(drive), compete.plain_winner(drive) * compete.awake(drive))


@given(SHAPES, st.integers(0, 999), KINDS, st.sampled_from(["soft", "several winners"]))
def test_the_factor_of_softhebb_is_the_plain_one(shape, seed, kind, who):
    u = activity(shape, seed, kind)
    g = chances(u, who)
    (y, total), (plain_y, plain_total) = compete.softhebb_factor(g, u), compete.plain_softhebb_factor(g, u)
    assert_array_equal(y, plain_y)
    scale = np.sum(np.abs(plain_y * u), axis=(0, 2, 3))  # terms of both signs may cancel
    assert np.all(np.abs(total - plain_total) <= 1e-6 * scale)
    assert total.dtype == np.float32


@given(SHAPES, st.integers(0, 999), KINDS)
def test_the_lead_is_added_where_cells_are_driven(shape, seed, kind):
    drive = activity(shape, seed, kind)
    lead = np.random.default_rng(seed).standard_normal(drive.shape[1], np.float32)
    expected = drive + lead[:, None, None] * np.any(drive != 0, axis=1, keepdims=True)
    assert_array_equal(compete.raise_awake(drive, lead), expected)


@given(SHAPES, st.integers(0, 999), st.floats(-1000, 1000))
def test_the_deviation_is_that_of_double_precision_however_far_the_mean(shape, seed, mean):
    x = activity(shape, seed) + np.float32(mean)
    assert abs(compete.deviation(x) - np.std(x.astype(np.float64))) <= 1e-6 * np.std(x) + 1e-7 * abs(mean)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_shows_where_it_shows_in_the_plain_form(value):
    drive = activity((20, 4, 4, 3), 0)
    for plane, place in ((0, (1, 1)), (7, (2, 3)), (19, (0, 0))):
        drive[1, plane, *place] = value
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        assert_close_or_both_nan(compete.softmax_planes(drive, 0.5), compete.plain_softmax(drive, 0.5))
        assert_array_equal(compete.winner(drive), compete.plain_winner(drive))
        for g in (compete.plain_softmax(drive, 0.5), np.asarray(drive > 1, np.float32)):
            for fast, plain in zip(
                compete.softhebb_factor(g, drive), compete.plain_softhebb_factor(g, drive), strict=True
            ):
                assert_close_or_both_nan(fast, plain)
        assert np.isnan(compete.deviation(drive))


def assert_close_or_both_nan(actual, expected):
    """Within single precision of each other, NaN and infinities at the same places."""
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(30, 8), (3, 8, 2, 2)])
def test_other_orders_of_memory_and_double_precision_give_the_same(shape):
    drive = np.random.default_rng(0).standard_normal(shape)
    single = drive.astype(np.float32)
    last = np.moveaxis(np.ascontiguousarray(np.moveaxis(single, 0, -1)), -1, 0)
    for x in (drive, single, last, np.asfortranarray(single)):
        assert_array_equal(compete.winner(x), compete.winner(drive))
        np.testing.assert_allclose(compete.softmax_planes(x, 0.3), compete.softmax_planes(drive, 0.3), rtol=1e-5)
        np.testing.assert_allclose(compete.deviation(x), np.std(drive), rtol=1e-6)


def test_a_temperature_next_to_0_is_hard_competition():
    drive = activity((5, 3, 3, 2), 0)
    assert_array_equal(compete.softmax_planes(drive, 1e-45), compete.awake_winner(drive))


def test_the_number_of_threads_changes_no_bit(monkeypatch):
    drive = activity((8, 40, 40, 10), 0)  # several parts
    g = compete.softmax_planes(drive, 1.0)
    alone = (g, *compete.softhebb_factor(g, drive), compete.deviation(drive), compete.winner(drive))
    monkeypatch.setattr(threads, "threads", lambda: 3)
    g = compete.softmax_planes(drive, 1.0)
    shared = (g, *compete.softhebb_factor(g, drive), compete.deviation(drive), compete.winner(drive))
    for one, other in zip(alone, shared, strict=True):
        assert_array_equal(one, other)


def test_parts_are_in_order_and_cover_all_positions(monkeypatch):
    for workers in (1, 4):
        monkeypatch.setattr(threads, "threads", lambda workers=workers: workers)
        parts = threads.in_parts(lambda begin, end: (begin, end), 3 * threads.PART + 5)
        assert [begin for begin, _ in parts[1:]] == [end for _, end in parts[:-1]]
        assert (parts[0][0], parts[-1][1]) == (0, 3 * threads.PART + 5)
        assert threads.in_parts(lambda begin, end: begin, 0) == []


FORKED = """
import os
from neuro_cnn.ops import threads
threads.threads = lambda: 2
def half(begin, end):
    return (begin + end) // 2
known = threads.in_parts(half, 9000)
child = os.fork()
if child == 0:
    os._exit(0 if threads.in_parts(half, 9000) == known else 1)
print(os.waitpid(child, 0)[1])
"""


def test_arrays_that_do_not_meet_are_refused_and_nothing_read_beyond_them():
    g, u = (batch_first(np.ones((planes, 3, 3, 16), np.float32)) for planes in (4, 3))
    for work in (
        lambda: compete.softhebb_factor(g, u),
        lambda: compete.raise_awake(g, np.ones(3, np.float32)),
        lambda: best_between(*(np.ones(shape, np.float32) for shape in (50, (5, 40), 5))),
    ):
        with pytest.raises(ValueError, match="could not be broadcast"):
            work()


@pytest.mark.parametrize("name", ["shunting", "subtractive"])
@pytest.mark.parametrize(("planes", "images"), [(4, 16), (1, 16), (4, 1)])
def test_inhibition_of_all_planes_or_images_alike_is_the_plain_one(name, planes, images):
    rng = np.random.default_rng(0)
    e, v = (batch_first(rng.random(shape, np.float32)) for shape in ((4, 3, 3, 16), (1, 3, 3, images)))
    b = rng.random(planes, np.float32)
    plain = getattr(inhibition, f"plain_{name}")(e, b, v, 0.5)
    assert np.allclose(getattr(inhibition, name)(e, b, v, 0.5), plain, rtol=0, atol=1e-6)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_shares_its_work_anew():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "0"


def test_no_images_have_no_winners():
    nobody = np.zeros((0, 3, 2, 2), np.float32)
    assert compete.winner(nobody).shape == compete.softmax_planes(nobody, 1.0).shape == nobody.shape


def test_kernels_work_where_no_folder_can_keep_them():
    space = {}
    exec("def twice(x):\n    return x + x\n", space)  # no file, hence no place for its machine code
    assert compiled.compiled()(space["twice"])(4) == 8
