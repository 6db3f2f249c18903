"""Sweeps on real workers, which may be killed, and with them the sweep: all runs end as each does by itself."""

import csv
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from command import finished, program

import neuro_cnn
from neuro_cnn import checkpoint
from neuro_cnn.running import configured, run_one
from neuro_cnn.runs import RunFolder
from neuro_cnn.sweep import planned, read_sweep

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows knows neither SIGTERM nor process groups")
TOML = """
model = "mlp"
train_size = 100
hold_out = 0.2
[options]
hidden = 8
epochs = 6
[vary]
options.rate = { from = 0.001, to = 0.1, count = 3, scale = "log" }
seed = { from = 0, to = 7 }
"""
WEIGHTS = ("checkpoints/best.safetensors", "checkpoints/last.safetensors")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the sweep's TOML file, and one of six of its runs."""
    folder = tmp_path_factory.mktemp("a sweep")
    (folder / "s.toml").write_text(TOML, encoding="utf-8")
    (folder / "few.toml").write_text(TOML.replace("to = 7", "to = 1"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def alone(place):
    """What each run of the sweep comes to by itself, in this process: its accuracy and its weights."""
    found = {}
    for run in planned(read_sweep(place / "s.toml")):
        result = run_one(run.experiment, place / "alone" / run.name)
        weights = [(place / "alone" / run.name / name).read_bytes() for name in WEIGHTS]
        found[run.name] = (result["test_accuracy"], result["epochs"], weights)
    assert len(found) == 24
    assert len({accuracy for accuracy, _, _ in found.values()}) > 12  # so that runs cannot be taken for each other
    return found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A Dask scheduler and two worker processes of one thread: its address, and the process that keeps the workers."""
    folder = tmp_path_factory.mktemp("cluster")
    where, environment = folder / "scheduler.json", {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = str(Path(neuro_cnn.__file__).parent.parent)
    how = {"cwd": folder, "env": environment, "stderr": subprocess.DEVNULL, "start_new_session": True}
    common = ["--scheduler-file", str(where), "--no-dashboard"]
    workers = ["--nworkers", "2", "--nthreads", "1"]
    with (
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", *common], **how
        ) as one,
        subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_worker", *workers, *common], **how) as two,
    ):
        try:
            while not where.exists():
                assert (one.poll(), two.poll()) == (None, None)
                time.sleep(0.05)
            yield json.loads(where.read_text(encoding="utf-8"))["address"], two.pid
        finally:
            for process in (two, one):
                os.killpg(process.pid, signal.SIGKILL)


def started(place, out, *words, toml="s.toml"):
    """A sweep in a process, and a group of processes, of its own."""
    return program("sweep", toml, "--out", out, *words, cwd=place, start_new_session=True)


def told(process, count):
    """Read on until so many more runs have ended; the lines of all."""
    return [process.stderr.readline() for _ in range(count)]


def workers(pid, mark):
    """The processes below this one that are workers."""
    children = psutil.Process(pid).children(recursive=True)
    return [child for child in children if any(mark in word for word in child.cmdline())]


def agrees(out, alone, count=24):
    """Whether a sweep's results, and all weights that its runs have saved, are those of its runs by themselves."""
    with open(out / "results.csv", encoding="utf-8") as file:
        rows = {row["run"]: row for row in csv.DictReader(file)}
    assert {row["status"] for row in rows.values()} == {"done"}
    assert len(rows) == count
    for name in rows:
        accuracy, epochs, weights = alone[name]
        assert (float(rows[name]["test_accuracy"]), int(rows[name]["epochs"])) == (accuracy, epochs)
        assert [(out / "runs" / name / each).read_bytes() for each in WEIGHTS] == weights
    assert not [path for path in out.rglob("*") if path.name.startswith((".", "stop-"))]
    return True


def resumed(out):
    """The runs that were gone on with."""
    return [path for path in out.glob("runs/*/run.json") if "resumed" in json.loads(path.read_text(encoding="utf-8"))]


def ends_all_24_without_one_of_its_workers(process, parent, kind, out, alone):
    """A worker is killed in the middle; the sweep ends as if it never had been, its run alone gone on with."""
    assert told(process, 6)[-1].startswith("[6/24] ")
    at_work = workers(parent, kind)
    assert len(at_work) == 2
    at_work[0].kill()
    answer = finished(process)
    assert answer.code == 0, answer.err
    assert "Traceback" not in answer.err
    assert agrees(out, alone)
    assert len(resumed(out)) <= 1


def test_loky_ends_all_24_runs_though_a_worker_is_killed_which_costs_its_run_alone(place, alone, tmp_path):
    process = started(place, tmp_path / "o", "--jobs", 2)
    ends_all_24_without_one_of_its_workers(process, process.pid, "popen_loky", tmp_path / "o", alone)
    assert json.loads((tmp_path / "o" / "sweep.json").read_text(encoding="utf-8"))["threads"] == 1


@pytest.mark.slow
def test_dask_ends_all_24_runs_though_a_worker_is_killed_which_costs_its_run_alone(place, alone, cluster, tmp_path):
    address, keeper = cluster
    process = started(place, tmp_path / "o", "--engine", "dask", "--scheduler", address)
    ends_all_24_without_one_of_its_workers(process, keeper, "spawn_main", tmp_path / "o", alone)


def whole(out):
    """Whether every run folder can be read: what it says, its configuration, its measures and its weights."""
    for path in (path.parent for path in out.glob("runs/*/run.json")):
        folder = RunFolder.open(path)
        assert folder.read_json("run.json")["status"] in ("running", "interrupted", "done")
        configured(folder)
        folder.metrics()
        for which in ("last", "best"):
            if folder.checkpoint(which).is_file():
                checkpoint.load(folder.checkpoint(which))
    return True


def test_a_sweep_killed_and_then_stopped_by_ctrl_c_ends_by_the_printed_command_as_if_it_never_had(
    place, alone, tmp_path
):
    out = tmp_path / "it's out"
    process = started(place, out, "--jobs", 1, toml="few.toml")
    while not list(out.glob("runs/*/metrics.jsonl")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert finished(process).code == -signal.SIGKILL
    assert whole(out)
    process = started(place, out, "--jobs", 1, toml="few.toml")
    assert "/6] " in told(process, 1)[0]
    os.killpg(process.pid, signal.SIGINT)  # as the terminal does: to all processes of the group
    answer = finished(process)
    assert answer.code == 130, answer.err
    assert "Traceback" not in answer.err
    assert whole(out)
    assert json.loads((out / "sweep.json").read_text(encoding="utf-8"))["status"] == "interrupted"
    (line,) = [line for line in answer.err.splitlines() if line.startswith("stopped; go on with: ")]
    name, *words = shlex.split(line.removeprefix("stopped; go on with: "))
    assert name == "neuro-cnn"
    answer = finished(program(*words, cwd=place))
    assert answer.code == 0, answer.err
    assert agrees(out, alone, 6)


@pytest.mark.slow
def test_a_worker_of_several_threads_is_refused_and_none_is_waited_for(place, tmp_path):
    dask, common = [sys.executable, "-m"], ["--no-dashboard", "--scheduler-file", str(tmp_path / "s.json")]
    how = {"cwd": tmp_path, "stderr": subprocess.DEVNULL, "start_new_session": True}
    with subprocess.Popen([*dask, "distributed.cli.dask_scheduler", "--port", "0", *common], **how) as scheduler:
        try:
            while not (tmp_path / "s.json").exists():
                assert scheduler.poll() is None
                time.sleep(0.05)
            address = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))["address"]
            process = started(place, tmp_path / "o", "--engine", "dask", "--scheduler", address)
            assert process.stderr.readline() == "no worker has joined the scheduler yet; waiting for one\n"
            workers = [*dask, "distributed.cli.dask_worker", "--nworkers", "1", "--nthreads", "2", *common]
            with subprocess.Popen(workers, **how) as worker:
                try:
                    answer = finished(process)
                finally:
                    os.killpg(worker.pid, signal.SIGKILL)
        finally:
            os.killpg(scheduler.pid, signal.SIGKILL)
    assert answer.code == 2
    assert "has 2 threads, but runs take turns; start it with --nthreads 1" in answer.err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_dask_stops_its_runs_after_their_batch_and_goes_on(number, place, alone, cluster, tmp_path):
    words = ("--engine", "dask", "--scheduler", cluster[0])
    process = started(place, tmp_path / "o", *words)
    told(process, 4)
    process.send_signal(number)
    assert finished(process).code == 128 + number
    assert whole(tmp_path / "o")
    answer = finished(started(place, tmp_path / "o", *words))
    assert answer.code == 0, answer.err
    assert agrees(tmp_path / "o", alone)


@pytest.mark.slow
def test_a_second_signal_stops_a_sweep_at_once_and_leaves_no_worker(place, alone, tmp_path):
    process = started(place, tmp_path / "o", "--jobs", 2, "--set", "epochs=100000")
    while len(list((tmp_path / "o").glob("runs/*/metrics.jsonl"))) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    answer = finished(process)
    assert answer.code == 143
    assert whole(tmp_path / "o")
    assert psutil.wait_procs(below, timeout=30)[1] == []


@pytest.mark.slow
def test_workers_end_with_a_sweep_that_is_killed_alone(place, alone, tmp_path):
    process = started(place, tmp_path / "o", "--jobs", 2)
    told(process, 4)
    below = psutil.Process(process.pid).children(recursive=True)
    assert len(below) >= 2
    process.kill()
    finished(process)
    answer = finished(started(place, tmp_path / "o", "--jobs", 2))
    assert answer.code == 0, answer.err
    assert agrees(tmp_path / "o", alone)
    assert psutil.wait_procs(below, timeout=30)[1] == []


@pytest.mark.slow
def test_both_engines_give_the_same_table_but_for_seconds(place, alone, cluster, tmp_path):
    answers = [
        finished(started(place, tmp_path / "loky", "--jobs", 2)),
        finished(started(place, tmp_path / "one", "--jobs", 1)),
        finished(started(place, tmp_path / "dask", "--engine", "dask", "--scheduler", cluster[0])),
    ]
    assert [answer.code for answer in answers] == [0, 0, 0], answers
    assert all(agrees(tmp_path / name, alone) for name in ("loky", "one", "dask"))
    tables = []
    for name in ("loky", "one", "dask"):
        with open(tmp_path / name / "results.csv", encoding="utf-8") as file:
            tables.append([{**row, "train_seconds": ""} for row in csv.DictReader(file)])
    assert tables[0] == tables[1] == tables[2]


@pytest.mark.slow
def test_a_sweep_killed_at_twenty_random_moments_has_no_damaged_run_and_ends_as_if_it_never_had(place, alone, tmp_path):
    draws, kills, out = random.Random(0), 0, tmp_path / "o"
    started_at = time.perf_counter()
    answer = finished(started(place, out, "--jobs", 2))
    lasting = time.perf_counter() - started_at
    assert answer.code == 0, answer.err
    shutil.rmtree(out)
    while kills < 20:
        process = started(place, out, "--jobs", 2)
        time.sleep(draws.uniform(0.2, 1) * lasting / 2)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        finished(process)
        assert whole(out)
        if kills % 5 == 0 or process.returncode == 0:  # so that kills hit all parts of a sweep
            assert finished(started(place, out, "--jobs", 2)).code == 0
            assert agrees(out, alone)
            shutil.rmtree(out)
    assert finished(started(place, out, "--jobs", 2)).code == 0
    assert agrees(out, alone)
