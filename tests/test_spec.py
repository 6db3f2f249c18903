"""Plain data and back: what is written reads back the same, and what is not understood is named."""

import json
import tomllib
from copy import deepcopy
from pathlib import Path

import pytest
from catalogue import images_of
from learning_examples import PROBLEMS

from neuro_cnn.compare import Study
from neuro_cnn.errors import UsageError
from neuro_cnn.experiment import Experiment
from neuro_cnn.models import CATALOGUE, build
from neuro_cnn.runs import read_toml, toml_text
from neuro_cnn.settings import is_study, sized
from neuro_cnn.spec import plain, read
from neuro_cnn.sweep import planned, read_sweep

OWN = dict(zip(("network", "curriculum"), build("softhebb", (1, 28, 28), 10, layers=2), strict=True))
EXPERIMENTS = {
    "default": Experiment("lenet5"),
    "options": Experiment("softhebb", {"layers": 2, "rate": 0.05, "readout": "softmax"}, train_size=100, seed=3),
    "own": Experiment(**OWN, data="npz:a.npz", hold_out=0.25, title="mine"),
    **{name: Experiment(network=net, curriculum=phases) for name, (net, phases) in PROBLEMS.items()},
    **{
        f"own {name}": Experiment(network=net, curriculum=phases)
        for name, (net, phases) in ((name, build(name, images_of(name), 10)) for name in CATALOGUE)
    },
}
STUDIES = {"default": Study(), "changed": Study(("lenet5",), seeds=3, shift=(1,), options={"epochs": 2})}


@pytest.mark.parametrize("made", [*EXPERIMENTS.values(), *STUDIES.values()], ids=[*EXPERIMENTS, *STUDIES])
def test_an_experiment_reads_back_from_json_and_from_toml(made):
    kind = type(made)
    assert read(kind, json.loads(json.dumps(plain(made))), "it") == made
    assert read(kind, tomllib.loads(toml_text(plain(made))), "it") == made


def test_toml_is_read_from_a_file_and_refused_with_its_name(tmp_path):
    path = tmp_path / "it.toml"
    path.write_text('model = "lenet5"\n', encoding="utf-8")
    assert read_toml(path) == {"model": "lenet5"}
    for content, message in ((b"model = ", "not TOML: Invalid value"), (b'a = "\xff"', "not TOML: 'utf-8' codec")):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=message) as caught:
            read_toml(path)
        assert str(path) in str(caught.value)
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read \(No such file"):
        read_toml(tmp_path / "none.toml")


def layer(data):
    return data["network"]["layers"][1][1]


def rule(data):
    return data["curriculum"][0]["method"]["rule"]


WRONG = {
    "top": (lambda d: d.update(sed=3), "x.toml: sed is not a key here; did you mean 'seed'?"),
    "far": (lambda d: d.update(zzz=3), "x.toml: zzz is not a key here; there is: curriculum, data, hold_out, labels"),
    "layer": (lambda d: layer(d).update(plains=3), "layers.1.1.conv.plains is not a key here; did you mean 'pla"),
    "phase": (lambda d: d["curriculum"][0].update(epoch=3), "curriculum.0.epoch is not a key here; did you mean 'epo"),
    "rule": (lambda d: rule(d).update(rat=3), "rule.hebbian.rat is not a key here; did you mean 'rate'?"),
    "part": (
        lambda d: rule(d)["competition"].update(temprature=1),
        "competition.soft_wta.temprature is not a key here; did you mean 'temperature'?",
    ),
    "another kind's key": (
        lambda d: rule(d)["competition"].update(k=2),
        "competition.soft_wta.k is not a key here; there is: kind, temperature",
    ),
    "a list where a number belongs": (
        lambda d: layer(d).update(planes=[4, 8]),
        "layers.1.1.conv.planes = [4, 8]: input should be a valid integer",
    ),
    "a list of epochs": (
        lambda d: d["curriculum"][0].update(epochs=[1, 2]),
        "curriculum.0.epochs = [1, 2]: input should be a valid integer",
    ),
    "a list of rates": (
        lambda d: rule(d).update(rate=[0.1, 0.2]),
        "rule.hebbian.rate.float = [0.1, 0.2]: input should be a valid number",
    ),
    "a list of seeds": (lambda d: d.update(seed=[1, 2]), "x.toml: seed = [1, 2]: input should be a valid integer"),
    "kind": (
        lambda d: rule(d)["competition"].update(kind="softwta"),
        "competition: unknown kind 'softwta'; did you mean 'soft_wta'? there is: anti_hebbian, everyone",
    ),
    "schedule": (lambda d: rule(d)["rate"].pop("start"), "rule.hebbian.rate.linear.start: field required"),
    "warmup": (
        lambda d: rule(d).update(rate={"kind": "warmup", "then": {"kind": "steps", "start": 0.1, "after": [1.5]}}),
        "rate.warmup.then.steps: steps after the shares (1.5,) of a phase; each must lie between 0 and 1",
    ),
    "capitals": (
        lambda d: d["curriculum"][0].update(method={"kind": "backprop", "loss": {"kind": "map", "j": 0}}),
        "curriculum.0.method.backprop.loss.map: MAP criterion with j = 0.0; it must be positive",
    ),
    "value": (lambda d: layer(d).update(planes=0), "network.layers.1.1.conv: planes is 0; it must be at least 1"),
    "number": (lambda d: d.update(seed=-1), "x.toml: seed = -1: input should be greater than or equal to 0"),
    "word": (lambda d: d.update(seed="x"), "x.toml: seed = 'x': input should be a valid integer"),
    "padding": (
        lambda d: layer(d).update(pad="smae"),
        "layers.1.1.conv.pad = 'smae': input should be 'valid', 'same', 'same-before' or 'full'",
    ),
    "missing": (lambda d: d["network"].pop("layers"), "x.toml: network.layers: field required"),
    "half": (lambda d: d.pop("curriculum"), "x.toml: an experiment needs either `model` or both `network` and `curr"),
    "both": (lambda d: d.update(model="mlp"), "x.toml: an experiment needs either `model` or both `network` and `curr"),
    "options": (lambda d: d.update(options={"a": 1}), "x.toml: `options` go with `model`; a network of one's own has"),
    "names": (lambda d: d["network"]["layers"][1].__setitem__(0, "R"), "layer name 'R'; names must be different words"),
    "name": (lambda d: d["network"]["layers"][1].__setitem__(0, "S 1"), "layer name 'S 1'; names must be different"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_refused_in_one_line_with_its_path(name):
    change, message = WRONG[name]
    data = deepcopy(plain(EXPERIMENTS["own"]))
    change(data)
    with pytest.raises(UsageError) as caught:
        read(Experiment, data, "x.toml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [3, [], "model", None])
def test_what_is_no_table_is_refused(data):
    with pytest.raises(UsageError, match="should be a dictionary"):
        read(Experiment, data, "x.toml")


def test_every_experiment_of_the_repository_is_valid():
    folder = Path(__file__).parent.parent / "experiments"
    for path in folder.glob("*.toml"):
        config = read_toml(path)
        if not is_study(config):
            assert planned(read_sweep(path)) if "vary" in config else read(Experiment, config, path.name)
            continue
        for size in (None, *config.get("sizes", ())):
            read(Study, sized(config, size, path.name), path.name)
