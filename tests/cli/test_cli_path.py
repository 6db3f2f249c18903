"""neuro-cnn compare of a path: constants chosen first, every step beside the one before, in both orders."""

import json

import pytest
from command import call, refused

STUDY = """
question = "What does each step buy?"
train_size = 120
shift = [2]
vary = { labels_per_class = [3, "all"] }

[path]
model = "bridge"
start = "random cells"
options = { epochs = 2, readout = "softmax", response = "rectified", pool = "max", views = "adjoining", top = "units" }
choose = { values = { descent = [1.0, 10.0] }, train_size = 60, held_out = 40 }
steps = [
    { block = "order", name = "layer by layer", set = { order = "layer-by-layer" } },
    { block = "learning", name = "hard competition", set = { competition = "hard" } },
    { block = "learning", name = "backprop", set = { teacher = "backprop" } },
]
aside = { descent = ["backprop"] }

[sizes.small]
train_size = 80
path.choose.values = { descent = [3.0] }
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("path") / "study.toml"
    path.write_text(
        STUDY.replace('top = "units" }', 'top = "units", competition = "none", widths = "lenet5" }'), "utf-8"
    )
    return path


@pytest.fixture(scope="module")
def run(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "path"
    answer = call("compare", study, "--out", folder)
    assert answer.code == 0, answer.err
    return folder, answer


def test_it_tells_every_way_and_what_mattered(run):
    out = run[1].out
    for words in ("forward; % right", "backward; % right", "descent; % right", "3 backprop", "One seed tells nothing"):
        assert words in out


def test_it_leaves_choices_results_tables_and_a_report_with_the_figures_and_their_numbers(run):
    folder, _ = run
    path = json.loads((folder / "results.json").read_text("utf-8"))["path"]
    chosen = json.loads((folder / "choices.json").read_text("utf-8"))["stops"]
    assert {name for name, stop in path["stops"].items() if stop["chosen"]} == set(chosen)
    assert [step["step"] for step in path["ways"]["descent"]] == ["random cells", "its constants chosen", "backprop"]
    for way in path["ways"]:
        assert (folder / "tables" / f"{way}.tex").is_file()
    page = (folder / "report.html").read_text("utf-8")
    assert page.index("Step by step") < page.index("Results")
    assert page.count("<svg") == 2
    assert f"<p>{len(path['stops'])} systems learned from" in page  # whatever the numbers of labels
    assert len(list((folder / "figures").glob("*.png"))) == 2


def test_stopped_after_its_choices_it_goes_on_to_the_same_results(run, study, tmp_path):
    folder, _ = run
    again = tmp_path / "again"
    assert call("compare", study, "--out", again).code == 0
    for path in list((again / "findings").glob("*.safetensors"))[::2]:
        path.unlink()
    assert call("compare", "--resume", again).code == 0
    ours, theirs = (json.loads((each / "results.json").read_text("utf-8"))["path"] for each in (folder, again))
    for stop in (*ours["stops"].values(), *theirs["stops"].values()):
        del stop["train_seconds"]
    assert ours == theirs


def test_it_is_reproduced_from_its_folder_choices_included(run):
    answer = call("reproduce", run[0], "--json")
    assert answer.code == 0, answer.err
    assert answer.json["verdict"] == "identical"
    assert answer.json["compared"] > 100


def test_a_size_lays_its_settings_over_the_study(study, tmp_path):
    answer = call("compare", study, "--set", "size=small", "--set", "epochs=1", "--out", tmp_path / "small")
    assert answer.code == 0, answer.err
    written = json.loads((tmp_path / "small" / "results.json").read_text("utf-8"))
    assert written["n_train"] == 80
    assert written["path"]["stops"]["1 its constants chosen"]["chosen"] == {"descent": 3.0}


def test_what_a_path_cannot_have_is_refused_in_one_line(study, tmp_path):
    wrong = tmp_path / "wrong.toml"
    for change, told in (
        (
            (('{ teacher = "backprop" } }', '{ teacher = "backprop" }, lsat = true }')),
            "path.steps.2.lsat is not a key here; did you mean 'last'?",
        ),
        ((('teacher = "backprop"', 'teacher = "backprob"')), "path: after 'backprop': bridge: teacher"),
        ((("train_size = 120", 'systems = ["mlp"]')), "compare others apart from it"),
        ((('["backprop"]', '["backprob"]')), "unknown step of the path 'backprob'; did you mean 'backprop'"),
    ):
        wrong.write_text(study.read_text("utf-8").replace(*change), "utf-8")
        assert told in refused(2, "compare", wrong, "--out", tmp_path / "none")
    assert "unknown size of" in refused(2, "compare", study, "--set", "size=smal", "--out", tmp_path / "none")
    assert "unknown option of bridge 'epoch'" in refused(2, "compare", study, "--set", "epoch=1")
    assert not (tmp_path / "none").exists()
