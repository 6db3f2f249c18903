"""neuro-cnn similarity and lesions: their tables, JSON, CSV and figures, and what they refuse."""

import csv

import pytest
from command import call, refused

SMALL = ("--train-size", 60, "--set", "planes=4")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two small systems that have learned the same digits, and one that has learned patches without labels."""
    folder = tmp_path_factory.mktemp("runs")
    for name, words in (
        ("wta", ("hebbian-wta", *SMALL)),
        ("cnn", ("lenet5", "--train-size", 60, "--set", "epochs=1")),
        ("bare", ("hebbian-wta", "--data", "natural:size=12,count=60", "--set", "planes=4")),
    ):
        assert call("-q", "train", *words, "--out", folder / name).code == 0
    return folder


def test_similarity_of_two_runs_stands_beside_floor_and_ceiling_in_json_csv_and_a_figure(runs, tmp_path):
    words = ("--layers", "S1,C1:C2", "--images", 40, "--csv", tmp_path / "s.csv", "--json")
    answer = call("similarity", runs / "wta", runs / "cnn", "--out", tmp_path / "s.png", *words)
    found = answer.json
    assert "hebbian-wta: learning once more, from seed 1" in answer.err
    assert (found["images"], found["data"]) == (40, "digits")
    assert [(each["role"], each["seed"]) for each in found["systems"]] == 2 * [
        ("learned", 0),
        ("again", 1),
        ("untrained", 2),
    ]
    assert [(each["layer"], each["of"]) for each in found["layers"]] == [("S1", ["S1", "S1"]), ("C1:C2", ["C1", "C2"])]
    for layer in found["layers"]:
        for measure in ("cka", "rsa"):
            values = layer[measure]
            assert [values[k][k] for k in range(6)] == pytest.approx([1] * 6)
            assert values[0][3] == pytest.approx(values[3][0])
    roles = [row["role"] for row in found["comparisons"] if (row["layer"], row["measure"]) == ("S1", "cka")]
    assert roles == ["between", "ceiling", "ceiling", *["floor"] * 4]
    for row in found["comparisons"]:
        assert -1 <= row["low"] <= row["high"] <= 1
    assert len(found["verdicts"]) == 2 * 2 * 3  # layers, measures; each run alone and the pair
    with open(tmp_path / "s.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["value"]) for row in rows] == [row["value"] for row in found["comparisons"]]
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")


def test_one_run_alone_is_told_apart_from_untrained_cells_or_not(runs, tmp_path):
    answer = call("similarity", runs / "wta", "--images", 30, "--layers", "S1", "--out", tmp_path / "s.svg")
    assert answer.code == 0, answer.err
    assert "ceiling" in answer.out
    assert "floor" in answer.out
    assert "between" not in answer.out
    assert "S1 by CKA, 1 hebbian-wta, seed 0: " in answer.out
    assert (tmp_path / "s.svg").is_file()


def test_lesions_are_told_as_a_table_json_csv_and_a_figure(runs, tmp_path):
    words = ("lesions", runs / "wta", "--images", 50, "--seeds", 2, "--out", tmp_path / "l.png")
    found = call(*words, "--json", "--csv", tmp_path / "l.csv").json
    assert (found["layer"], found["images"], found["chance"]) == ("S1", 50, 0.1)
    orders = [(row["order"], row["seed"], row["silenced"]) for row in found["lesions"]]
    assert orders[:4] == [("alone", None, 1)] * 4
    assert orders[4:9] == [("most_selective", None, count) for count in range(5)]
    assert orders[14:] == [("random", seed, count) for seed in (0, 1) for count in range(5)]
    assert found["lesions"][4]["accuracy"] == pytest.approx(found["intact"])
    with open(tmp_path / "l.csv", encoding="utf-8", newline="") as file:
        assert [float(row["accuracy"]) for row in csv.DictReader(file)] == [row["accuracy"] for row in found["lesions"]]
    assert (tmp_path / "l.png").read_bytes().startswith(b"\x89PNG")
    told = call(*words)
    assert "Chance is 10.0 %" in told.out
    assert f"intact {100 * found['intact']:.1f}" in told.out
    assert "S1: 50 of 50 test images answered" in told.err


def test_what_cannot_be_compared_or_silenced_is_refused_in_one_line(runs, tmp_path):
    out = ("--out", tmp_path / "f.png")
    one, two, bare = runs / "wta", runs / "cnn", runs / "bare"
    assert "did you mean 'S1'" in refused(2, "similarity", one, "--layers", "S9", *out)
    assert "name one of each" in refused(2, "similarity", one, "--layers", "S1:S2", *out)
    assert "names no layer" in refused(2, "similarity", one, "--layers", " , ", *out)
    assert "see the same images" in refused(2, "similarity", one, bare, *out)
    assert "--images 7; give 8" in refused(2, "similarity", one, two, "--images", 7, *out)
    assert "give --images 1000" in refused(2, "similarity", one, "--images", 2000, *out)
    assert "did you mean 'S1'" in refused(2, "lesions", one, "--layer", "S9", *out)
    assert "last layer" in refused(2, "lesions", one, "--layer", "out", *out)
    assert "learned without labels" in refused(2, "lesions", bare, *out)
    assert "let the name end in .png" in refused(2, "lesions", one, "--out", tmp_path / "f.gif")
    assert list(tmp_path.iterdir()) == []
