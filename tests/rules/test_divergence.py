"""A rule that diverges stops before its weights are kept, naming layer, plane, norm and epoch."""

import json
from contextlib import contextmanager
from itertools import islice

import numpy as np
import pytest
from catalogue import OF_DIGITS
from command import call, finished, program
from hypothesis import given
from hypothesis import strategies as st
from kit import on
from learning_examples import PROBLEMS, bars

from neuro_cnn import checkpoint
from neuro_cnn.cli import train as command
from neuro_cnn.cli.console import Stop
from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.data import load
from neuro_cnn.experiment import Experiment
from neuro_cnn.layers import CCells, Conv, Dense, Flatten, Params
from neuro_cnn.layers.base import Weights
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.ops.normalize import norms
from neuro_cnn.rules import Fukushima1980, Hebb, Hebbian, Instar, Oja, Ridge, UnitNorm, check_norms
from neuro_cnn.rules.divergence import LIMIT
from neuro_cnn.runs import toml_text
from neuro_cnn.spec import plain
from neuro_cnn.training import CHECKED, train

NET = Chain((("S1", Conv(4, 3, bias=False)), ("C1", CCells(2)), ("flat", Flatten()), ("out", Dense(3))))
GROWING = Hebbian(0.3, plasticity=Hebb(), homeostasis=())


@given(st.integers(0, 4), st.sampled_from([LIMIT * 1.001, 1e30, np.inf, np.nan]))
def test_the_plane_beyond_the_limit_is_named(plane, size):
    weight = np.full((5, 2, 3), 0.1, np.float32)
    check_norms("S1", GROWING, Params(Weights(weight)), 2)
    weight[plane] = 0
    weight[plane, 0, 0] = LIMIT
    check_norms("S1", GROWING, Params(Weights(weight)), 2)
    weight[plane, 0, 0] = size
    with pytest.raises(FloatingPointError, match=rf"^S1: hebbian diverges: norm of plane {plane} is .+ in epoch 3; "):
        check_norms("S1", GROWING, Params(Weights(weight)), 2)


@pytest.mark.parametrize(
    ("rule", "cure"),
    [
        (GROWING, "lower the rate, or add unit_norm"),
        (Hebbian(homeostasis=(UnitNorm(),)), "lower the rate"),
        (Fukushima1980(1.0), "lower q"),
        (Ridge(), "lower the rate"),
    ],
)
def test_the_cure_is_one_that_the_rule_has(xp, rule, cure):
    wild = on(xp, Params(Weights(np.full((3, 4), 1e9, np.float32))))
    with pytest.raises(FloatingPointError) as error:
        check_norms("S2", rule, wild, 0)
    assert str(error.value) == f"S2: {rule.kind} diverges: norm of plane 0 is 2e+09 in epoch 1; {cure}"


@pytest.mark.parametrize(("plasticity", "rate"), [(Hebb(), 1.0), (Oja(), 50.0), (Instar(), 30.0)])
def test_learning_stops_within_50_batches_of_an_epoch(plasticity, rate):
    data = load("digits", train_size=200).train
    rule = Hebbian(rate, plasticity=plasticity, homeostasis=())
    steps = islice(train(NET, (Phase(("S1",), Local(rule), 1, 1),), data, seed=0), CHECKED)
    with pytest.raises(FloatingPointError, match=r"S1: hebbian diverges: norm of plane \d is .* in epoch 1; lower"):
        list(steps)


@pytest.mark.parametrize("name", PROBLEMS)
def test_no_curriculum_of_the_examples_comes_near_the_limit(name):
    net, curriculum = PROBLEMS[name]
    *_, progress = train(net, curriculum, bars(), seed=0)
    assert 0 <= largest(progress.params) < LIMIT / 1000


LOCAL = [name for name in OF_DIGITS if any(p.method.taught for p in build(name, (1, 28, 28), 10)[1])]


@pytest.mark.parametrize("name", LOCAL)
def test_no_system_of_the_catalogue_comes_near_the_limit(name):
    data = load("glyphs:01234,count=4").train
    if name == "simple-complex":  # whose cells see more than 16 x 16
        data = load("digits").train.take(np.arange(20))
    net, curriculum = build(name, data.shape, len(data.classes))
    assert all(largest(progress.params) < LIMIT / 1000 for progress in train(net, curriculum, data, seed=0))


def largest(params):
    """The largest norm of any plane in any layer."""
    weights = [part.learned.weight for part in params.values() if hasattr(part.learned, "weight")]
    return max((float(norms(weight).max()) for weight in weights if len(weight)), default=0.0)


# The run folder of one that diverges


@pytest.fixture
def written(tmp_path):
    """Writes a TOML of Hebbian learning without a bound at this rate; its path."""

    def write(rate):
        rule = Hebbian(rate, plasticity=Hebb(), homeostasis=())
        curriculum = (Phase(("S1",), Local(rule), 8), Phase(("out",), Local(Ridge()), batch=100))
        net = Chain((("S1", Conv(4, 5, bias=False)), ("C1", CCells(8)), ("flat", Flatten()), ("out", Dense(10))))
        path = tmp_path / f"hebb{rate}.toml"
        path.write_text(toml_text(plain(Experiment(network=net, curriculum=curriculum))), encoding="utf-8")
        return path

    return write


def test_a_run_that_diverges_keeps_its_last_good_checkpoint_and_goes_on_from_it_at_a_lower_rate(written, tmp_path):
    folder = tmp_path / "run"
    answer = finished(program("train", written(0.3), "--train-size", 200, "--out", folder))
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("neuro-cnn: S1: hebbian diverges: norm of plane ")
    kept = folder / "checkpoints" / "last.safetensors"
    assert answer.err.endswith(f"; lower the rate, or add unit_norm; the last good weights are in {kept}\n")
    assert answer.err.count("\n") == 1
    status = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (status["status"], status["exit_code"]) == ("failed", 1)
    assert not (folder / "checkpoints" / "best.safetensors").exists()
    state = checkpoint.load(folder / "checkpoints" / "last.safetensors").state
    assert f"in epoch {state.epoch + 1};" in answer.err  # the epoch that failed is the next to be learned
    assert state.epoch > 0
    assert largest(state.params) <= LIMIT
    before = (folder / "checkpoints" / "last.safetensors").read_bytes()
    assert call("train", "--resume", folder).code == 1  # at the same rate it diverges again
    assert (folder / "checkpoints" / "last.safetensors").read_bytes() == before
    config = folder / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("rate = 0.3", "rate = 0.001"), encoding="utf-8")
    again = call("train", "--resume", folder)
    assert again.code == 0, again.err
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["epoch"] for line in lines] == [*range(8), 0]


def test_a_run_that_is_stopped_after_it_diverged_and_before_that_was_seen_saves_no_bad_weights(
    written, tmp_path, monkeypatch
):
    @contextmanager
    def stopped():
        stop = Stop()
        stop.code = 130
        yield stop

    monkeypatch.setattr(command, "stoppable", stopped)
    answer = call("train", written(1e9), "--train-size", 200, "--out", tmp_path / "run")
    assert answer.code == 1
    assert "S1: hebbian diverges" in answer.err
    assert not (tmp_path / "run" / "checkpoints").exists()
