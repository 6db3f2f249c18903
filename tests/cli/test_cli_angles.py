"""neuro-cnn angles: its table, its JSON, its figure, its study, and how it ends."""

import signal
import sys

import pytest
from command import call, finished, program, refused

SMALL = ("--set", "planes=3", "--train-size", 60, "--points", 2)


def test_angles_of_every_layer_and_seed_are_printed_as_json_and_as_a_table_and_drawn(tmp_path):
    words = ("angles", "hebbian-wta:layers=2", *SMALL, "--seeds", 2, "--out", tmp_path / "a.png")
    found = call(*words, "--json").json
    assert (found["data"], found["n_train"], found["seeds"]) == ("digits", 60, 2)
    (system,) = found["systems"]
    assert system["system"] == "hebbian-wta:layers=2,planes=3"
    # two updates a layer, the first and the last: S1 also while S2 learns
    places = [("S1", 1), ("S1", 2), ("S1", 3), ("S2", 3), ("S1", 4), ("S2", 4)]
    assert [(each["layer"], each["update"]) for each in system["angles"]] == 2 * places
    assert [each["seed"] for each in system["angles"]] == [0] * 6 + [1] * 6
    mean = next(row for row in system["summary"] if (row["layer"], row["update"]) == ("S2", 4))
    last = [each["whole"] for each in system["angles"] if (each["layer"], each["update"]) == ("S2", 4)]
    assert mean["whole_mean"] == pytest.approx(sum(last) / 2)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    answer = call(*words)
    assert f"{mean['whole_mean']:.1f}" in answer.out
    assert "[2/2] hebbian-wta:layers=2,planes=3, seed 1: S1 " in answer.err


def test_a_study_names_its_systems_and_the_command_line_overrides_it(tmp_path):
    text = 'question = "Alike?"\nsystems = ["softhebb", "hebbian-wta"]\nseeds = 2\ntrain_size = 90\n'
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    answer = call("angles", tmp_path / "s.toml", "--set", "planes=2", "--points", 2, "--seeds", 1, "--json")
    assert [each["system"] for each in answer.json["systems"]] == ["softhebb:planes=2", "hebbian-wta:planes=2"]
    assert (answer.json["seeds"], answer.json["n_train"], answer.json["figure"]) == (1, 90, None)
    assert answer.err.startswith("Alike?\n")


def test_what_cannot_be_followed_is_refused_in_one_line(tmp_path):
    assert "no layer learns step by step from a local rule" in refused(2, "angles", "lenet5", *SMALL[2:])
    assert "did you mean 'softhebb'" in refused(2, "angles", "softheb")
    assert "did you mean 'layers'" in refused(2, "angles", "softhebb", "--set", "layer=2")
    assert "let the name end in .png" in refused(2, "angles", "softhebb", "--out", tmp_path / "a.gif")
    assert "seeds = 0" in refused(2, "angles", "softhebb", "--seeds", 0)
    assert "has no labels" in refused(2, "angles", "softhebb", "--data", "natural")
    (tmp_path / "s.toml").write_text('systems = ["softhebb"]\nsplits = 2\n', encoding="utf-8")
    assert "leave splits out" in refused(2, "angles", tmp_path / "s.toml")
    call("train", "nearest-neighbour", "--train-size", 60, "--out", tmp_path / "run")
    assert "has learned already" in refused(2, "angles", tmp_path / "run")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_ctrl_c_ends_it_in_a_word_and_leaves_no_figure(tmp_path):
    process = program("angles", "hebbian-wta", *SMALL, "--seeds", 500, "--out", tmp_path / "a.png")
    assert process.stderr.readline().startswith("[1/500] hebbian-wta:planes=3, seed 0: S1 ")
    process.send_signal(signal.SIGINT)
    answer = finished(process)
    assert answer.code == 130
    assert answer.err.splitlines()[-1] == "neuro-cnn: interrupted"
    assert "Traceback" not in answer.err
    assert answer.out == ""
    assert list(tmp_path.iterdir()) == []
