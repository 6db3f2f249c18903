"""The demonstrations: what each command prints, with and without --json, and the figure it leaves behind."""

import csv
import shutil

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
    assert {plane["learned"] for plane in found["planes"]} == {True, False}
    # each on its own scale, and those that never learned blank
    assert all(0 <= plane["min"] <= plane["max"] == plane["learned"] for plane in found["planes"])
    assert drawn(tmp_path / "f.png")
    assert "--layer S2 --method backprojection" in call(*words).out  # weights of 24 inputs: the hint


def test_fields_by_back_projection_of_named_cells_are_refused(neocognitron, tmp_path):
    words = ("fields", neocognitron, "--layer", "out", "--method", "backprojection", "--out", tmp_path / "f.png")
    assert refused(2, *words).startswith("no linear path leads down through layer out")


# responders


def test_responders_tell_whose_cell_answers_to_each_pattern_and_its_forms(neocognitron, tmp_path):
    words = ("responders", neocognitron, "--out", tmp_path / "r.png")
    found = call(*words, "--json").json
    assert (found["layer"], [row["pattern"] for row in found["patterns"]]) == ("C3", list("XYTZ"))
    assert all(len(row["transformations"]["shifted 2 px"]["winners"]) == 8 for row in found["patterns"])
    assert found["summary"]["patterns"] == 4
    assert drawn(tmp_path / "r.png")
    text = call(*words).out
    assert f"{found['summary']['own']} of 4 patterns with a cell of their own" in text
    assert f"shifted 1 px {100 * found['summary']['same']['shifted 1 px']:.0f} %" in text


def test_responders_of_a_layer_that_is_not_there_or_has_no_planes_are_refused(neocognitron, tmp_path):
    words = ("responders", neocognitron, "--out", tmp_path / "r.png", "--layer")
    assert "did you mean 'C3'" in refused(2, *words, "C33")
    assert "not with cell-planes" in refused(2, *words, "flat")


# organisation


def test_organisation_tells_every_seed_cell_on_stdout_in_a_table_and_as_csv(neocognitron, tmp_path):
    words = ("organisation", neocognitron, "--out", tmp_path / "o.png", "--csv", tmp_path / "o.csv")
    found = call(*words, "--json").json
    assert found["presentations"] == 20  # of 24 images, a sixth held out
    with open(tmp_path / "o.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [list(row) for row in rows[:1]] == [["presentation", "class", "layer", "plane", "row", "column"]]
    assert [{key: str(seed[key]) for key in rows[0]} for seed in found["seeds"]] == rows
    for layer, counts in found["planes_trained"].items():
        assert counts[-1] == len({row["plane"] for row in rows if row["layer"] == layer})
        assert f"{layer} " in call(*words).out
    assert drawn(tmp_path / "o.png")


def test_organisation_of_a_run_whose_weights_were_changed_is_refused(neocognitron, tmp_path):
    shutil.copytree(neocognitron, tmp_path / "run")
    config = tmp_path / "run" / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("XYTZ", "XYTO"), encoding="utf-8")
    assert "train it anew" in refused(3, "organisation", tmp_path / "run", "--out", tmp_path / "o.png")


# selectivity


def test_selectivity_is_measured_where_the_law_puts_it(tmp_path):
    words = ("selectivity", "--r", 3, "--overlap", 0.25, "--out", tmp_path / "s.png")
    found = call(*words, "--json").json
    assert found["mixtures"][0]["law"] == pytest.approx(0.75)
    assert [each["measured"] is None for each in found["mixtures"]] == [False, False, True, True]
    for each in found["thresholds"]:
        assert each["measured"] is None or each["measured"] == pytest.approx(each["law"], abs=2e-6)
    assert drawn(tmp_path / "s.png")
    assert call(*words).out.count("silent") == 2
    assert "give a cosine from 0 to 1" in refused(2, "selectivity", "--overlap", 2, "--out", tmp_path / "s.png")
    assert "it must be positive" in refused(2, "selectivity", "--r", 0, "--out", tmp_path / "s.png")


# regions


def test_regions_prints_the_share_of_every_panel_it_draws(tmp_path):
    words = ("regions", "--units", 3, "--seed", 1, "--out", tmp_path / "r.png")
    found = call(*words, "--json").json
    assert (found["units"], found["seed"], list(found["accuracy"])[1]) == (3, 1, "exclusive or")
    assert all(0.2 < share <= 1 for shares in found["accuracy"].values() for share in shares.values())
    assert drawn(tmp_path / "r.png")
    assert "end in .png, .pdf or .svg" in refused(2, "regions", "--out", tmp_path / "r.gif")


# compare --vary


