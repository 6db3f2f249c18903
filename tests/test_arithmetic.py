"""The published counts of convolution: parameters, connections and operations, from the layers' own arithmetic."""

import numpy as np
import pytest

from neuro_cnn.layers import Conv, Dense, LocallyConnected


def counted(layer, in_shape):
    """The shape of a layer's response, its parameters, and its connections and multiply-adds; no weights are made."""
    params = layer.init(in_shape, None)
    return layer.out_shape(params, in_shape), layer.parameters(params), layer.arithmetic(params, in_shape)


def test_ten_filters_of_5_x_5_x_3_have_760_parameters_and_keep_a_map_padded_by_2():
    for pad in (2, "same"):
        shape, parameters, _ = counted(Conv(10, 5, pad=pad), (3, 32, 32))
        assert shape == (10, 32, 32)
        assert parameters == 760


def test_an_edge_filter_costs_267960_operations_and_as_a_dense_matrix_16006144000():
    # Goodfellow, Bengio & Courville 2016, fig. 9.6: 320 wide, 280 high; each pixel less its left neighbour
    image = (1, 280, 320)
    shape, _, (_, macs) = counted(Conv(1, (1, 2), bias=False), image)
    cells = int(np.prod(shape))
    assert shape == (1, 280, 319)
    assert macs + (macs - cells) == 267_960  # two multiplications and one addition a cell
    _, entries, (_, dense) = counted(Dense(cells, bias=False), (int(np.prod(image)),))
    assert entries == dense
    assert 2 * dense == 16_006_144_000  # a multiplication and an addition an entry


def test_seven_inputs_to_three_units_have_21_weights_dense_9_local_and_3_shared():
    dense, local, shared = (
        Dense(3, bias=False),
        LocallyConnected(1, (1, 3), (1, 2), bias=False),
        Conv(1, (1, 3), (1, 2), bias=False),
    )
    assert counted(dense, (7,)) == ((3,), 21, (21, 21))
    assert counted(local, (1, 1, 7)) == ((1, 1, 3), 9, (9, 9))
    assert counted(shared, (1, 1, 7)) == ((1, 1, 3), 3, (9, 9))


def test_three_layers_of_64_planes_over_224_x_224_pixels_have_9633792_activations():
    shape, activations = (3, 224, 224), 0
    for _ in range(3):
        shape, *_ = counted(Conv(64, 3, pad="same"), shape)
        activations += int(np.prod(shape))
    assert activations == 9_633_792


def test_alexnets_first_layer_shares_34944_parameters_among_290400_cells_that_alone_would_have_105705600():
    # Krizhevsky, Sutskever & Hinton 2012, with the 227 x 227 pixels that its sizes ask for
    image = (3, 227, 227)
    shape, shared, cost = counted(Conv(96, 11, 4), image)
    assert shape == (96, 55, 55)
    assert np.prod(shape) == 290_400
    assert shared == 34_944
    local_shape, unshared, local_cost = counted(LocallyConnected(96, 11, 4), image)
    assert local_shape == shape
    assert unshared == 105_705_600
    assert local_cost == cost
    assert Conv(96, 11, 4).unshared(Conv(96, 11, 4).init(image, None), image) == unshared


@pytest.mark.parametrize(("size", "stride", "pad"), [(3, 1, 0), ((1, 4), (1, 2), "same"), (2, 3, 1)])
def test_sharing_saves_parameters_by_the_number_of_places_and_no_operation(size, stride, pad):
    conv, local = Conv(4, size, stride, pad), LocallyConnected(4, size, stride, pad)
    (shape, shared, cost), (_, alone, same) = (counted(layer, (3, 9, 10)) for layer in (conv, local))
    assert alone == shared * shape[1] * shape[2]
    assert same == cost
    assert local.unshared(local.init((3, 9, 10), None), (3, 9, 10)) == alone
