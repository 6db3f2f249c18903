"""Similarity of codes: the unbiased estimator against its definition, invariances, spread, floors and ceilings."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Dense
from neuro_cnn.models import build, control, unlearned
from neuro_cnn.network import Chain
from neuro_cnn.physiology import cka, code, comparisons, likeness, rsa, verdicts
from neuro_cnn.physiology.population import similarity
from neuro_cnn.physiology.population.references import AT_CEILING, AT_FLOOR, BETWEEN, LEARNED, NOTHING, UNDEFINED
from neuro_cnn.physiology.population.similarity import coded

RNG = np.random.default_rng(0)


def gram(n, p):
    return coded(RNG.normal(size=(n, p))).gram


def hsic_of_song(k, m):
    """HSIC_1 as Song et al. (2012) write it, eq. (5)."""
    n, one = len(k), np.ones(len(k))
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    within = (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
    return (np.trace(k @ m) + within - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3))


def test_cka_is_the_ratio_of_the_unbiased_estimators():
    k, m = gram(12, 5), gram(12, 7)
    expected = hsic_of_song(k, m) / np.sqrt(hsic_of_song(k, k) * hsic_of_song(m, m))
    assert cka(k, m) == pytest.approx(expected, rel=1e-12)


def test_independent_codes_of_more_features_than_images_have_a_cka_of_0_where_the_biased_has_9_tenths():
    draws = [(gram(100, 1000), gram(100, 1000)) for _ in range(10)]
    values = [cka(*pair) for pair in draws]
    assert abs(np.mean(values)) < 0.01
    assert max(map(abs, values)) < 0.05
    centre = np.eye(100) - 0.01
    k, m = (centre @ each @ centre for each in draws[0])
    assert np.sum(k * m) / np.sqrt(np.sum(k * k) * np.sum(m * m)) > 0.88  # and so it is not offered


def test_cka_is_symmetric_and_blind_to_rotation_scale_and_shift():
    x, y = RNG.normal(size=(30, 8)), RNG.normal(size=(30, 8)) + 2
    turn = np.linalg.qr(RNG.normal(size=(8, 8)))[0]
    same = coded(3 * x @ turn + RNG.normal(size=8)).gram
    assert cka(coded(x).gram, same) == pytest.approx(1, abs=1e-12)
    assert cka(coded(x).gram, coded(y).gram) == pytest.approx(cka(coded(y).gram, same), abs=1e-12)


def test_rsa_is_spearmans_correlation_of_the_dissimilarities_ties_and_all():
    x, y = RNG.integers(0, 3, (9, 4)).astype(float), RNG.normal(size=(9, 6))
    x[:, 0] = 5 + np.arange(9) % 2  # so that no image is flat
    upper = np.triu_indices(9, 1)
    by_hand = [(1 - np.corrcoef(each))[upper].round(12) for each in (x, y)]
    codes = [coded(each) for each in (x, y)]
    assert codes[1].dissimilarity[upper] == pytest.approx(by_hand[1])
    rounded = [each.dissimilarity.round(12) for each in codes]
    assert rsa(*rounded) == pytest.approx(spearmanr(*by_hand).statistic)


def test_a_networks_code_is_that_of_its_responses_whether_it_fits_into_memory_or_not(monkeypatch):
    net, _ = build("INPUT -> CONV(3) -> RELU -> POOL -> FC", (1, 12, 12), 3)
    params, images = net.init((1, 12, 12), 0), RNG.random((10, 1, 12, 12), np.float32)
    whole = code(net, params, images, "pool1" if "pool1" in net.names else net.names[2])
    direct = coded(net.respond(params, images, stop=net.names[3]).reshape(10, -1))
    assert whole.gram == pytest.approx(direct.gram, rel=1e-5)
    assert whole.dissimilarity == pytest.approx(direct.dissimilarity, abs=1e-5)
    monkeypatch.setattr(similarity, "ROOM", 8 * 3 * direct.gram.shape[0] * 36)
    assert code(net, params, images, net.names[2]).gram == pytest.approx(whole.gram, rel=1e-5)


def test_halves_give_the_spread_that_fresh_images_have():
    def pair(n):
        x = RNG.normal(size=(n, 6))
        return [coded(x), coded(x + RNG.normal(size=(n, 6)))]

    fresh = np.std([cka(*(each.gram for each in pair(60))) for _ in range(100)])
    halves = np.mean([likeness(pair(60), draws=50).cka_draws[:, 0, 1].std() for _ in range(8)])
    assert 0.7 < halves / fresh < 1.5


def three(base, spread, untrained):
    """A run's codes: as it learned, again, and untrained, with noise of this size between the first two."""
    noise = [spread * RNG.normal(size=base.shape) for _ in range(2)]
    return [coded(base + noise[0]), coded(base + noise[1]), coded(untrained)]


