"""The bridge: its ends are the systems that it leads from and to, and each option changes one thing."""

from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from neuro_cnn.check import check
from neuro_cnn.compare import Study
from neuro_cnn.data import load
from neuro_cnn.errors import UsageError
from neuro_cnn.models import build
from neuro_cnn.models.bridge import Bridge
from neuro_cnn.models.lenet5 import LeNet5
from neuro_cnn.models.neocognitron_1980 import Neocognitron1980
from neuro_cnn.runs import read_toml
from neuro_cnn.settings import sized
from neuro_cnn.spec import read

DIGITS = (1, 28, 28)
IMAGES = load("digits", train_size=50).train
LAST = {
    "readout": "softmax",
    "teacher": "backprop",
    "response": "rectified",
    "pool": "max",
    "views": "adjoining",
    "top": "units",
    "widths": "lenet5",
}


OPTIONS = {name: get_args(hint) for name, hint in get_type_hints(Bridge).items() if get_origin(hint) is Literal}


def study():
    path = Path(__file__).parent.parent.parent / "experiments" / "bridge.toml"
    return read(Study, sized(read_toml(path), None, path.name), path.name)


@pytest.mark.parametrize("shape", [DIGITS, (1, 16, 16)])
def test_as_it_is_it_is_the_neocognitron_of_1980(shape):
    assert Bridge().network(shape, 10) == Neocognitron1980().network(shape, 10)
    assert Bridge().curriculum() == Neocognitron1980().curriculum()


@pytest.mark.parametrize("pool", ["max", "strided"])
def test_with_every_option_at_its_last_value_it_is_lenet5(pool):
    made, lenet = Bridge(**LAST | {"pool": pool}), LeNet5(pool=pool)
    assert made.network(DIGITS, 10) == lenet.network(DIGITS, 10)
    assert made.curriculum() == lenet.curriculum()


@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in OPTIONS.items()}))
def test_every_combination_that_is_not_refused_can_learn(options):
    try:
        made = Bridge(**options)
    except UsageError:
        assume(False)
    net = made.network(DIGITS, 10)
    check(net, made.curriculum(), IMAGES)
    assert net.shapes(net.init(DIGITS, None), DIGITS)["out"] == (10,)


def test_the_steps_of_the_study_lead_from_1980_to_lenet5():
    path = study().path
    forward = path.ways()["forward"]
    ends = [path.asked(step.after, None, {}) for step in (forward[0], forward[-2])]
    (first, start), (last, end) = (build("bridge", DIGITS, 10, **options) for options in ends)
    assert (first, start) == build("neocognitron-1980", DIGITS, 10)
    assert (last, end) == build("lenet5", DIGITS, 10, epochs=ends[1]["epochs"])


def test_every_step_changes_the_experiment_unless_the_teacher_has_taken_over_already():
    path = study().path
    for way, steps in path.ways().items():
        for step in steps[2:]:
            before, after = (
                build("bridge", DIGITS, 10, **path.asked(stop, None, {})) for stop in (step.before, step.after)
            )
            taken = dict(step.before.options).get("teacher") == "backprop"
            local = set(step.change) <= {"order", "competition"}
            assert (before == after) == (taken and local), (way, step.name)


def test_the_last_step_of_either_order_leads_to_the_same_network():
    ways = study().path.ways()
    ends = [dict(ways[way][-1].after.options) for way in ("forward", "backward")]
    assert ends[0] == ends[1]


def test_thresholds_are_the_same_cosine_whether_inhibition_shunts_or_is_subtracted():
    for layer in ("S1", "S2", "S3"):
        shunting, subtractive = (
            Bridge(competition="hard", response=response, selectivity=0.5).network(DIGITS, 10)[layer].response
            for response in ("shunting", "subtractive")
        )
        assert subtractive.theta == pytest.approx(shunting.theta)


@pytest.mark.parametrize("top", ["stage", "units"])
def test_add_if_silent_learns_at_nine_sevenths_of_each_layers_own_selectivity(top):
    made = Bridge(competition="add-if-silent", order="layer-by-layer", selectivity=0.5, top=top)
    for phase in made.curriculum()[:-1]:
        (name,) = phase.layers
        theta = phase.method.rule.theta
        assert theta / (1 - theta) == pytest.approx(9 / 7 * made.network(DIGITS, 10)[name].response.r)


@pytest.mark.parametrize("views", ["overlapping", "adjoining"])
@pytest.mark.parametrize("top", ["stage", "units"])
def test_seed_cells_have_columns_that_fit_their_maps(views, top):
    made = Bridge(views=views, top=top)
    net = made.network(DIGITS, 10)
    shapes = net.shapes(net.init(DIGITS, None), DIGITS)
    for name, rule in made.curriculum()[0].method.rules:
        assert rule.column == min({"S1": 5, "S2": 5, "S3": 2, "S4": 1}[name], shapes[name][1])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"teacher": "fine-tuned"}, "set readout=softmax"),
        ({"pool": "strided"}, "set teacher=backprop"),
        ({"response": "subtractive"}, "teaches shunting S-cells, not subtractive; set competition"),
        ({"response": "rectified", "competition": "add-if-silent", "order": "layer-by-layer"}, "set competition=hard"),
        ({"competition": "add-if-silent"}, "set order=layer-by-layer"),
    ],
)
def test_options_that_do_not_go_together_are_refused_with_the_one_to_set(options, told):
    with pytest.raises(UsageError, match=told):
        Bridge(**options)
