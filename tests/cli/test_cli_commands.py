"""Every command on a small setting: what it prints, with and without --json, and what it leaves behind."""

import csv
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from catalogue import OF_DIGITS
from command import call, finished, program

import neuro_cnn
from neuro_cnn import checkpoint
from neuro_cnn.cli import explain
from neuro_cnn.cli.app import common, memory_limit
from neuro_cnn.cli.console import parts
from neuro_cnn.errors import UsageError
from neuro_cnn.experiment import Experiment
from neuro_cnn.models import CATALOGUE, MAIN, build
from neuro_cnn.runs import read_toml, toml_text
from neuro_cnn.spec import plain, read

SMALL = ("--train-size", 200)
COMMANDS = (
    ("compare",),
    ("train",),
    ("reproduce",),
    ("sweep",),
    ("watch",),
    ("evaluate",),
    ("fields",),
    ("health",),
    ("respond",),
    ("probe",),
    ("view",),
    ("explain",),
    ("nature",),
    ("v1",),
    ("similarity",),
    ("lesions",),
    ("responders",),
    ("organisation",),
    ("selectivity",),
    ("regions",),
    ("topography",),
    ("angles",),
    ("bench",),
    ("costs",),
    ("models",),
    ("info",),
    *(("data", name) for name in ("list", "fetch", "show", "flips")),
    *(("weights", name) for name in ("export", "import")),
    *(("config", name) for name in ("show", "validate", "schema")),
)
FACTS = {"name", "kind", "out_shape", "parameters", "unshared", "connections", "macs", "memory", "training_memory"}
FACTS |= {"receptive_field", "stride"}
ROW = {"model", "variant", "learning", "readout", "control", "seed", "split", "accuracy", "shift", "train_seconds"}
ROW |= {"images_per_second", "parameters", "labels_used", "dead_units", "redundancy", "health"}


@pytest.fixture(scope="module")
def lenet(tmp_path_factory):
    """The folder of a short run, and the answer of the command that made it."""
    folder = tmp_path_factory.mktemp("runs") / "lenet"
    return folder, call("train", "lenet5", *SMALL, "--set", "epochs=3", "--seed", 4, "--out", folder, "--json")


