"""Weights taken over from PyTorch and given back, for LeNet-5 and ResNet-18, with equal outputs."""

import numpy as np
import pytest
from kit import assert_close

from neuro_cnn import exchange
from neuro_cnn.models import build

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
nn = torch.nn


class LeNet(nn.Module):
    """The modern LeNet-5 as PyTorch's tutorials write it."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


class Basic(nn.Module):
    """A block of two convolutions, under torchvision's names."""

    def __init__(self, before, planes, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(before, planes, 3, stride, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False), nn.BatchNorm2d(planes)
        self.downsample = None
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(before, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """ResNet-18 under torchvision's names."""

    def __init__(self, classes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        before = 64
        for stage, planes in enumerate((64, 128, 256, 512), 1):
            blocks = Basic(before, planes, 1 if stage == 1 else 2), Basic(planes, planes, 1)
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
            before = planes
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for stage in (1, 2, 3, 4):
            x = getattr(self, f"layer{stage}")(x)
        return self.fc(x.mean((2, 3)))


CASES = pytest.mark.parametrize(
    ("name", "make", "shape"), [("lenet5", LeNet, (1, 28, 28)), ("resnet18", lambda: ResNet18(10), (3, 64, 64))]
)


def lived(model, shape):
    """The model after a few learning passes, so that its running moments are not those it began with."""
    torch.manual_seed(0)
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model(torch.rand(4, *shape))
    return model.eval()


@CASES
def test_a_state_dictionary_from_pytorch_gives_its_scores(name, make, shape, tmp_path):
    model = lived(make(), shape)
    from safetensors.torch import save_file

    save_file(model.state_dict(), tmp_path / "theirs.safetensors")
    net, _ = build(name, shape, 10)
    params = exchange.from_torch(net, net.init(shape, None), exchange.load(tmp_path / "theirs.safetensors"), name)
    x = np.random.default_rng(0).random((3, *shape), np.float32)
    with torch.no_grad():
        assert_close(net.respond(params, x), model(torch.tensor(x)).numpy())


@CASES
def test_pytorch_loads_our_weights_and_gives_our_scores(name, make, shape, tmp_path):
    net, _ = build(name, shape, 10)
    params = net.init(shape, 0)
    exchange.save(tmp_path / "ours.safetensors", exchange.to_torch(net, params, name))
    from safetensors.torch import load_file

    model = make()
    missing, unexpected = model.load_state_dict(load_file(tmp_path / "ours.safetensors"), strict=False)
    assert (all("num_batches" in key for key in missing), unexpected) == (True, [])
    x = np.random.default_rng(0).random((3, *shape), np.float32)
    with torch.no_grad():
        assert_close(net.respond(params, x), model.eval()(torch.tensor(x)).numpy())
