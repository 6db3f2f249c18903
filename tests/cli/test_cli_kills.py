"""kill -9 at any moment: nothing in the folder is corrupt, and the run goes on to the identical result."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib

import numpy as np
import pytest
from command import call, finished, program

from neuro_cnn import checkpoint
from neuro_cnn.files import is_temporary

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL")
SETTINGS = ("hebbian-wta:planes=4,epochs=3,readout=softmax", "--train-size", "60")
KILLED = """
import atexit, os, runpy, signal, sys
place, moment, seen = sys.argv.pop(1), int(sys.argv.pop(1)), 0
WRITES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.listdir", "os.scandir")

def count(event, args):
    global seen
    if event in WRITES and isinstance(args[0], (str, os.PathLike)) and os.fspath(args[0]).startswith(place):
        seen += 1
        if seen == moment:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
atexit.register(lambda: print(f"touched {seen} times", file=sys.stderr))
runpy.run_module("neuro_cnn", run_name="__main__")
"""


def killed(folder, moment):
    """The answer of a run killed before it touches its folder for this time; 0: of one that was not."""
    words = (str(folder), str(moment), "train", *SETTINGS, "--out", str(folder))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, "-c", KILLED, *words], env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a run that nobody killed, and how often it touched its folder."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    answer = killed(folder, 0)
    assert answer.returncode == 0, answer.stderr
    return folder, int(answer.stderr.split("touched ")[1].split()[0])


def check_sound(folder):
    """Every file in the folder is whole, but for temporary ones and a last line; it may not be there yet."""
    for path in folder.rglob("*") if folder.exists() else ():
        if path.is_dir() or is_temporary(path, "env", "config", "run", "metrics", "last", "best"):
            continue
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".toml":
            tomllib.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".jsonl":
            assert all(json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1])
        elif path.suffix == ".safetensors":
            checkpoint.load(path)
        else:
            assert path.name == "log.txt"


def went_on(folder):
    """The folder after the run went on: by --resume where it had begun, else by the same command."""
    begun = (folder / "run.json").is_file()
    answer = call("train", "--resume", folder) if begun else call("train", *SETTINGS, "--out", folder)
    assert answer.code == 0, answer.err
    return begun


def check_identical(folder, whole):
    names = {path.relative_to(whole).as_posix() for path in whole.rglob("*")}
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*")} == names
    for name in ("checkpoints/best.safetensors", "checkpoints/last.safetensors", "config.toml"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name
    lines = [(path / "metrics.jsonl").read_text(encoding="utf-8").splitlines() for path in (folder, whole)]
    ours, theirs = ([{**json.loads(line), "seconds": 0} for line in part] for part in lines)
    assert ours == theirs
    ours, theirs = (json.loads((path / "run.json").read_text(encoding="utf-8")) for path in (folder, whole))
    assert ours["status"] == "done"
    assert ours["result"]["test_accuracy"] == theirs["result"]["test_accuracy"]


def survived(folder, whole, moment):
    """Whether the run that was killed at this moment had begun; that all is well with it is checked."""
    answer = killed(folder, moment)
    assert answer.returncode == -signal.SIGKILL, answer.stderr
    check_sound(folder)
    begun = went_on(folder)
    check_identical(folder, whole)
    return begun


@pytest.mark.parametrize("share", [0.02, 0.4, 0.8])
def test_a_run_killed_at_any_touch_of_its_folder_ends_with_the_identical_result(share, whole, tmp_path):
    folder, touches = whole
    assert touches > 50
    begun = survived(tmp_path / "run", folder, 2 + int(share * touches))
    assert begun == (share > 0.1)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20))
def test_a_run_killed_at_twenty_random_touches_ends_with_the_identical_result(number, whole, tmp_path):
    folder, touches = whole
    moment = int(np.random.default_rng(number).integers(1, touches + 1))
    survived(tmp_path / "run", folder, moment)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20))
def test_a_run_killed_at_twenty_random_times_ends_with_the_identical_result(number, whole, tmp_path):
    folder = tmp_path / "run"
    process = program("train", *SETTINGS, "--out", folder)
    while not folder.exists() and process.poll() is None:
        time.sleep(0.001)
    time.sleep(float(np.random.default_rng(number).uniform(0, 1)))  # which moment it is, nothing depends on
    process.kill()
    finished(process)
    check_sound(folder)
    went_on(folder)
    check_identical(folder, whole[0])
