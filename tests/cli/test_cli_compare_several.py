"""Several studies, systems, files and runs in one comparison; what does not fit together is refused in one line."""

import csv
import json

import pytest
from command import call, refused

from neuro_cnn.cli.studies import asked
from neuro_cnn.compare import Study

FIRST = (
    'question = "Which?"\nsystems = ["mlp:hidden=3", "nearest-neighbour"]\ntrain_size = 60\nseeds = 3\nshift = [1]\n'
)
SECOND = 'question = "Why?"\nsystems = ["nearest-neighbour", "mlp:hidden=4"]\ntrain_size = 60\nseeds = 3\nshift = [1]\n'
OWN = 'model = "mlp"\ntitle = "own"\n[options]\nhidden = 5\nepochs = 1\n'


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in {"a.toml": FIRST, "b.toml": SECOND, "own.toml": OWN}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_studies_names_and_files_make_one_study_of_all_systems_in_their_order_each_once(here):
    study = asked({"systems": ["mlp:hidden=9", "a.toml", "own.toml", "b.toml"]})
    systems = ("mlp:hidden=9", "mlp:hidden=3", "nearest-neighbour", "own.toml", "mlp:hidden=4")
    assert study == Study(systems, train_size=60, seeds=3, shift=(1,), question="Which? Why?")
    assert asked({"systems": ["a.toml"], "seeds": 2}).seeds == 2


def test_studies_that_do_otherwise_are_refused_naming_the_key_unless_the_command_line_decides(here):
    for changed, told in {
        ("seeds = 3", "seeds = 2"): "seeds is 3 in a.toml, but 2 in b.toml",
        ("train_size = 60\n", ""): "train_size is 60 in a.toml, but not set in b.toml",
        ("shift = [1]", "shift = [1]\n[options]\nepochs = 2"): "options.epochs is absent in a.toml, but 2 in b.toml",
        ("shift = [1]", 'data = "natural"\nshift = [1]'): "data is 'digits' in a.toml, but 'natural' in b.toml",
    }.items():
        (here / "b.toml").write_text(SECOND.replace(*changed), encoding="utf-8")
        line = refused(2, "compare", "a.toml", "b.toml")
        assert line == f"{told}; give both the same, or set it for both on the command line"
    (here / "b.toml").write_text(SECOND.replace("seeds = 3", "seeds = 2"), encoding="utf-8")
    assert asked({"systems": ["a.toml", "b.toml"], "seeds": 1}).seeds == 1
    (here / "b.toml").write_text(SECOND + "[options]\nepochs = 2\n", encoding="utf-8")
    assert asked({"systems": ["a.toml", "b.toml"], "options": {"epochs": 1}}).options == {"epochs": 1}


def test_a_mixed_comparison_has_paired_differences_in_results_table_page_and_files(here):
    assert call("train", "mlp:hidden=6,epochs=1", "--train-size", 60, "--out", "run").code == 0
    small = ("--set", "epochs=1", "--shift", "", "--out", "c")
    answer = call("compare", "a.toml", "b.toml", "own.toml", "run", *small)
    assert answer.code == 0, answer.err
    found = json.loads((here / "c" / "results.json").read_text(encoding="utf-8"))
    accuracies = {}
    for row in found["rows"]:
        accuracies.setdefault((row["model"], row["variant"]), []).append(row["accuracy"])
    assert [len(each) for each in accuracies.values()] == [3, 3, 3, 3, 1]
    first, *others = accuracies
    assert [(each["model"], each["variant"], each["n"]) for each in found["paired"]] == [
        (*other, len(accuracies[other])) for other in others
    ]
    assert {(each["against"]["model"], each["against"]["variant"]) for each in found["paired"]} == {first}
    for each in found["paired"]:
        mine = accuracies[each["model"], each["variant"]]
        expected = sum(a - b for a, b in zip(mine, accuracies[first], strict=False)) / len(mine)
        assert each["mean"] == pytest.approx(expected)
    assert "paired over seeds and splits; not corrected for their number" in answer.out
    page = (here / "c" / "report.html").read_text(encoding="utf-8")
    assert "With 3 pairs it is" in page
    for name in ("results", "paired"):
        text = (here / "c" / "tables" / f"{name}.md").read_text(encoding="utf-8")
        assert text.count("\n") == 2 + len(accuracies) - (name == "paired")
        assert r"\end{tabular}" in (here / "c" / "tables" / f"{name}.tex").read_text(encoding="utf-8")
    with open(here / "c" / "results.csv", encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(found["rows"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('systems = ["mlp"]\nsedes = 2\n', "s.toml: sedes is not a key here; did you mean 'seeds'?"),
        ('systms = ["mlp"]\n', "s.toml: systms is not a key here; did you mean 'systems'?"),
        ('systems = ["mlp"]\nseeds = [1, 2]\n', "s.toml: seeds = [1, 2]: input should be a valid integer"),
        ('systems = ["mlp"]\ntrain_size = [60]\n', "s.toml: train_size = [60]: input should be a valid integer"),
        ('systems = ["mlp"]\nshift = [[1]]\n', "s.toml: shift.0 = [1]: input should be a valid integer"),
        ('systems = ["mlp"]\nshift = 1\n', "s.toml: shift = 1: input should be a valid tuple"),
        ("systems = []\n", "systems = []: name at least 1 system to compare"),
        ('systems = "mlp"\n', "s.toml: systems = 'mlp': input should be a valid tuple"),
        ('systems = ["mlp"]\n[options]\nhidden = [3]\n', "mlp: hidden = [3]: input should be a valid integer"),
        ('systems = ["mlp"]\n[options]\nhiden = 3\n', "unknown option of mlp 'hiden'; did you mean 'hidden'?"),
        ('systems = ["b.toml"]\n', "b.toml is a study of several systems; run it with: neuro-cnn compare b.toml"),
    ],
)
def test_a_study_that_cannot_be_is_refused_in_a_line(text, told, here):
    (here / "s.toml").write_text(text, encoding="utf-8")
    for names in (("s.toml",), ("s.toml", "mlp:hidden=7")):
        assert told in refused(2, "compare", *names)
    assert not (here / "runs").exists()


def test_two_files_of_one_title_and_one_file_twice_are_refused(here):
    (here / "other.toml").write_text(OWN, encoding="utf-8")
    for names in (("own.toml", "other.toml"), ("own.toml", "own.toml")):
        line = refused(2, "compare", *names)
        assert line == (
            "own:epochs=1,hidden=5 stands twice in the comparison; leave one out, or give a TOML file a title"
        )


def test_a_run_that_is_not_done_and_a_comparison_are_no_systems(here):
    assert call("train", "mlp:hidden=6,epochs=1", "--train-size", 60, "--out", "run").code == 0
    status = json.loads((here / "run" / "run.json").read_text(encoding="utf-8"))
    for name in ("interrupted", "running", "failed"):
        (here / "run" / "run.json").write_text(json.dumps({**status, "status": name}), encoding="utf-8")
        line = refused(2, "compare", "mlp", "run")
        assert line == f"run is {name}, not done, and not compared so; finish it with: neuro-cnn train --resume run"
    small = ("--train-size", 60, "--shift", "")
    assert call("compare", "mlp:hidden=2,epochs=1", *small, "--out", "c").code == 0
    line = refused(2, "compare", "mlp", "c")
    assert line == "c is a comparison; compare its systems with c/config.toml, or name one run"
    assert call("compare", "c/config.toml", "--out", "again").code == 0
