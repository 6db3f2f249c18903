"""A comparison that was stopped, killed or met a full disk goes on, and ends as if nothing had happened."""

import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from command import Answer, call, finished, program, refused

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGTERM")
SETTINGS = (
    *("compare", "mlp:hidden=4,epochs=1", "hebbian-wta:planes=4", "lenet5:epochs=2", "--train-size", 150),
    *("--seeds", 2, "--shift", 1),
)
TIMED = ("train_seconds", "images_per_second")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a comparison that nobody interrupted."""
    folder = tmp_path_factory.mktemp("compared") / "whole"
    assert call(*SETTINGS, "--out", folder).code == 0
    return folder


def untimed(value):
    """Plain data without what was measured with a clock."""
    if isinstance(value, dict):
        return {key: untimed(each) for key, each in value.items() if not key.startswith(TIMED)}
    return [untimed(each) for each in value] if isinstance(value, list) else value


def assert_same(folder, whole):
    """Results, figures, weights and lines of two comparisons are the same but for times and the folder's name."""
    ours, theirs = (
        untimed(json.loads((path / "results.json").read_text(encoding="utf-8"))) for path in (folder, whole)
    )
    assert {**ours, "command": ""} == {**theirs, "command": ""}
    heads = [(path / "results.csv").read_text(encoding="utf-8").splitlines()[0] for path in (folder, whole)]
    assert heads[0] == heads[1]
    figures = {path.name: path.read_bytes() for path in (whole / "figures").iterdir()}
    assert {path.name: path.read_bytes() for path in (folder / "figures").iterdir()} == figures
    assert len(figures) > 3
    lines = [(path / "metrics.jsonl").read_text(encoding="utf-8").splitlines() for path in (folder, whole)]
    rows = [[untimed(json.loads(line)["row"]) for line in part] for part in lines]
    assert rows[0] == rows[1] == ours["rows"]
    names = [sorted(path.name for path in (each / "findings").iterdir()) for each in (folder, whole)]
    assert names[0] == names[1]
    status = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (status["status"], status["exit_code"]) == ("done", 0)
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]


def started(folder, *more):
    """A comparison that has found something, in a process group of its own."""
    process = program(*SETTINGS, *more, "--out", folder, start_new_session=True)
    assert process.stderr.readline().startswith("[1/8] ")
    return process


def assert_none_left(group):
    """No process of the group goes on."""
    for _ in range(600):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("a process went on for a minute")


def pasted(command, folder):
    """What a command line comes to in a shell that knows neuro-cnn."""
    folder.mkdir()
    script = folder / "neuro-cnn"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m neuro_cnn "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        ["sh", "-c", command], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def printed(answer):
    """The command that a stopped comparison has printed."""
    (line,) = [line for line in answer.err.splitlines() if line.startswith("stopped; go on with: ")]
    return line.removeprefix("stopped; go on with: ")


@posix
@pytest.mark.parametrize(("jobs", "number", "code"), [(1, signal.SIGTERM, 143), (2, signal.SIGINT, 130)])
def test_a_comparison_stopped_by_a_signal_goes_on_with_the_pasted_command(jobs, number, code, whole, tmp_path):
    folder = tmp_path / "a study's folder"
    process = started(folder, "--jobs", jobs)
    os.killpg(process.pid, number) if jobs > 1 else process.send_signal(number)  # Ctrl-C reaches all of the group
    answer = finished(process)
    assert answer.code == code, answer.err
    assert_none_left(process.pid)
    assert "Traceback" not in answer.err
    status = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (status["status"], status["exit_code"]) == ("interrupted", code)
    command = printed(answer)
    assert command == shlex.join(["neuro-cnn", "compare", "--resume", str(folder)]) + " --jobs 2" * (jobs > 1)
    before = {path: path.stat().st_mtime_ns for path in (folder / "findings").glob("*.safetensors")}
    assert 0 < len(before) < 8
    again = pasted(command, tmp_path / "bin") if jobs > 1 else call(*shlex.split(command)[1:])
    assert again.code == 0, again.err
    assert f"{len(before)} of 8 were found before and are not learned anew\n" in again.err
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert_same(folder, whole)


@posix
def test_a_comparison_killed_outright_goes_on(whole, tmp_path):
    process = started(tmp_path / "run")
    process.kill()
    process.communicate()
    assert json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["status"] == "running"
    assert call("compare", "--resume", tmp_path / "run").code == 0
    assert_same(tmp_path / "run", whole)


@posix
@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_at_ten_random_moments_a_comparison_leaves_no_process_and_ends_as_one_that_was_not(
    jobs, whole, tmp_path
):
    moments = random.Random(jobs)
    folder = tmp_path / "run"
    process = program(*SETTINGS, "--jobs", jobs, "--out", folder, start_new_session=True)
    for _ in range(10):
        time.sleep(moments.uniform(1, 4))
        process.kill()
        process.communicate()
        assert_none_left(process.pid)
        words = ("--resume", folder) if (folder / "config.toml").exists() else (*SETTINGS[1:], "--out", folder)
        process = program("compare", *words, "--jobs", jobs, start_new_session=True)
    answer = finished(process)
    assert answer.code == 0, answer.err
    assert_same(folder, whole)


