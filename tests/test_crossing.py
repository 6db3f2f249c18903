"""A path carried out: constants are chosen on training images alone, and what a step bought is a paired difference."""

import json
from dataclasses import replace
from statistics import mean

import numpy as np
import pytest
from scipy.stats import ttest_rel

from neuro_cnn.compare import Study
from neuro_cnn.crossing import best, choices, experiment, keep, known, most, origin, parts, tasks, told
from neuro_cnn.describe import describe
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.evaluate import predict, right
from neuro_cnn.experiment import Epoch, learn
from neuro_cnn.path import Path
from neuro_cnn.path_tables import rows, way_table
from neuro_cnn.path_words import words
from neuro_cnn.physiology import class_selectivity
from neuro_cnn.spec import plain, read
from neuro_cnn.study import conduct, load_splits

STUDY = read(
    Study,
    {
        "train_size": 120,
        "seeds": 2,
        "shift": [2],
        "vary": {"labels_per_class": [3, "all"]},
        "path": {
            "model": "bridge",
            "start": "the last step of the bridge but three",
            "options": {"epochs": 2, "readout": "softmax", "response": "rectified", "pool": "max", "views": "adjoining"}
            | {"top": "units", "widths": "lenet5", "competition": "hard", "order": "layer-by-layer"},
            "few": {"3": {"epochs": 4}},
            "choose": {
                "values": {"descent": [1.0, 3.0, 10.0], "selectivity": [1.0, 0.5]},
                "train_size": 60,
                "held_out": 40,
            },
            "steps": [
                {"block": "read-out", "name": "fine-tuned", "set": {"teacher": "fine-tuned"}},
                {"block": "read-out", "name": "backprop", "set": {"teacher": "backprop"}},
                {"block": "competition", "name": "soft", "set": {"competition": "soft"}},
            ],
        },
    },
    "study",
)
PATH = STUDY.path


@pytest.fixture(scope="module")
def splits():
    return load_splits(STUDY)


@pytest.fixture(scope="module")
def chosen(splits):
    return dict(choices(STUDY, splits[-1], 1, {}))


@pytest.fixture(scope="module")
def findings(splits, chosen):
    planned = tasks(STUDY, chosen, splits)
    return [step for step in conduct(planned, splits, STUDY.deformed, "cpu", 1) if not isinstance(step, Epoch)]


@pytest.fixture(scope="module")
def result(splits, chosen, findings):
    return told(STUDY, chosen, findings, splits)


def test_constants_are_chosen_from_training_images_on_others_of_them(splits):
    data = splits[-1]
    learned, held_out = parts(PATH.choose, data)
    assert (len(learned), len(held_out)) == (60, 40)
    known = {image.tobytes(): label for image, label in zip(data.train.images, data.train.labels, strict=True)}
    seen = [image.tobytes() for part in (learned, held_out) for image in part.images]
    assert len(set(seen)) == 100
    assert set(seen) <= set(known)
    again = parts(PATH.choose, data)
    np.testing.assert_array_equal(learned.images, again[0].images)


def test_where_images_are_few_both_parts_keep_their_proportion(splits):
    learned, held_out = parts(replace(PATH.choose, train_size=300, held_out=100), splits[-1])
    assert (len(learned), len(held_out)) == (90, 30)


def test_the_constant_that_answers_best_to_images_held_out_is_chosen(splits):
    data, stop = splits[-1], PATH.ways()["forward"][-2].after
    found = best(PATH, stop, data, {})
    learned, held_out = parts(PATH.choose, data)
    shares = {}
    for rate in PATH.choose.values["descent"]:
        made = experiment(PATH, stop, None, {"descent": rate, "selectivity": 1.0}, {})
        net, curriculum = made.build(data.train.shape, 10)
        *_, last = learn(net, curriculum, learned, None, 0)
        shares[rate] = right(predict(net, last.progress.params, held_out.images), held_out.labels)
    assert found.options["descent"] == max(
        shares, key=lambda each: (shares[each], each == PATH.choose.middle["descent"])
    )
    assert [share for _, share in found.tried] == list(
        shares.values()
    )  # selectivity means nothing: nothing more is tried
    assert len(set(shares.values())) > 1


def test_a_constant_that_changes_nothing_stays_where_the_choice_began(chosen):
    assert {each.options["selectivity"] for each in chosen.values()} == {PATH.choose.middle["selectivity"]}


