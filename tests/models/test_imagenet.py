"""The networks of ImageNet, by the counts that were published of them; no weight is allocated."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.models import build
from neuro_cnn.models.googlenet import MODULES

SIDE = {"alexnet": 227}
SIZED = ("alexnet", "zfnet", "vgg16", "googlenet", "resnet18", "resnet50")


def rows(name, classes=1000, **options):
    """The layer table of a system for images of its size, by the layers' names."""
    shape = (3, *(SIDE.get(name, 224),) * 2)
    net, _ = build(name, shape, classes, **options)
    return {row.name: row for row in describe(net, shape)}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("alexnet", 60_965_224),  # "60 million", Krizhevsky et al. 2012; to the digit by its published layers
        ("zfnet", 62_357_608),  # Zeiler & Fergus 2014, fig. 3, by its published layers
        ("vgg16", 138_357_544),  # "138 million", Simonyan & Zisserman 2015, table 2
        ("googlenet", 6_998_552),  # Szegedy et al. 2015, table 1, with biases, without auxiliary classifiers
        ("resnet18", 11_689_512),
        ("resnet50", 25_557_032),
    ],
)
def test_parameters_are_as_published(name, parameters):
    assert sum(row.parameters for row in rows(name).values()) == parameters


def test_alexnet_has_the_cells_and_parameters_of_the_paper():
    table = rows("alexnet")
    first = table["conv1"]
    assert (first.out_shape, np.prod(first.out_shape)) == ((96, 55, 55), 290_400)
    assert (first.parameters, first.unshared) == (34_944, 105_705_600)
    cells = [np.prod(row.out_shape) for name, row in table.items() if name.startswith(("conv", "fc", "out"))]
    assert 640_000 < sum(cells) < 660_000  # "650,000 neurons"
    assert [table[f"pool{n}"].out_shape[1:] for n in (1, 2, 5)] == [(27, 27), (13, 13), (6, 6)]


def test_what_is_left_out_of_alexnet_takes_the_parameters_that_were_reported():
    whole = sum(row.parameters for row in rows("alexnet").values())
    reported = {"fc7": 16, "fc6-7": 50, "conv3-4": 1}  # millions
    for key, millions in reported.items():
        gone = whole - sum(row.parameters for row in rows("alexnet", without=key).values())
        assert gone / 1e6 == pytest.approx(millions, abs=0.9)


def test_vgg16_has_fifteen_million_activations_and_as_many_multiplications_as_published():
    table = rows("vgg16")
    assert sum(np.prod(table[f"conv1_{n}"].out_shape) for n in (1, 2)) == 2 * 224 * 224 * 64
    assert table["pool5"].out_shape == (512, 7, 7)
    assert sum(row.macs for row in table.values()) == 15_470_264_320
    assert table["relu5_3"].receptive_field == (196, 196)


@pytest.mark.parametrize(
    # table 1, in units of 1,024 and without biases; five of its counts do not follow from the planes in their own rows
    ("module", "thousands"),
    [
        ("inception3a", 159),
        ("inception3b", 380),
        ("inception4a", 364),
        ("inception4b", 437),
        ("inception4c", 463),
        ("inception4d", 580),
        ("inception4e", 840),
        ("inception5a", 1072),
        ("inception5b", 1388),
    ],
)
def test_the_modules_of_googlenet_have_the_parameters_of_table_1(module, thousands):
    inner = [row for name, row in rows("googlenet").items() if name.startswith(f"{module}.")]
    biases = sum(row.out_shape[0] for row in inner if row.kind == "conv")
    count = (sum(row.parameters for row in inner) - biases) / 1024
    assert count == pytest.approx(thousands, rel=0.08)


def test_googlenets_maps_and_planes_are_those_of_table_1():
    table = rows("googlenet")
    sides = {"conv1": 112, "pool1": 56, "pool2": 28, "pool3": 14, "pool4": 7}
    assert {name: table[name].out_shape[1] for name in sides} == sides
    planes = [table[name].out_shape[0] for name in MODULES if name.startswith("inception")]
    assert planes == [256, 480, 512, 512, 512, 528, 832, 832, 1024]


@pytest.mark.parametrize(("name", "gigamacs"), [("resnet18", 1.8), ("resnet50", 3.8)])
def test_resnets_cost_as_many_multiply_adds_as_table_1_says(name, gigamacs):
    table = rows(name)
    macs = sum(row.macs for row in table.values() if row.kind in ("conv", "dense"))
    assert macs / 1e9 == pytest.approx(gigamacs, abs=0.07)
    assert [table[f"layer{s}_0_relu"].out_shape[1] for s in (1, 2, 3, 4)] == [56, 28, 14, 7]


def test_images_smaller_than_what_the_cells_see_are_refused():
    with pytest.raises(UsageError, match="vgg16 cannot see images of 3 x 28 x 28: layer pool5: view of 2 does not fit"):
        build("vgg16", (3, 28, 28), 10)


@pytest.mark.parametrize("name", ["alexnet-small", "resnet18"])
def test_the_nets_see_digits(name):
    net, _ = build(name, (1, 28, 28), 10)
    params = net.init((1, 28, 28), 0)
    assert net.respond(params, np.zeros((2, 1, 28, 28), np.float32)).shape == (2, 10)


@pytest.mark.slow
def test_a_forward_and_backward_pass_of_alexnet_takes_less_than_four_gigabytes():
    code = """
import resource, numpy as np
from neuro_cnn.layers import Key
from neuro_cnn.losses import CrossEntropy
from neuro_cnn.models import build
net, _ = build("alexnet", (3, 227, 227), 1000)
params = net.init((3, 227, 227), 0)
x = np.random.default_rng(0).random((4, 3, 227, 227), np.float32)
scores, activity = net.forward(params, x, Key((0,)))
_, error = CrossEntropy()(scores, np.arange(4))
_, gradients = net.backward(params, activity, error, need_input=False)
assert all(np.isfinite(leaf).all() for part in gradients.values() for leaf in part)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0.3 < float(done.stdout) < 4.0


@pytest.mark.parametrize("name", SIZED)
def test_the_layer_table_is_made_without_allocating_weights(name):
    tracemalloc.start()
    counted = sum(row.parameters for row in rows(name).values())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * counted / 10  # bytes of the weights in single precision
    assert peak < 8e6
