"""Correlation with unshared weights, against loops over the places and against correlation."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, inner, on

from neuro_cnn import ops

PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))
EDGES = st.tuples(st.integers(-1, 2), st.integers(-1, 2))


@st.composite
def problems(draw):
    """A map, weights, an error and how the views lie."""
    size, stride, dilation = draw(PAIR), draw(PAIR), draw(PAIR)
    pad = draw(st.tuples(EDGES, EDGES))
    sides = [
        max(1 + sum(max(-edge, 0) for edge in edges), d * (s - 1) + 1 - sum(edges)) + draw(st.integers(0, 3))
        for s, d, edges in zip(size, dilation, pad, strict=True)
    ]
    n, c, k = (draw(st.integers(1, 3)) for _ in range(3))
    how = {"stride": stride, "pad": pad, "dilation": dilation}
    places = ops.window(size, **how).places(*sides)
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    x, weight = rng.standard_normal((n, c, *sides)), rng.standard_normal((*places, k, c, *size))
    return x, weight, rng.standard_normal((n, k, *places)), how


@given(problems())
def test_every_place_weighs_its_view_by_its_own_weights(problem):
    x, weight, dy, how = problem
    views = ops.patches(x, weight.shape[4:], **how)  # (N, C, h, w, H', W')
    product = ops.correlate_unshared_weight_adjoint(x, dy, weight.shape, **how)
    y = ops.correlate_unshared(x, weight, **how)
    assert product.shape == weight.shape
    for place in np.ndindex(*weight.shape[:2]):
        view = views[(..., *place)].reshape(len(x), -1)
        matrix = weight[place].reshape(weight.shape[2], -1)
        assert_close(y[(..., *place)], view @ matrix.T)
        assert_close(product[place].reshape(matrix.shape), dy[(..., *place)].T @ view)


@given(problems())
def test_the_adjoints_are_adjoint(problem):
    x, weight, dy, how = problem
    y = ops.correlate_unshared(x, weight, **how)
    dx = ops.correlate_unshared_input_adjoint(dy, weight, x.shape, **how)
    dw = ops.correlate_unshared_weight_adjoint(x, dy, weight.shape, **how)
    scale = 1e-12 * (np.linalg.norm(y) * np.linalg.norm(dy) + 1)
    assert abs(inner(y, dy) - inner(x, dx)) <= scale
    assert abs(inner(y, dy) - inner(weight, dw)) <= scale


@given(problem=problems())
def test_every_library_gives_the_same_numbers(xp, problem):
    x, weight, dy, how = problem
    ax, aw, ady = on(xp, (x, weight, dy))
    assert_close(ops.correlate_unshared(ax, aw, **how), ops.correlate_unshared(x, weight, **how))
    back = ops.correlate_unshared_input_adjoint(dy, weight, x.shape, **how)
    assert_close(ops.correlate_unshared_input_adjoint(ady, aw, x.shape, **how), back)
    product = ops.correlate_unshared_weight_adjoint(x, dy, weight.shape, **how)
    assert_close(ops.correlate_unshared_weight_adjoint(ax, ady, weight.shape, **how), product)