def test_compare_varies_an_option_from_the_command_line_and_from_a_study(tmp_path):
    words = ("--train-size", 60, "--shift", 1, "--set", "epochs=1", "--json", "--out")
    found = call("compare", "mlp", "nearest-neighbour", "--vary", "hidden=3,5", *words, tmp_path / "a").json
    variants = [(row["model"], row["variant"]) for row in found["rows"]]
    assert variants == [("mlp", "epochs=1,hidden=3"), ("mlp", "epochs=1,hidden=5"), ("nearest-neighbour", "")]
    assert "<figcaption>Figure 1. Varying hidden <span" in (tmp_path / "a/report.html").read_text("utf-8")
    assert drawn(tmp_path / "a/figures/1-varying-hidden.png")
    (tmp_path / "s.toml").write_text('systems = ["mlp"]\nvary = { hidden = [3, 5] }\n', encoding="utf-8")
    again = call("compare", tmp_path / "s.toml", *words, tmp_path / "b").json
    assert [row["accuracy"] for row in again["rows"]] == [row["accuracy"] for row in found["rows"][:2]]
    assert call("config", "validate", tmp_path / "s.toml").code == 0


def test_compare_says_what_can_be_varied(tmp_path):
    words = ("compare", "mlp", "--out", tmp_path / "a", "--vary")
    assert "did you mean 'hidden'" in refused(2, *words, "hiden=3,5")
    assert "vary one at a time" in refused(2, *words, "hidden=3,5", "--vary", "epochs=1,2")
    assert "hidden has a value twice" in refused(2, *words, "hidden=3,3")
    assert "is not KEY=VALUE" in refused(2, *words, "=3")


def test_compare_names_planes_that_were_made_and_references_in_its_table(tmp_path):
    system = "neocognitron-2013:planes=12"
    answer = call("compare", system, "--train-size", 60, "--shift", 1, "--out", tmp_path / "c")
    assert "planes" in answer.out
    assert "references" in answer.out
    assert "S2 12" in answer.out


# topography


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    """The folder of a run of a small sheet on patches without labels, and what its training printed."""
    folder = tmp_path_factory.mktemp("runs") / "sheet"
    small = ("--set", "rows=6", "--set", "columns=5", "--set", "epochs=2", "--set", "batch=50")
    told = call("train", "cortical-sheet", "--data", "natural:size=12,count=400", *small, "--out", folder, "--json")
    return folder, told


def test_what_learns_without_labels_has_no_accuracy_and_ends_with_its_last_weights(sheet):
    folder, told = sheet
    assert told.lines[-1]["test_accuracy"] is None
    assert [line["epoch"] for line in told.lines[:-1]] == [0, 1]
    best, last = ((folder / "checkpoints" / f"{which}.safetensors").read_bytes() for which in ("best", "last"))
    assert best == last
    assert "held out" not in (folder / "log.txt").read_text(encoding="utf-8")


def test_topography_draws_the_map_and_tells_how_smooth_it_is(sheet, tmp_path):
    words = ("topography", sheet[0], "--out", tmp_path / "t.png")
    found = call(*words, "--json").json
    assert (found["layer"], found["rows"], found["columns"]) == ("S1", 6, 5)
    assert [len(row) for row in found["orientation"]] == [len(row) for row in found["selectivity"]] == [5] * 6
    assert {each["turn"] for each in found["pinwheels"]} <= {1, -1}
    text = call(*words).out
    near, chance = found["neighbour_difference"], found["shuffled_difference"]
    assert f"neighbours differ by {near:.1f} degrees, shuffled by {chance:.1f}; " in text
    assert f"{len(found['pinwheels'])} pinwheel" in text
    assert drawn(tmp_path / "t.png")


def test_topography_of_a_layer_without_a_sheet_is_refused(neocognitron, sheet, tmp_path):
    words = ("--out", tmp_path / "t.png")
    assert "layer S1 of this run did not learn on a sheet" in refused(2, "topography", neocognitron, *words)
    assert "layer R of this run did not learn on a sheet" in refused(2, "topography", sheet[0], "--layer", "R", *words)


def test_a_run_without_labels_is_looked_at_like_any_other_but_has_nothing_to_evaluate(sheet, tmp_path):
    found = call("respond", sheet[0], 3, "--out", tmp_path / "r.png", "--json").json
    assert (found["image"], found["answer"]) == ("test image 3", None)
    words = ("--layer", "S1", "--method", "backprojection", "--out", tmp_path / "f.png", "--json")
    assert len(call("fields", sheet[0], *words).json["planes"]) == 30
    assert "has no read-out to evaluate; train it on labelled data" in refused(2, "evaluate", sheet[0])
