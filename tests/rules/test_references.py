"""Reference vectors at the top: interpolation against its definition, and how references are chosen."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, on

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import InterpolatingVector
from neuro_cnn.layers.interpolating import compact, scaled, whole
from neuro_cnn.rules import LabelledWTA, LearnReferences, references
from neuro_cnn.rules.references import Products


def clouds(seed, count=40, size=6, classes=3, spread=0.6):
    """Not negative vectors around a centre for each class, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    return np.abs(rng.random((classes, size))[labels] + spread * rng.standard_normal((count, size))), labels


def learned(rule, x, labels, classes=3, seed=0, batch=16, xp=np, **how):
    """A layer and its params after the rule has seen every vector once."""
    layer, rng = InterpolatingVector(classes, **how), np.random.default_rng(seed)
    x, labels, params = on(xp, (x, labels, layer.init(x.shape[1:], rng)))
    params, state = rule.start(layer, params, x, rng, 1)
    for start in range(0, x.shape[0], batch):
        part = slice(start, min(start + batch, x.shape[0]))
        _, activity = layer.forward(params, x[part, ...])
        params, state = rule.update(layer, params, state, activity, labels[part], rng)
    return layer, rule.finish(layer, params, state)


def similarity(x, references):
    """The largest cosine of x to a point on an arc between two of the references, pair by pair, by projection."""
    x = x / np.linalg.norm(x)
    best = max(float(x @ r) for r in references)
    for one, two in combinations(references, 2):
        basis = np.stack([one, two], axis=1)
        shares = np.linalg.lstsq(basis, x, rcond=None)[0]
        if np.all(shares > 0):
            best = max(best, float(np.linalg.norm(basis @ shares)))
    return best


@given(st.integers(0, 10_000))
def test_scores_are_the_best_projections_between_two_references_of_a_class(seed):
    x, labels = clouds(seed, 24)
    layer, params = learned(LearnReferences(None), x, labels)
    probes = np.abs(np.random.default_rng(seed + 1).standard_normal((5, x.shape[1])))
    unit, _ = scaled(x)
    expected = [[similarity(probe, unit[labels == c]) for c in range(3)] for probe in probes]
    np.testing.assert_allclose(layer.respond(params, probes), expected, rtol=1e-9)


def test_the_published_formula_gives_the_similarity_between_two_references():
    rng = np.random.default_rng(3)
    vectors, _ = scaled(rng.random((2, 4)))
    x, _ = scaled((0.3 * vectors[0] + 0.7 * vectors[1] + 0.05 * rng.random(4))[None])
    (first, second), g = vectors @ x[0], float(vectors[0] @ vectors[1])
    layer = InterpolatingVector(1)
    params = layer.init((4,), None)._replace(fixed=compact(vectors, np.zeros(2, int), vectors @ vectors.T))
    expected = np.sqrt((first**2 + second**2 - 2 * first * second * g) / (1 - g**2))
    assert layer.respond(params, x).item() == pytest.approx(expected)
    assert expected > max(first, second)


@given(st.integers(0, 10_000), st.sampled_from([0, 1]))
def test_units_that_are_silent_in_all_references_are_left_out_and_change_no_score(seed, reach):
    rng = np.random.default_rng(seed)
    silent = rng.random(24) < 0.4
    vectors, _ = scaled(rng.random((6, 24)) * ~silent)
    layer = InterpolatingVector(2, reach=reach)
    params = layer.init((2, 3, 4), None)._replace(fixed=compact(vectors, np.arange(6) % 2, vectors @ vectors.T))
    np.testing.assert_array_equal(whole(params.fixed), vectors)
    assert params.fixed.vectors.shape == (6, 24 - silent.sum())
    x = rng.random((3, 2, 3, 4))
    full = params.fixed._replace(vectors=vectors, awake=np.ones(24, np.int8))
    np.testing.assert_allclose(layer.respond(params, x), layer.respond(params._replace(fixed=full), x), rtol=1e-12)


def test_one_nearest_reference_is_the_largest_cosine():
    x, labels = clouds(1)
    layer, params = learned(LearnReferences(None), x, labels, nearest=1)
    probes, _ = clouds(2)
    cosine = scaled(probes)[0] @ scaled(x)[0].T
    np.testing.assert_allclose(layer.respond(params, probes).max(axis=1), cosine.max(axis=1))
    assert np.array_equal(layer.respond(params, probes).argmax(axis=1), labels[cosine.argmax(axis=1)])


