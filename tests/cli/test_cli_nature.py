"""nature: a folder of one figure and numbers that agree, and one line for what is no world."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from command import call, refused

SMALL = ("--planes", 4, "--size", 5, "--count", 100)


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """What a small study left and said."""
    out = tmp_path_factory.mktemp("nature") / "reared"
    return out, call("nature", "--world", "vertical", *SMALL, "--out", out, "--json")


def test_a_study_leaves_a_figure_and_numbers_of_every_world_and_of_random_weights(grown):
    out, answer = grown
    assert answer.code == 0, answer.err
    assert sorted(os.listdir(out)) == ["cells.csv", "nature.json", "nature.png"]
    assert os.listdir(out.parent) == ["reared"]
    assert answer.json == json.loads((out / "nature.json").read_text(encoding="utf-8"))
    assert [row["world"] for row in answer.json["rows"]] == ["vertical", "random weights"]
    assert answer.json["worlds"] == {"vertical": "stripes:angle=90,size=27,count=100"}
    assert answer.json["options"]["planes"] == 4


def test_its_table_has_a_row_a_cell_that_agrees_with_the_summary(grown):
    out, answer = grown
    with open(out / "cells.csv", encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    assert len(cells) == 2 * 4
    for row in answer.json["rows"]:
        mine = [cell for cell in cells if cell["world"] == row["world"]]
        widths = [float(cell["s_half_width"]) for cell in mine if cell["s_half_width"]]
        assert np.median(widths) == pytest.approx(row["half_width"])
        assert np.median([float(cell["gabor_r2"]) for cell in mine]) == pytest.approx(row["r2_median"])


def test_an_earlier_study_is_replaced_on_request_only(grown, tmp_path):
    assert "already exists" in refused(2, "nature", "--out", grown[0])
    (tmp_path / "letter").touch()
    told = refused(2, "nature", "--out", tmp_path, "--overwrite")
    assert told.endswith("is not of this command (it has no nature.json), so it is not replaced; move it away")
    assert os.listdir(tmp_path) == ["letter"]


@pytest.fixture
def photograph(tmp_path):
    """A folder with a single photograph."""
    from PIL import Image

    (tmp_path / "one").mkdir()
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / "one" / "a.png")
    return tmp_path / "one"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--world", "verticle"), 2, "unknown world 'verticle'; did you mean 'vertical'? there is: cifar10, digits"),
        (("--world", "stripes:angel=90"), 2, "angel"),
        (
            ("--world", "vertical", "--photographs", "mine"),
            2,
            "--photographs mine without --world natural; add it, or leave them out",
        ),
        (("--photographs", "nowhere"), 3, "nowhere: no such folder; name one that holds photographs"),
        (("--world", "digits", "--size", 25), 2, "give images of at least 1 x 44 x 44"),
    ],
)
def test_what_is_no_world_gets_one_line(words, code, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert told in refused(code, "nature", *words, "--out", "a")
    assert os.listdir() == []


def test_a_folder_of_too_few_photographs_is_refused(photograph, tmp_path):
    told = refused(3, "nature", "--photographs", photograph, "--out", tmp_path / "a")
    assert "photographs found: 1; some are learned from and others tested on: give 2 or more" in told
    assert not Path(tmp_path / "a").exists()
