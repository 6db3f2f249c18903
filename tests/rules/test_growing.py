"""Competition while a layer grows: what winners learn, which losers die, and how planes come to lie."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Rectified, SCells, Shunting, Subtractive
from neuro_cnn.rules import AddIfSilent, WinnerKillLoser, WinnerTakeAll
from neuro_cnn.rules.growing import Growing, Planes, active_views
from neuro_cnn.tree import leaves, tree_map

RNG = np.random.default_rng(0)
LAYER = SCells(1000, 1, response=Subtractive(0.5))
RULES = (AddIfSilent(0.8), WinnerTakeAll(0.8), WinnerKillLoser(0.8), WinnerKillLoser(0.8, 0.9))
every_rule = pytest.mark.parametrize("rule", RULES, ids=["silent", "wta", "wkl", "wkl-triple"])


def grown(stimuli, rule, layer=LAYER, batch=1):
    """The params and state after every batch, and before, of one look at the images, (N, C, H, W)."""
    params, state = rule.start(layer, layer.init(stimuli.shape[1:], RNG), stimuli, RNG, 1)
    steps = [(params, state)]
    for first in range(0, len(stimuli), batch):
        activity = layer.forward(params, stimuli[first : first + batch])[1]
        params, state = rule.update(layer, params, state, activity, None, RNG)
        steps.append((params, state))
    return steps


def single(seed, count=40, planes=5):
    """Images of one cell a plane, so that a view is a vector: not negative, half of it silent."""
    rng = np.random.default_rng(seed)
    return (np.maximum(rng.standard_normal((count, planes)), 0) + 0.01).astype(np.float32)[:, :, None, None]


def maps(seed, count=6):
    """Images like the responses of C-cells: not negative, half of them silent."""
    rng = np.random.default_rng(seed)
    return np.maximum(rng.standard_normal((count, 2, 5, 5)), 0).astype(np.float32)


def tuned(params):
    """The patterns that the planes are tuned to, of norm 1, (K, C): views of one cell all have the weight 1 / C."""
    flat = params.learned.weight[:, :, 0, 0]
    return flat / np.linalg.norm(flat, axis=1, keepdims=True)


def cosines(params, stimulus):
    """Of every plane to one stimulus, (K,)."""
    return tuned(params) @ (stimulus.ravel() / np.linalg.norm(stimulus))


def circle(count, seed=0):
    """Stimuli of norm 1 from all over a quarter of a circle, in random order."""
    angle = np.random.default_rng(seed).uniform(0, np.pi / 2, count)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)[:, :, None, None]


def directions(params):
    """Preferred directions in degrees, in order."""
    return np.sort(np.degrees(np.arctan2(*tuned(params).T[::-1])))


@every_rule
@given(seed=st.integers(0, 10_000))
def test_a_stimulus_at_which_all_are_silent_makes_a_plane_of_itself(rule, seed):
    stimuli = single(seed)
    steps = grown(stimuli, rule)
    for stimulus, ((before, _), (after, _)) in zip(stimuli, pairwise(steps), strict=True):
        silent = not np.any(cosines(before, stimulus) > rule.theta)
        assert (len(after.learned.weight) > len(before.learned.weight)) == silent
        if silent:
            assert cosines(after, stimulus)[-1] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("rule", RULES[1:], ids=["wta", "wkl", "wkl-triple"])
@given(seed=st.integers(0, 10_000))
def test_the_winner_is_the_sum_of_what_it_won(rule, seed):
    stimuli = single(seed)
    steps = grown(stimuli, rule)
    sums = []
    for stimulus, ((before, _), (after, state)) in zip(stimuli, pairwise(steps), strict=True):
        heard = cosines(before, stimulus)
        if not np.any(heard > rule.theta):
            sums.append(stimulus.ravel().astype(float))
        else:
            winner = int(np.argmax(heard))
            sums[winner] = sums[winner] + stimulus.ravel()
            limit = getattr(rule, "theta_kill", 1.0) or rule.theta  # nothing is above 1: winner-take-all kills none
            sums = [x for k, x in enumerate(sums) if k == winner or heard[k] <= limit]
        np.testing.assert_allclose(tuned(after), np.stack([x / np.linalg.norm(x) for x in sums]), atol=1e-5)
        norms = [np.linalg.norm(x) / np.sqrt(x.size) for x in sums]  # under c(v) = 1 / C
        np.testing.assert_allclose(state.lengths, norms, rtol=1e-5)


@pytest.mark.parametrize("rule", RULES[2:], ids=["wkl", "wkl-triple"])
@given(seed=st.integers(0, 10_000))
def test_after_a_stimulus_only_the_winner_answers_to_it_above_the_threshold_that_kills(rule, seed):
    stimuli = single(seed)
    for stimulus, (params, _) in zip(stimuli, grown(stimuli, rule)[1:], strict=True):
        assert np.sum(cosines(params, stimulus) > (rule.theta_kill or rule.theta) + 1e-6) <= 1


def test_silent_losers_live_and_winner_take_all_spares_all():
    angles = np.radians([0, 40, 20, 22])[:, None]  # 20 is between the first two; both answer to 22
    stimuli = np.concatenate([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)[:, :, None, None]
    theta = np.cos(np.radians(30))
    counts = {
        name: [len(params.learned.weight) for params, _ in grown(stimuli, rule)[1:]]
        for name, rule in {
            "wta": WinnerTakeAll(theta),
            "wkl": WinnerKillLoser(theta),
            "spared": WinnerKillLoser(theta, np.cos(np.radians(10))),
        }.items()
    }
    assert counts == {"wta": [1, 2, 2, 2], "wkl": [1, 2, 1, 1], "spared": [1, 2, 2, 2]}


def test_on_a_circle_winner_kill_loser_leaves_fewer_planes_further_apart():
    theta, stimuli = np.cos(np.radians(10)), circle(2000)
    wta, wkl = (
        [directions(params) for params, _ in grown(stimuli, rule, batch=20)[50:]]
        for rule in (WinnerTakeAll(theta), WinnerKillLoser(theta))
    )
    assert np.mean([len(d) for d in wta]) > 6 > np.mean([len(d) for d in wkl])
    assert np.mean([np.diff(d).min() for d in wkl]) > 1.2 * np.mean([np.diff(d).min() for d in wta])
    assert min(len(d) for d in wkl) > 90 / 40  # each hears 10 degrees to both sides, and one gap at a time is open
    assert all(np.diff(d).min() > 10 for d in wkl)


def test_the_third_threshold_makes_learning_stable_on_a_circle():
    theta, stimuli = np.cos(np.radians(10)), circle(4000)
    two, three = (
        [len(params.learned.weight) for params, _ in grown(stimuli, rule, batch=20)[100:]]
        for rule in (WinnerKillLoser(theta), WinnerKillLoser(theta, np.cos(np.radians(5))))
    )
    assert sum(after != before for before, after in pairwise(two)) > 30
    assert len(set(three)) == 1


@every_rule
@given(seed=st.integers(0, 10_000), batch=st.integers(2, 9))
def test_what_is_learned_does_not_depend_on_how_images_are_batched(rule, seed, batch):
    images = maps(seed)
    layer = SCells(1000, 3, pad=1, response=Subtractive(0.6))
    assert_close(grown(images, rule, layer, batch)[-1], grown(images, rule, layer, 1)[-1])


@every_rule
def test_what_is_given_is_not_changed_and_the_same_comes_of_it(rule):
    layer, images = SCells(1000, 3, pad=1, response=Subtractive(0.6)), maps(0)
    params, state = grown(images[:2], rule, layer)[-1]
    activity = layer.forward(params, images)[1]
    for _, leaf in leaves((params, state, activity)):
        leaf.flags.writeable = False
    given = tree_map(np.copy, (params, state))
    once, again = (rule.update(layer, params, state, activity, None, RNG) for _ in range(2))
    for (_, one), (_, two) in zip(leaves(once), leaves(again), strict=True):
        np.testing.assert_array_equal(one, two)
    for (_, one), (_, two) in zip(leaves((params, state)), leaves(given), strict=True):
        np.testing.assert_array_equal(one, two)


@every_rule
def test_every_library_learns_the_same(xp, rule):
    layer, images = SCells(1000, 3, pad=1, response=Subtractive(0.6)), maps(1)
    params, state = grown(images[:2], rule, layer)[-1]
    here, there = (
        rule.update(layer, p, s, layer.forward(p, x)[1], None, RNG)
        for p, s, x in ((params, state, images), on(xp, (params, state, images)))
    )
    assert_close((there[0].learned, there[1]), (here[0].learned, here[1]))


@every_rule
def test_a_full_layer_makes_no_more_planes_until_one_dies(rule):
    stimuli = single(0, 200)
    steps = grown(stimuli, rule, SCells(4, 1, response=Subtractive(0.5)))
    counts = [len(params.learned.weight) for params, _ in steps]
    assert max(counts) == 4 == counts[-1]
    assert (min(counts[20:]) < 4) == isinstance(rule, WinnerKillLoser)


@every_rule
def test_blank_images_and_faint_views_teach_nothing(rule):
    layer, images = SCells(1000, 3, pad=1, response=Subtractive(0.6)), maps(2)
    params, state = grown(images[:2], rule, layer)[-1]
    blank = layer.forward(params, 0 * images)[1]
    assert rule.update(layer, params, state, blank, None, RNG) == (params, state)
    faint = np.zeros((1, 2, 9, 9), np.float32)
    faint[0, :, 1, 1], faint[0, 0, 6, 6] = (1, 0.9), 0.2
    learned = grown(faint, rule, layer)[-1][0].learned.weight
    faint[0, 0, 6, 6] = 0
    np.testing.assert_array_equal(grown(faint, rule, layer)[-1][0].learned.weight, learned)


@every_rule
def test_shunting_cells_learn_the_same_patterns_and_answer_above_the_threshold(rule):
    images = maps(3)
    r = 0.6 / (1 - 0.6)
    subtractive = SCells(1000, 3, pad=1, response=Subtractive(0.6, sigma=1e6))  # c(v) as flat as that of shunting
    shunting = SCells(1000, 3, pad=1, response=Shunting(r))
    (one, _), (two, state) = (grown(images, rule, layer)[-1] for layer in (subtractive, shunting))
    np.testing.assert_allclose(two.learned.weight, one.learned.weight, rtol=1e-4, atol=1e-6)
    strong = type(rule)(rule.theta, strength=1e6)
    two = strong.finish(shunting, two, state)
    v = subtractive.forward(one, images)[1].inhibition
    phi = subtractive.respond(one, images) / np.where(v > 0, v, 1)  # (s - theta) / (1 - theta) of the cosine s
    np.testing.assert_allclose(shunting.respond(two, images), phi, atol=1e-3)


@pytest.mark.parametrize(
    ("rule", "wrong", "message"),
    [
        (AddIfSilent, {"theta": 0.0}, "learning threshold theta is 0.0; it must lie between 0 and 1"),
        (WinnerTakeAll, {"theta": 1.0}, "learning threshold theta is 1.0; it must lie between 0 and 1"),
        (AddIfSilent, {"theta": 0.7, "least_activity": 1.0}, "it must be at least 0 and below 1"),
        (WinnerTakeAll, {"theta": 0.7, "strength": 0.0}, "strength of the weights is 0.0; it must be positive"),
        (WinnerKillLoser, {"theta": 0.7, "theta_kill": 0.6}, "theta_kill is 0.6; it must be at least theta, 0.7"),
        (WinnerKillLoser, {"theta": 0.7, "theta_kill": 1.0}, "theta_kill is 1.0; it must be at least theta, 0.7"),
    ],
)
def test_values_that_cannot_be_are_refused(rule, wrong, message):
    with pytest.raises(UsageError, match=message):
        rule(**wrong)


@every_rule
def test_cells_without_inhibition_are_refused(rule):
    layer = SCells(4, 3, response=Rectified())
    with pytest.raises(UsageError, match="set response = subtractive or shunting"):
        rule.start(layer, layer.init((1, 5, 5), RNG), maps(0), RNG, 1)


@pytest.mark.parametrize("response", [Subtractive(0.6), Shunting(0.6 / (1 - 0.6))])
def test_recognition_above_the_learning_threshold_is_refused(response):
    layer = SCells(4, 3, response=response)
    for rule in (AddIfSilent, WinnerTakeAll, WinnerKillLoser):
        with pytest.raises(UsageError, match=r"recognition threshold 0.6 above the learning threshold 0.5"):
            rule(0.5).start(layer, layer.init((2, 5, 5), RNG), maps(0), RNG, 1)
        rule(0.6).start(layer, layer.init((2, 5, 5), RNG), maps(0), RNG, 1)


@given(seed=st.integers(0, 10_000), steps=st.lists(st.tuples(st.booleans(), st.integers(0, 99)), max_size=12))
def test_responses_that_follow_every_change_are_those_of_the_planes_as_they_are(seed, steps):
    layer, images = SCells(1000, 3, pad=1, response=Subtractive(0.6)), maps(seed, 2)
    params, state = grown(images[:1], AddIfSilent(0.7), layer)[-1]
    planes = Planes(params, state.lengths, layer.planes)
    views, v = next(active_views(layer, layer.forward(params, images[1:])[1], 0.3))
    planes.face(views, v)
    for adds, number in steps[: len(v)]:
        view = number % len(v)
        if adds:
            planes.add(view)
        else:
            planes.learn(number % planes.count, view)
    made, _ = planes.grown(layer, params)
    excitation, inhibition = layer.forward(made, images[1:])[1][1:3]
    anew = np.where(inhibition > 0, excitation / np.where(inhibition > 0, inhibition, 1), 0)[0].reshape(
        planes.count, -1
    )
    order = np.argsort(-inhibition.ravel(), kind="stable")[: len(v)]
    np.testing.assert_allclose(planes.cosines[: planes.count], anew[:, order], atol=1e-5)


@given(seed=st.integers(0, 10_000), most=st.integers(1, 40))
def test_planes_that_are_added_where_all_are_silent_are_those_added_view_by_view(seed, most):
    class ViewByView(AddIfSilent):
        meet = Growing.meet

    layer, images = SCells(most, 3, pad=1, response=Subtractive(0.6)), maps(seed)
    for (one, lengths), (two, others) in zip(
        grown(images, AddIfSilent(0.8), layer), grown(images, ViewByView(0.8), layer), strict=True
    ):
        assert_close((one.learned, lengths), (two.learned, others))
