"""probe: a folder of figures and numbers that agree, whole or absent, and one line for what cannot be."""

import csv
import json
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from command import call, finished, program, refused

from neuro_cnn import checkpoint
from neuro_cnn.physiology import PROTOCOLS

FAST = "orientation,size"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Every command runs in an empty folder, in which a refused one must leave nothing."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a short run."""
    folder = tmp_path_factory.mktemp("runs") / "hebbian"
    assert call("train", "hebbian-wta:planes=4", "--train-size", 60, "--out", folder).code == 0
    return folder


@pytest.fixture(scope="module")
def probed(run, tmp_path_factory):
    """What a probe of two protocols left and said."""
    folder = tmp_path_factory.mktemp("probes") / "C1"
    return folder, call("probe", run, "--layer", "C1", "--protocol", FAST, "--out", folder, "--json")


def test_a_probe_leaves_figures_and_numbers(probed):
    folder, answer = probed
    assert answer.code == 0, answer.err
    names = ["orientation.png", "size.png", "summary.txt", "units.csv", "units.json"]
    assert sorted(os.listdir(folder)) == names
    assert not [name for name in os.listdir(folder.parent) if name.startswith(".")]
    assert "cells usable" in (folder / "summary.txt").read_text(encoding="utf-8")


def test_json_has_the_contract_of_one_object_a_protocol(probed):
    _, answer = probed
    assert [found["protocol"] for found in answer.json] == ["orientation", "size"]
    for found in answer.json:
        assert found["layer"] == "C1"
        assert len(found["units"]) == found["summary"]["of"] == 4
        assert {"cell", "plane", "flag", "reason"} <= set(found["units"][0])


def test_stdout_files_and_table_tell_the_same_numbers(probed):
    folder, answer = probed
    kept = json.loads((folder / "units.json").read_text(encoding="utf-8"))
    for told, found in zip(answer.json, kept["protocols"], strict=True):
        assert told["units"] == found["units"]
        assert told["summary"] == found["summary"]
        assert np.shape(found["shown"]["responses"]) == (4, len(found["shown"]["axis"]["values"]))
    with open(folder / "units.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(4 * len(found["measures"]) for found in kept["protocols"])
    for row in rows:
        (found,) = [each for each in kept["protocols"] if each["protocol"] == row["protocol"]]
        value = found["units"][int(row["plane"])][row["measure"]]
        assert row["value"] == ("" if value is None else str(value))


def test_one_protocol_prints_one_object_and_the_same_run_the_same_bytes(run):
    words = ("probe", run, "--layer", "T1", "--protocol", "length", "--format", "svg", "--json", "--out")
    first, again = call(*words, "a").json, call(*words, "b").json
    assert first["protocol"] == "length"
    assert first["units"] == again["units"]
    for name in ("length.svg", "units.csv", "units.json"):
        assert Path("a", name).read_bytes() == Path("b", name).read_bytes()


def test_a_system_is_probed_with_weights_drawn_from_the_seed():
    words = ("probe", "lenet5", "--layer", "S1", "--protocol", "length", "--json", "--out")
    first, other = call(*words, "a", "--seed", 1), call(*words, "b", "--seed", 2)
    assert Path("a", "summary.txt").read_text(encoding="utf-8").startswith("lenet5, unlearned, S1\n")
    assert first.json["units"] != other.json["units"]


def test_an_earlier_probe_is_replaced_on_request_only_and_whole(run):
    words = ("probe", run, "--layer", "S1", "--out", "a")
    assert call(*words, "--protocol", "length").code == 0
    assert "a already exists" in refused(2, *words)
    assert call(*words, "--protocol", "position", "--overwrite").code == 0
    assert sorted(os.listdir("a")) == ["position.png", "summary.txt", "units.csv", "units.json"]
    assert os.listdir() == ["a"]


def test_a_folder_that_is_no_probe_is_never_replaced(run):
    os.mkdir("mine")
    Path("mine/letter").touch()
    told = refused(2, "probe", run, "--out", "mine", "--overwrite")
    assert told == "mine is not of this command (it has no units.json), so it is not replaced; move it away"
    assert os.listdir("mine") == ["letter"]


def test_cells_at_another_place_have_its_address(run):
    answer = call("probe", run, "--layer", "S1", "--protocol", "length", "--row", 8, "--json", "--out", "a")
    assert answer.json["units"][2]["cell"] == "S1/2/8/14"


def test_a_dead_layer_is_told_and_drawn(run, tmp_path):
    saved = checkpoint.load(run / "checkpoints" / "best.safetensors")
    dead = saved.state.params["S1"].learned
    learned = dead._replace(weight=np.zeros_like(dead.weight))
    params = {**saved.state.params, "S1": saved.state.params["S1"]._replace(learned=learned)}
    copy = tmp_path / "dead"
    shutil.copytree(run, copy)
    state = saved.state._replace(params=params)
    checkpoint.save(copy / "checkpoints" / "best.safetensors", saved._replace(state=state))
    answer = call("probe", copy, "--layer", "S1", "--protocol", "contrast,length", "--out", "a")
    assert answer.code == 0, answer.err
    assert answer.out.count("0 of 4 cells usable, 4 silent") == 2


NAMES = ", ".join(sorted([*PROTOCOLS, "all"]))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--protocol orientaton", f"unknown protocol 'orientaton'; did you mean 'orientation'? there is: {NAMES}"),
        ("--layer S9", "unknown layer 'S9'; did you mean 'S1'? there is: C1, P, R, S1, T1, flat, out"),
        ("--layer S1 --row 99", "row 99 of layer S1, whose map has 0 to 27"),
        (
            "--layer S1 --row 0",
            "cells of S1 at 0/14 see rows -5 to 5 and columns 9 to 19 of an image of 28 x 28; "
            "choose a row from 5 to 22 and a column from 5 to 22",
        ),
        ("--layer out --row 3", "units of out stand in a row and see all alike; leave --row and --column out"),
        ("--input 1x9x9", "--input is for systems; a run sees images of the size that it learned from, or a --canvas"),
        (
            "--layer out --canvas 64",
            "layer flat (flatten) has weights for places, so that the network sees images of 28 x 28 only; "
            "leave the canvas out",
        ),
    ],
)
def test_what_cannot_be_probed_gets_one_line(run, words, told):
    assert refused(2, "probe", run, "--out", "a", *words.split()) == told
    assert os.listdir() == []


def test_a_name_that_is_nothing_is_refused():
    assert refused(2, "probe", "runs/none", "--out", "a").startswith("runs/none is neither a system nor")


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGINT for others")
def test_ctrl_c_leaves_nothing_half_written(run):
    process = program("probe", run, "--layer", "C1", "--out", "a")
    deadline = time.monotonic() + 60
    while not [name for name in os.listdir() if name.startswith(".a-")] and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    answer = finished(process)
    assert answer.code == 130
    assert answer.out == ""
    assert "Traceback" not in answer.err
    assert os.listdir() == []
