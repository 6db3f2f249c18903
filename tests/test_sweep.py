"""A sweep: which runs it has, what they are called, what is refused; how they are carried out; what is gathered."""

import csv
import json
from collections import Counter

import pytest

from neuro_cnn.agreement import check_same
from neuro_cnn.engines import LIVES, HaltedError, conduct
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.experiment import Experiment
from neuro_cnn.gather import Standing, check_folder, flat, found_again, held_out, results, row, standing, write
from neuro_cnn.models import defaults
from neuro_cnn.runs import RunFolder
from neuro_cnn.spec import plain
from neuro_cnn.sweep import check_planned, digest, planned, read_sweep, short_names
from neuro_cnn.worker import Ended, Work

TOML = """
model = "mlp"
train_size = 60
[options]
epochs = 1
[vary]
options.rate = [0.01, 0.1]
seed = { from = 0, to = 2 }
"""


@pytest.fixture
def swept(tmp_path):
    """A sweep of a TOML text, and options."""

    def made(text, **options):
        path = tmp_path / "s.toml"
        path.write_text(text, encoding="utf-8")
        return read_sweep(path, options)

    return made


def test_every_combination_is_a_run_the_last_setting_fastest(swept):
    runs = planned(swept(TOML))
    assert [(run.experiment.options["rate"], run.experiment.seed) for run in runs] == [
        (rate, seed) for rate in (0.01, 0.1) for seed in (0, 1, 2)
    ]
    assert all(run.experiment.options["epochs"] == 1 and run.experiment.train_size == 60 for run in runs)
    assert [run.name.rpartition("-")[0] for run in runs][:2] == ["rate=0.01,seed=0", "rate=0.01,seed=1"]
    assert len({run.name for run in runs}) == swept(TOML).count == 6


def test_a_run_is_named_by_what_it_learns_however_that_is_written(swept):
    apart = TOML.replace("options.rate = [0.01, 0.1]", '"options.rate" = { from = 0.01, to = 0.1, count = 2 }')
    grown = TOML.replace("to = 2", "to = 5").replace("train_size = 60", "train_size = 60\nsplit = 0")
    names = {run.name for run in planned(swept(TOML))}
    assert {run.name for run in planned(swept(apart))} == names
    assert {run.name for run in planned(swept(grown))} > names
    assert not {run.name for run in planned(swept(TOML, epochs=2))} & names


def test_one_that_is_there_under_another_name_keeps_it(swept, tmp_path):
    first = planned(swept(TOML))
    for run in first:
        (tmp_path / "runs" / run.name).mkdir(parents=True)
    text = TOML.replace("epochs = 1\n", "").replace("seed =", "options.epochs = [1, 2]\nseed =")
    again = planned(swept(text))
    assert again[0].name != first[0].name
    kept = [run.name for run in found_again(again, tmp_path)]
    assert [name for name in kept if "epochs=2" not in name] == [run.name for run in first]
    assert sum("epochs=2" in name for name in kept) == 6


def test_all_images_and_labels_are_a_value(swept):
    text = 'model = "mlp"\n[vary]\ntrain_size = [10, "all"]\nlabels_per_class = ["all", 1]\n'
    made = [(run.experiment.train_size, run.experiment.labels_per_class) for run in planned(swept(text))]
    assert made == [(10, None), (10, 1), (None, None), (None, 1)]


def test_a_network_of_ones_own_varies_by_the_names_of_its_layers(swept):
    text = """
    [network]
    kind = "chain"
    layers = [["flat", { kind = "flatten" }], ["out", { kind = "dense", units = 10 }]]
    [[curriculum]]
    epochs = 1
    [curriculum.method]
    kind = "backprop"
    [vary]
    network.layers.out.bias = [true, false]
    curriculum.0.epochs = [1, 2]
    curriculum.0.method.optimizer = [{ kind = "adam" }, { kind = "sgd" }]
    """
    runs = planned(swept(text))
    assert Counter(run.experiment.network["out"].bias for run in runs) == {True: 4, False: 4}
    assert Counter(run.experiment.curriculum[0].epochs for run in runs) == {1: 4, 2: 4}
    assert runs[0].name.startswith("bias=true,epochs=1,optimizer=-kind-adam-")
    check_planned(runs)


def test_short_names_tell_settings_apart():
    keys = ("options.rate", "seed", "curriculum.0.epochs", "curriculum.1.epochs")
    assert list(short_names(keys).values()) == ["rate", "seed", *keys[2:]]