@posix
def test_a_comparison_that_met_a_full_disk_goes_on_when_there_is_space(whole, tmp_path):
    answer = finished(program(*SETTINGS, "--out", tmp_path / "run", largest_file=200_000))
    assert answer.code == 3  # the weights of lenet5 do not fit, those found before do
    assert "Traceback" not in answer.err
    found = list((tmp_path / "run" / "findings").glob("*.safetensors"))
    assert len(found) == 6
    assert not list((tmp_path / "run" / "findings").glob(".*"))
    assert call(*shlex.split(printed(answer))[1:]).code == 0
    assert_same(tmp_path / "run", whole)


def test_a_finished_comparison_is_told_again_without_learning(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "run")
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    answer = call("compare", "--resume", tmp_path / "run", "--seeds", 2, "--json")
    assert answer.code == 0, answer.err
    assert "8 of 8 were found before" in answer.err
    assert "[" not in answer.err
    assert answer.json == json.loads((whole / "results.json").read_text(encoding="utf-8"))
    after = {path: path.read_bytes() for path in before}
    assert {path.name for path in before if before[path] != after[path]} == {"run.json", "log.txt"}


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_does_not_agree_with_the_folder_is_refused_and_the_key_named(whole, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    before = contents(folder)
    for words, told in {
        ("--seeds", 5): "seeds is 2 there, but 5 was asked for",
        ("--set", "epochs=3"): "options.epochs is absent there, but 3 was asked for",
        ("--shift", "1,2"): "shift is [1] there, but [1, 2] was asked for",
        ("mlp", "--train-size", 150, "--seeds", 2, "--shift", 1): "but ['mlp'] was asked for",
    }.items():
        line = refused(2, "compare", "--resume", folder, *words)
        assert told in line
        assert line.endswith("; leave it out, or begin anew with --out")
    for words in (("--out", tmp_path / "b"), ("--overwrite",)):
        assert "leave out --out and --overwrite" in refused(2, "compare", "--resume", folder, *words)
    assert contents(folder) == before


def test_a_folder_that_is_no_comparison_of_this_version_is_refused_and_left_as_it_was(whole, tmp_path):
    assert "is not a run folder" in refused(3, "compare", "--resume", tmp_path / "none")
    assert call("train", "mlp:hidden=2,epochs=1", "--train-size", 40, "--out", tmp_path / "one").code == 0
    line = refused(2, "compare", "--resume", tmp_path / "one")
    assert (
        line == f"{tmp_path / 'one'} is the run of one system; go on with: neuro-cnn train --resume {tmp_path / 'one'}"
    )
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    status = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_text(json.dumps({**status, "schema_version": 2}), encoding="utf-8")
    before = contents(folder)
    line = refused(3, "compare", "--resume", folder)
    assert line.startswith(f"{folder / 'run.json'}: written in format 2, but this version reads 1; use the version")
    assert contents(folder) == before


def test_a_damaged_finding_is_named(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "run")
    path = next((tmp_path / "run" / "findings").glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-5])
    line = refused(3, "compare", "--resume", tmp_path / "run")
    assert line.startswith(f"{path}: damaged (")
    assert line.endswith("; remove it, and go on")
    path.unlink()
    assert call("compare", "--resume", tmp_path / "run").code == 0
    assert_same(tmp_path / "run", whole)


@pytest.mark.parametrize("text", ["", '{"schema_version": 1, "tasks": [', "[]", '{"schema_version": 1, "data": [3]}'])
def test_a_damaged_plan_is_named(text, whole, tmp_path):
    shutil.copytree(whole, tmp_path / "run")
    path = tmp_path / "run" / "findings" / "plan.json"
    path.write_text(text, encoding="utf-8")
    line = refused(3, "compare", "--resume", tmp_path / "run")
    assert line.startswith(f"{path}: damaged (")
    assert line.endswith("; remove it, and go on where neither systems nor data have changed")


def test_a_system_or_images_that_have_changed_since_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    arrays = {"images": rng.random((40, 8, 8), dtype=np.float32), "labels": np.arange(40) % 4}
    np.savez("a.npz", **arrays)
    own = 'model = "mlp"\ndata = "npz:a.npz"\n[options]\nepochs = 1\nhidden = '
    (tmp_path / "own.toml").write_text(own + "3\n", encoding="utf-8")
    assert call("compare", "own.toml", "--shift", "", "--out", "run").code == 0
    assert call("compare", "--resume", "run").code == 0
    (tmp_path / "own.toml").write_text(own + "4\n", encoding="utf-8")
    line = refused(2, "compare", "--resume", "run")
    assert line == "mlp:epochs=1,hidden=4 would not learn as it did when the comparison began; undo that, or begin anew"
    (tmp_path / "own.toml").write_text(own + "3\n", encoding="utf-8")
    arrays["labels"][0] = 1
    np.savez("a.npz", **arrays)
    line = refused(3, "compare", "--resume", "run")
    assert line == "npz:a.npz: the images or labels have changed since the comparison began; begin anew"
