"""Lists and ranges: which values they hold, how many without making them, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn.errors import UsageError
from neuro_cnn.grid import Range, check_once, holds, placed, varied
from neuro_cnn.spec import read

whole = st.integers(-1000, 1000)


def ranged(**written):
    return read(Range, {key.rstrip("_"): value for key, value in written.items()}, "r")


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ({"from_": 0, "to": 4}, [0, 1, 2, 3, 4]),
        ({"from_": 1, "to": 9, "step": 4}, [1, 5, 9]),
        ({"from_": 1, "to": 8, "step": 4}, [1, 5]),
        ({"from_": 3, "to": 1, "step": -1}, [3, 2, 1]),
        ({"from_": 0.1, "to": 0.5, "step": 0.1}, [0.1, 0.2, 0.3, 0.4, 0.5]),
        ({"from_": 0.0, "to": 1, "count": 5}, [0.0, 0.25, 0.5, 0.75, 1]),
        ({"from_": 4, "to": 64, "count": 5, "scale": "log"}, [4, 8, 16, 32, 64]),
        ({"from_": 0.001, "to": 0.1, "count": 5, "scale": "log"}, [0.001, 0.00316228, 0.01, 0.0316228, 0.1]),
    ],
)
def test_a_range_holds_what_it_says(written, values):
    made = ranged(**written)
    assert list(made) == values
    assert [type(value) for value in made] == [type(value) for value in values]
    assert len(made) == len(values)


@given(whole, whole, st.integers(-50, 50).filter(bool))
def test_whole_numbers_are_those_of_pythons_range(start, end, step):
    oracle = list(range(start, end + (1 if step > 0 else -1), step))
    if not oracle:
        with pytest.raises(UsageError, match="holds no value"):
            ranged(from_=start, to=end, step=step)
    else:
        made = ranged(from_=start, to=end, step=step)
        assert list(made) == oracle
        assert len(made) == len(oracle)


def test_a_range_of_very_many_values_is_counted_and_not_made():
    assert len(ranged(from_=0, to=10**15)) == 10**15 + 1


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"from_": 0.0, "to": 1.0}, "from 0.0 to 1.0 wants a step, or a count of values"),
        ({"from_": 0, "to": 9, "step": 0}, "from 0 to 9 by steps of 0 holds no value"),
        ({"from_": 9, "to": 0}, "from 9 to 0 by steps of 1 holds no value"),
        ({"from_": 0, "to": 9, "step": 1, "count": 3}, "step = 1 and count = 3 are one too many; leave one out"),
        ({"from_": 0, "to": 9, "scale": "log"}, 'scale = "log" wants a count of values'),
        ({"from_": 0, "to": 9, "count": 3, "scale": "log"}, 'from 0 to 9 has no scale = "log"; begin and end above 0'),
        ({"from_": 0, "to": 9, "count": 1}, "count = 1: "),
        ({"from_": 0, "to": 1e308, "step": 1e-300}, "from 0 to 1e+308 is too far, or in too small steps; give nearer"),
        ({"from_": 0, "to": 10**400, "step": 0.5}, "from 0 to 1000"),
        ({"from_": 0, "to": 10**30}, f"from 0 to {10**30} is too far, or in too small steps"),
        ({"from_": -1e308, "to": 1e308, "count": 3}, "from -1e+308 to 1e+308 is too far"),
        ({"from_": 1e-300, "to": 1e300, "count": 3, "scale": "log"}, "from 1e-300 to 1e+300 is too far"),
        ({"from_": "a", "to": 9}, "from"),
        ({"from_": float("nan"), "to": 9.0, "count": 3}, "from"),
    ],
)
def test_a_range_that_cannot_be_is_refused(written, message):
    with pytest.raises(UsageError) as caught:
        ranged(**written)
    assert str(caught.value).startswith(f"r: {message}")
    assert "\n" not in str(caught.value)


def test_keys_are_dotted_paths_however_the_toml_nests_them():
    table = {"options": {"rate": [1, 2], "scale": {"from": 0, "to": 3}}, "curriculum.0.epochs": [1], "seed": [0]}
    found = varied(table, "v")
    assert list(found) == ["options.rate", "options.scale", "curriculum.0.epochs", "seed"]
    assert list(found["options.scale"]) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"seed": []}, "v.seed is empty; give it a list"),
        ({"options": {}}, "v.options is empty; give it a list"),
        ({"options": {"rate": 0.1}}, "v.options.rate = 0.1 is one value; give a list"),
        ({"seed": {"form": 0, "to": 9}}, "v.seed: unknown key of a range 'form'; did you mean 'from'?"),
        ({"seed": {"from": 0}}, "v.seed: to: field required"),
        ({"seed": 3}, "v.seed = 3 is one value; give a list of values, or a range such as"),
        ([1, 2], "v = [1, 2] is no table"),
    ],
)
def test_what_is_neither_list_nor_range_is_refused(table, message):
    with pytest.raises(UsageError) as caught:
        varied(table, "v")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("values", [[1, 2, 1], [0.5, 0.5], [1, 1.0], ["a", "a"], [{"kind": "adam"}, {"kind": "adam"}]])
def test_a_value_that_stands_twice_is_refused(values):
    with pytest.raises(UsageError, match="twice; leave one out"):
        check_once(values, "v")


def test_true_is_not_one():
    check_once([True, 1, "1", False, 0], "v")


def test_a_value_is_placed_at_its_path_and_the_rest_stays():
    config = {
        "options": {"a": 1},
        "curriculum": [{"epochs": 1}, {"epochs": 2}],
        "network": {"layers": [["S1", {"p": 1}]]},
    }
    assert placed(config, "options.b", 2)["options"] == {"a": 1, "b": 2}
    assert placed(config, "seed", 2)["seed"] == 2
    assert placed(config, "curriculum.1.epochs", 9)["curriculum"] == [{"epochs": 1}, {"epochs": 9}]
    assert placed(config, "network.layers.S1.p", 9)["network"] == {"layers": [["S1", {"p": 9}]]}
    assert config == {
        "options": {"a": 1},
        "curriculum": [{"epochs": 1}, {"epochs": 2}],
        "network": {"layers": [["S1", {"p": 1}]]},
    }
    assert holds(config, "options.a")
    assert not holds(config, "options.b")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("curriculum.2.epochs", "there is no 2 here; there is: 0 to 0"),
        ("network.layers.S2.p", "there is no S2 here; there is: S1"),
        ("options.a.b", "there is nothing below 1, so no b"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path, message):
    config = {"options": {"a": 1}, "curriculum": [{"epochs": 1}], "network": {"layers": [["S1", {"p": 1}]]}}
    with pytest.raises(UsageError) as caught:
        placed(config, path, 0)
    assert str(caught.value) == message
