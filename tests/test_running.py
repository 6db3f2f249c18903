"""One run in its folder: however often and wherever it stops or dies, it ends with the same files, byte for byte."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from learning_examples import END, PROBLEMS, RIDGE, S1, bars

from neuro_cnn import checkpoint, running
from neuro_cnn.curriculum import Backprop, Local, Phase
from neuro_cnn.data.augment import Augment
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.experiment import Experiment
from neuro_cnn.layers import Dense, Flatten, ReLU, StandardizedConv
from neuro_cnn.network import Chain
from neuro_cnn.optim import SGD
from neuro_cnn.rules import (
    BCM,
    AdaptiveThreshold,
    AntiHebbian,
    EqualPower,
    HardWTA,
    Hebbian,
    KMeans,
    Neighbourhood,
    NormDependentRate,
    Trace,
    TrackedMoments,
    UnitNorm,
    Whiten,
)
from neuro_cnn.running import begin, run_one
from neuro_cnn.runs import RunFolder
from neuro_cnn.schedule import Cosine

NET = Chain((S1, ("A1", ReLU()), *END))
EYE = Chain((("eye", StandardizedConv(4, 3)), ("A1", ReLU()), *END))
FLAT = Chain((("flat", Flatten()), ("out", Dense(3))))
SGD_PHASE = Phase(None, Backprop(optimizer=SGD(Cosine(0.05), momentum=0.9)), 3, 8)


def stateful(**parts):
    """A curriculum whose S1 keeps this state between batches."""
    return NET, (Phase(("S1",), Local(Hebbian(0.05, **parts)), 2, 7), RIDGE)


CURRICULA = {
    **PROBLEMS,
    "momentum, cosine, moved images": (NET, (replace(SGD_PHASE, augment=Augment(shift=1)),)),
    "patience": (FLAT, (Phase(None, Backprop(optimizer=SGD(3.0)), 9, 8, patience=1), replace(SGD_PHASE, epochs=2))),
    "k-means": (NET, (Phase(("S1",), Local(KMeans(iterations=4)), 3, 7), RIDGE)),
    "whitening": (EYE, (Phase(("eye",), Local(Whiten()), 1, 7), Phase(("eye",), Local(Hebbian(0.1)), 2, 9), RIDGE)),
    "BCM": stateful(plasticity=BCM()),
    "trace": stateful(plasticity=Trace(7)),
    "lateral weights": stateful(competition=AntiHebbian()),
    "a map": stateful(competition=Neighbourhood(2, 2)),
    "thresholds": stateful(homeostasis=(UnitNorm(), AdaptiveThreshold())),
    "moments": stateful(homeostasis=(UnitNorm(), TrackedMoments())),
    "equal power": stateful(homeostasis=(UnitNorm(), EqualPower())),
    "rates by norm": stateful(competition=HardWTA(), homeostasis=(NormDependentRate(),)),
    "few positions": stateful(positions=0.3),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Noisy bars as a data set by name, and others to learn from without labels."""
    folder = tmp_path_factory.mktemp("data")
    for name, seed in (("bars", 0), ("more", 5)):
        shown, tested = bars(26, seed), bars(12, seed + 1)
        arrays = {"train_images": shown.images, "train_labels": shown.labels}
        np.savez(folder / f"{name}.npz", **arrays, test_images=tested.images, test_labels=tested.labels)
    return f"npz:{folder / 'bars.npz'}", f"npz:{folder / 'more.npz'}"


def experiment(name, data):
    """The experiment of a curriculum; its first phase, where that is untaught, also on other data."""
    net, curriculum = CURRICULA[name.removesuffix(", other data")]
    if name.endswith(", other data"):
        curriculum = (replace(curriculum[0], data=data[1]), *curriculum[1:])
    return Experiment(network=net, curriculum=curriculum, data=data[0], hold_out=0.2, seed=3)