def test_with_reach_a_shifted_image_is_as_similar_as_before():
    rng = np.random.default_rng(0)
    x = np.zeros((3, 2, 6, 6))
    x[:, :, 1:5, 1:5] = rng.random((3, 2, 4, 4))
    layer, params = learned(LearnReferences(None), x, np.arange(3), reach=1)
    still = layer.respond(params, x)
    np.testing.assert_allclose(np.diag(still), 1)
    for down, right in ((1, 0), (-1, 1), (0, -1)):
        moved = layer.respond(params, np.roll(x, (down, right), axis=(2, 3)))
        np.testing.assert_allclose(np.diag(moved), 1)
    assert np.max(np.diag(layer.respond(params, np.roll(x, 3, axis=3)))) < 0.99


def test_darkness_scores_nothing_and_a_class_without_reference_minus_infinity():
    x, labels = clouds(0)
    layer, params = learned(LearnReferences(None), x, labels, classes=4)
    np.testing.assert_array_equal(layer.respond(params, np.zeros((1, 6))), [[0, 0, 0, -np.inf]])
    assert layer.respond(layer.init((6,), None), x).max() == -np.inf


@given(st.integers(0, 1000))
def test_error_driven_references_answer_every_training_vector_rightly(seed):
    x, labels = clouds(seed)
    layer, params = learned(LearnReferences(0.0), x, labels, nearest=40)
    assert np.array_equal(layer.respond(params, x).argmax(axis=1), labels)
    assert 3 <= len(params.fixed.labels) < len(x)


@given(st.integers(0, 1000), st.sampled_from([0.02, 0.1, 0.3]))
def test_every_vector_that_is_no_reference_leads_by_the_margin(seed, margin):
    x, labels = clouds(seed)
    layer, params = learned(LearnReferences(margin), x, labels, nearest=40)
    scores = layer.respond(params, x)
    own = scores[np.arange(len(x)), labels]
    scores[np.arange(len(x)), labels] = -np.inf
    taken = np.isclose(scaled(x)[0] @ whole(params.fixed).T, 1, rtol=0, atol=1e-12).any(axis=1)
    assert np.all(own[~taken] > scores.max(axis=1)[~taken] + margin - 1e-12)


def test_a_larger_margin_keeps_more_references_and_none_keeps_all():
    x, labels = clouds(5, 120, spread=0.3)
    counts = [len(learned(LearnReferences(m), x, labels)[1].fixed.labels) for m in (0.0, 0.02, 0.05, 0.1, 0.3, None)]
    assert counts == sorted(counts)
    assert counts[0] < counts[2] < counts[-1] == 120


def test_references_are_training_vectors_under_their_own_labels():
    x, labels = clouds(6)
    _, params = learned(LearnReferences(0.05), x, labels)
    for vector, label in zip(whole(params.fixed), params.fixed.labels, strict=True):
        match = np.isclose(scaled(x)[0] @ vector, 1)
        assert labels[match].tolist() == [label]


def test_a_blank_image_is_no_reference():
    x, labels = clouds(7)
    x[3] = 0
    for rule, most in ((LearnReferences(None), 39), (LearnReferences(0.5), 39), (LabelledWTA(), 39)):
        _, params = learned(rule, x, labels)
        assert 0 < len(params.fixed.vectors) <= most
        np.testing.assert_allclose(np.linalg.norm(params.fixed.vectors, axis=1), 1)


def wta_one_by_one(x, labels, order):
    """The rule of 2003 on the vectors themselves."""
    cells, names = [], []
    for i in order:
        if cells:
            winner = int(np.argmax([cell @ x[i] / np.linalg.norm(cell) for cell in cells]))
            if names[winner] == labels[i]:
                cells[winner] = cells[winner] + x[i]
                continue
        cells.append(x[i])
        names.append(labels[i])
    return np.stack([cell / np.linalg.norm(cell) for cell in cells]), names


