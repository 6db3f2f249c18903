"""The demonstrations: what each command prints, with and without --json, and the figure it leaves behind."""

import pytest
from command import call, refused

GLYPHS = "glyphs:XYTZ,shift=1,count=6"


@pytest.fixture(scope="module")
def neocognitron(tmp_path_factory):
    """The folder of a run of the neocognitron of 1980 on four letters."""
    folder = tmp_path_factory.mktemp("runs") / "letters"
    assert call("train", "neocognitron-1980", "--data", GLYPHS, "--out", folder).code == 0
    return folder


def drawn(path):
    return path.read_bytes().startswith(b"\x89PNG")


# fields


def test_fields_of_a_deep_layer_are_brought_down_to_the_pixels(neocognitron, tmp_path):
    words = ("fields", neocognitron, "--layer", "S2", "--out", tmp_path / "f.png")
    found = call(*words, "--method", "backprojection", "--json").json
    assert (found["method"], len(found["planes"])) == ("backprojection", 24)
    assert all(0 <= plane["min"] <= plane["max"] == 1 for plane in found["planes"])  # each on its own scale
    assert drawn(tmp_path / "f.png")
    assert "--layer S2 --method backprojection" in call(*words).out  # weights of 24 inputs: the hint


def test_fields_by_back_projection_of_named_cells_are_refused(neocognitron, tmp_path):
    words = ("fields", neocognitron, "--layer", "out", "--method", "backprojection", "--out", tmp_path / "f.png")
    assert refused(2, *words).startswith("no linear path leads down through layer out")
