"""Ten kinds of sounds: each is heard as what it is called, and the data set is made of them as it promises."""

import numpy as np
import pytest
from scipy import signal

from neuro_cnn.data import load
from neuro_cnn.data.sounds import Sounds, heard, parse
from neuro_cnn.data.spectrogram import RATE, SAMPLES, SIDE, edges, power
from neuro_cnn.data.synthesis import FORMANTS, LENGTH, PITCH, SOURCES, coloured, sound
from neuro_cnn.errors import UsageError

COUNT = 40
FEW = "sounds:count=8"


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def powers():
    """Power of each kind without noise: (COUNT, bands, frames)."""
    return {kind: power(sound(source, COUNT, rng())) for kind, source in SOURCES.items()}


def courses(powers):
    """Mean band of each frame that is not silent, at the beginning, in the middle and at the end of each sound."""
    for each in powers:
        loudness = each.sum(axis=0)
        frames = np.flatnonzero(loudness > 1e-3 * loudness.max())
        course = np.arange(SIDE) @ each[:, frames] / loudness[frames]
        yield course[1], course[len(course) // 2], course[-2], course


def test_every_kind_sounds_for_its_length_and_is_silent_elsewhere():
    for source in SOURCES.values():
        waves = sound(source, COUNT, rng(1))
        loud = np.abs(waves) > 1e-3 * np.abs(waves).max(axis=1, keepdims=True)
        first, last = loud.argmax(axis=1), SAMPLES - loud[:, ::-1].argmax(axis=1)
        assert waves.shape == (COUNT, SAMPLES)
        assert np.all(np.isfinite(waves))
        assert np.all((last - first) / RATE <= LENGTH[1])
        assert np.median(last - first) / RATE > LENGTH[0]


def test_tones_rise_fall_turn_and_swing_as_they_are_called(powers):
    assert all(start < middle < end for start, middle, end, _ in courses(powers["rising"]))
    assert all(start > middle > end for start, middle, end, _ in courses(powers["falling"]))
    assert all(start < middle > end for start, middle, end, _ in courses(powers["up-down"]))
    for *_, course in courses(powers["vibrato"]):
        smooth = course[np.abs(np.diff(course, prepend=course[0] - 1)) > 0.02]
        assert np.count_nonzero(np.diff(np.sign(np.diff(smooth)))) >= 1  # it turns


def test_steady_tones_and_tremolo_stay_at_their_pitch_and_tremolo_and_clicks_are_loud_several_times(powers):
    def swells(kind):
        loudness = np.pad(powers[kind].sum(axis=1), ((0, 0), (1, 1)))
        return np.array([len(signal.find_peaks(each, prominence=0.2 * each.max())[0]) for each in loudness])

    for kind in ("steady", "tremolo"):
        assert all(np.ptp(course[2:-2]) < 2 for *_, course in courses(powers[kind]))
    assert np.mean(swells("steady") == 1) > 0.9
    assert np.mean(swells("tremolo") > 1) > 0.9
    assert np.mean(swells("clicks") > 1) > 0.9


def test_vowels_are_loud_at_their_formants(powers):
    middles = edges()[1:-1]

    def near(kind, f):
        return powers[kind].mean(axis=2)[:, np.abs(np.log2(middles / f)) < 0.3].max(axis=1)

    between = 1000  # Hz, where a has its first two formants and i has a gap
    assert np.all(near("vowel a", between) > near("vowel a", FORMANTS["i"][1]))
    assert np.all(near("vowel i", between) < near("vowel i", FORMANTS["i"][0]))
    assert np.all(near("vowel i", between) < near("vowel i", FORMANTS["i"][1] * 1.05))


def test_harmonics_lie_at_multiples_of_the_pitch():
    spectrum = np.abs(np.fft.rfft(sound(SOURCES["steady"], COUNT, rng(2)), 8 * SAMPLES))
    f = np.fft.rfftfreq(8 * SAMPLES, 1 / RATE)
    for each in spectrum:
        peak = f[each.argmax()]
        below = max((k for k in range(1, 9) if PITCH[0] * 0.98 <= peak / k <= PITCH[1] * 1.02), default=0)
        assert below > 0


def test_noise_has_the_colour_and_variance_asked_for():
    noise = coloured(300, lambda f: 1 / np.sqrt(f), rng())
    assert np.mean(noise**2) == pytest.approx(1, rel=0.02)
    energy = np.mean(np.abs(np.fft.rfft(noise)) ** 2, axis=0)
    octaves = [energy[low : 2 * low].sum() for low in (50, 100, 200, 400, 800)]
    np.testing.assert_allclose(octaves, np.mean(octaves), rtol=0.06)  # pink: every octave as much


@pytest.mark.parametrize("kind", SOURCES)
def test_the_loudest_band_is_as_loud_as_asked_whatever_the_kind(kind):
    loudest = power(heard(SOURCES[kind], COUNT, Sounds(quiet=30, loud=30), rng())).max(axis=(1, 2))
    np.testing.assert_allclose(10 * np.log10(loudest), 30, atol=2)


def test_load_presents_the_kinds_in_turn_balanced_and_in_range():
    data = load(FEW)
    assert data.train.classes == tuple(SOURCES)
    assert data.train.labels.tolist() == list(range(10)) * 8
    assert data.test.labels.tolist() == list(range(10)) * 2
    assert data.train.shape == (1, SIDE, SIDE)
    for side in (data.train, data.test):
        assert side.images.dtype == np.float32
        assert 0 <= side.images.min() < side.images.max() <= 1


@pytest.mark.parametrize("split", [0, 1])
def test_a_split_is_the_same_every_time_and_no_image_is_twice_in_it(split):
    data = load(FEW, split=split)
    images = np.concatenate([data.train.images, data.test.images])
    assert len({image.tobytes() for image in images}) == len(images)
    expected = data.train.images.copy()
    data.train.images[:] = 0  # what one caller does to his images is nothing to the next
    np.testing.assert_array_equal(load(FEW, split=split).train.images, expected)


def test_splits_share_no_image():
    first, second = ({image.tobytes() for image in load(FEW, split=split).train.images} for split in (0, 1))
    assert first.isdisjoint(second)


def test_kinds_cannot_be_told_by_how_bright_they_are():
    data = load("sounds:count=100")
    train, test = (
        np.stack([side.images.mean(axis=(1, 2, 3)), side.images.max(axis=(1, 2, 3))], axis=1)
        for side in (data.train, data.test)
    )
    means = np.stack([train[data.train.labels == label].mean(axis=0) for label in range(10)])
    guess = ((test[:, None] - means) ** 2 / train.var(axis=0)).sum(axis=2).argmin(axis=1)
    assert np.mean(guess == data.test.labels) < 0.25


def test_settings_are_read_by_name():
    assert parse("") == Sounds()
    assert parse("loud=30,count=5") == Sounds(5, 10, 30)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cout=5", "unknown setting of sounds 'cout'; did you mean 'count'?"),
        ("count=0", "count = 0; ask for at least 1"),
        ("count=many", "count = 'many'; give a whole number"),
        ("quiet=50", "quiet = 50 and loud = 40 dB; let them rise between 0 and 100"),
        ("loud=1e9", "loud = 1e\\+09 dB"),
        ("quiet=nan", "quiet = 'nan'; give a finite number"),
        ("count=5,", "unknown setting of sounds ''"),
    ],
)
def test_what_cannot_be_made_is_named(text, words):
    with pytest.raises(UsageError, match=words):
        load(f"sounds:{text}")