def test_every_stop_but_the_published_start_has_its_constants_chosen_and_known_ones_are_kept(splits, chosen):
    assert set(chosen) == set(PATH.stops().values()) - {"0 " + PATH.start}
    assert list(choices(STUDY, splits[-1], 1, chosen)) == []


def test_every_stop_is_learned_from_every_seed_with_every_number_of_labels(findings):
    places = {(task.model, found.row["labels_per_class"], task.seed) for task, found in findings if not task.is_control}
    assert places == {(name, labels, seed) for name in PATH.stops().values() for labels in (3, None) for seed in (0, 1)}


def test_few_labels_are_shown_as_often_as_the_path_says(findings):
    epochs = {
        found.row["labels_per_class"]: sum("accuracy" in line for line in found.history)
        for task, found in findings
        if "backprop" in task.model
    }
    assert epochs == {3: 4, None: 2}


def test_what_a_step_bought_is_the_paired_difference_with_its_interval(result, findings):
    def shares(name, labels):
        rows = [found.row for task, found in findings if task.model == name and not task.is_control]
        return [row["accuracy"] for row in rows if row["labels_per_class"] == labels]

    step = result["ways"]["forward"][2]
    after, before = (shares(step[end], None) for end in ("after", "before"))
    gain = step["gain"]["all"]
    assert gain["mean"] == pytest.approx(mean(after) - mean(before))
    interval = ttest_rel(after, before).confidence_interval(0.95)
    assert (gain["low"], gain["high"]) == pytest.approx((interval.low, interval.high))
    assert result["stops"][step["after"]]["accuracy"] == {"3": shares(step["after"], 3), "all": after}


def test_what_is_told_of_a_stop_is_what_the_others_measure(result, findings, splits):
    for name in ("1 its constants chosen", "3 backprop"):
        task, found = next((t, f) for t, f in findings if t.model == name and t.deformed)
        deepest = "A6" if "backprop" in name else "S4"
        shown = splits[-1].train
        each = [
            class_selectivity(t.net, f.params, deepest, shown) for t, f in findings if t.model == name and t.deformed
        ]
        stop = result["stops"][name]
        assert stop["deepest"] == deepest
        assert stop["selectivity"] == pytest.approx(mean(float(np.nanmean(s)) for s in each))
        assert stop["macs"] == sum(row.macs for row in describe(task.net, (1, 28, 28), found.params))
        rows = [f.row for t, f in findings if t.model == name and t.deformed]
        assert stop["dead_units"] == pytest.approx(mean(row["dead_units"] for row in rows))
        assert stop["train_seconds"] == pytest.approx(mean(row["train_seconds"] for row in rows))


def test_tables_and_figure_data_say_what_the_results_say(result):
    table = way_table(result, "forward")
    for line, step, row in zip(table.lines, result["ways"]["forward"], rows(result), strict=False):
        stop = result["stops"][step["after"]]
        assert line.cells[:2] == [f"{100 * mean(stop['accuracy'][key]):.1f}" for key in ("3", "all")]
        assert row["accuracy_all"] == mean(stop["accuracy"]["all"])
        assert row["macs"] == stop["macs"]
    gain = result["ways"]["forward"][2]["gain"]["all"]["mean"]
    assert table.lines[2].cells[2] == f"{100 * gain:+.1f}".replace("-", "\N{MINUS SIGN}")


def test_labels_come_in_order_and_all_of_them_last(splits, chosen, findings):
    back = replace(STUDY, vary={"labels_per_class": ("all", 3)})
    found = told(back, chosen, findings, splits)
    assert all(list(stop["accuracy"]) == ["3", "all"] for stop in found["stops"].values())
    assert most(splits[::-1]) is splits[-1]


def test_constants_of_other_images_are_not_gone_on_with(tmp_path, splits, chosen):
    keep(tmp_path, origin(STUDY, splits[-1]), chosen)
    assert known(tmp_path, origin(STUDY, splits[-1])) == chosen
    for other in (origin(STUDY, splits[0]), origin(replace(STUDY, options={"epochs": 3}), splits[-1])):
        with pytest.raises(DataError, match="have changed since constants were chosen"):
            known(tmp_path, other)
    for damaged in ("[]", "{", '{"of": 1}'):
        (tmp_path / "choices.json").write_text(damaged, "utf-8")
        with pytest.raises(DataError, match="damaged"):
            known(tmp_path, origin(STUDY, splits[-1]))


def test_constants_are_not_chosen_on_what_another_split_tests_on():
    with pytest.raises(UsageError, match="on other splits these are test images"):
        replace(STUDY, splits=2)


