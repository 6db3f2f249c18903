"""neuro-cnn explain: one cell's arithmetic, printed, drawn, as JSON and as a table."""

import csv

import numpy as np
import pytest
from command import call, refused
from PIL import Image

SMALL = ("--train-size", 200)


@pytest.fixture(scope="module")
def hebbian(tmp_path_factory):
    """The folder of a short run with ON and OFF cells, S-cells, two pools and a read-out."""
    folder = tmp_path_factory.mktemp("runs") / "hebbian"
    assert call("train", "hebbian-wta:planes=6", *SMALL, "--out", folder).code == 0
    return folder


def test_a_cell_is_explained_in_numbers_and_drawn(hebbian, tmp_path):
    text = call("explain", hebbian, 7, "--cell", "R/0/10/12", "--out", tmp_path / "r.png").out
    assert "contrast cell R/0/10/12" in text
    assert "sees plane 0 of input, rows 7 to 13, columns 9 to 15" in text
    assert "e = sum centre x" in text
    assert "u = max(0, e - h), ON-centre" in text
    assert "x, plane 0" in text
    assert "w, plane 0" in text
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")


def test_a_large_view_is_told_by_its_largest_contributions_and_the_sum_of_the_rest(hebbian):
    lines = call("explain", hebbian, 7, "--cell", "out/3").out.splitlines()
    named = [line for line in lines if line.strip().startswith("flat/")]
    assert len(named) == 12
    total = sum(float(line.split()[3]) for line in named)
    rest = next(float(line.split()[2]) for line in lines if "others" in line and line.split()[1] == "others")
    found = call("explain", hebbian, 7, "--cell", "out/3", "--json").json
    assert total + rest == pytest.approx(found["excitation"], abs=1e-4)


def test_json_and_csv_hold_the_same(hebbian, tmp_path):
    words = ("explain", hebbian, 7, "--cell", "S1/2/10/10", "--csv", tmp_path / "s.csv", "--json")
    found = call(*words).json
    assert found["response"] == pytest.approx(found["network"], rel=1e-5, abs=1e-5)
    assert (found["cell"], found["kind"], found["below"], found["figure"]) == ("S1/2/10/10", "conv", "R", None)
    with open(tmp_path / "s.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["cell"] for row in rows] == [source["cell"] for source in found["from"]]
    assert sum(float(row["contribution"]) for row in rows) == pytest.approx(found["excitation"])
    assert np.sum(np.multiply(found["view"], found["weights"])) == pytest.approx(found["excitation"])


def test_what_is_named_can_be_explained_in_turn(hebbian):
    above = call("explain", hebbian, 7, "--cell", "C1/1/5/5", "--json").json["from"][0]
    below = call("explain", hebbian, 7, "--cell", above["cell"], "--json").json
    assert below["response"] == pytest.approx(above["x"], rel=1e-5, abs=1e-6)


def test_a_silent_cell_says_why_and_names_what_it_sees(hebbian):
    told = call("explain", hebbian, 7, "--cell", "T1/0/0/0")
    assert "silent: every cell that it sees is silent" in told.out
    assert "S1/0/0/0" in told.out
    assert call("explain", hebbian, 7, "--cell", "T1/0/0/0", "--json").json["silent"]
    assert call("explain", hebbian, 7, "--cell", "out/3", "--json").json["silent"] is None


def test_cells_that_are_not_there_and_images_of_another_size_are_refused(hebbian, tmp_path):
    assert "did you mean 'S1'" in refused(2, "explain", hebbian, 7, "--cell", "S11/0/0/0")
    assert "plane 6 of layer S1, which has 0 to 5" in refused(2, "explain", hebbian, 7, "--cell", "S1/6/0/0")
    assert "row 99 of layer S1" in refused(2, "explain", hebbian, 7, "--cell", "S1/0/99/0")
    assert "LAYER/PLANE/ROW/COLUMN" in refused(2, "explain", hebbian, 7, "--cell", "S1")
    assert "numbered from 0" in refused(2, "explain", hebbian, 999999, "--cell", "S1/0/0/0")
    Image.new("L", (9, 9)).save(tmp_path / "small.png")
    assert "scale it first" in refused(2, "explain", hebbian, tmp_path / "small.png", "--cell", "S1/0/0/0")
    assert ".png, .pdf or .svg" in refused(2, "explain", hebbian, 7, "--cell", "S1/0", "--out", "worksheet.txt")
