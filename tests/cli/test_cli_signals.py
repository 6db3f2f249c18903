"""Ctrl-C and SIGTERM: the batch is finished and the state saved; the printed command leads to the same bits."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest
from command import Answer, call, finished, program

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGTERM")
SETTINGS = ("lenet5", "--train-size", 300, "--set", "epochs=40", "--json")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder and answer of a run that nobody interrupted."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    return folder, finished(program("train", *SETTINGS, "--out", folder))


def interrupted(*numbers, folder, after=3, **how):
    """The answer of a run that got these signals after so many epochs."""
    process = program("train", *SETTINGS, "--out", folder, **how)
    seen = "".join(process.stdout.readline() for _ in range(after))
    for number in numbers:
        process.send_signal(number)
    answer = finished(process)
    return Answer(answer.code, seen + answer.out, answer.err)


def resumed(answer, tmp_path):
    """The answer of the command that an interrupted run has printed, pasted into a shell."""
    (line,) = [line for line in answer.err.splitlines() if line.startswith("stopped; go on with: ")]
    command = tmp_path / "bin" / "neuro-cnn"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m neuro_cnn "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment = {**os.environ, **threads, "PATH": f"{command.parent}:{os.environ['PATH']}"}
    pasted = f"{line.removeprefix('stopped; go on with: ')} --json"
    done = subprocess.run(pasted, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
    return Answer(done.returncode, done.stdout, done.stderr)


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_stopped_by_a_signal_goes_on_with_the_printed_command_to_the_same_bits(number, code, whole, tmp_path):
    name = """a run's "$HOME"; folder"""
    folder = tmp_path / name
    answer = interrupted(number, folder=name, cwd=tmp_path)  # a path from where it was begun
    assert answer.code == code
    assert answer.err.splitlines()[0] == "neuro-cnn: finishing the batch; once more to stop at once"
    assert "Traceback" not in answer.err
    status = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (status["status"], status["exit_code"]) == ("interrupted", code)
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]
    looked = finished(program("evaluate", folder))
    assert looked.code == 0
    assert looked.err.splitlines() == [
        f"{folder} is interrupted, not done; this is about the best weights that it has saved"
    ]
    again = resumed(answer, tmp_path)
    assert again.code == 0, again.err
    assert again.lines[-1]["test_accuracy"] == whole[1].lines[-1]["test_accuracy"]
    assert 3 <= len(answer.lines) < 40
    for name in ("checkpoints/best.safetensors", "checkpoints/last.safetensors"):
        assert (folder / name).read_bytes() == (whole[0] / name).read_bytes()
    lines = [(path / "metrics.jsonl").read_text(encoding="utf-8").splitlines() for path in (folder, whole[0])]
    ours, theirs = ([{**json.loads(line), "seconds": 0} for line in part] for part in lines)
    assert ours == theirs
    status = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (status["status"], status["exit_code"]) == ("done", 0)


@posix
def test_two_signals_stop_at_once_and_leave_a_folder_that_goes_on_to_the_same_bits(whole, tmp_path):
    answer = interrupted(signal.SIGINT, signal.SIGTERM, folder=tmp_path / "run")
    assert answer.code == 143
    assert "Traceback" not in answer.err
    status = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert (status["status"], status["exit_code"]) == ("interrupted", 143)
    assert not [path for path in (tmp_path / "run").rglob("*") if path.name.startswith(".")]
    assert call("train", "--resume", tmp_path / "run").code == 0
    for name in ("checkpoints/best.safetensors", "checkpoints/last.safetensors"):
        assert (tmp_path / "run" / name).read_bytes() == (whole[0] / name).read_bytes()


@posix
def test_a_run_killed_outright_goes_on_to_the_same_bits(whole, tmp_path):
    answer = interrupted(signal.SIGKILL, folder=tmp_path / "run", after=5)
    assert answer.code == -signal.SIGKILL
    again = finished(program("train", "--resume", tmp_path / "run", "--json"))
    assert again.lines[-1]["test_accuracy"] == whole[1].lines[-1]["test_accuracy"]
    for name in ("checkpoints/best.safetensors", "checkpoints/last.safetensors"):
        assert (tmp_path / "run" / name).read_bytes() == (whole[0] / name).read_bytes()


@posix
def test_a_run_stopped_at_its_very_start_goes_on(whole, tmp_path):
    process = program("train", *SETTINGS, "--out", tmp_path / "run")
    while not (tmp_path / "run" / "metrics.jsonl").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    answer = finished(process)
    assert answer.code == 143
    assert resumed(answer, tmp_path).lines[-1]["test_accuracy"] == whole[1].lines[-1]["test_accuracy"]


@posix
def test_a_second_signal_stops_at_once(tmp_path):
    words = ("train", "softhebb:batch=400,planes=100,epochs=9", "--train-size", 1600, "--out", tmp_path / "run")
    process = program(*words)  # batches of a second or so
    while not (tmp_path / "run" / "metrics.jsonl").exists() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == "neuro-cnn: finishing the batch; once more to stop at once\n"
    process.send_signal(signal.SIGINT)
    started = time.perf_counter()
    answer = finished(process)
    assert answer.code == 130
    assert time.perf_counter() - started < 30
    assert answer.err == f"stopped; go on with: neuro-cnn train --resume {tmp_path / 'run'}\n"
