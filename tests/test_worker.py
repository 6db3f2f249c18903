"""What a worker does with one run: it is carried out, stopped, waited for, or refused."""

import json

import pytest

from neuro_cnn.experiment import Experiment
from neuro_cnn.locks import held
from neuro_cnn.ops.threads import threads
from neuro_cnn.worker import Ended, Work, carry_out


@pytest.fixture
def work(tmp_path):
    """A run of three epochs."""
    options = {"hidden": 4, "epochs": 3, "batch": 20}
    experiment = Experiment(model="mlp", options=options, train_size=60, hold_out=0.5)
    argv = ("sweep", "s.toml")
    return Work("a", experiment, tmp_path, "cpu", 1, False, tmp_path / "stop", argv)


def facts(work, name="run.json"):
    return json.loads((work.path / name).read_text(encoding="utf-8"))


def test_a_run_is_carried_out_once_on_its_threads_and_tells_the_sweeps_command(work):
    before = threads()
    first = carry_out(work._replace(threads=before + 1))
    assert first.status == "done"
    assert set(first.result) == {"test_accuracy", "train_seconds", "epochs", "held_out_accuracy"}
    assert 0 <= first.result["held_out_accuracy"] <= 1
    assert facts(work)["argv"] == ["sweep", "s.toml"]
    assert facts(work, "env.json")["threads"] == before + 1
    assert threads() == before
    assert carry_out(work) == first


def test_a_run_told_to_stop_ends_after_a_batch_and_goes_on_to_the_same_weights(work, tmp_path):
    work.stop.write_text("130", encoding="utf-8")
    assert carry_out(work) == Ended("interrupted")
    assert (facts(work)["status"], facts(work)["exit_code"]) == ("interrupted", 130)
    work.stop.unlink()
    whole = work._replace(name="b")
    assert carry_out(work).result["test_accuracy"] == carry_out(whole).result["test_accuracy"]
    for name in ("last", "best"):
        file = f"checkpoints/{name}.safetensors"
        assert (work.path / file).read_bytes() == (whole.path / file).read_bytes()


def test_a_run_that_another_worker_is_at_is_waited_for(work):
    def taken(owner):
        raise AssertionError(owner)

    work.stop.write_text("143", encoding="utf-8")
    with held(work.out / "locks" / "a", taken):
        assert carry_out(work) == Ended("interrupted")
    assert not work.path.exists()


def test_a_run_that_fails_says_why_in_one_line_and_is_not_repeated_unasked(work):
    wild = work._replace(experiment=Experiment(model="lenet5", options={"rate": 1e30}, train_size=60))
    ended = carry_out(wild)
    assert ended.status == "failed"
    assert ended.error.startswith("FloatingPointError: ")
    assert "\n" not in ended.error
    assert carry_out(wild).status == "failed"
    assert facts(wild)["error"] == ended.error


def test_a_folder_that_the_worker_does_not_see_ends_the_sweep(work, tmp_path):
    ended = carry_out(work._replace(out=tmp_path / "elsewhere"))
    assert (ended.status, ended.exit_code) == ("refused", 2)
    assert ended.error.endswith("let --out be on a drive that all workers share")
    assert not (tmp_path / "elsewhere").exists()


def test_a_disk_that_refuses_ends_the_sweep(work, tmp_path):
    (tmp_path / "locks").write_text("a file where a folder should be", encoding="utf-8")
    ended = carry_out(work)
    assert (ended.status, ended.exit_code) == ("refused", 3)
    assert str(tmp_path / "locks") in ended.error
