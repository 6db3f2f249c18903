"""Output functions and local inhibition: where one is another, and what each is far from 0."""

import numpy as np
import pytest
from kit import assert_close, double

from neuro_cnn.layers import (
    APL,
    ELU,
    GELU,
    SELU,
    BentIdentity,
    Dropout,
    LeakyReLU,
    LocalResponse,
    Logistic,
    Params,
    PReLU,
    ReLU,
    RReLU,
    Softplus,
    SoftPlusPlus,
    SReLU,
    Tanh,
)
from neuro_cnn.layers.learned_functions import Bends, Hinges

SHAPE = (2, 6, 7)
DRAWN = {"x": np.random.default_rng(0).standard_normal((3, *SHAPE)), "dy": np.random.default_rng(1).random((3, *SHAPE))}


def curve(layer, learned=()):
    """Response and input gradient of an output function for the same drives."""
    params = Params(learned) if learned else double(layer.init(SHAPE, np.random.default_rng(2)))
    y, activity = layer.forward(params, DRAWN["x"])
    return y, layer.backward(params, activity, DRAWN["dy"])[0]


@pytest.mark.parametrize(
    ("layer", "learned", "limit"),
    [
        (PReLU(0), (), ReLU()),
        (PReLU(0.25), (), LeakyReLU(0.25)),
        (PReLU(1), (), Dropout()),  # at rest the identity
        (LeakyReLU(0), (), ReLU()),
        (RReLU(0.1, 0.3), (), LeakyReLU(0.2)),
        (SReLU(leak=0), (), ReLU()),
        (SReLU(leak=0.25), (), LeakyReLU(0.25)),
        (SReLU(), Bends(*np.array([[-1, -1], [1, 1], [1, 1], [1, 1]], float)), Dropout()),
        (APL(2), Hinges(np.zeros((2, 2)), np.ones((2, 2))), ReLU()),
        (APL(1), Hinges(np.full((1, 2), -0.3), np.zeros((1, 2))), LeakyReLU(0.3)),
        (ELU(1e-300), (), ReLU()),
    ],
)
def test_output_functions_have_each_other_as_limits(layer, learned, limit):
    assert_close(curve(layer, learned), curve(limit))


def test_an_s_shaped_unit_can_be_flat_on_both_sides():
    bounded = SReLU().forward(Params(Bends(*np.array([[-1, -0.5], [0, 0], [1, 0.5], [0, 0]]))), DRAWN["x"])[0]
    limits = np.array([1, 0.5])[:, None, None]
    assert_close(bounded, np.clip(DRAWN["x"], -limits, limits))


def test_bends_that_have_crossed_meet_halfway():
    met = SReLU().project(Bends(*np.array([[2.0, -1], [0, 0], [1, 1], [1, 1]])))
    assert_close(met, Bends(*np.array([[1.5, -1], [0, 0], [1.5, 1], [1, 1]])))


@pytest.mark.parametrize(("layer", "slope"), [(LeakyReLU(), 0.01), (Softplus(), 0), (GELU(), 0), (BentIdentity(), 0.5)])
def test_far_from_0_a_curve_is_a_line(layer, slope):
    x = np.array([[-1e4, 1e4]])
    above = 1.5 if isinstance(layer, BentIdentity) else 1
    y, activity = layer.forward((), x)
    np.testing.assert_allclose(y / x, [[slope, above]], atol=1e-4)
    np.testing.assert_allclose(layer.backward((), activity, np.ones_like(x))[0], [[slope, above]], atol=1e-4)


def test_curves_that_are_others_in_disguise():
    x = DRAWN["x"]
    assert_close(Logistic().forward((), x)[0], (1 + Tanh().forward((), x / 2)[0]) / 2)
    y, activity = Softplus().forward((), x)
    assert_close(Softplus().backward((), activity, np.ones_like(x))[0], Logistic().forward((), x)[0])
    assert_close(SoftPlusPlus(c=1e300).forward((), x)[0], y - np.log(2))
    assert_close(GELU().forward((), x)[0] - GELU().forward((), -x)[0], x)  # Phi(x) + Phi(-x) = 1


def test_the_constants_of_scaled_exponential_units_are_the_published_ones():
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    x = np.array([[-1.0, 1.0]])
    np.testing.assert_allclose(SELU().forward((), x)[0], [[scale * alpha * np.expm1(-1), scale]], rtol=1e-15)


def test_scaled_exponential_units_keep_mean_0_and_variance_1():
    x = np.linspace(-12, 12, 100_001)
    weight = np.exp(-x * x / 2) / np.sum(np.exp(-x * x / 2))
    y = SELU().forward((), x[None])[0][0]
    np.testing.assert_allclose([np.sum(weight * y), np.sum(weight * y * y)], [0, 1], atol=1e-8)


def test_without_neighbours_inhibition_is_a_constant():
    layer = LocalResponse(5, k=4, alpha=1e-300, beta=0.5)
    assert_close(layer.forward((), DRAWN["x"])[0], DRAWN["x"] / 2)


def test_a_cell_that_answers_alone_is_inhibited_by_itself_and_inhibits_its_neighbours():
    x = np.zeros((1, 6, 1, 1))
    x[0, 0], x[0, 2] = 3, 1
    y = LocalResponse(3, k=2, alpha=0.5, beta=1).forward((), x)[0]
    assert_close(y, x / (2 + 0.5 * np.array([9, 10, 1, 1, 0, 0])[None, :, None, None]))
