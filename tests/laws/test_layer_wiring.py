"""What layers are before anything is shown to them: weights, plain data, and what is refused."""

from typing import get_args

import numpy as np
import pytest
from kit import assert_close, difference, is_float
from layer_examples import EXAMPLES, LEARNING, MAP, TABLE, every, example
from pydantic import TypeAdapter, ValidationError

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    APL,
    ELU,
    ISRLU,
    L2,
    RBF,
    BatchNorm,
    BestPosition,
    CCells,
    Contrast,
    Conv,
    Dense,
    Dropout,
    Frame,
    Gabors,
    GlobalPool,
    InterpolatingVector,
    Join,
    LeakyReLU,
    LocallyConnected,
    LocalResponse,
    Max,
    Maxout,
    Mean,
    Nearest,
    PowerMean,
    PReLU,
    Prototypes,
    Rectified,
    RReLU,
    ScaledTanh,
    SCells,
    Shunting,
    SoftPlusPlus,
    SquareRoot,
    SReLU,
    Subtractive,
    Triangle,
    TrueConv,
)
from neuro_cnn.network import AnyPart, Chain
from neuro_cnn.tree import leaves, tree_map


def test_every_layer_has_an_example():
    assert {type(layer) for layer, _ in EXAMPLES.values()} == set(get_args(AnyPart))


@every
def test_weights_fit_the_input_that_they_were_made_for(name):
    layer, params, x, _ = example(name)
    assert layer.fits(params, x.shape[1:])


@pytest.mark.parametrize("name", [*LEARNING, "normalize", "join", "nearest", "rbf", "interpolating"])
def test_weights_no_longer_fit_once_the_layer_below_has_grown(name):
    layer, params, x, _ = example(name)
    assert not layer.fits(params, (2 * x.shape[1], *x.shape[2:]))


@every
def test_initial_weights_are_float32(name):
    layer, shape = EXAMPLES[name]
    for rng in (None, np.random.default_rng(0)):
        assert all(leaf.dtype == np.float32 for _, leaf in leaves(layer.init(shape, rng)) if is_float(leaf))


@every
def test_placeholders_have_the_shapes_of_weights(name):
    layer, shape = EXAMPLES[name]
    made, placeholder = layer.init(shape, np.random.default_rng(0)), layer.init(shape, None)
    assert tree_map(np.shape, placeholder) == tree_map(np.shape, made)
    assert layer.out_shape(placeholder, shape) == layer.out_shape(made, shape)


@pytest.mark.parametrize("name", LEARNING)
def test_placeholders_take_no_memory(name):
    layer, shape = EXAMPLES[name]
    assert all(set(leaf.strides) == {0} for _, leaf in leaves(layer.init(shape, None).learned))


@every
def test_wiring_reads_back_from_plain_data_and_from_json(name):
    chain = Chain(((("L", EXAMPLES[name][0])),))
    adapter = TypeAdapter(Chain)
    assert adapter.validate_python(adapter.dump_python(chain)) == chain
    assert adapter.validate_json(adapter.dump_json(chain)) == chain


@every
def test_an_unknown_key_is_refused(name):
    adapter = TypeAdapter(Chain)
    data = adapter.dump_python(Chain((("L", EXAMPLES[name][0]),)), mode="json")
    data["layers"][0][1]["strid"] = 1
    with pytest.raises(ValidationError, match="strid"):
        adapter.validate_python(data)


@pytest.mark.parametrize(
    "part", [Max(), Mean(), L2(), PowerMean(), SquareRoot(), Rectified(), Shunting(), Subtractive(0.5)]
)
def test_an_unknown_key_of_a_pool_or_response_is_refused(part):
    adapter = TypeAdapter(type(part))
    with pytest.raises(ValidationError, match="gama"):
        adapter.validate_python({**adapter.dump_python(part), "gama": 1})


@pytest.mark.parametrize("name", LEARNING)
def test_projection_permits_and_changes_nothing_that_is_permitted(name):
    layer, params, _, _ = example(name)
    free = tree_map(lambda w: w - 10, params.learned)
    permitted = layer.project(free)
    again = dict(leaves(layer.project(permitted)))
    assert max(difference(again[name], leaf) for name, leaf in leaves(permitted)) == 0
    cells = getattr(layer, "cells", layer)
    if isinstance(cells, SCells) and cells.response.inhibited:
        assert all(np.all(leaf >= 0) for _, leaf in leaves(permitted))
    else:
        assert_close(permitted, free)


