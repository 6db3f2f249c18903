"""A disk that is full or may not be written: one line says so, what was kept is whole, and the run goes on later."""

import errno
import json
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest
from command import call, refused

from neuro_cnn import checkpoint, files
from neuro_cnn.files import is_temporary

SETTINGS = ("lenet5:epochs=3", "--train-size", 60)  # checkpoints of 740 kB, two of them
GO_ON = "then this run goes on with: "


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a run that had room."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    assert call("train", *SETTINGS, "--out", folder).code == 0
    return folder


def kept(folder):
    """What a run leaves, its times left out."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    weights = [(folder / "checkpoints" / f"{name}.safetensors").read_bytes() for name in ("best", "last")]
    return weights, [{**line, "seconds": 0} for line in lines]


def check_whole(folder):
    """No half file is left: checkpoints can be loaded, and nothing temporary is there."""
    for path in folder.rglob("*.safetensors"):
        checkpoint.load(path)
    assert not [path for path in folder.rglob("*") if is_temporary(path, "env", "config", "run", "last", "best")]


def check_told(answer, folder):
    """The error is one line that names the folder and the remedy; the words that go on with the run."""
    assert answer.code == 3, answer.err
    (line,) = [line for line in answer.err.splitlines() if line.startswith("neuro-cnn: ")]
    assert str(folder) in line
    assert "No space left on device; free some space or choose another --out, and run again; " in line
    name, *words = shlex.split(line.split(GO_ON)[1])
    assert name == "neuro-cnn"
    return words


@contextmanager
def disk(place, size):
    """A disk of this size at a place, and how to mount it anew; skips where mounting is not allowed."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk may be mounted here; the others of these tests play a full one")
    try:
        yield lambda how: subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_run_on_a_small_disk_keeps_what_it_had_and_goes_on_with_the_words_told_once_there_is_room(whole, tmp_path):
    folder = tmp_path / "disk" / "my run"
    with disk(tmp_path / "disk", "2m") as mounted:
        words = check_told(call("train", *SETTINGS, "--out", folder), folder)
        check_whole(folder)
        assert checkpoint.load(folder / "checkpoints" / "last.safetensors").state.epoch == 1
        mounted("size=8m")
        again = call(*words)
        assert again.code == 0, again.err
        assert kept(folder) == kept(whole)


def test_on_a_disk_that_is_full_from_the_start_no_folder_is_left(tmp_path):
    with disk(tmp_path / "disk", "16k"):
        (tmp_path / "disk" / "ballast").write_bytes(bytes(8192))
        line = refused(3, "train", *SETTINGS, "--out", tmp_path / "disk" / "run")
        assert "No space left on device; free some space or choose another --out, and run again" in line
        assert GO_ON not in line
        assert [path.name for path in (tmp_path / "disk").iterdir()] == ["ballast"]


def test_a_disk_that_may_not_be_written_is_told_and_nothing_is_lost(whole, tmp_path):
    with disk(tmp_path / "disk", "8m") as mounted:
        folder = tmp_path / "disk" / "run"
        shutil.copytree(whole, folder)
        facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        (folder / "run.json").write_text(json.dumps({**facts, "status": "interrupted"}), encoding="utf-8")
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        mounted("ro")
        for words in (("--resume", folder), (*SETTINGS, "--out", tmp_path / "disk" / "other")):
            line = refused(3, "train", *words)
            assert "Read-only file system; choose another --out, and run again" in line
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("after", [2, 6, 11])
def test_wherever_the_disk_fills_up_the_run_goes_on_to_the_same_bytes(after, whole, tmp_path, monkeypatch):
    calls, real = [], os.fsync

    def full(handle):
        calls.append(handle)
        if len(calls) > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        answer = call("train", *SETTINGS, "--out", folder)
        assert len(calls) > after
    if after < 3:  # env.json, config.toml, run.json: before these three there is no run
        assert answer.code == 3
        assert not folder.exists()
        assert call("train", *SETTINGS, "--out", folder).code == 0
    else:
        words = check_told(answer, folder)
        check_whole(folder)
        assert call(*words).code == 0
    assert kept(folder) == kept(whole)