@pytest.fixture(scope="module")
def hebbian(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "hebbian"
    return folder, call("train", "hebbian-wta:planes=6", *SMALL, "--out", folder)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "comparison"
    settings = ("--set", "planes=4", "--set", "epochs=1", "--shift", "1,3", "--out", folder)
    return folder, call("compare", *SMALL, *settings, "--json")


# Help


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_a_help_with_an_example_and_help_for_every_option(words):
    answer = call(*words, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert f"Example: neuro-cnn {' '.join(words)}" in " ".join(answer.out.split())
    options = re.split(r"^  (?:-\w, )?(--[\w-]+)", answer.out.partition("Options:\n")[2], flags=re.MULTILINE)
    for option, said in zip(options[1::2], options[2::2], strict=True):
        assert re.search(r"[A-Z-][\w-]*[a-z][^.]+\.", said), option


def test_the_help_names_every_command():
    assert set(re.findall(r"^  (\w+)  ", call("--help").out, re.MULTILINE)) == {words[0] for words in COMMANDS}


def test_help_and_version_load_neither_numpy_nor_matplotlib():
    for words in (["--help"], ["train", "--help"], ["--version"]):
        code = (
            "import sys; from neuro_cnn.cli import main\n"
            f"sys.argv[1:] = {words}\n"
            "try: main()\n"
            "finally: print(sorted({'numpy', 'matplotlib', 'scipy', 'cupy', 'numba'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_that_of_the_package():
    assert call("--version") == (0, f"{neuro_cnn.__version__}\n", "")


def test_without_a_command_the_help_is_shown():
    for words in ((), ("data",), ("config",)):
        answer = call(*words)
        assert answer.code == 2
        assert "Commands:" in answer.err


def test_a_gpus_settings_are_cupys_own_variables(monkeypatch):
    for name in ("CUPY_TF32", "CUPY_GPU_MEMORY_LIMIT"):
        monkeypatch.setenv(name, "0")
    common(tf32=True, gpu_memory="50%")
    assert (os.environ["CUPY_TF32"], os.environ["CUPY_GPU_MEMORY_LIMIT"]) == ("1", "50%")
    common()
    assert os.environ["CUPY_TF32"] == "1"
    assert call("--gpu-memory", "0%", "info").code == 2


@pytest.mark.parametrize("text", ["", "0", "50", "50%", "0%", "101%", "5GB", "-1"])
def test_a_limit_of_memory_is_bytes_or_a_percentage(text):
    if text in ("50", "50%"):
        assert memory_limit(text) == text
    else:
        with pytest.raises(UsageError, match=r"--gpu-memory .*neither a number of bytes nor a percentage"):
            memory_limit(text)


def test_what_went_wrong_is_said_in_one_line_whatever_it_was():
    assert explain(UsageError("wrong; right it")) == "neuro-cnn: wrong; right it"
    assert explain(MemoryError("3 GB")) == (
        "neuro-cnn: out of memory (3 GB); use fewer planes, a smaller batch or fewer --jobs"
    )
    assert explain(OSError(28, "No space left on device", "a/b")) == (
        "neuro-cnn: a/b: No space left on device; free some space or choose another --out, and run again"
    )
    assert explain(KeyError("a\nb")).startswith("neuro-cnn: internal error: KeyError: ")
    assert explain(RuntimeError("a\nb")) == (
        "neuro-cnn: internal error: RuntimeError: a b; please report it with the output of --debug"
    )


# info, models, data, config


def test_info_says_what_the_last_bits_of_a_result_depend_on():
    facts = call("info", "--json").json
    assert facts["neuro_cnn"] == neuro_cnn.__version__
    assert facts["numpy"] == np.__version__
    assert {"python", "system", "cores", "blas", "gpu", "data_folder", "core_type"} <= set(facts)
    assert np.__version__ in call("info").out


def test_models_lists_the_catalogue_with_options():
    listed = {entry["name"]: entry for entry in call("models", "--json").json["models"]}
    assert set(listed) == set(CATALOGUE)
    assert listed["softhebb"]["options"]["layers"] == 1
    assert all(entry["summary"] for entry in listed.values())
    assert all(name in call("models").out for name in CATALOGUE)


@pytest.mark.parametrize("name", [*CATALOGUE, "softhebb:layers=2"])
def test_models_describes_every_layer_of_a_system(name):
    images = ("--input", "3x32x32") if name in OF_DIGITS else ()
    facts = call("models", name, *images, "--classes", 7, "--json").json
    assert facts["name"] == name
    assert all(set(layer) >= FACTS for layer in facts["layers"])
    assert facts["layers"][-1]["out_shape"] == [7]
    for key in ("parameters", "connections"):
        assert facts[key] == sum(layer[key] for layer in facts["layers"])
    assert facts["layers"][-1]["name"] in call("models", name).out


def test_lenet5_has_61706_parameters():
    assert call("models", "lenet5", "--json").json["parameters"] == 61706
    assert "61,706" in call("models", "lenet5").out


def test_data_list_names_the_sets_and_the_forms_of_ones_own():
    rows = call("data", "list", "--json").json
    assert {"digits", "natural", "mnist", "cifar10"} <= {row["name"] for row in rows}
    assert "npz:FILE" in call("data", "list").out


@pytest.mark.parametrize("name", ["digits", "natural"])
def test_data_show_draws_and_counts(name, tmp_path):
    answer = call("data", "show", name, "--out", tmp_path / "it.png", "--count", 9, "--json")
    assert answer.json["train"] == {"digits": 4000, "natural": 384}[name]
    assert (tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")
    assert call("data", "show", name, "--out", tmp_path / "it.svg", "--count", 4).code == 0


def test_data_flips_counts_what_a_shift_turns_on_and_off(tmp_path):
    words = ("data", "flips", "digits", "--shift", 2, "--out", tmp_path / "it.png")
    *classes, whole = call(*words, "--json").json["classes"]
    assert [each["name"] for each in classes] == list("0123456789")
    assert (whole["images"], round(whole["on"], 1), round(whole["off"], 1)) == (4000, 49.5, 49.5)
    assert (tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")
    assert "49.5" in call(*words).out
    assert call("data", "flips", "natural", "--out", tmp_path / "no-classes.png").code == 0


def test_data_fetch_of_an_embedded_set_says_where_it_is():
    assert "embedded" in call("data", "fetch", "digits").out


def test_config_show_fills_in_defaults_and_its_output_is_valid(tmp_path, lenet, comparison):
    (tmp_path / "a.toml").write_text('model = "softhebb"\noptions.layers = 2\n', encoding="utf-8")
    for path in (tmp_path / "a.toml", lenet[0], comparison[0]):
        shown = call("config", "show", path)
        assert shown.code == 0
        (tmp_path / "b.toml").write_text(shown.out, encoding="utf-8")
        assert call("config", "show", tmp_path / "b.toml").out == shown.out
        kind = "study" if path == comparison[0] else "experiment"
        assert call("config", "validate", tmp_path / "b.toml").out == f"{tmp_path / 'b.toml'}: a valid {kind}\n"


def test_config_schema_describes_experiments_and_studies():
    schema = call("config", "schema").json
    assert {"Experiment", "Study", "Phase", "Hebbian", "Conv"} <= set(schema["$defs"])


# train


def test_train_prints_a_json_line_an_epoch_and_then_the_result(lenet):
    folder, answer = lenet
    assert answer.code == 0
    *epochs, result = answer.lines
    assert [line["epoch"] for line in epochs] == [0, 1, 2]
    assert {"phase", "label", "loss", "accuracy", "held_out_loss", "held_out_accuracy", "seconds"} <= set(epochs[0])
    assert set(result) == {"run", "test_accuracy", "train_seconds"}
    assert result["run"] == str(folder)
    assert 0 < result["test_accuracy"] < 1
    assert result["train_seconds"] == pytest.approx(sum(line["seconds"] for line in epochs))


def test_the_run_folder_tells_all_of_the_run(lenet):
    folder, answer = lenet
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    kept = {"config.toml", "env.json", "run.json", "metrics.jsonl", "log.txt"}
    assert files == kept | {"checkpoints/last.safetensors", "checkpoints/best.safetensors"}
    config = read(Experiment, read_toml(folder / "config.toml"), "it")
    assert config == Experiment("lenet5", {"epochs": 3}, train_size=200, seed=4, hold_out=1 / 6)
    status = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert {key: status[key] for key in ("schema_version", "status", "seed", "exit_code")} == {
        "schema_version": 1,
        "status": "done",
        "seed": 4,
        "exit_code": 0,
    }
    assert status["argv"][:2] == ["train", "lenet5"]
    assert status["started"] <= status["stopped"]
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == answer.lines[:-1]
    assert json.loads((folder / "env.json").read_text(encoding="utf-8"))["numpy"] == np.__version__
    assert (folder / "log.txt").read_text(encoding="utf-8").endswith("done\n")


def test_best_is_the_epoch_of_least_held_out_loss(lenet):
    folder, answer = lenet
    losses = [line["held_out_loss"] for line in answer.lines[:-1]]
    best = checkpoint.load(folder / "checkpoints" / "best.safetensors").state
    place = {0: (0, 1), 1: (0, 2), 2: (1, 0)}[int(np.argmin(losses))]  # the place of the next batch
    assert (best.phase, best.epoch) == place


def test_train_without_json_says_the_accuracy_and_the_health_of_what_learned_alone(hebbian):
    folder, answer = hebbian
    assert re.search(r"^test accuracy \d+\.\d % after \d+\.\d s of learning$", answer.out, re.MULTILINE)
    assert f"run folder: {folder}" in answer.out
    assert re.search(r"^S1: \d of 6 units dead \(\d+\.\d %\), median nearest-filter cosine", answer.err, re.MULTILINE)


def test_where_many_units_are_dead_the_command_says_so_and_how_to_cure_it(tmp_path):
    words = ("hebbian-wta:planes=60,initial=random,conscience=0", "--train-size", 60)
    trained = call("train", *words, "--out", tmp_path / "run")
    compared = call("compare", *words, "--shift", 1, "--out", tmp_path / "c")
    for answer in (trained, compared):
        (line,) = re.findall(r"S1: \d+ of 60 units dead .*", answer.err)
        assert line.endswith("; dead planes: use initial=data, a larger conscience or fewer planes")
    assert line in (tmp_path / "c" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OF_DIGITS)
def test_every_system_trains_from_the_command_line(name, tmp_path):
    options = [f"--set={key}=1" for key in ("epochs",) if key in CATALOGUE[name].__dataclass_fields__]
    options += [f"--set={key}=8" for key in ("planes", "hidden") if key in CATALOGUE[name].__dataclass_fields__]
    answer = call("train", name, "--train-size", 60, *options, "--out", tmp_path / "run", "--json")
    assert answer.code == 0, answer.err
    assert 0 < answer.lines[-1]["test_accuracy"] <= 1


def test_a_pattern_of_layers_is_described_trained_compared_and_varied_like_a_system(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, small = "INPUT -> [CONV(4) -> RELU -> POOL]*N -> FC", ("--train-size", 40, "--set", "epochs=1")
    assert "pool1" in call("models", f"{text}:N=1").out
    assert call("train", f"{text}:N=1", *small).code == 0
    assert [path.name[:28] for path in (tmp_path / "runs").iterdir()] == ["INPUT-CONV-4-RELU-POOL-N-FC-"]
    others = ("mlp", f"INPUT {'-> [RELU]*0 ' * 30}-> FC", "--shift", 1, "--out", tmp_path / "all", "--json")
    rows = call("compare", text, *others, "--vary", "N=1,2", *small).json["rows"]
    assert [row["variant"] for row in rows if row["model"] == text] == ["N=1,epochs=1", "N=2,epochs=1"]


def test_a_toml_of_ones_own_network_trains_is_evaluated_and_compared(tmp_path):
    net, curriculum = build("mlp", (1, 28, 28), 10, hidden=8, epochs=1)
    path = tmp_path / "own net.toml"
    path.write_text(toml_text(plain(Experiment(network=net, curriculum=curriculum))), encoding="utf-8")
    assert call("train", path, "--train-size", 50, "--out", tmp_path / "run").code == 0
    assert call("evaluate", tmp_path / "run", "--json").code == 0
    compared = call(
        "compare", path, tmp_path / "run", "--train-size", 50, "--shift", 1, "--out", tmp_path / "c", "--json"
    )
    assert [row["model"] for row in compared.json["rows"]] == ["own net", str(tmp_path / "run")]


def test_the_same_seed_gives_the_same_files_and_another_seed_others(lenet, tmp_path):
    folder, answer = lenet
    for seed, same in ((4, True), (5, False)):
        out = tmp_path / str(seed)
        again = call("train", "lenet5", *SMALL, "--set", "epochs=3", "--seed", seed, "--out", out, "--json")
        assert (again.lines[-1]["test_accuracy"] == answer.lines[-1]["test_accuracy"]) == same
        for which in ("best", "last"):
            name = f"checkpoints/{which}.safetensors"
            assert ((out / name).read_bytes() == (folder / name).read_bytes()) == same


def test_a_finished_run_is_resumed_without_learning_again(lenet):
    folder, answer = lenet
    before = (folder / "checkpoints/best.safetensors").read_bytes()
    again = call("train", "--resume", folder, "--json")
    assert again.lines == answer.lines[-1:]
    assert (folder / "checkpoints/best.safetensors").read_bytes() == before


def test_without_out_a_run_goes_to_a_folder_named_after_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = call("train", "mlp", "--train-size", 50, "--set", "hidden=4", "--set", "epochs=1", "--json")
    assert re.fullmatch(r"runs.mlp-\d{8}-\d{6}", answer.lines[-1]["run"])


# evaluate, fields, respond


def test_evaluate_gives_accuracy_under_each_deformation_and_the_confusion_matrix(lenet, tmp_path):
    folder, answer = lenet
    how = ("--shift", 1, "--shift", 3, "--noise", 0.0, "--rotate", 0, "--rotate", 20, "--scale", 1, "--scale", 0.7)
    how += ("--bend", 0, "--bend", 2.5)
    found = call("evaluate", folder, *how, "--out", tmp_path / "c.png", "--json").json
    assert found["accuracy"] == answer.lines[-1]["test_accuracy"]
    assert set(found["shift"]) == {"1", "3"}
    assert found["noise"] == {"0": found["accuracy"]}
    for kind, none, amount in (("rotate", "0", "20"), ("scale", "1", "0.7"), ("bend", "0", "2.5")):
        assert set(found[kind]) == {none, amount}
        assert found[kind][none] == found["accuracy"] != found[kind][amount]
    matrix = np.array(found["confusion"])
    assert matrix.sum(axis=1).tolist() == [100] * 10
    assert np.trace(matrix) / 1000 == found["accuracy"]
    assert (tmp_path / "c.png").is_file()
    told = call("evaluate", folder, "--scale", 0.7).out
    assert "Confusion" in told
    assert re.search(rf"scaled \N{{MULTIPLICATION SIGN}} 0\.7 +{100 * found['scale']['0.7']:.1f}\s", told)


def test_evaluate_on_other_data_of_the_same_kind(lenet, tmp_path):
    digits = neuro_cnn.data.load("digits")
    images, labels = digits.test.images[:, 0], digits.test.labels
    np.savez(tmp_path / "a.npz", train_images=images, train_labels=labels, test_images=images, test_labels=labels)
    found = call("evaluate", lenet[0], "--data", f"npz:{tmp_path / 'a.npz'}", "--json").json
    assert found["accuracy"] == lenet[1].lines[-1]["test_accuracy"]


def test_evaluate_never_tests_on_what_was_learned(tmp_path):
    run = tmp_path / "run"
    how = ("--split", 1, "--train-size", 300, "--hold-out", 0, "--out", run)
    alone = call("train", "nearest-neighbour", *how, "--json").lines[-1]["test_accuracy"]
    assert call("evaluate", run, "--data", "digits", "--json").json["accuracy"] == alone
    config = (run / "config.toml").read_text(encoding="utf-8")
    (run / "config.toml").write_text(config.replace('"digits"', '"mnist"'), encoding="utf-8")
    refused = call("evaluate", run, "--data", "digits")
    assert (refused.code, "the digits are training images of mnist" in refused.err) == (2, True)


def test_fields_draws_the_weights_and_states_each_plane(hebbian, tmp_path):
    answer = call("fields", hebbian[0], "--layer", "S1", "--out", tmp_path / "f.svg", "--json")
    assert [plane["plane"] for plane in answer.json["planes"]] == list(range(6))
    assert all(plane["norm"] == pytest.approx(1, rel=1e-5) for plane in answer.json["planes"])
    assert sum(plane["wins"] for plane in answer.json["planes"]) == pytest.approx(6)
    assert all(-1 <= plane["nearest_cosine"] <= 1 for plane in answer.json["planes"])
    assert (tmp_path / "f.svg").is_file()
    assert "6 planes of S1 drawn in" in call("fields", hebbian[0], "--out", tmp_path / "f.png").out


def test_health_tells_and_draws_every_layer_that_learned_alone(hebbian, tmp_path):
    found = call("health", hebbian[0], "--out", tmp_path / "h.svg", "--json").json
    assert (found["run"], found["figure"]) == (str(hebbian[0]), str(tmp_path / "h.svg"))
    assert (tmp_path / "h.svg").is_file()
    assert list(found["layers"]) == ["S1"]
    told = found["layers"]["S1"]
    assert (told["planes"], told["norm_median"], told["warnings"]) == (6, pytest.approx(1), [])
    assert sorted(told["by_plane"]["cosines"])[0] == pytest.approx(told["cosine_min"])
    assert [len(values) for values in told["by_plane"].values()] == [6] * 4
    assert told["line"] in hebbian[1].err.splitlines()  # as train has told it
    said = call("health", hebbian[0])
    assert re.search(r"S1 +6 +\d+\.\d +0\.\d\d +0\.\d\d +\d\.\d +6 +1, 1, 1", said.out)


def test_health_of_a_layer_with_a_teacher_is_told_where_it_is_named(lenet):
    refused = call("health", lenet[0])
    assert refused.code == 2
    assert f"no layer of {lenet[0]} learned without a teacher; name one with --layer: " in refused.err
    assert list(call("health", lenet[0], "--layer", "out", "--json").json["layers"]) == ["out"]
    assert "C2 has no planes that learn; name one with" in call("health", lenet[0], "--layer", "C2").err


@pytest.mark.parametrize(
    ("room", "split"),
    [
        (29, [[0, 1, 2, 3, 4]]),
        (28, [[0, 1, 2, 3], [0, 4]]),
        (21, [[0, 1, 2], [0, 3, 4]]),
        (2, [[0, 1], [0, 2], [0, 3], [0, 4]]),
    ],
)
def test_numbers_that_do_not_fit_a_terminal_stand_in_a_table_below(room, split):
    assert parts([3, 3, 3, 3, 3], 1, room) == split


def test_words_are_folded_rather_than_moved():
    assert parts([6, 90], 2, 40) == [[0, 1]]
    assert parts([6, 90, 4, 4], 2, 40) == [[0, 1], [0, 2, 3]]


def test_respond_draws_every_layer_for_a_test_image_and_for_a_file(lenet, tmp_path):
    from PIL import Image

    test = neuro_cnn.data.load("digits").test
    Image.fromarray(np.round(test.images[7, 0] * 255).astype(np.uint8)).save(tmp_path / "seven.png")
    answers = [
        call("respond", lenet[0], image, "--out", tmp_path / "r.png", "--json").json
        for image in (7, tmp_path / "seven.png")
    ]
    assert [layer["layer"] for layer in answers[0]["layers"]] == checkpoint_names(lenet[0])
    assert answers[0]["layers"] == answers[1]["layers"]
    assert all(0 <= layer["sparseness"] <= 1 for layer in answers[0]["layers"])
    assert "answer:" in call("respond", lenet[0], 7, "--out", tmp_path / "r.png").out


def checkpoint_names(folder):
    return list(checkpoint.load(folder / "checkpoints/best.safetensors").net.names)


# compare


def test_compare_prints_one_json_object_and_its_progress_elsewhere(comparison):
    folder, answer = comparison
    assert answer.code == 0
    assert set(answer.json) >= {"schema_version", "data", "n_train", "n_test", "rows", "summary"}
    assert (answer.json["data"], answer.json["n_train"], answer.json["n_test"]) == ("digits", 200, 1000)
    assert all(set(row) >= ROW for row in answer.json["rows"])
    assert [row["model"] for row in answer.json["rows"] if not row["control"]] == list(MAIN)
    taught_alone = ["hebbian-wta", "softhebb", "neocognitron-2013"]
    assert [row["model"] for row in answer.json["rows"] if row["control"]] == taught_alone
    assert all(set(row["shift"]) == {"1", "3"} for row in answer.json["rows"])
    assert "[9/9] lenet5" in answer.err
    assert f"report: {folder / 'report.html'}" in answer.err


def test_the_folder_of_a_comparison_holds_the_report_and_the_results(comparison):
    folder, answer = comparison
    assert json.loads((folder / "results.json").read_text(encoding="utf-8")) == answer.json
    with open(folder / "results.csv", encoding="utf-8", newline="") as file:
        assert [float(row["accuracy"]) for row in csv.DictReader(file)] == [r["accuracy"] for r in answer.json["rows"]]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") >= 6  # overview, four systems' fields, shifts
    assert "hebbian-wta:planes=4" in page.replace(",epochs=1", "").replace("epochs=1,", "")
    assert len(list((folder / "figures").iterdir())) == page.count("<figure")
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["status"] == "done"
    metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["row"] for line in metrics] == answer.json["rows"]


def test_compare_prints_each_unsupervised_system_beside_its_control(tmp_path):
    answer = call(
        "compare", "hebbian-wta", "--set", "planes=4", "--train-size", 60, "--shift", 2, "--out", tmp_path / "c"
    )
    assert answer.code == 0
    assert re.search(r"hebbian-wta:planes=4 +\d+\.\d +\d+\.\d +[+-]\d+\.\d", answer.out)
    assert "random weights" in answer.out


def test_compare_prints_a_table_of_each_deformation_asked_for(tmp_path):
    how = ("--train-size", 50, "--shift", "", "--scale", "0.8,1.25", "--rotate=-20", "--out", tmp_path / "c")
    told = call("compare", "mlp:hidden=4,epochs=1", *how).out
    times = "\N{MULTIPLICATION SIGN}"
    assert re.search(rf"test images scaled, %\s+system +{times} 0\.8 +{times} 1\.25\s", told)
    assert re.search(r"test images turned, %\s+system +-20\N{DEGREE SIGN}\s", told)
    assert "bent" not in told
    page = (tmp_path / "c/report.html").read_text(encoding="utf-8")
    assert re.findall(r"Figure \d\. Accuracy under (\w+)", page) == ["scaling", "rotation"]


def test_a_study_in_toml_is_compared_and_the_command_line_overrides_it(tmp_path):
    study = 'systems = ["mlp"]\ntrain_size = 80\nseeds = 2\nshift = []\n[options]\nhidden = 4\nepochs = 1\n'
    (tmp_path / "s.toml").write_text(study, encoding="utf-8")
    found = call("compare", tmp_path / "s.toml", "--out", tmp_path / "a", "--json").json
    assert [(row["seed"], row["variant"]) for row in found["rows"]] == [(n, "epochs=1,hidden=4") for n in (0, 1)]
    changed = ("--seeds", 1, "--set", "hidden=5", "--out", tmp_path / "b")
    found = call("compare", tmp_path / "s.toml", *changed, "--json").json
    assert [(row["seed"], row["variant"]) for row in found["rows"]] == [(0, "epochs=1,hidden=5")]


def test_quiet_prints_results_only(tmp_path):
    answer = call("-q", "compare", "mlp:hidden=4,epochs=1", "--train-size", 50, "--shift", 1, "--out", tmp_path / "c")
    assert (answer.code, answer.err) == (0, "")
    assert "mlp:epochs=1,hidden=4" in answer.out


def test_no_color_is_honoured(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[3" not in call("data", "list").out


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_progress_bars_with_rate_and_time_left_are_drawn_on_a_terminal_only(tmp_path):
    import os
    import pty

    words = ("train", "lenet5", "--train-size", 300, "--set", "epochs=30", "--out", tmp_path / "run")
    ours, theirs = pty.openpty()
    process = program(*words, stderr=theirs)
    os.close(theirs)
    drawn = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other end has closed
            break
        if not part:
            break
        drawn += part
    os.close(ours)
    answer = finished(process)
    assert answer.code == 0
    assert b"batches/s" in drawn
    assert re.search(rb"\d:\d\d:\d\d", drawn)
    assert call(*words, "--overwrite").err == ""


def test_view_draws_and_gives_the_limits_of_responses_weights_and_gradients(lenet, tmp_path):
    folder, figure = lenet[0], tmp_path / "view.png"
    facts = call("view", folder, 3, "--out", figure, "--json").json
    assert figure.stat().st_size > 0
    saved = checkpoint.load(folder / "checkpoints" / "best.safetensors")
    data = read(Experiment, read_toml(folder / "config.toml"), "").load().test
    assert facts["label"] == data.classes[data.labels[3]]
    scores = saved.net.respond(saved.state.params, data.images[3:4])[0].astype(float)
    assert facts["loss"] == pytest.approx(np.log(np.exp(scores).sum()) - scores[data.labels[3]], rel=1e-5)
    rows = {row["layer"]: row for row in facts["layers"]}
    assert list(rows) == ["input", *saved.net.names]
    weight = saved.state.params["S2"].learned.weight
    assert rows["S2"]["weight"] == {"min": float(weight.min()), "max": float(weight.max())}
    assert {"response", "error", "gradient"} < set(rows["S2"])
    assert rows["out"]["error"]["min"] < 0 < rows["out"]["error"]["max"]
    assert facts["loss"] != call("view", folder, 3, "--label", "5", "--out", figure, "--json").json["loss"]
    assert "S2" in call("view", folder, 3, "--out", figure).out