def test_inhibition_begins_at_the_share_that_is_set_and_is_whole_once_a_rule_has_set_the_weights():
    whole, third = (SCells(3, 3, response=Shunting(), initial_inhibition=share) for share in (1.0, 0.3))
    a, b = (layer.init(MAP, np.random.default_rng(0)) for layer in (whole, third))
    assert_close(b.learned, a.learned._replace(inhibition=np.float32(0.3) * a.learned.inhibition))
    assert_close(third.rewire(b, b.learned.weight).learned, a.learned)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Conv(0, 3), "planes is 0; it must be at least 1"),
        (lambda: Conv(2, 3, groups=0), "groups is 0; it must be at least 1"),
        (lambda: Conv(2, 3, stride=0), r"stride is \(0, 0\); it must be at least 1"),
        (lambda: Conv(3, 3, table=TABLE), "connection table of 2 rows for 3 planes; give a row a plane"),
        (lambda: Conv(2, 2, table=((True,), (True, True))).init((2, 5, 5), None), "with a row of 1 for 2 input planes"),
        (lambda: Conv(4, 3, groups=2).init((3, 5, 5), None), "2 groups do not divide 3 input planes"),
        (lambda: TrueConv(3, 3, groups=2).init((2, 5, 5), None), "2 groups do not divide 2 input planes and 3 output"),
        (lambda: Conv(2, 3, pad="smae"), "unknown padding 'smae'; did you mean 'same'"),
        (lambda: CCells(2, pad="ful"), "unknown padding 'ful'; did you mean 'full'"),
        (lambda: LocallyConnected(0, 3), "planes is 0; it must be at least 1"),
        (lambda: LocallyConnected(2, 5).init((1, 4, 9), None), "view of 5 does not fit a map of 4 x 9; pad by 1 or"),
        (
            lambda: Chain((("L", LocallyConnected(2, 3)),)).init((5,), None),
            "views meet a row of 5 units; put them before Flatten",
        ),
        (
            lambda: Chain((("L", Conv(2, 3, pad="same")),)).init((5,), None),
            "layer L: 'same' padding is that of a map of rows and columns; put views before Flatten",
        ),
        (lambda: Chain((("L", Conv(2, 3)),)).init((5,), None), "views meet a row of 5 units; put them before Flatten"),
        (
            lambda: Chain((("L", SCells(2, 3)),)).init((5,), None),
            "views meet a row of 5 units; put them before Flatten",
        ),
        (lambda: Chain((("L", CCells(2)),)).init((5,), None), "views meet a row of 5 units; put them before Flatten"),
        (lambda: Chain((("L", Contrast()),)).init((5,), None), "views meet a row of 5 units; put them before Flatten"),
        (lambda: SCells(0, 3), "planes is 0; it must be at least 1"),
        (lambda: SCells(2, 3, initial_inhibition=1.5), r"initial_inhibition is 1.5; it must lie in \[0, 1\]"),
        (lambda: CCells(2, pad=2), "wholly outside the map; pad by less"),
        (lambda: Shunting(r=0), "selectivity r is 0; it must be positive"),
        (lambda: Shunting(gamma=0), r"gamma must lie in \(0, 1\]"),
        (lambda: Subtractive(0), "threshold theta is 0; it must lie between 0 and 1"),
        (lambda: Subtractive(1), "threshold theta is 1; it must lie between 0 and 1"),
        (lambda: Subtractive(0.5, sigma=0), "sigma = 0; it must be positive"),
        (
            lambda: SCells(2, 7, response=Subtractive(0.5, sigma=0.1)).init((1, 9, 9), None),
            "leaves cells of a view of .* without weight; enlarge sigma",
        ),
        (lambda: SquareRoot(inhibition=-1), "surround inhibition of -1 in a C-cell; give 0 or more"),
        (lambda: Contrast(margin=-4), "margin of -4 contrast cells, each 7 wide; give -3 or more"),
        (lambda: Join(()), "a joined plane of no input planes; name at least one in every row"),
        (lambda: Join(((0,), ())), "a joined plane of no input planes; name at least one in every row"),
        (lambda: Join(((0, -1),)), r"input planes \(0, -1\) joined; count from 0 and name none of them twice"),
        (lambda: Join(((1, 1),)), r"input planes \(1, 1\) joined; count from 0 and name none of them twice"),
        (lambda: Join(((0,), (2,))).init(MAP, None), "input plane 2 is to be joined, but there are 2, counted from 0"),
        (lambda: Join(((0,),)).init((5,), None), "joined planes meet a row of 5 units"),
        (lambda: InterpolatingVector(0), "classes is 0; it must be at least 1"),
        (lambda: InterpolatingVector(2, reach=-1), "reach is -1; it must be at least 0"),
        (
            lambda: InterpolatingVector(2, reach=1).init((5,), None),
            "reach meet a row of 5 units",
        ),
        (lambda: Chain((("L", BestPosition()),)).init((5,), None), "a row of 5 units has no positions; leave out Best"),
        (lambda: Gabors(sizes=(7, 8)), r"views of \(7, 8\); give odd sizes of at least 5"),
        (lambda: Gabors(0), "orientations is 0; it must be at least 1"),
        (lambda: Maxout(0), "group is 0; it must be at least 1"),
        (lambda: Maxout(2).init((5, 3, 3), None), "groups of 2 do not divide 5 planes; choose a divisor"),
        (lambda: Prototypes(2, (2, 3)), r"sizes \(2, 3\); give sizes of at least 1, all odd or all even"),
        (lambda: Prototypes(2, (3,), sigma=0), "sigma = 0; it must be positive"),
        (lambda: Prototypes(2, (3,), bands=2).init((5, 4, 4), None), "2 bands do not divide 5 planes; choose a div"),
        (lambda: LeakyReLU(float("inf")), "leak is inf; it must be a number"),
        (lambda: ELU(0), "alpha is 0; it must be a positive number"),
        (lambda: ISRLU(float("nan")), "alpha is nan; it must be a positive number"),
        (lambda: SoftPlusPlus(k=-1), "k is -1; it must be a positive number"),
        (lambda: SoftPlusPlus(c=0), "c is 0; it must be a positive number"),
        (lambda: PReLU(float("nan")), "initial is nan; it must be a number"),
        (lambda: SReLU(leak=float("nan")), "leak is nan; it must be a number"),
        (lambda: SReLU(right=-1), "the right bend lies at -1, the left one at 0; give 0 or more"),
        (lambda: APL(0), "hinges is 0; it must be at least 1"),
        (lambda: RReLU(0.5, 0.2), "slopes from 0.5 to 0.2; give 0 <= lower <= upper"),
        (lambda: RReLU(-0.1, 0.2), "slopes from -0.1 to 0.2; give 0 <= lower <= upper"),
        (lambda: Dropout(1), r"dropout at a rate of 1; it must lie in \[0, 1\)"),
        (lambda: Dropout(-0.1), r"dropout at a rate of -0.1; it must lie in \[0, 1\)"),
        (lambda: LocalResponse(0), "neighbours is 0; it must be at least 1"),
        (lambda: LocalResponse(4), "4 neighbours have no plane in their middle; give an odd number"),
        (lambda: LocalResponse(k=0), "k is 0; it must be a positive number"),
        (lambda: LocalResponse(alpha=-1), "alpha is -1; it must be a positive number"),
        (lambda: LocalResponse(beta=0), "beta is 0; it must be a positive number"),
        (lambda: BatchNorm(epsilon=0), "epsilon is 0; it must be a positive number"),
        (lambda: BatchNorm(momentum=0), r"momentum of running moments is 0; it must lie in \(0, 1\]"),
        (lambda: BatchNorm(momentum=1.5), r"momentum of running moments is 1.5; it must lie in \(0, 1\]"),
        (lambda: PowerMean(0.5), "power mean with p = 0.5; p must be finite and at least 1"),
        (lambda: GlobalPool().init((5,), None), r"meets a row of 5 units; put it in place of Flatten\(\)"),
        (lambda: Triangle(0), "triangle with power 0; it must be positive"),
        (lambda: Contrast(7, 2, 1), "the surround must be the wider"),
        (lambda: Dense(0), "units is 0; it must be at least 1"),
        (lambda: Dense(2).init(MAP, None), r"meet a map of shape \(2, 7, 6\); put Flatten\(\) before them"),
        (lambda: ScaledTanh(steepness=0), "steepness is 0; it must be a positive number"),
        (lambda: Frame(0, 5), "height is 0; it must be at least 1"),
        (lambda: Frame(5, 5, 1.0, 1.0), "levels from dark 1.0 to bright 1.0; the bright must be the higher"),
        (lambda: Frame(9, 5).init(MAP, None), "a field of 9 x 5 cannot hold a map of 7 x 6; make it larger"),
        (lambda: Frame(9, 9).init((5,), None), "a frame around a row of 5 units; give it maps"),
        (lambda: RBF(0), "classes is 0; it must be at least 1"),
        (
            lambda: RBF(3).init((85,), None),
            r"drawings of 7 x 12 pixels meet an input of shape \(85,\); give it 84 units",
        ),
        (lambda: Nearest(0), "classes is 0; it must be at least 1"),
        (lambda: Nearest(2).init(MAP, None), r"meet a map of shape \(2, 7, 6\); put Flatten\(\) before them"),
    ],
)
def test_wiring_that_cannot_be_is_refused_with_the_remedy(make, message):
    with pytest.raises(UsageError, match=message):
        make()
