"""Ten kinds of sounds as waves, which differ in what happens when at which frequency.

All numbers here but the vowels' formants are our choice, so that kinds share pitches, lengths and onsets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.spectrogram import RATE, SAMPLES

Waves: TypeAlias = NDArray[Any]
"""Sounds as pressure over time: (N, SAMPLES)."""

LENGTH = (0.2, 0.42)  # seconds that a sound lasts; it begins where it may, to end in time
ATTACK = (0.01, 0.06)  # seconds in which it swells, and as long at its end
PITCH = (150.0, 600.0)  # Hz, of tones that have one; drawn evenly on a logarithmic scale
GLIDE = (0.4, 1.2)  # octaves
VIBRATO, SWING = (5.0, 9.0), (0.1, 0.25)  # Hz, and octaves to either side
TREMOLO, DEPTH = (8.0, 14.0), (0.8, 1.0)  # Hz, and share of the amplitude
HARMONICS, SLOPE = 8, (0.0, 1.5)  # partials of a tone; amplitude k^-slope, each times e^N(0, .5)
CLICKS, RINGING, DECAY = (12.0, 24.0), (300.0, 3000.0), (0.0005, 0.002)  # a second; Hz; seconds
CENTRE, WIDTH = (300.0, 3000.0), (0.3, 1.0)  # of noise: Hz, and standard deviation in octaves
VOICE, DRIFT, TRACT = (100.0, 220.0), (-0.2, 0.2), (0.9, 1.2)  # Hz; octaves; formants' factor, of vowels
FORMANTS = {"a": (730, 1090, 2440), "i": (270, 2290, 3010)}  # Hz, of men: Peterson & Barney 1952, recalled
BANDWIDTHS = (80, 100, 140)  # Hz


class Course(NamedTuple):
    """Where N sounds are at each sample: (N, SAMPLES) each."""

    seconds: Waves  # since its beginning
    share: Waves  # of its length: 0 at its beginning, 1 at its end


Source: TypeAlias = Callable[[Course, np.random.Generator], Waves]


def tone(octaves: Waves, rng: np.random.Generator) -> Waves:
    """Harmonics of a pitch that is moved by `octaves` over time."""
    pitch = _even(rng, PITCH, len(octaves)) * 2**octaves
    number = np.arange(1, HARMONICS + 1)
    loud = number ** -rng.uniform(*SLOPE, (len(octaves), 1)) * np.exp(rng.normal(0, 0.5, (len(octaves), HARMONICS)))
    return _harmonics(pitch, loud)


def steady(course: Course, rng: np.random.Generator) -> Waves:
    """A tone that stays."""
    return tone(np.zeros_like(course.share), rng)


def rising(course: Course, rng: np.random.Generator) -> Waves:
    """A tone that glides up."""
    return tone(_uniform(rng, GLIDE, course) * (course.share - 0.5), rng)


def falling(course: Course, rng: np.random.Generator) -> Waves:
    """A tone that glides down."""
    return tone(_uniform(rng, GLIDE, course) * (0.5 - course.share), rng)


def up_down(course: Course, rng: np.random.Generator) -> Waves:
    """A tone that glides up, and down again."""
    return tone(_uniform(rng, GLIDE, course) * (0.5 - np.abs(2 * course.share - 1)), rng)


def vibrato(course: Course, rng: np.random.Generator) -> Waves:
    """A tone that swings up and down several times."""
    return tone(_uniform(rng, SWING, course) * _swing(course, VIBRATO, rng), rng)


def tremolo(course: Course, rng: np.random.Generator) -> Waves:
    """A steady tone whose loudness swings."""
    amplitude = 1 - _uniform(rng, DEPTH, course) * (0.5 + 0.5 * _swing(course, TREMOLO, rng))
    return amplitude * steady(course, rng)


def clicks(course: Course, rng: np.random.Generator) -> Waves:
    """A train of clicks, each the ringing of a strongly damped resonance."""
    rate = _uniform(rng, CLICKS, course)
    since = (rate * course.seconds + _uniform(rng, (0, 1), course)) % 1 / rate  # the last click, in seconds
    ringing: Waves = np.sin(2 * np.pi * _even(rng, RINGING, len(rate)) * since)
    return ringing * np.exp(-since / _uniform(rng, DECAY, course))


def noise(course: Course, rng: np.random.Generator) -> Waves:
    """A burst of noise about some frequency."""
    centre, width = _even(rng, CENTRE, len(course.share)), _uniform(rng, WIDTH, course)
    return coloured(len(centre), lambda f: np.exp(-0.5 * (np.log2(f / centre) / width) ** 2), rng)


def vowel(course: Course, rng: np.random.Generator, formants: tuple[int, ...]) -> Waves:
    """A voice through a vocal tract of these formants (Hz), shorter or longer than a man's."""
    octaves = _uniform(rng, DRIFT, course) * (course.share - 0.5)
    voice = _even(rng, VOICE, len(octaves))
    f = voice * np.arange(1, int(RATE / 2 / VOICE[0]) + 1)
    loud = np.ones_like(f)  # -12 dB an octave from the glottis, +6 from the lips, +6 by pre-emphasis
    tract = _uniform(rng, TRACT, course)
    for formant, width in zip(formants, BANDWIDTHS, strict=True):
        peak = tract * formant
        loud = loud * peak**2 / np.hypot(peak**2 - f**2, f * width)  # a resonance of gain 1 at 0 Hz
    return _harmonics(voice * 2**octaves, loud)


