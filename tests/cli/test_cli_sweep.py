"""neuro-cnn sweep: what it lists, carries out, keeps, repeats and refuses."""

import csv
import json
import sys
import time

import numpy as np
import pytest
from command import call, refused

from neuro_cnn import __version__, engines
from neuro_cnn.worker import carry_out

TOML = """
question = "How fast should a perceptron of layers learn?"
model = "mlp"
train_size = 60
[options]
hidden = 4
epochs = 1
[vary]
options.rate = [0.01, 0.1]
seed = { from = 0, to = 1 }
"""


class Here:
    """An engine of one worker that is this process, so that what a sweep does can be seen in little time."""

    def __init__(self, jobs, threads):
        self.came_to = []

    def free(self):
        return 1 - len(self.came_to)

    def start(self, work):
        self.came_to.append((work.name, carry_out(work)))

    def ended(self):
        came_to, self.came_to = self.came_to, []
        return came_to

    def close(self):
        assert not self.came_to


@pytest.fixture
def here(monkeypatch):
    """Runs are carried out in this process."""
    monkeypatch.setattr(engines, "Loky", Here)


@pytest.fixture
def toml(tmp_path, monkeypatch):
    """A sweep of four runs, in an empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "s.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


def rows(out):
    """The rows of results.csv, without the time that is never the same."""
    with open(out / "results.csv", encoding="utf-8") as file:
        return [{**row, "train_seconds": ""} for row in csv.DictReader(file)]


def test_a_dry_run_lists_and_counts_and_writes_nothing(toml, tmp_path):
    answer = call("sweep", "s.toml", "--dry-run")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert lines[-1] == "4 runs in runs/sweep-s: 0 done, 0 failed, 4 to do"
    assert sum("rate=0." in line and line.endswith("new ") for line in lines) == 4
    told = call("sweep", "s.toml", "--dry-run", "--json").lines
    assert [line["settings"] for line in told[:4]] == [
        {"options.rate": rate, "seed": seed} for rate in (0.01, 0.1) for seed in (0, 1)
    ]
    assert told[4] == {"sweep": "runs/sweep-s", "runs": 4, "to_do": 4, "done": 0, "failed": 0}
    assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]


def test_a_sweep_is_done_once_grows_and_tells_of_its_present_runs_alone(here, toml, tmp_path):
    out = tmp_path / "o"
    answer = call("sweep", "s.toml", "--out", out, "--jobs", 1, "--json")
    assert answer.code == 0, answer.err
    *lines, summary = answer.lines
    assert [line["status"] for line in lines] == ["done"] * 4
    assert (summary["sweep"], summary["runs"], summary["done"]) == (str(out), 4, 4)
    assert answer.err.splitlines()[0] == "How fast should a perceptron of layers learn?"
    assert answer.err.splitlines()[1].startswith("[1/4] rate=0.01,seed=0: ")
    assert "s left" in answer.err.splitlines()[1]
    first = rows(out)
    assert [(row["options.rate"], row["seed"]) for row in first] == [
        ("0.01", "0"), ("0.01", "1"), ("0.1", "0"), ("0.1", "1"),
    ]  # fmt: skip
    assert json.loads((out / "sweep.json").read_text(encoding="utf-8"))["status"] == "done"
    runs = {path: (path / "run.json").read_bytes() for path in out.glob("runs/*")}
    assert len(runs) == 4

    toml.write_text(TOML.replace("to = 1", "to = 2").replace("0.01, 0.1", "0.1"), encoding="utf-8")
    answer = call("sweep", "s.toml", "--out", out, "--jobs", 1)
    assert answer.code == 0, answer.err
    assert "[3/3] rate=0.1,seed=2: " in answer.err
    assert "2 runs there are not of this sweep as it is now, and not in its results" in answer.err
    assert {path: (path / "run.json").read_bytes() for path in runs} == runs
    assert rows(out)[:2] == first[2:]
    assert len(rows(out)) == 3
    assert json.loads((out / "results.json").read_text(encoding="utf-8"))["statuses"] == {"done": 3}


def test_a_failed_run_is_kept_with_its_error_until_it_is_tried_again(here, toml, tmp_path):
    wild = (
        TOML.replace('"mlp"', '"lenet5"')
        .replace("hidden = 4\n", "")
        .replace("[0.01, 0.1]", "[0.01, 1e30]")
        .replace("epochs = 1", "epochs = 3")
    )
    toml.write_text(wild.replace("to = 1", "to = 0"), encoding="utf-8")
    words = ("sweep", "s.toml", "--out", "o", "--jobs", 1)
    answer = call(*words)
    assert answer.code == 1
    again = "1 of 2 runs failed; try them again with: neuro-cnn sweep s.toml --out o --jobs 1 --retry"
    assert answer.err.splitlines()[-1] == again
    good, bad = rows(tmp_path / "o")
    assert (good["status"], bad["status"]) == ("done", "failed")
    assert bad["error"].startswith("FloatingPointError: ")
    (kept,) = (tmp_path / "o").glob("runs/rate=1e+30*/run.json")
    facts = json.loads(kept.read_text(encoding="utf-8"))
    assert (facts["status"], facts["error"]) == ("failed", bad["error"])
    before = kept.stat().st_mtime_ns
    assert call(*words).code == 1
    assert kept.stat().st_mtime_ns == before
    assert rows(tmp_path / "o") == [good, bad]
    assert call(*words, "--retry").code == 1
    assert kept.stat().st_mtime_ns > before
    assert rows(tmp_path / "o") == [good, bad]
    assert json.loads((tmp_path / "o" / "sweep.json").read_text(encoding="utf-8"))["status"] == "failed"


def test_seeds_alone_can_vary(here, toml, tmp_path):
    answer = call("sweep", "s.toml", "--out", "o", "--jobs", 1, "--set", "rate=0.01")
    assert answer.code == 0, answer.err
    assert [row["seed"] for row in rows(tmp_path / "o")] == ["0", "1"]
    assert "2 of 2" in answer.out


REFUSED = {
    "no such file": ("sweep none.toml", "none.toml: cannot be read (No such file or directory)"),
    "no such engine": (
        "sweep s.toml --engine lokey",
        "unknown engine 'lokey'; did you mean 'loky'? there is: dask, loky",
    ),
    "no scheduler": ("sweep s.toml --engine dask", "--engine dask and --scheduler ADDRESS go together; "),
    "a scheduler of loky's": ("sweep s.toml --scheduler tcp://h:1", "--engine dask and --scheduler ADDRESS go tog"),
    "no address": (
        "sweep s.toml --engine dask --scheduler here",
        "--scheduler here is no address such as tcp://host:8786, as `dask scheduler` prints it",
    ),
    "no such option": (
        "sweep s.toml --set epoch=1",
        "s.toml with options.rate = 0.01, seed = 0: unknown option of mlp",
    ),
    "no sweep there": (
        "sweep s.toml --out there",
        "there holds something, but no sweep (it has no sweep.json); choose",
    ),
    "an experiment's command": ("train s.toml", "s.toml is a sweep; run it with: neuro-cnn sweep s.toml"),
}


@pytest.mark.parametrize(("command", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_in_one_line_and_leaves_nothing(command, message, toml, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").touch()
    assert refused(2, *command.split()).startswith(message)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mine.txt", "s.toml", "there"]


def test_more_than_ten_thousand_runs_want_to_be_meant(toml, tmp_path):
    toml.write_text(TOML.replace("to = 1", "to = 5_000"), encoding="utf-8")
    many = "s.toml makes 10,002 runs; say --yes where more than 10,000 are meant"
    assert refused(2, "sweep", "s.toml") == many
    toml.write_text(TOML.replace("to = 1", "to = 1_000_000_000_000"), encoding="utf-8")
    assert refused(2, "sweep", "s.toml").startswith("s.toml makes 2,000,000,000,002 runs; ")
    assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]


@pytest.mark.parametrize("seeds", [5_000, 1_000_000_000_000])
def test_a_dry_run_counts_very_many_runs_and_lists_the_first(seeds, toml, tmp_path):
    toml.write_text(TOML.replace("to = 1", f"to = {seeds}"), encoding="utf-8")
    answer = call("sweep", "s.toml", "--dry-run")
    assert answer.code == 0, answer.err
    *listed, last = answer.out.splitlines()
    assert sum("rate=0.01,seed=" in line for line in listed) == 20
    assert last == f"{2 * seeds + 2:,} runs in runs/sweep-s; only the first 20 of them are listed without --yes"
    *lines, summary = call("sweep", "s.toml", "--dry-run", "--json").lines
    assert [line["settings"]["seed"] for line in lines] == list(range(20))
    assert summary == {"sweep": "runs/sweep-s", "runs": 2 * seeds + 2, "listed": 20}
    assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]


def test_runs_of_other_data_or_another_version_are_told_before_anything_is_run(here, toml, tmp_path):
    rng = np.random.default_rng(0)
    arrays = {"images": rng.random((40, 8, 8), dtype=np.float32), "labels": np.arange(40) % 4}
    np.savez("a.npz", **arrays)
    text = TOML.replace("train_size = 60", 'data = "npz:a.npz"').replace("[0.01, 0.1]", "[0.1]")
    toml.write_text(text, encoding="utf-8")
    words = ("sweep", "s.toml", "--out", "o", "--jobs", 1)
    assert call(*words).code == 0
    assert "neuro_cnn" not in call(*words).err
    path = next((tmp_path / "o" / "runs").glob("*seed=1*"))
    facts = json.loads((path / "env.json").read_text(encoding="utf-8"))
    (path / "env.json").write_text(json.dumps({**facts, "neuro_cnn": "0.0.9"}), encoding="utf-8")
    told = f"1 of 2 finished runs were made by neuro_cnn 0.0.9, not {__version__}; another --out repeats them\n"
    assert call(*words).err.count(told) == 1

    arrays["labels"][0] = 1
    np.savez("a.npz", **arrays)
    toml.write_text(text.replace("to = 1", "to = 2"), encoding="utf-8")
    for more in ((), ("--dry-run",)):
        line = refused(3, *words, *more)
        assert line.startswith("o/runs/rate=0.1,seed=0-")
        assert ": learned from other images or labels of npz:a.npz (t" in line
        assert line.endswith("than are there now; choose another --out, or remove that folder")
    assert len(list((tmp_path / "o" / "runs").iterdir())) == 2
    assert call("sweep", "s.toml", "--out", "p", "--jobs", 1).code == 0


@pytest.mark.slow
def test_ten_thousand_runs_are_listed_where_they_are_meant(toml):
    toml.write_text(TOML.replace("to = 1", "to = 5_000"), encoding="utf-8")
    answer = call("sweep", "s.toml", "--dry-run", "--yes", "--json")
    assert answer.code == 0, answer.err
    assert answer.lines[-1]["to_do"] == 10_002


def test_a_scheduler_that_does_not_answer_is_given_up_within_ten_seconds(toml, tmp_path):
    started = time.perf_counter()
    line = refused(2, "sweep", "s.toml", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1")
    assert time.perf_counter() - started < 10
    remedy = "start one with `dask scheduler`, or name another with --scheduler"
    assert line == f"no Dask scheduler answers at tcp://127.0.0.1:1; {remedy}"
    assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]


def test_without_dask_the_extra_is_named(toml, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    line = refused(2, "sweep", "s.toml", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1")
    assert line == '--engine dask needs dask; install it with: pip install "neuro_cnn[cluster]"'


def test_more_threads_than_cores_are_refused(toml, monkeypatch):
    import joblib

    from neuro_cnn import environment

    monkeypatch.setattr(environment, "threads_wanted", lambda: 2)
    monkeypatch.setattr(joblib, "cpu_count", lambda: 4)
    line = refused(2, "sweep", "s.toml", "--jobs", 3)
    assert line == "--jobs 3 of 2 threads each want 6 cores, not 4; use --jobs 2"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_folder_that_nobody_may_write_to_is_told_in_one_line(toml):
    told = "/proc/sweep: No such file or directory; choose another --out, and run again"
    assert refused(3, "sweep", "s.toml", "--out", "/proc/sweep") == told
