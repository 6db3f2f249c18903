"""A path: its ways hold the same changes in other orders, and what cannot be walked is refused."""

from itertools import pairwise

import pytest

from neuro_cnn.errors import UsageError
from neuro_cnn.path import Path
from neuro_cnn.spec import read

STEPS = [
    {"block": "a", "name": "one", "set": {"planes": 2}},
    {"block": "b", "name": "two", "set": {"size": 3}},
    {"block": "b", "name": "three", "set": {"layers": 2}},
    {"block": "end", "name": "four", "set": {"power": 2.0}, "last": True},
]
PATH = {"model": "random-features", "start": "here", "steps": STEPS}


def path(**changes):
    return read(Path, {**PATH, **changes}, "path")


def names(steps):
    return [step.name for step in steps]


def test_backwards_the_blocks_come_in_reverse_order_and_the_last_stay_last():
    ways = path().ways()
    assert names(ways["forward"]) == ["here", "one", "two", "three", "four"]
    assert names(ways["backward"]) == ["here", "two", "three", "one", "four"]


def test_every_step_leads_from_where_the_one_before_it_led_to():
    for steps in (
        path(steps=STEPS[:3], choose={"values": {"power": [1.0, 2.0]}}, aside={"short": ["three", "one"]})
        .ways()
        .values()
    ):
        for before, step in pairwise(steps):
            assert step.before == before.after
            assert dict(step.after.options) == {**dict(before.after.options), **step.change}


def test_a_stop_that_several_ways_lead_to_is_one_system():
    ways, stops = path().ways(), path().stops()
    assert len(stops) == 7  # 5 forward; backward two and three, for three, one is where forward's third step leads
    assert ways["forward"][3].after == ways["backward"][3].after


def test_the_start_is_as_published_and_its_constants_are_chosen_first():
    steps = path(steps=STEPS[:3], choose={"values": {"power": [0.5, 1.0, 2.0]}}).ways()["forward"]
    assert names(steps)[:2] == ["here", "its constants chosen"]
    assert [step.after.chosen for step in steps] == [False, *[True] * 4]


def test_what_is_asked_of_a_stop_is_the_paths_the_steps_the_chosen_and_the_few_labels_options_in_turn():
    made = path(options={"planes": 9, "power": 3.0}, few={"10": {"power": 4.0}})
    stop = made.ways()["forward"][1].after
    assert made.asked(stop, None, {"size": 7}) == {"planes": 2, "power": 3.0, "size": 7}
    assert made.asked(stop, 10, {})["power"] == 4.0
    assert made.asked(stop, 10, {}, {"power": 5.0})["power"] == 5.0  # what is set for the whole study has the last word


@pytest.mark.parametrize(
    ("common", "told"),
    [
        ({"planes": 3}, "planes = 3 cannot be set for the whole path, for the step 'one' sets it"),
        ({"places": 3}, "places = 3 cannot be set for the whole path, for it is chosen at every stop"),
        ({"plane": 3}, "unknown option of random-features 'plane'"),
    ],
)
def test_what_a_study_sets_must_be_free(common, told):
    with pytest.raises(UsageError, match=told):
        path(choose={"values": {"places": [1, 2]}}).check(common)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"steps": [STEPS[0], {**STEPS[1], "name": "one"}]}, "two steps are called 'one'"),
        ({"aside": {"short": ["tow"]}}, "unknown step of the path 'tow'; did you mean 'two'"),
        ({"aside": {"forward": ["two"]}}, "give it a name of letters of its own"),
        ({"aside": {"paired": ["two"]}}, "give it a name of letters of its own"),
        ({"aside": {"../two": ["two"]}}, "give it a name of letters of its own"),
        ({"few": {"ten": {"planes": 4}}}, "'ten' is no number of labels a class"),
        ({"few": {"10": {"plane": 4}}}, "after 'here': unknown option of random-features 'plane'"),
        ({"choose": {"values": {"pover": [1.0]}}}, "after 'here': unknown option of random-features 'pover'"),
        ({"choose": {"values": {"power": [1.0]}}}, "'four' sets power, which is chosen at every stop; leave one out"),
        ({"steps": [STEPS[1], STEPS[0], STEPS[2]]}, "block 'b' do not follow each other"),
        ({"steps": [{**STEPS[0], "set": {"plane": 2}}]}, "after 'one': unknown option of random-features 'plane'"),
        ({"steps": []}, "at least 1"),
        ({"choose": {"values": {"power": []}}}, "at least 1"),
        ({"modle": "x"}, "modle"),
    ],
)
def test_what_cannot_be_walked_is_refused_in_words(changes, told):
    with pytest.raises(UsageError, match=told):
        path(**changes)