def test_the_digest_of_an_experiment_does_not_depend_on_what_is_as_it_would_be_unsaid():
    one = Experiment(model="mlp")
    assert digest(one) == digest(Experiment(model="mlp", data="digits", seed=0, hold_out=0.0))
    assert len({digest(each) for each in (one, Experiment(model="mlp", seed=1), Experiment(model="lenet5"))}) == 3


def test_neither_a_title_nor_a_default_written_out_nor_how_a_number_is_written_makes_another_run(swept):
    names = [run.name for run in planned(swept(TOML))]
    default = f"epochs = 1\nbatch = {defaults('mlp')['batch']}"
    for text in ('title = "a"\n' + TOML, TOML.replace("epochs = 1", default), TOML.replace("[0.01", "[1e-2")):
        assert [run.name for run in planned(swept(text))] == names
    wide = "model = 'mlp'\nseed = 0\n[vary]\noptions.rate = {}\n"
    ones, decimals = ([run.name.rpartition("-")[2] for run in planned(swept(wide.format(each)))] for each in RATES)
    assert ones == decimals
    assert len(set(ones)) == 2
    check_same(Experiment(model="mlp", title="a"), Experiment(model="mlp", title="b"), "a run that goes on")


RATES = ("[1, 2]", "[1.0, 2.0]")
MLP = "augment, batch, epochs, hidden, layers, rate"
REFUSED = {
    "no table": (TOML.partition("[vary]")[0], "varies nothing; give keys and their values under [vary]"),
    "a misspelt table": (TOML.replace("[vary]", "[vray]"), "unknown key 'vray'; did you mean 'vary'? there is: "),
    "a misspelt key": (TOML.replace("train_size", "trainsize"), "unknown key 'trainsize'; did you mean 'train_size'?"),
    "a misspelt key to vary": (TOML.replace("seed", "sed"), "vary: unknown key 'sed'; did you mean 'seed'?"),
    "an option without its table": (TOML.replace("options.rate", "rate"), "vary.rate is an option of mlp; write opt"),
    "a misspelt option": (
        TOML.replace("options.rate", "options.rat"),
        f"with options.rat = 0.01, seed = 0: unknown option of mlp 'rat'; did you mean 'rate'? there is: {MLP}",
    ),
    "a value that cannot be": (TOML.replace("0.1]", "-0.1]"), "with options.rate = -0.1, seed = 0: mlp: rate = -0.1: "),
    "a word for a number": (TOML.replace("0.1]", '"a"]'), "with options.rate = a, seed = 0: mlp: rate = 'a': "),
    "a list in place of a number": (
        TOML.replace("train_size = 60", "train_size = [60, 70]"),
        "with options.rate = 0.01, seed = 0: train_size = [60, 70]: input should be a valid integer; values to vary "
        "belong under [vary]",
    ),
    "a list in place of an option": (
        TOML.replace("epochs = 1", "epochs = [1, 2]"),
        "with options.rate = 0.01, seed = 0: mlp: epochs = [1, 2]: input should be a valid integer; values to vary "
        "belong under [vary]",
    ),
    "an empty list": (TOML.replace("[0.01, 0.1]", "[]"), "vary.options.rate is empty; give it a list"),
    "a value twice": (TOML.replace("[0.01, 0.1]", "[0.1, 0.1]"), "vary.options.rate holds 0.1 twice; leave one out"),
    "set and varied": (TOML.replace("epochs = 1", "rate = 1.0"), "options.rate is set, and varied too; leave one out"),
    "varied and a part of it": (
        'model = "mlp"\n[vary]\n"options.rate" = [0.1]\noptions = [{ batch = 9 }]\n',
        "vary.options and a part of it cannot both vary; leave one out",
    ),
    "no such system": (TOML.replace('"mlp"', '"mpl"'), "unknown system 'mpl'; did you mean 'mlp'? there is: "),
    "a path that leads nowhere": (
        TOML.replace("seed =", "data.0 ="),
        "with options.rate = 0.01, data.0 = 0: data: input should be a valid string",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_a_sweep_that_cannot_be_is_refused_naming_the_path(text, message, swept):
    with pytest.raises(UsageError) as caught:
        planned(swept(text))
    assert "s.toml" in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_study_is_no_sweep(swept):
    with pytest.raises(UsageError, match="run it with: neuro-cnn compare"):
        swept('systems = ["mlp"]\nvary = { hidden = [1] }\n')


def test_what_images_do_not_allow_is_refused_before_anything_runs(swept):
    text = '[vary]\nmodel = ["mlp", "alexnet"]\n'
    with pytest.raises(UsageError, match=r"model=alexnet-.*: alexnet cannot see images of 1 x 28 x 28"):
        check_planned(planned(swept(text)))


def test_an_option_given_beside_the_file_takes_the_place_of_values(swept):
    made = swept(TOML, rate=0.5)
    assert list(made.vary) == ["seed"]
    assert {run.experiment.options["rate"] for run in planned(made)} == {0.5}


def test_runs_beyond_number_are_counted_and_not_made(swept):
    many = swept(TOML.replace("to = 2", "to = 1_000_000_000_000"))
    assert many.count == 2 * (10**12 + 1)
    assert [run.experiment.seed for run in planned(many, 5)] == [0, 1, 2, 3, 4]
    assert planned(swept(TOML), 4) == planned(swept(TOML))[:4]


class Pretended:
    """An engine of so many workers, on which a run comes to what the script says of its try."""

    def __init__(self, workers, script):
        self.workers, self.script = workers, script
        self.busy, self.tries, self.most, self.closed = [], Counter(), 0, False

    def free(self):
        return self.workers - len(self.busy)

    def start(self, work):
        self.busy.append(work.name)
        self.most = max(self.most, len(self.busy))
        self.tries[work.name] += 1

    def ended(self):
        name = self.busy.pop(0)
        return [(name, Ended(self.script(name, self.tries[name])))]

    def close(self):
        self.closed = True


def works(out, count):
    return [Work(str(n), Experiment(model="mlp"), out, "cpu", 1, False, out / "stop", ()) for n in range(count)]


def test_a_run_whose_worker_died_is_carried_out_by_another(tmp_path):
    engine = Pretended(2, lambda name, times: "died" if name == "3" and times == 1 else "done")
    ends = dict(conduct(works(tmp_path, 9), engine, lambda: None))
    assert {name: ended.status for name, ended in ends.items()} == {str(n): "done" for n in range(9)}
    assert engine.tries == Counter({str(n): 1 + (n == 3) for n in range(9)})
    assert (engine.most, engine.closed) == (2, True)


@pytest.mark.parametrize("how", ["died", "interrupted"])
def test_a_run_that_always_takes_its_worker_with_it_is_lost_and_the_others_are_done(how, tmp_path):
    engine = Pretended(2, lambda name, times: how if name == "3" else "done")
    ends = dict(conduct(works(tmp_path, 9), engine, lambda: None))
    assert ends["3"].status == "lost"
    assert ends["3"].error.startswith(f"its worker died {LIVES} times")
    assert [ended.status for name, ended in ends.items() if name != "3"] == ["done"] * 8
    assert engine.tries["3"] == LIVES


def test_once_asked_to_stop_nothing_is_started_and_workers_are_told(tmp_path):
    ended = []
    engine = Pretended(2, lambda name, times: "interrupted" if (tmp_path / "stop").exists() else "done")
    for name, end in conduct(works(tmp_path, 9), engine, lambda: 130 if len(ended) >= 3 else None):
        ended.append((name, end.status))
    assert ended[:3] == [("0", "done"), ("1", "done"), ("2", "done")]
    assert ended[3:] == [("3", "interrupted")]
    assert (tmp_path / "stop").read_text(encoding="utf-8") == "130"
    assert engine.closed


def test_a_disk_that_refuses_ends_the_sweep(tmp_path):
    engine = Pretended(1, lambda name, times: "refused" if name == "2" else "done")
    with pytest.raises(HaltedError):
        list(conduct(works(tmp_path, 9), engine, lambda: None))
    assert engine.closed
    assert set(engine.tries) == {"0", "1", "2"}


def test_what_is_gathered_tells_every_run_and_means_over_seeds(swept, tmp_path):
    made = swept(TOML)
    runs = planned(made)
    found = [Standing("done", {"test_accuracy": 0.5 + n / 10, "train_seconds": 1.0, "epochs": 1}) for n in range(4)]
    found += [Standing("failed", error="FloatingPointError: x"), Standing("new")]
    outcome = results(made, [row(*pair) for pair in zip(runs, found, strict=True)])
    assert outcome["statuses"] == {"done": 4, "failed": 1, "new": 1}
    first, second = outcome["summary"]
    assert (first["settings"], first["n"], first["accuracy_mean"]) == ({"options.rate": 0.01}, 3, pytest.approx(0.6))
    assert first["accuracy_sd"] == pytest.approx(0.1)
    assert (second["n"], second["runs"], second["accuracy_mean"], second["accuracy_sd"]) == (1, 3, 0.8, None)
    write(tmp_path, made, outcome)
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8")) == outcome
    with open(tmp_path / "results.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:3] == ["run", "options.rate", "seed"]
    assert [(each["options.rate"], each["seed"], each["status"], each["error"]) for each in rows][3:] == [
        ("0.1", "0", "done", ""),
        ("0.1", "1", "failed", "FloatingPointError: x"),
        ("0.1", "2", "new", ""),
    ]
    assert (tmp_path / "figures" / "sweep.png").stat().st_size > 1000
    assert flat(outcome["rows"][0])["run"] == runs[0].name


def test_without_one_accuracy_nothing_is_drawn(swept, tmp_path):
    made = swept(TOML)
    assert write(tmp_path, made, results(made, [row(run, Standing("new")) for run in planned(made)])) is None
    assert not (tmp_path / "figures").exists()
    assert (tmp_path / "results.csv").exists()


def test_the_held_out_accuracy_is_that_of_the_epoch_that_was_chosen(tmp_path):
    folder = RunFolder.create(tmp_path / "r", False, plain(Experiment(model="mlp")), 0)
    assert held_out(folder.path) is None
    losses = [(0, 0.1, 0.5), (1, 0.9, 0.6), (1, 0.4, 0.7), (1, 0.5, 0.8)]
    for phase, loss, right in losses:
        folder.metric({"phase": phase, "held_out_loss": loss, "held_out_accuracy": right})
    assert held_out(folder.path) == 0.7


def test_where_learning_ends_with_a_phase_that_does_not_teach_the_answers_no_held_out_accuracy_is_told(tmp_path):
    folder = RunFolder.create(tmp_path / "r", False, plain(Experiment(model="mlp")), 0)
    folder.metric({"phase": 0, "held_out_loss": 0.1, "held_out_accuracy": 0.9})
    folder.metric({"phase": 1, "change": 0.2})
    assert held_out(folder.path) is None


def test_a_run_stands_as_its_folder_says(tmp_path):
    assert standing(tmp_path / "none").status == "new"
    folder = RunFolder.create(tmp_path / "r", False, plain(Experiment(model="mlp")), 0)
    assert standing(folder.path).status == "interrupted"
    folder.status("failed", error="E: x")
    assert standing(folder.path) == Standing("failed", error="E: x")
    folder.status("done")
    assert standing(folder.path).status == "interrupted"  # without a result it goes on, as running says


DAMAGED = {
    "empty": ("run.json", ""),
    "cut": ("run.json", '{"schema_version": 1, "status": "do'),
    "a list": ("run.json", "[1]"),
    "no table of results": ("run.json", '{"schema_version": 1, "status": "done", "result": 3}'),
    "half a result": ("run.json", '{"schema_version": 1, "status": "done", "result": {"epochs": 3}}'),
    "lines without phases": ("metrics.jsonl", '{"epoch": 0}\n'),
    "lines of numbers": ("metrics.jsonl", "3\n"),
}


@pytest.mark.parametrize(("name", "text"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_run_is_named_with_the_remedy(name, text, tmp_path):
    folder = RunFolder.create(tmp_path / "r", False, plain(Experiment(model="mlp")), 0)
    folder.status("done", result={"test_accuracy": 0.5, "train_seconds": 1.0, "epochs": 1})
    (folder.path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        standing(folder.path)
    assert str(caught.value).startswith(str(folder.path))
    assert str(caught.value).endswith(f"; remove {folder.path}, and its run is carried out anew")
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_no_sweep_is_refused(tmp_path):
    check_folder(tmp_path)
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UsageError, match=r"holds something, but no sweep \(it has no sweep.json\)"):
        check_folder(tmp_path)
    with pytest.raises(UsageError, match="is a file"):
        check_folder(tmp_path / "mine.txt")
    (tmp_path / "sweep.json").write_text('{"schema_version": 9}', encoding="utf-8")
    with pytest.raises(DataError, match="written in format 9, but this version reads 1"):
        check_folder(tmp_path)
