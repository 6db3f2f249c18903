"""The run folder: whole or absent, never taken from another, and honest about how the run ended."""

import json
import os
import re
import sys
import tomllib

import numpy as np
import pytest

import neuro_cnn
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.origin import environment
from neuro_cnn.runs import RunFolder, exit_code, new_path, now, toml_text


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / "deep" / "run", False, {"model": "mlp", "seed": 3}, seed=3)


def status(folder):
    return json.loads((folder.path / "run.json").read_text(encoding="utf-8"))


def test_a_new_folder_holds_configuration_environment_and_status(folder, monkeypatch):
    assert sorted(os.listdir(folder.path)) == ["config.toml", "env.json", "run.json"]
    assert folder.read_toml("config.toml") == {"model": "mlp", "seed": 3}
    assert folder.read_json("env.json") == environment()
    assert status(folder) == {
        "schema_version": 1,
        "status": "running",
        "seed": 3,
        "argv": sys.argv[1:],
        "started": status(folder)["started"],
    }


def test_a_folder_is_opened_by_its_mark(folder, tmp_path):
    assert RunFolder.open(folder.path).path == folder.path
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(DataError, match="is not a run folder: it has no run"):
            RunFolder.open(path)


def test_what_a_killed_writer_left_is_swept_where_the_run_goes_on(folder):
    left = [
        ".report-abcd_123.html",
        ".choices-abcd_123.json",
        "figures/.5-health-gnh02lwr.png",
        "tables/.a-gnh02lwr.md",
    ]
    kept = ["report.html", "figures/5-health.png", "tables/a.md", ".mine"]
    for name in (*left, *kept):
        path = folder.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("", encoding="utf-8")
    with folder.told(resumed=True):
        pass
    assert not any((folder.path / name).exists() for name in left)
    assert all((folder.path / name).exists() for name in kept)


def test_an_existing_folder_is_replaced_only_if_it_is_a_run_and_only_when_told(folder, tmp_path):
    folder.log("a word")
    with pytest.raises(UsageError, match="already exists; choose another --out, or replace it with --overwrite"):
        RunFolder.create(folder.path, False, {}, 0)
    assert (folder.path / "log.txt").exists()
    RunFolder.create(folder.path, True, {}, 0)
    assert not (folder.path / "log.txt").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter").write_text("dear", encoding="utf-8")
    with pytest.raises(UsageError, match=r"is not a run folder \(it has no run\.json\), so it is not replaced"):
        RunFolder.create(tmp_path / "other", True, {}, 0)
    with pytest.raises(UsageError, match="is a file; choose another --out"):
        RunFolder.create(tmp_path / "other" / "letter", True, {}, 0)
    assert (tmp_path / "other" / "letter").read_text(encoding="utf-8") == "dear"


def test_a_folder_that_cannot_be_filled_is_not_left_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_toml", full)
    with pytest.raises(OSError, match="No space left"):
        RunFolder.create(tmp_path / "run", False, {}, 0)
    assert not (tmp_path / "run").exists()


def test_metrics_are_lines_of_json_and_one_cut_off_is_dropped(folder):
    assert folder.metrics() == []
    lines = [{"epoch": 0, "loss": 0.5}, {"epoch": 1, "loss": 0.25}]
    for line in lines:
        folder.metric(line)
    assert folder.metrics() == lines
    with open(folder.path / "metrics.jsonl", "a", encoding="utf-8") as file:
        file.write('{"epoch": 2, "lo')
    assert folder.metrics() == lines
    folder.keep_metrics(lines[:1])
    assert (folder.path / "metrics.jsonl").read_text(encoding="utf-8") == '{"epoch": 0, "loss": 0.5}\n'
    (folder.path / "metrics.jsonl").write_text("{\n{}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"metrics\.jsonl: damaged"):
        folder.metrics()


def test_what_is_no_number_is_not_written(folder):
    with pytest.raises(ValueError, match="not JSON compliant"):
        folder.metric({"loss": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        folder.write_json("x.json", {"loss": float("inf")})
    assert not (folder.path / "x.json").exists()


@pytest.mark.parametrize(
    ("error", "name", "code"),
    [
        (None, "done", 0),
        (SystemExit(130), "interrupted", 130),
        (SystemExit(143), "interrupted", 143),
        (KeyboardInterrupt(), "interrupted", 130),
        (UsageError("wrong"), "failed", 2),
        (DataError("damaged"), "failed", 3),
        (OSError(28, "No space left on device"), "failed", 3),
        (FloatingPointError("loss is nan"), "failed", 1),
    ],
)
def test_how_a_run_ended_is_told(folder, error, name, code):
    try:
        with folder.told():
            if error is not None:
                raise error
    except (Exception, SystemExit, KeyboardInterrupt) as raised:
        assert raised is error  # noqa: PT017
    assert (status(folder)["status"], status(folder)["exit_code"]) == (name, code)
    assert status(folder)["started"] <= status(folder)["stopped"]
    log = (folder.path / "log.txt").read_text(encoding="utf-8")
    assert log.endswith(f"Z {name}\n")
    if isinstance(error, Exception):
        assert str(error) in log
        assert exit_code(error) == code


def test_where_the_disk_was_full_the_folder_is_named_and_nothing_hides_the_error(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunFolder, "log", full)
    with pytest.raises(OSError, match="No space left") as caught, folder.told():
        folder.log("a word")
    assert caught.value.filename == str(folder.path)


def test_damaged_files_of_a_run_are_data_errors(folder):
    for content in (b"{", b"\xff\xfe"):
        (folder.path / "run.json").write_bytes(content)
        with pytest.raises(DataError, match=r"run\.json: cannot be read"):
            folder.read_json("run.json")
        (folder.path / "config.toml").write_bytes(content)
        with pytest.raises(DataError, match=r"config\.toml: not TOML"):
            folder.read_toml("config.toml")


def test_toml_leaves_out_what_is_none_at_every_depth():
    text = toml_text({"a": None, "b": {"c": None, "d": 1}, "e": [{"f": None, "g": 2}]})
    assert tomllib.loads(text) == {"b": {"d": 1}, "e": [{"g": 2}]}


def test_names_and_times_are_as_written():
    assert re.fullmatch(r"runs.lenet5-\d{8}-\d{6}", str(new_path("lenet5")))
    assert re.fullmatch(r"runs.50-d-c-\d{8}-\d{6}", str(new_path("50 %d/: c")))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", now())


def test_the_environment_names_what_the_last_bits_depend_on():
    facts = environment()
    assert (facts["neuro_cnn"], facts["numpy"]) == (neuro_cnn.__version__, np.__version__)
    assert all({"library", "version", "core", "threads"} == set(pool) for pool in facts["blas"])
    json.dumps(facts)