def files(path):
    """What a run leaves, its times left out."""
    kept = {name: (path / "checkpoints" / f"{name}.safetensors").read_bytes() for name in ("best", "last")}
    lines = [json.loads(line) for line in (path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    untimed = [{**line, "seconds": 0} for line in lines]
    return {**kept, "metrics": untimed, "result": {**status(path)["result"], "train_seconds": 0}}


def status(path):
    return json.loads((path / "run.json").read_text(encoding="utf-8"))


def contents(path):
    """Every file of a folder, byte for byte."""
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}


class Death(BaseException):
    """A process that ends without a word, here played by an error that nobody catches."""


def dying(batches):
    """Watches so many batches and dies; None: it lives on."""
    seen = []

    def watch(epoch):
        seen.append(epoch)
        if len(seen) == batches:
            raise Death

    return watch


EVERY = [*CURRICULA, "hebbian, ridge, other data", "whitening, other data", "k-means, other data"]
STATES = sorted(PROBLEMS)[::3]  # that every one of them goes on from its state, in memory and in a file, is known
FEW = [*STATES, *(name for name in EVERY if name not in PROBLEMS)]
THOROUGH = [pytest.param(name, marks=[] if name in FEW else pytest.mark.slow) for name in EVERY]


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The folder of a run that nothing befell, and how many batches it has."""
    folder, known = tmp_path_factory.mktemp("whole"), {}

    def of(name):
        if name not in known:
            seen = []
            run_one(experiment(name, data), folder / str(len(known)), watch=seen.append)
            known[name] = folder / str(len(known)), len(seen)
        return known[name]

    return of


@pytest.mark.parametrize("name", THOROUGH)
def test_a_run_stopped_after_every_single_batch_ends_with_the_same_bytes(name, data, whole, tmp_path):
    path, batches = whole(name)
    stops, done = 0, False
    while not done:
        try:
            run_one(experiment(name, data), tmp_path / "run", watch=lambda epoch: 130)
            done = True
        except SystemExit:
            stops += 1
            assert status(tmp_path / "run")["status"] == "interrupted"
    assert stops == batches > 1
    assert files(tmp_path / "run") == files(path)


def dies_often(name, data, path, rng, batches, times):
    """Let the run die so often before it is done; each time after a few batches more."""
    for _ in range(times):
        with pytest.raises(Death):
            run_one(experiment(name, data), path, watch=dying(int(rng.integers(1, batches // times + 1))))
        assert status(path)["status"] == "running"


@pytest.mark.parametrize("name", FEW[::4])
def test_a_run_that_dies_between_two_saves_ends_with_the_same_bytes(name, data, whole, tmp_path, monkeypatch):
    path, batches = whole(name)
    rng = np.random.default_rng(len(name))
    monkeypatch.setattr(running, "SAVED_EVERY", rng.choice([0.0, 1e9]))  # after every batch; at the ends of epochs only
    dies_often(name, data, tmp_path / "run", rng, batches, times=2)
    run_one(experiment(name, data), tmp_path / "run")
    assert files(tmp_path / "run") == files(path)


@pytest.mark.slow
@pytest.mark.parametrize("often", [0.0, 1e9])
@pytest.mark.parametrize("name", EVERY)
def test_a_run_that_dies_anywhere_ends_with_the_same_bytes(name, often, data, whole, tmp_path, monkeypatch):
    path, batches = whole(name)
    monkeypatch.setattr(running, "SAVED_EVERY", often)
    for after in range(1, batches + 1):
        with pytest.raises(Death):
            run_one(experiment(name, data), tmp_path / str(after), watch=dying(after))
        run_one(experiment(name, data), tmp_path / str(after))
        assert files(tmp_path / str(after)) == files(path)


def test_the_curriculum_with_patience_loses_it(whole):
    lines = files(whole("patience")[0])["metrics"]
    assert sum(line["phase"] == 0 for line in lines) < 9
    assert lines[-1]["phase"] == 1


# What is there already


@pytest.fixture
def stopped(data, tmp_path):
    """The folder of a run stopped in its second epoch, and its experiment."""
    seen = []

    def watch(epoch):
        seen.append(epoch)
        return 143 if len(seen) == 4 else None

    made = experiment("momentum, cosine, moved images", data)
    with pytest.raises(SystemExit):
        run_one(made, tmp_path / "run", watch=watch)
    assert (seen[-1].progress.epoch, seen[-1].progress.batch) == (1, 0)
    return tmp_path / "run", made


def never(epoch):
    raise AssertionError("it learned")


def rewritten(path, old, new):
    """Change a file of a run by hand."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_finished_run_is_not_repeated_and_not_touched(data, whole, tmp_path):
    path, _ = whole("backprop")
    before = contents(path)
    found = run_one(experiment("backprop", data), path, watch=never)
    assert found == status(path)["result"]
    assert set(found) == {"test_accuracy", "train_seconds", "epochs"}
    assert contents(path) == before
    with pytest.raises(UsageError, match="already exists; choose another --out, or replace it with --overwrite"):
        begin(experiment("backprop", data), path)
    assert contents(path) == before


def test_a_failed_run_keeps_its_error_and_is_tried_again_on_request_only(data, whole, tmp_path):
    made, path = experiment("backprop", data), tmp_path / "run"

    def fails(epoch):
        raise ValueError("it is\n late")

    with pytest.raises(ValueError, match="late"):
        run_one(made, path, watch=fails)
    facts = status(path)
    assert (facts["status"], facts["exit_code"], facts["error"]) == ("failed", 1, "ValueError: it is late")
    before = contents(path)
    with pytest.raises(UsageError, match=r"has failed \(ValueError: it is late\); ask for it to be tried again"):
        run_one(made, path, watch=never)
    assert contents(path) == before
    run_one(made, path, retry=True)
    assert files(path) == files(whole("backprop")[0])
    assert "error" not in status(path)


def test_another_configuration_is_refused_with_the_name_of_the_key(data, stopped):
    path, made = stopped
    phase = made.curriculum[0]
    before = contents(path)
    descent = replace(phase, method=Backprop(optimizer=SGD(0.1, momentum=0.9)))
    for other, told in (
        (replace(made, seed=4), "seed is 3 there, but 4"),
        (replace(made, hold_out=0.0), "hold_out is 0.2 there, but 0.0"),
        (replace(made, network=FLAT), "network.layers is .* there, but .*"),
        (replace(made, curriculum=(replace(phase, batch=9),)), "curriculum.0.batch is 8 there, but 9"),
        (replace(made, curriculum=(replace(phase, augment=None),)), "curriculum.0.augment is .* there, but not set"),
        (replace(made, curriculum=(descent,)), "curriculum.0.method.optimizer.rate is .* there, but 0.1"),
    ):
        with pytest.raises(UsageError, match=f"^{path}: {told} was asked for; "):
            run_one(other, path, watch=never)
    named = Experiment("mlp", {"hidden": 4}, data=data[0])
    with pytest.raises(UsageError, match=f"{path}: model is not set there, but 'mlp' was asked for"):
        run_one(named, path, watch=never)
    assert contents(path) == before


def test_what_an_option_is_by_default_may_be_said(data, tmp_path):
    made = Experiment("mlp", {"hidden": 4, "epochs": 1}, data=data[0])
    run_one(made, tmp_path / "run")
    assert run_one(replace(made, options={**made.options, "rate": 0.001}), tmp_path / "run", watch=never)
    with pytest.raises(UsageError, match=r"options\.rate is 0\.001 there, but 0\.2 was asked for"):
        run_one(replace(made, options={**made.options, "rate": 0.2}), tmp_path / "run", watch=never)


BY_HAND = {
    "a layer": ("planes = 4", "planes = 5", "network.layers.0.1.planes is 5, but the checkpoint was learned with 4"),
    "a batch": ("batch = 8", "batch = 9", "curriculum.0.batch is 9, but the checkpoint was learned with 8"),
    "an optimiser": (
        'kind = "sgd"',
        'kind = "nesterov"',
        "curriculum.0.method.optimizer.kind is 'nesterov', but the checkpoint was learned with 'sgd'",
    ),
    "epochs": ("epochs = 3", "epochs = 1", "curriculum.0.epochs is 1, but the checkpoint was learned with 3"),
    "a seed": ("seed = 3", "seed = 4", "seed is 4, but the run was begun with 3; set it back"),
    "a share": ("hold_out = 0.2", "hold_out = 0.3", "hold_out is 0.3, but the run was begun with 0.2; set it back"),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_configuration_changed_by_hand_that_no_longer_fits_is_refused_with_the_name_of_the_key(name, stopped):
    path, _ = stopped
    old, new, told = BY_HAND[name]
    rewritten(path / "config.toml", old, new)
    kept = (path / "checkpoints" / "last.safetensors").read_bytes()
    with pytest.raises(UsageError, match=f"config.toml: {told}"):
        run_one(running.configured(RunFolder(path)), path, watch=never)
    assert (path / "checkpoints" / "last.safetensors").read_bytes() == kept


def test_a_rate_and_epochs_to_come_may_be_changed_by_hand(stopped):
    path, _ = stopped
    rewritten(path / "config.toml", "momentum = 0.9", "momentum = 0.8")
    rewritten(path / "config.toml", "epochs = 3", "epochs = 5")
    heard = []
    assert run_one(running.configured(RunFolder(path)), path, tell=heard.append)["epochs"] == 5
    changed = {"curriculum.0.method.optimizer.momentum": 0.8, "curriculum.0.epochs": 5}
    told = heard[0].removeprefix("the run goes on otherwise than it began: ")
    assert set(told.split(", ")) == {
        "curriculum.0.method.optimizer.momentum is 0.8 and was 0.9",
        "curriculum.0.epochs is 5 and was 3",
    }
    assert json.loads((path / "env.json").read_text(encoding="utf-8"))["resumed_with"] == changed


def test_data_that_has_changed_since_is_refused(data, stopped, tmp_path):
    path, made = stopped
    kept = np.load(data[0].removeprefix("npz:"))
    for part in ("train", "test"):
        arrays = {name: kept[name].copy() for name in kept}
        arrays[f"{part}_images"][3, 0, 2, 1] += 0.001
        other = tmp_path / f"{part}.npz"
        np.savez(other, **arrays)
        shutil.copytree(path, tmp_path / part)
        for name in ("config.toml", "run.json", "env.json"):
            rewritten(tmp_path / part / name, data[0], f"npz:{other}")
        with pytest.raises(DataError, match=rf"the data npz:.* \({part}\) is no longer what the run learned from"):
            run_one(replace(made, data=f"npz:{other}"), tmp_path / part, watch=never)


def test_a_folder_of_another_format_is_refused_and_nothing_in_it_changed(stopped):
    path, made = stopped
    rewritten(path / "run.json", '"schema_version": 1', '"schema_version": 7')
    before = contents(path)
    told = r"run.json: written in format 7, but this version reads 1; use the version that wrote it: neuro_cnn \d"
    with pytest.raises(DataError, match=told):
        run_one(made, path, retry=True, watch=never)
    assert contents(path) == before
    rewritten(path / "run.json", '"schema_version": 7', '"schema_version": 1')
    last = path / "checkpoints" / "last.safetensors"
    kept = last.read_bytes()
    last.write_bytes(kept.replace(b'\\"schema_version\\": 1', b'\\"schema_version\\": 7'))
    assert last.read_bytes() != kept
    before = contents(path)
    with pytest.raises(DataError, match=r"last.safetensors: written in format 7, but this version reads 1"):
        run_one(made, path, watch=never)
    assert contents(path) == before


def test_other_conditions_are_told_and_kept(stopped):
    path, made = stopped
    rewritten(path / "env.json", f'"numpy": "{np.__version__}"', '"numpy": "1.0"')
    heard = []
    run_one(made, path, tell=heard.append)
    told = f"numpy is '{np.__version__}' and was '1.0'"
    assert f"the run goes on otherwise than it began: {told}" in heard
    assert json.loads((path / "env.json").read_text(encoding="utf-8"))["resumed_with"] == {"numpy": np.__version__}


# What a writer that was killed leaves


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_line_that_was_cut_off_is_learned_again(cut, stopped, whole):
    path, made = stopped
    metrics = path / "metrics.jsonl"
    with open(metrics, "a", encoding="utf-8") as file:
        file.write(metrics.read_text(encoding="utf-8").splitlines()[0][:cut])
    run_one(made, path)
    assert files(path) == files(whole("momentum, cosine, moved images")[0])


def test_lines_that_are_missing_are_seen(stopped):
    path, made = stopped
    (path / "metrics.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match=r"metrics\.jsonl: lacks epochs that were learned; train again"):
        run_one(made, path, watch=never)


def test_temporary_files_of_the_killed_are_swept_and_others_files_are_not(stopped, whole):
    path, made = stopped
    for name in (".run-abcd1234.json", ".metrics-abcd_234.jsonl", "checkpoints/.last-abcd1234.safetensors"):
        (path / name).write_bytes(b"half")
    for name in (".mine-abcd1234.json", "notes.txt", "checkpoints/.best-of-all.safetensors"):
        (path / name).write_bytes(b"mine")
    run_one(made, path)
    left = {name for name, content in contents(path).items() if content in (b"half", b"mine")}
    assert left == {".mine-abcd1234.json", "notes.txt", "checkpoints/.best-of-all.safetensors"}
    assert files(path) == files(whole("momentum, cosine, moved images")[0])


@pytest.mark.parametrize(
    "left",
    [(), (".env-abcd1234.json",), ("env.json",), ("env.json", ".config-abcd1234.toml"), ("env.json", "config.toml")],
)
def test_a_folder_in_which_no_run_has_begun_is_taken(left, data, whole, tmp_path):
    (tmp_path / "run").mkdir()
    for name in left:
        (tmp_path / "run" / name).write_text("half", encoding="utf-8")
    run_one(experiment("backprop", data), tmp_path / "run")
    assert set(contents(tmp_path / "run")) == set(contents(whole("backprop")[0]))


@pytest.mark.parametrize("mine", ["config.toml", "letter", ".hidden", ".env-abcd1234.json.txt"])
def test_a_folder_in_which_something_else_lies_is_not(mine, data, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / mine).write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="already exists; choose another --out"):
        run_one(experiment("backprop", data), tmp_path / "run", watch=never)
    assert contents(tmp_path / "run") == {mine: b"mine"}


def test_two_cannot_carry_one_run_out_at_a_time(stopped, whole):
    path, made = stopped
    told = []

    def watch(epoch):
        if not told:
            with pytest.raises(UsageError, match="is in use by another process; wait until it has ended") as caught:
                run_one(made, path, watch=never)
            told.append(caught.value)

    run_one(made, path, watch=watch)
    assert told
    assert files(path) == files(whole("momentum, cosine, moved images")[0])


def test_within_a_long_epoch_the_state_is_saved_now_and_then(data, tmp_path, monkeypatch):
    made, places = experiment("momentum, cosine, moved images", data), []
    clock = iter(range(0, 10**6, 25))  # a batch takes 25 seconds
    monkeypatch.setattr(running.time, "monotonic", lambda: next(clock))

    def watch(epoch):
        last = tmp_path / "run" / "checkpoints" / "last.safetensors"
        places.append(checkpoint.load(last).state[2:5] if last.is_file() else None)

    run_one(replace(made, curriculum=(replace(SGD_PHASE, batch=1, epochs=1),)), tmp_path / "run", watch=watch)
    kept = [place for place in dict.fromkeys(places) if place is not None]
    assert len(kept) > 3
    assert all(place == (0, 0, batch) for batch, place in zip(range(3, 99, 3), kept[:3], strict=False)), kept
