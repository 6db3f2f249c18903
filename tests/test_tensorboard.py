"""TensorBoard's event files say what metrics.jsonl says, each step once, also after a run was killed or went on."""

import json
import struct
import sys

import pytest
from command import call, refused

from neuro_cnn.cli import train
from neuro_cnn.tensorboard import measures

SETTINGS = ("pretrained-finetuned:planes=4,epochs=2", "--train-size", 60)


def events(folder):
    """Every scalar of the event files: (tag, step, value). Records: length, its check, content, its check."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted((folder / "tensorboard").iterdir()):
        content, place = path.read_bytes(), 0
        while place < len(content):
            (length,) = struct.unpack_from("<Q", content, place)
            event = Event.FromString(content[place + 12 : place + 12 + length])
            found += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
            place += 12 + length + 4
    return found


def check_told(folder):
    """The events are the lines of metrics.jsonl, each measure of each epoch once."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    told = [(name, step, value) for step, line in enumerate(lines, 1) for name, value in measures(line).items()]
    found = events(folder)
    assert [each[:2] for each in found] == [each[:2] for each in told]
    assert [each[2] for each in found] == pytest.approx([each[2] for each in told], rel=1e-6)
    return {name for name, _, _ in told}, len(lines)


def test_the_events_are_the_lines_of_metrics_jsonl(tmp_path):
    assert call("train", *SETTINGS, "--tensorboard", "--out", tmp_path / "run").code == 0
    names, steps = check_told(tmp_path / "run")
    assert steps > 2
    assert {"change/S1_hebbian", "seconds/S1_hebbian"} <= names
    assert any(name.startswith("held_out_loss/") for name in names)


def test_a_finished_run_gets_its_events_afterwards(tmp_path):
    assert call("train", *SETTINGS, "--out", tmp_path / "run").code == 0
    assert not (tmp_path / "run" / "tensorboard").exists()
    assert call("train", "--resume", tmp_path / "run", "--tensorboard").code == 0
    check_told(tmp_path / "run")


class Death(BaseException):
    """A process that ends without a word, here played by an error that nobody catches."""


def test_no_step_is_lost_or_told_twice_when_a_run_that_died_goes_on(tmp_path, monkeypatch):
    told = []

    def dies(line):
        told.append(line)
        if len(told) == 3:
            raise Death

    with monkeypatch.context() as patch:
        patch.setattr(train, "emit", dies)
        with pytest.raises(Death):
            call("train", "lenet5:epochs=5", "--train-size", 60, "--tensorboard", "--json", "--out", tmp_path / "run")
    (path,) = (tmp_path / "run" / "tensorboard").iterdir()
    with open(path, "ab") as file:
        file.write(b"half a record")
    (tmp_path / "run" / "tensorboard" / "events.out.tfevents.1.other").write_bytes(path.read_bytes())
    assert call("train", "--resume", tmp_path / "run", "--tensorboard").code == 0
    assert check_told(tmp_path / "run")[1] == 5


def test_where_tensorboardx_is_missing_it_is_said_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    line = refused(2, "train", *SETTINGS, "--tensorboard", "--out", tmp_path / "run")
    assert line == '--tensorboard needs tensorboardX; install it with: pip install "neuro_cnn[tensorboard]"'
    assert not (tmp_path / "run").exists()