def test_labelled_winner_take_all_is_its_definition_though_computed_from_products():
    x, labels = clouds(8, 90, spread=0.9)
    unit, _ = scaled(x)
    order = np.random.default_rng(2).permutation(90)
    groups = LabelledWTA().groups(Products((unit[:40], unit[40:])), labels, order)
    cells, names = wta_one_by_one(unit, labels, order)
    assert [labels[group[0]] for group in groups] == names
    made = [unit[group].sum(axis=0) for group in groups]
    np.testing.assert_allclose(scaled(np.stack(made))[0], cells)
    _, params = learned(LabelledWTA(), x, labels)
    assert 3 <= len(params.fixed.labels) < 90


def references_one_by_one(unit, labels, order, margin):
    """The rule on the vectors themselves, each compared with all pairs of references when its turn comes."""
    chosen, left, before = [], list(order), None
    while left != before:
        before, left = left, []
        for i in before:
            scores = np.full(labels.max() + 1, -np.inf)
            for label in set(labels[chosen]):
                scores[label] = similarity(unit[i], unit[[j for j in chosen if labels[j] == label]])
            own, others = scores[labels[i]], np.delete(scores, labels[i]).max()
            (left if own > others + margin else chosen).append(i)
    return chosen


@pytest.mark.parametrize("whole", [references.WHOLE, 0], ids=["one-matrix", "rows-on-demand"])
@pytest.mark.parametrize("seed", range(4))
def test_references_are_those_chosen_one_by_one(monkeypatch, seed, whole):
    monkeypatch.setattr(references, "WHOLE", whole)
    monkeypatch.setattr(references, "SPAN", 7)
    monkeypatch.setattr(references, "CHUNK", 5)
    x, labels = clouds(seed, 60, spread=0.4)
    unit, _ = scaled(x)
    order = np.random.default_rng(seed).permutation(60)
    groups = LearnReferences(0.04).groups(Products((unit[:25], unit[25:50], unit[50:])), labels, order)
    expected = references_one_by_one(unit, labels, order, 0.04)
    assert 3 < len(expected) < 60
    assert groups == [[i] for i in sorted(expected, key=lambda i: labels[i])]  # of each class in the order of choosing


@given(st.integers(0, 1000), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_one_matrix_holds_the_products_of_all_vectors_however_they_came(seed, counts):
    unit = np.random.default_rng(seed).random((sum(counts), 5))
    unit[:, seed % 5] = 0  # a unit that is silent throughout
    products = Products(tuple(np.split(unit, np.cumsum(counts)[:-1])))
    np.testing.assert_allclose(products.gram, unit @ unit.T, rtol=1e-12)
    which = np.random.default_rng(seed).permutation(sum(counts))[:3]
    np.testing.assert_array_equal(products.take(which), unit[which])
    np.testing.assert_allclose(products.within(which), unit[which] @ unit[which].T, rtol=1e-12)


@pytest.mark.parametrize("reach", [0, 1])
def test_what_the_rule_sees_is_what_it_takes_from_the_whole_activity(reach):
    rng = np.random.default_rng(0)
    x, labels = rng.random((7, 2, 3, 4)), np.arange(7) % 3
    rule, layer = LearnReferences(0.05), InterpolatingVector(3, reach=reach)
    params, state = rule.start(layer, layer.init(x.shape[1:], None), x, rng, 1)
    shown = rule.sees(layer, params, x, rng), layer.forward(params, x)[1]
    brief, whole = (rule.update(layer, params, state, each, labels, np.random.default_rng(1))[1] for each in shown)
    assert_close(brief, whole)
    np.testing.assert_allclose(brief.vectors[0], scaled(x.reshape(7, -1))[0])


def test_no_vectors_make_no_references():
    rule, layer = LearnReferences(0.04), InterpolatingVector(2)
    params, state = rule.start(layer, layer.init((4,), None), np.zeros((1, 4)), np.random.default_rng(0), 1)
    assert whole(rule.finish(layer, params, state).fixed).shape == (0, 4)


def test_every_library_chooses_the_same_references(xp):
    x, labels = clouds(9)
    for rule in (LearnReferences(0.05), LabelledWTA()):
        assert_close(learned(rule, x, labels, xp=xp)[1].fixed, learned(rule, x, labels)[1].fixed)


@pytest.mark.parametrize("margin", [-0.1, 1.0])
def test_a_margin_that_cannot_be_is_refused(margin):
    with pytest.raises(UsageError, match="it must be at least 0 and below 1, or none at all"):
        LearnReferences(margin)
