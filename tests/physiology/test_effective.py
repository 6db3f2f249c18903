"""The effective receptive field of known cells."""

import numpy as np
import pytest
from cells import linear, prepared, simple_and_complex

from neuro_cnn.layers import Conv, Params
from neuro_cnn.layers.base import Weights
from neuro_cnn.network import Chain
from neuro_cnn.physiology import effective_field
from neuro_cnn.physiology.mapping.effective import spread


@pytest.mark.parametrize(("count", "size"), [(2, 3), (5, 3), (10, 3), (4, 5)])
def test_of_a_chain_of_linear_layers_with_even_weights_the_variance_is_l_k2_minus_1_over_12(count, size):
    net = Chain(tuple((f"L{number}", Conv(1, size, bias=False)) for number in range(count)))
    side = count * (size - 1) + 1
    params = {name: Params(Weights(np.ones((1, 1, size, size), np.float32))) for name in net.names}
    found = effective_field(prepared(net, params, (1, side, side)), images=2)
    assert found.measures["sigma"][0] ** 2 == pytest.approx(count * (size**2 - 1) / 12, rel=0.01)
    if size == 3:  # 4 sigma over the side of the box falls as 1 / sqrt(L)
        shares = {2: 0.92, 5: 0.66, 10: 0.49}
        assert 4 * found.measures["sigma"][0] / side == pytest.approx(shares[count], abs=0.01)


def test_a_linear_cells_field_is_its_weights_without_their_sign():
    w = np.random.default_rng(0).standard_normal((2, 7, 7)).astype(np.float32)
    found = effective_field(prepared(*linear(w, threshold=-100.0)))
    assert np.allclose(found.shown.maps, np.abs(w) / 2, rtol=1e-5)  # half a grey level a unit of contrast


def test_a_c_cells_field_is_wider_than_its_s_cells_and_both_fill_a_part_of_the_box():
    fields = [effective_field(preparation) for preparation in simple_and_complex(whitened=True, side=32)]
    assert np.all(fields[1].measures["sigma"] > fields[0].measures["sigma"])
    assert max(field.measures["ratio"].max() for field in fields) < 0.6


def test_a_dead_cell_is_silent_and_has_no_spread():
    found = effective_field(prepared(*linear(np.zeros((1, 5, 5), np.float32))))
    assert found.verdicts[0].flag == "silent"
    assert np.isnan(spread(np.zeros((1, 3, 3)))).all()
