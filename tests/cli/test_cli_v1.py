"""neuro-cnn v1: the table of a learned pair beside its controls, and what it refuses."""

import csv
import json

import pytest
from command import call, refused

from neuro_cnn.physiology import MISSING, PUBLISHED


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("v1") / "run"
    options = ("--set", "planes=4", "--set", "size=7")
    assert call("train", "simple-complex", "--data", "natural:size=32,count=100", *options, "--out", folder).code == 0
    return folder


@pytest.fixture(scope="module")
def made(run):
    out = run.parent / "table"
    printed = call("v1", run, "--out", out, "--pixels-per-degree", 10).out
    return out, printed, json.loads((out / "v1.json").read_text())


def test_every_property_stands_for_both_layers_of_learned_cells_and_of_both_controls(made):
    _, _, found = made
    systems = {(row["system"], row["cells"], row["layer"]) for row in found["rows"]}
    three = ("learned", "unlearned", "Gabor bank")
    assert systems == {(system, *cells) for system in three for cells in (("S", "T1"), ("C", "C1"))}
    assert {row["property"] for row in found["rows"]} == set(PUBLISHED)
    assert found["not_computed"] == list(MISSING)
    assert all(row["of"] == 4 for row in found["rows"])
    assert set(found["shapes"]) == set(three)
    simple = [row for row in found["rows"] if row["property"] == "modulation_ratio" and row["cells"] == "S"]
    assert all(row["median"] > 1 for row in simple)
    assert found["shapes"]["Gabor bank"]["fitted"] > found["shapes"]["unlearned"]["fitted"]


def test_the_folder_holds_the_figure_and_every_number(made):
    out, _, found = made
    assert (out / "v1.png").stat().st_size > 10_000
    with (out / "table.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(found["rows"]) == 6 * len(PUBLISHED)
    with (out / "cells.csv").open() as file:
        cells = list(csv.DictReader(file))
    learned = [row for row in cells if row["system"] == "learned" and row["property"] == "max_dc"]
    assert len(learned) == 8


def test_the_table_is_printed_and_a_folder_is_not_replaced_unasked(run, made):
    out, printed, found = made
    assert "surround_suppression_index" in printed
    assert found["pixels_per_degree"] == 10
    assert "already exists" in refused(2, "v1", run, "--out", out)


def test_a_layer_that_is_of_no_pair_is_refused(run):
    assert "did you mean 'C1'" in refused(2, "v1", run, "--layer", "C11", "--out", run.parent / "none")
    assert "layer R" in refused(2, "v1", run, "--layer", "R", "--out", run.parent / "none")
    assert not (run.parent / "none").exists()