SOURCES: dict[str, Source] = {
    "steady": steady,
    "rising": rising,
    "falling": falling,
    "up-down": up_down,
    "vibrato": vibrato,
    "tremolo": tremolo,
    "clicks": clicks,
    "noise": noise,
    "vowel a": lambda course, rng: vowel(course, rng, FORMANTS["a"]),
    "vowel i": lambda course, rng: vowel(course, rng, FORMANTS["i"]),
}


def sound(source: Source, count: int, rng: np.random.Generator) -> Waves:
    """So many sounds in silence, each at its own time, swelling and fading: (count, SAMPLES)."""
    length = rng.uniform(*LENGTH, (count, 1))
    seconds = np.arange(SAMPLES) / RATE - rng.uniform(0, SAMPLES / RATE - length)
    course = Course(seconds.astype(np.float32), (seconds / length).astype(np.float32))
    attack = rng.uniform(*ATTACK, (count, 1))
    ramp = np.clip(np.minimum(seconds, length - seconds) / attack, 0, 1)
    return (np.sin(np.pi / 2 * ramp) ** 2 * source(course, rng)).astype(np.float32)


def _harmonics(pitch: NDArray[Any], loud: NDArray[Any]) -> Waves:
    """Sines at the multiples 1, 2, ... of a pitch (N, SAMPLES) in Hz, loud (N, K), those above RATE / 2 left out."""
    start = np.exp(2j * np.pi * np.cumsum(pitch / RATE, axis=1)).astype(np.complex64)
    highest = pitch.max(axis=1)
    turning, wave = np.ones_like(start), np.zeros(pitch.shape, np.float32)
    for number, amplitude in enumerate(loud.T, 1):
        turning *= start
        wave += (amplitude * (number * highest < RATE / 2)).astype(np.float32)[:, None] * turning.imag
    return wave


def coloured(count: int, colour: Callable[[NDArray[Any]], NDArray[Any]], rng: np.random.Generator) -> Waves:
    """Noise of variance 1 on average, whose amplitude at f > 0 Hz goes as `colour`(f): (count, SAMPLES)."""
    f = np.fft.rfftfreq(SAMPLES, 1 / RATE)[1:]
    amplitude = colour(f)
    amplitude = amplitude / np.sqrt(np.mean(amplitude**2, axis=-1, keepdims=True))
    spectrum = np.fft.rfft(rng.standard_normal((count, SAMPLES), np.float32))
    spectrum[:, 0] = 0
    spectrum[:, 1:] *= amplitude
    return np.fft.irfft(spectrum, SAMPLES).astype(np.float32)


def _swing(course: Course, rate: tuple[float, float], rng: np.random.Generator) -> Waves:
    """Between -1 and 1, at a rate and from a phase drawn at random: (N, SAMPLES)."""
    turns = _uniform(rng, rate, course) * course.seconds + _uniform(rng, (0, 1), course)
    swing: Waves = np.sin(2 * np.pi * turns)
    return swing


def _uniform(rng: np.random.Generator, span: tuple[float, float], course: Course) -> Waves:
    """Drawn evenly for each sound: (N, 1)."""
    return rng.uniform(*span, (len(course.share), 1)).astype(np.float32)


def _even(rng: np.random.Generator, span: tuple[float, float], count: int) -> Waves:
    """Drawn evenly on a logarithmic scale: (count, 1)."""
    low, high = span
    drawn: Waves = low * (high / low) ** rng.uniform(0, 1, (count, 1)).astype(np.float32)
    return drawn
