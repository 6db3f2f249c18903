"""A path carried out: constants are chosen on training images alone, and what a step bought is a paired difference."""

import json
from dataclasses import replace
from statistics import mean

import numpy as np
import pytest
from scipy.stats import ttest_rel

from neuro_cnn.compare import Study
from neuro_cnn.crossing import best, choices, experiment, parts, tasks, told
from neuro_cnn.evaluate import predict, right
from neuro_cnn.experiment import Epoch, learn
from neuro_cnn.path_words import words
from neuro_cnn.spec import read
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
                "values": {"rate": [1.0, 3.0, 10.0], "selectivity": [1.0, 0.5]},
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
    for rate in PATH.choose.values["rate"]:
        made = experiment(PATH, stop, None, {"rate": rate, "selectivity": 1.0}, {})
        net, curriculum = made.build(data.train.shape, 10)
        *_, last = learn(net, curriculum, learned, None, 0)
        shares[rate] = right(predict(net, last.progress.params, held_out.images), held_out.labels)
    assert found.options["rate"] == max(shares, key=lambda rate: (shares[rate], rate == PATH.choose.middle["rate"]))
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


def test_results_are_plain_data_and_can_be_put_into_words(result):
    assert json.loads(json.dumps(result, allow_nan=False)) == json.loads(json.dumps(result))
    assert all(isinstance(sentence, str) and sentence.endswith(".") for sentence in words(result))
