"""Weights under PyTorch's names, without PyTorch."""

import json

import numpy as np
import pytest
from command import call
from kit import assert_close

from neuro_cnn import checkpoint, exchange
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.layers import Params
from neuro_cnn.models import build
from neuro_cnn.tree import tree_map

DIGIT = (1, 28, 28)


def lenet():
    """LeNet's wiring, weights and state dictionary."""
    net, _ = build("lenet5", DIGIT, 10)
    params = tree_map(lambda w: w + np.float32(0.01), net.init(DIGIT, 0))
    return net, params, exchange.to_torch(net, params, "lenet5")


def test_names_are_pytorchs_and_a_threshold_is_a_bias_of_the_other_sign():
    _, params, arrays = lenet()
    assert list(arrays)[:3] == ["conv1.weight", "conv1.bias", "conv2.weight"]
    np.testing.assert_array_equal(arrays["conv1.bias"], -params["S1"].learned.inhibition)


def test_resnets_names_are_torchvisions():
    net, _ = build("resnet18", (3, 64, 64), 10)
    names = exchange.to_torch(net, net.init((3, 64, 64), None), "resnet18")
    wanted = {"bn1.running_mean", "layer2.0.downsample.1.running_var", "layer4.1.conv2.weight", "fc.bias"}
    assert wanted <= set(names)
    assert len(names) == 102  # torchvision's 122 without its 20 counters of batches


@pytest.mark.parametrize(
    ("name", "shape", "options"),
    [
        *(("lenet5", DIGIT, {}), ("resnet18", (3, 40, 40), {}), ("mlp", DIGIT, {})),
        ("lenet5", DIGIT, {"activation": "prelu"}),
    ],
)
def test_there_and_back_changes_nothing(name, shape, options, tmp_path):
    net, _ = build(name, shape, 10, **options)
    params = net.init(shape, 0)
    exchange.save(tmp_path / "w.safetensors", exchange.to_torch(net, params, name))
    back = exchange.from_torch(net, net.init(shape, None), exchange.load(tmp_path / "w.safetensors"), name)
    assert_close(back, params)


def test_what_does_not_fit_is_refused_by_name(tmp_path):
    net, params, arrays = lenet()

    def give(**changed):
        return exchange.from_torch(net, params, {**arrays, **changed}, "lenet5")

    with pytest.raises(DataError, match=r"fc3.bias has shape \(7,\), but \(10,\) is wanted"):
        give(**{"fc3.bias": np.zeros(7, np.float32)})
    with pytest.raises(DataError, match=r"unknown array 'conv1.wait'; did you mean 'conv1.weight'"):
        give(**{"conv1.wait": arrays["conv1.weight"]})
    with pytest.raises(DataError, match=r"weights lack fc1.weight; save the whole state dictionary"):
        exchange.from_torch(net, params, {k: v for k, v in arrays.items() if k != "fc1.weight"}, "lenet5")
    with pytest.raises(DataError, match=r"fc3.bias holds numbers that are not finite"):
        give(**{"fc3.bias": np.full(10, np.nan)})
    with pytest.raises(DataError, match=r"fc3.bias holds numbers that are not finite in single precision"):
        give(**{"fc3.bias": np.full(10, 1e300)})
    with pytest.raises(DataError, match=r"fc3.bias is of type complex64; save numbers of floating point"):
        give(**{"fc3.bias": np.zeros(10, np.complex64)})
    (tmp_path / "text.safetensors").write_text("no weights")
    half = json.dumps({"w": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    (tmp_path / "half.safetensors").write_bytes(len(half).to_bytes(8, "little") + half + bytes(2))
    for path in ("none.safetensors", "text.safetensors", "half.safetensors"):
        with pytest.raises(DataError, match=path):
            exchange.load(tmp_path / path)
    old, _ = build("neocognitron-supervised", DIGIT, 10)
    with pytest.raises(UsageError, match="PyTorch has no layer like"):
        exchange.to_torch(old, old.init(DIGIT, 0))


def test_a_run_of_taken_weights_answers_like_the_one_they_came_from(tmp_path):
    run, file, taken = tmp_path / "run", tmp_path / "w.safetensors", tmp_path / "taken"
    call("train", "lenet5", "--set", "epochs=1", "--train-size", 300, "--out", run)
    shapes = call("weights", "export", run, file, "--json").json["arrays"]
    assert shapes["fc3.weight"] == [10, 84]
    answer = call("weights", "import", "lenet5", file, "--out", taken, "--json").json
    assert answer["test_accuracy"] == call("evaluate", run, "--json").json["accuracy"]
    assert answer["test_accuracy"] == call("evaluate", taken, "--json").json["accuracy"]
    saved = checkpoint.load(taken / "checkpoints" / "best.safetensors").state.params
    assert isinstance(saved["S1"], Params)
    refused = call("weights", "import", "mlp", file, "--out", tmp_path / "no")
    assert (refused.code, (tmp_path / "no").exists()) == (3, False)
    elsewhere = call("weights", "export", run, tmp_path / "w.pt")
    assert (elsewhere.code, (tmp_path / "w.pt").exists()) == (2, False)
    assert "let the name end in .safetensors" in elsewhere.err