def told(*runs):
    """The verdicts on runs of one base each, by CKA."""
    found = verdicts(likeness([code for run in runs for code in run], draws=60))
    return [each.words for each in found if each.measure == "cka"]


def test_systems_are_told_apart_from_floor_and_ceiling_in_words():
    x, y, floor = (RNG.normal(size=(60, 20)) for _ in range(3))
    assert told(three(x, 0.1, floor), three(x, 0.1, floor))[2] == AT_CEILING
    assert told(three(x, 0.1, floor), three(x + y, 0.1, floor))[2] == BETWEEN
    assert told(three(x, 0.1, x + floor), three(y, 0.1, y + floor))[2] == AT_FLOOR
    assert told(three(x, 0.1, floor)) == [LEARNED]
    assert told(three(x, 0.5, x + 0.1 * floor)) == [NOTHING]


def test_a_code_that_does_not_vary_is_undefined_and_not_0():
    x = RNG.normal(size=(20, 5))
    found = likeness(three(x, 0.1, np.ones((20, 5))), draws=5)
    assert np.isnan(found.cka[0, 2])
    assert np.isnan(found.rsa[:, 2]).all()
    assert min(found.cka[0, 1], found.rsa[0, 1]) > 0.9  # those of the others stay
    assert found.silent.tolist() == [0, 0, 20]
    assert {each.words for each in verdicts(found)} == {UNDEFINED}
    assert [row.role for row in comparisons(found)] == 2 * ["ceiling", "floor", "floor"]


def test_images_to_which_a_system_is_silent_are_left_out_of_rsa_for_all():
    x = RNG.normal(size=(20, 5))
    silent = x.copy()
    silent[:4] = 0
    found = likeness([coded(x), coded(silent)], draws=2)
    assert found.silent.tolist() == [0, 4]
    assert found.rsa[0, 1] == pytest.approx(1)
    silent[:12] = 0  # most of them
    found = likeness([coded(x), coded(2 * x), coded(silent)], draws=2)
    assert found.silent.tolist() == [0, 0, 12]
    assert found.rsa[0, 1] == pytest.approx(1)
    assert np.isnan(found.rsa[:, 2]).all()


def test_scores_of_classes_without_a_reference_are_no_code():
    net = Chain((("out", Dense(2)),))
    params, images = net.init((4,), 0), RNG.random((9, 4), np.float32)
    never = params["out"].learned._replace(bias=np.float32([0, -np.inf]))
    unlearned_code = code(net, {"out": params["out"]._replace(learned=never)}, images, "out")
    found = likeness([code(net, params, images, "out"), unlearned_code], draws=3)
    assert np.isnan([found.cka[0, 1], found.rsa[0, 1], found.cka[1, 1]]).all()
    assert found.cka[0, 0] == pytest.approx(1)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UsageError, match="3 images"):
        cka(gram(3, 5), gram(3, 5))
    with pytest.raises(UsageError, match="7 images"):
        likeness([coded(RNG.normal(size=(7, 3)))] * 2)
    net = Chain((("out", Dense(2)),))
    params = net.init((4,), 0)
    with pytest.raises(UsageError, match="unknown layer 'S1'"):
        code(net, params, RNG.random((9, 4), np.float32), "S1")


@pytest.mark.parametrize("name", ["hebbian-wta", "lenet5", "softhebb-2023", "neocognitron-2013", "autoencoder"])
def test_untrained_systems_learn_nothing_and_keep_what_their_control_keeps(name):
    _, curriculum = build(name, (1, 28, 28), 10)
    kept = unlearned(curriculum)
    assert not any(phase.method.supervised for phase in kept)
    if control(curriculum) is not None:
        assert kept == tuple(phase for phase in control(curriculum) if not phase.method.supervised)
