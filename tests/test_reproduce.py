"""A run repeated: the same figures are found the same, and any one that was changed is named."""

import json
import shutil

import numpy as np
import pytest
from command import call, refused
from learning_examples import PROBLEMS, bars
from safetensors import safe_open
from safetensors.numpy import save_file

from neuro_cnn.agreement import elsewhere
from neuro_cnn.experiment import Experiment
from neuro_cnn.running import run_one
from neuro_cnn.runs import RunFolder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    shown, tested = bars(26), bars(12, 1)
    arrays = {"train_images": shown.images, "train_labels": shown.labels}
    np.savez(folder / "bars.npz", **arrays, test_images=tested.images, test_labels=tested.labels)
    return folder / "bars.npz"


@pytest.fixture(scope="module")
def done(data, tmp_path_factory):
    """The folder of a finished run; not to be changed."""
    net, curriculum = PROBLEMS["shunting, momentum"]
    path = tmp_path_factory.mktemp("runs") / "run"
    run_one(Experiment(network=net, curriculum=curriculum, data=f"npz:{data}", hold_out=0.2), path)
    return path


@pytest.fixture
def run(done, tmp_path):
    shutil.copytree(done, tmp_path / "run")
    return tmp_path / "run"


def contents(path):
    return {file.relative_to(path): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def changed(path, change):
    """Change the JSON in a file, by hand."""
    value = json.loads(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(json.dumps(value), encoding="utf-8")


def of_line(number, key, by):
    """Changes one measure of one epoch."""

    def change(run):
        path = run / "metrics.jsonl"
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        lines[number][key] += by
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    return change


def of_result(key, by):
    return lambda run: changed(run / "run.json", lambda facts: facts["result"].update({key: facts["result"][key] + by}))


def of_weights(which, by):
    """Changes one weight of a checkpoint."""

    def change(run):
        path = run / "checkpoints" / f"{which}.safetensors"
        with safe_open(path, framework="numpy") as file:
            arrays, facts = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
        arrays["params.out.weight"][1, 2] += by
        save_file(arrays, path, facts)

    return change


CHANGES = {
    "a loss": (of_line(1, "loss", 1e-6), of_line(1, "loss", 1.0), "epoch 2 (all layers: backprop).loss"),
    "the change of weights": (of_line(0, "change", 1e-9), of_line(0, "change", 0.1), "epoch 1 (S1: hebbian).change"),
    "what was right": (
        of_line(2, "held_out_accuracy", 0.005),
        of_line(2, "held_out_accuracy", 0.2),
        "epoch 3 (all layers: backprop).held_out_accuracy",
    ),
    "test accuracy": (of_result("test_accuracy", 0.005), of_result("test_accuracy", 0.1), "test_accuracy"),
    "epochs": (None, of_result("epochs", 1), "epochs"),
    "the best weights": (of_weights("best", 1e-6), None, "largest difference of the best weights"),
    "the last weights": (of_weights("last", 1e-3), None, "largest difference of the last weights"),
}


def test_a_run_comes_out_again_and_its_folder_is_not_touched(done):
    before = contents(done)
    found = call("reproduce", done, "--json")
    assert found.code == 0, found.err
    assert (found.json["verdict"], found.json["same_conditions"], found.json["differing"]) == ("identical", True, [])
    assert all(each == {"identical": True, "largest_difference": 0.0} for each in found.json["weights"].values())
    lines = [json.loads(line) for line in (done / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    figures = sum(isinstance(value, int | float) for line in lines for key, value in line.items() if key != "seconds")
    assert found.json["compared"] == figures + 2 + 2  # accuracy and epochs, and both checkpoints
    told = call("reproduce", done).out.splitlines()
    assert told[-1] == f"{done}: identical"
    assert "best weights: the same to the last bit" in told
    assert contents(done) == before


@pytest.mark.parametrize("name", CHANGES)
def test_under_the_same_conditions_every_bit_counts(name, run):
    small, large, figure = CHANGES[name]
    for change in filter(None, (small, large)):
        change(run)
        answer = call("reproduce", run, "--json")
        assert (answer.code, answer.json["verdict"]) == (1, "different")
        assert answer.json["differing"][0]["name"] == figure
        told = f"neuro-cnn: {run} is not reproduced, under the same conditions: {figure} was "
        assert answer.err.startswith(told)
        assert answer.err.count("\n") == 1


@pytest.mark.parametrize("name", ["a loss", "test accuracy", "epochs", "the last weights"])
def test_under_other_conditions_figures_are_the_same_within_the_tolerance(name, run):
    small, large, figure = CHANGES[name]
    changed(run / "env.json", lambda facts: facts.update(numpy="1.0"))
    found = call("reproduce", run, "--json").json
    assert (found["verdict"], [each["key"] for each in found["conditions"]]) == ("identical", ["numpy"])
    for change, verdict in ((small, "close"), (large, "different")):
        if change is None:
            continue
        change(run)
        answer = call("reproduce", run)
        assert answer.code == (verdict == "different")
        assert f"other conditions: numpy was '1.0' and is '{np.__version__}'" in answer.out
        end = "not reproduced" if answer.code else "every figure is within 0.01 of what it was, under other conditions"
        assert answer.out.splitlines()[-1] == f"{run}: {end}"
        if answer.code:
            assert f"not reproduced, beyond what other conditions explain: {figure} was" in answer.err
    if name == "a loss":
        assert call("reproduce", run, "--tolerance", 0).code == 1


def test_where_a_run_was_resumed_elsewhere_that_is_a_condition_too(run):
    changed(run / "env.json", lambda facts: facts.update(resumed_with={"kernels": "plain"}))
    found = call("reproduce", run, "--json").json
    assert found["same_conditions"] is False
    assert found["conditions"] == [{"key": "kernels, since it was resumed", "then": "plain", "now": None}]


def test_the_threads_of_the_processes_that_learn_are_a_condition(run):
    folder = RunFolder(run)
    mine = folder.read_json("env.json")["threads"]
    assert elsewhere(folder, "cpu", [], mine) == elsewhere(folder, "cpu", []) == []
    told = f"the run goes on otherwise than it began: threads is {mine + 1} and was {mine}"
    assert elsewhere(folder, "cpu", [], mine + 1) == [told]
    assert folder.read_json("env.json")["resumed_with"] == {"threads": mine + 1}


def test_what_no_bit_depends_on_is_no_condition(run):
    changed(run / "env.json", lambda facts: facts.update(matplotlib="0.1", cores=512))
    assert call("reproduce", run, "--json").json["same_conditions"] is True


def test_what_cannot_be_compared_is_refused(run, data, tmp_path):
    changed(run / "run.json", lambda facts: facts.update(status="interrupted"))
    assert "is interrupted, not done, so there is nothing to compare with" in refused(2, "reproduce", run)
    changed(run / "run.json", lambda facts: [facts.update(status="done"), facts.pop("result")])
    assert "keeps no result of learning to compare with; train it anew" in refused(2, "reproduce", run)
    assert "is not a run folder" in refused(3, "reproduce", tmp_path / "none")


def test_changed_data_is_told_before_anything_is_learned(run, data, tmp_path):
    arrays = dict(np.load(data))
    arrays["test_labels"] = arrays["test_labels"][::-1]
    np.savez(tmp_path / "other.npz", **arrays)
    for name in ("config.toml", "env.json"):
        text = (run / name).read_text(encoding="utf-8")
        (run / name).write_text(text.replace(str(data), str(tmp_path / "other.npz")), encoding="utf-8")
    line = refused(3, "reproduce", run)
    assert line.endswith("(test) is no longer what the run learned from; bring it back, or train anew")


def test_a_comparison_comes_out_again_and_a_figure_that_differs_is_named(data, tmp_path):
    words = ("mlp:hidden=4,epochs=1", "nearest-neighbour", "--data", f"npz:{data}", "--shift", 1)
    assert call("compare", *words, "--out", tmp_path / "c").code == 0
    found = call("reproduce", tmp_path / "c", "--json")
    assert (found.code, found.json["kind"], found.json["verdict"]) == (0, "comparison", "identical")
    changed(tmp_path / "c" / "results.json", lambda facts: facts["rows"][1].update(accuracy=0.123))
    answer = call("reproduce", tmp_path / "c")
    assert answer.code == 1
    assert "nearest-neighbour, seed 0, split 0.accuracy was 0.123 and is " in answer.err


@pytest.fixture(scope="module")
def compared(data, tmp_path_factory):
    """The folder of a finished comparison of two systems on two seeds; not to be changed."""
    path = tmp_path_factory.mktemp("compared") / "c"
    words = ("mlp:hidden=4,epochs=1", "random-features:planes=2", "--data", f"npz:{data}", "--seeds", 2, "--shift", "")
    assert call("compare", *words, "--out", path).code == 0
    return path


@pytest.fixture
def comparison(compared, tmp_path):
    shutil.copytree(compared, tmp_path / "c")
    return tmp_path / "c"


OF_COMPARISON = {
    "a mean": (("summary", 0, "accuracy_mean"), "mean of mlp:epochs=1,hidden=4.accuracy_mean"),
    "a deviation": (("summary", 1, "accuracy_sd"), "mean of random-features:planes=2.accuracy_sd"),
    "a difference": (("paired", 0, "mean"), "random-features:planes=2 over mlp:epochs=1,hidden=4.mean"),
    "an end of an interval": (("paired", 0, "low"), "random-features:planes=2 over mlp:epochs=1,hidden=4.low"),
}


@pytest.mark.parametrize("name", OF_COMPARISON)
def test_means_and_differences_of_a_comparison_are_figures_too(name, comparison):
    (part, place, key), figure = OF_COMPARISON[name]
    changed(comparison / "results.json", lambda facts: facts[part][place].update({key: facts[part][place][key] + 1}))
    answer = call("reproduce", comparison, "--json")
    assert answer.code == 1
    assert [each["name"] for each in answer.json["differing"]] == [figure]
    changed(comparison / "env.json", lambda facts: facts.update(numpy="1.0"))
    verdict = call("reproduce", comparison, "--json").json["verdict"]
    assert verdict == ("close" if key == "low" else "different")


PATH = """
data = "glyphs:0123,count=15"
shift = []
[path]
model = "bridge"
start = "random cells"
options = { epochs = 1, readout = "softmax", response = "rectified", pool = "max", views = "adjoining", top = "units" }
steps = [{ block = "order", name = "layer by layer", set = { order = "layer-by-layer" } }]
"""


def test_what_a_path_came_to_is_a_figure_too(tmp_path):
    options = 'top = "units", competition = "none", widths = "lenet5" }'
    (tmp_path / "path.toml").write_text(PATH.replace('top = "units" }', options), encoding="utf-8")
    answer = call("compare", tmp_path / "path.toml", "--out", tmp_path / "p")
    assert answer.code == 0, answer.err

    def slower(facts):
        for stop in facts["path"]["stops"].values():
            stop["train_seconds"] += 9

    changed(tmp_path / "p" / "results.json", slower)
    assert call("reproduce", tmp_path / "p", "--json").json["verdict"] == "identical"

    def other(facts):
        facts["path"]["ways"]["forward"][1]["gain"]["all"]["mean"] += 1

    changed(tmp_path / "p" / "results.json", other)
    answer = call("reproduce", tmp_path / "p", "--json")
    assert (answer.code, answer.json["verdict"]) == (1, "different")
    assert [each["name"] for each in answer.json["differing"]] == ["path.ways.forward.1.gain.all.mean"]


def test_times_of_a_comparison_are_no_figures(comparison):
    def slower(facts):
        for row in facts["rows"]:
            row["train_seconds"] += 9
        for mean in facts["summary"]:
            mean.update(train_seconds_mean=mean["train_seconds_mean"] + 9, images_per_second_mean=0.1)

    changed(comparison / "results.json", slower)
    assert call("reproduce", comparison, "--json").json["verdict"] == "identical"


def test_a_comparison_whose_data_have_changed_is_refused_before_anything_is_learned(comparison, monkeypatch):
    changed(comparison / "findings" / "plan.json", lambda plan: plan["data"][0].update(test_sha256="of other images"))
    monkeypatch.setattr("neuro_cnn.reproduce.conduct", None)
    told = "the images or labels have changed since the comparison began; begin anew"
    assert refused(3, "reproduce", comparison).endswith(told)


def test_weights_of_other_shapes_are_different_under_any_conditions(run, data, tmp_path):
    other = Experiment(model="mlp", options={"hidden": 2, "epochs": 1}, data=f"npz:{data}")
    run_one(other, tmp_path / "other")
    shutil.copy(tmp_path / "other" / "checkpoints" / "best.safetensors", run / "checkpoints")
    changed(run / "env.json", lambda facts: facts.update(numpy="1.0"))
    answer = call("reproduce", run, "--json")
    assert (answer.code, answer.json["verdict"], answer.json["same_conditions"]) == (1, "different", False)
    assert [each["now"] for each in answer.json["differing"]] == [None]