def test_a_value_with_which_nothing_can_be_learned_is_not_chosen(splits):
    path = read(Path, {**plain(PATH), "choose": {**plain(PATH.choose), "values": {"descent": [1.0, 1e30]}}}, "path")
    stop = path.ways()["forward"][-1].after
    found = best(path, stop, splits[-1], {})
    assert found.options == {"descent": 1.0}
    assert [share for _, share in found.tried][1] == 0
    path = read(Path, {**plain(PATH), "choose": {**plain(PATH.choose), "values": {"descent": [1e30]}}}, "path")
    with pytest.raises(UsageError, match="nothing can be learned with any of"):
        best(path, stop, splits[-1], {})


def test_a_step_that_changes_nothing_buys_exactly_nothing(result):
    step = result["ways"]["forward"][-1]
    assert step["step"] == "soft"  # under backprop nothing competes
    assert {gain["mean"] for gain in step["gain"].values()} == {0}


def test_both_orders_end_at_the_same_accuracy(result):
    ends = [result["stops"][result["ways"][way][-1]["after"]]["accuracy"] for way in ("forward", "backward")]
    assert ends[0] == ends[1]


def test_deformed_images_are_answered_by_what_saw_most_labels(result, findings):
    assert {task.deformed for task, found in findings if found.row["labels_per_class"] == 3} == {False}
    assert {task.deformed for task, _ in findings if task.is_control} == {False}
    for stop in result["stops"].values():
        assert len(stop["deformed"]["shift 2"]) == 2


def test_controls_stand_beside_what_is_read_out_alone(result):
    with_control = [name for name, stop in result["stops"].items() if stop["control"]]
    local = [name for stop, name in PATH.stops().items() if "teacher" not in dict(stop.options)]
    assert with_control == local


def test_results_are_plain_data(result):
    assert json.loads(json.dumps(result, allow_nan=False)) == json.loads(json.dumps(result))


def stop(share, macs, few=0.1):
    return {"accuracy": {"3": [few] * 2, "all": [share] * 2}, "deformed": {"shift 2": [share / 2] * 2}, "macs": macs}


def step(name, after, gains=None):
    gain = (
        {} if gains is None else {key: dict(zip(("mean", "low", "high"), g, strict=True)) for key, g in gains.items()}
    )
    return {"step": name, "after": after, "gain": gain}


def gained(mean, low, high):
    return {"3": (0.0, -0.1, 0.1), "all": (mean, low, high), "shift 2": (mean / 2, None, None)}


def test_words_tell_what_mattered_and_where_the_order_did():
    path = {
        "stops": {"a": stop(0.5, 3e6), "b": stop(0.9, 5e6), "c": stop(0.88, 1e6)},
        "ways": {
            "forward": [
                step("start", "a"),
                step("large", "b", gained(0.4, 0.3, 0.5)),
                step("small", "c", gained(-0.02, -0.1, 0.06)),
            ],
            "backward": [
                step("start", "a"),
                step("small", "b", gained(0.4, 0.38, 0.42)),
                step("large", "c", gained(-0.02, -0.1, 0.06)),
            ],
        },
    }
    assert words(path) == [
        "On the way forward 2 steps lead from start (50.0 %) to small (88.0 %), with all labels a class.",
        "On the way backward 2 steps lead from start (50.0 %) to large (88.0 %), with all labels a class.",
        "Forward, 1 of 2 steps mattered beyond the chance of seeds, in points with 95 % intervals: large +40.0 "
        "(+30.0 to +50.0); the other 1 cannot be told from nothing, or change nothing there. No interval is "
        "corrected for their number.",
        "Backward, 1 of 2 steps mattered beyond the chance of seeds, in points with 95 % intervals: small +40.0 "
        "(+38.0 to +42.0); the other 1 cannot be told from nothing, or change nothing there. No interval is "
        "corrected for their number.",
        "What a step buys depends on the order: 2 differ beyond both intervals, most of all large +40.0 forward, "
        "-2.0 backward; small -2.0 forward, +40.0 backward.",
        "With 3 labels a class the largest steps forward are: large +0.0 (-10.0 to +10.0), small +0.0 (-10.0 to "
        "+10.0).",
        "Shifted 2 px, the largest steps forward are: large +20.0, small -1.0.",
        "The dearest stop forward is 'large', with 5.0 million multiply-adds an answer; the cheapest 'small', with "
        "1.00 million.",
    ]
