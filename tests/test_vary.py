"""One option varied: which systems it makes, what is told of them, and what cannot be varied."""

import numpy as np
import pytest

from neuro_cnn.compare import Study, grown, parse, references
from neuro_cnn.errors import UsageError
from neuro_cnn.experiment import Epoch
from neuro_cnn.models import build
from neuro_cnn.results import pictures, results
from neuro_cnn.spec import plain, read
from neuro_cnn.study import conduct, load_splits, sources, tasks_of
from neuro_cnn.vary import curves, expanded


def test_each_system_that_has_the_option_stands_once_for_each_value_and_others_once(tmp_path):
    (tmp_path / "own.toml").touch()
    systems = ["mlp", "softhebb:layers=2", "nearest-neighbour", "mlp:hidden=3,epochs=4", str(tmp_path / "own.toml")]
    assert expanded(systems, {"epochs": (1, 2)}) == [
        "mlp:epochs=1",
        "mlp:epochs=2",
        "softhebb:layers=2,epochs=1",
        "softhebb:layers=2,epochs=2",
        "nearest-neighbour",
        "mlp:hidden=3,epochs=4",
        str(tmp_path / "own.toml"),
    ]
    assert expanded(systems, {}) == systems


@pytest.mark.parametrize("value", [3, 0.25, 1e-7, True, "random"])
def test_a_value_is_written_so_that_it_reads_back_as_it_was(value):
    (text,) = expanded(["hebbian-wta"], {"initial": (value,)})
    assert parse(text) == ("hebbian-wta", {"initial": value})
    assert isinstance(parse(text)[1]["initial"], type(value))


def test_an_option_that_no_system_has_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'planes'"):
        expanded(["hebbian-wta"], {"plane": (1, 2)})
    (tmp_path / "own.toml").touch()
    with pytest.raises(UsageError, match="keep their own options; name a system"):
        expanded([str(tmp_path / "own.toml")], {"planes": (1, 2)})


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        ({"planes": [1], "epochs": [2]}, "2 options to vary, planes, epochs; vary one at a time"),
        ({"planes": [1, 2, 1]}, "planes has a value twice"),
        ({"planes": 4}, "vary.planes = 4"),
        ({"planes": []}, "vary.planes"),
    ],
)
def test_a_study_varies_one_option_over_a_list_of_different_values(vary, message):
    with pytest.raises(UsageError, match=message):
        read(Study, {"systems": ["mlp"], "vary": vary}, "study")
    study = read(Study, {"systems": ["mlp"], "vary": {"hidden": [3, 4]}}, "study")
    assert read(Study, plain(study), "study") == study


@pytest.fixture(scope="module")
def done():
    """A study of two systems, one of which grows, at two values."""
    study = Study(
        ("neocognitron-2013:planes=30", "lenet5:epochs=1"),
        train_size=60,
        shift=(2,),
        scale=(0.8,),
        vary={"theta_learning": (0.7, 0.85)},
    )
    splits = load_splits(study)
    tasks = tasks_of(study, sources(study)[0], splits)
    findings = [step for step in conduct(tasks, splits, study.deformed, "cpu", 1) if not isinstance(step, Epoch)]
    return study, splits, findings, results(study, splits, findings)


def test_rows_tell_the_planes_that_were_made_and_the_references(done):
    _, _, findings, outcome = done
    for (task, found), row in zip(findings, outcome["rows"], strict=True):
        if task.model == "lenet5" or task.is_control:
            assert row["planes"] == {}
        else:
            assert row["planes"] == {"S2": len(found.params["S2"].learned.weight)}
        vectors = getattr(found.params["out"].fixed, "vectors", None)
        assert row["references"] == (None if vectors is None else len(vectors))
    assert outcome["vary"] == {"theta_learning": [0.7, 0.85]}


def test_the_figure_holds_each_system_that_has_the_option_at_its_values(done):
    _, _, findings, outcome = done
    lines = curves(outcome["summary"], "theta_learning")
    assert {name: [value for value, _ in points] for name, points in lines.items()} == {
        "neocognitron-2013:planes=30": [0.7, 0.85]
    }
    figure, data = pictures(outcome, findings, 10)["Varying theta_learning"]
    assert [row["theta_learning"] for row in data] == [0.7, 0.85]
    titles = [axes.get_title("left") for axes in figure.axes]
    errors = ["Error, %", "Error, shifted 2 px, %", "Error, scaled \N{MULTIPLICATION SIGN} 0.8, %"]
    assert titles == [*errors, "Planes of S2", "References at the top"]
    expected = [100 * (1 - row["accuracy_mean"]) for _, row in lines["neocognitron-2013:planes=30"]]
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), expected)
    scaled = [100 * (1 - row["scale"]["0.8"]) for _, row in lines["neocognitron-2013:planes=30"]]
    np.testing.assert_allclose(figure.axes[2].lines[0].get_ydata(), scaled)
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()  # one scale for all errors


@pytest.mark.parametrize("name", ["neocognitron-2013", "neocognitron-1980", "nearest-neighbour", "lenet5"])
def test_planes_grow_where_a_rule_makes_them_and_only_interpolating_vectors_have_references(name):
    net, curriculum = build(name, (1, 28, 28), 10)
    params = net.init((1, 28, 28), None)
    assert grown(net, curriculum) == (("S2",) if name == "neocognitron-2013" else ())
    assert references(net, params) == (0 if name == "neocognitron-2013" else None)
