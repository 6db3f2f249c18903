"""One seed, and a stream of its own for every purpose."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn.streams import generator

PURPOSES = st.lists(st.integers(0, 2**40) | st.text(max_size=4), max_size=4)


@given(st.integers(0, 2**63), PURPOSES)
def test_a_purpose_has_the_same_stream_every_time(seed, purpose):
    np.testing.assert_array_equal(generator(seed, *purpose).random(4), generator(seed, *purpose).random(4))


def test_different_purposes_have_different_streams():
    purposes = [(0,), (1,), (0, 0), (0, 0, 0), (0, "order"), (0, "order", 0), (0, "order", 1), (0, "init"), (1, "init")]
    streams = [tuple(generator(*purpose).random(4)) for purpose in purposes]
    assert all(a != b for a, b in combinations(streams, 2))


def test_streams_are_the_same_on_every_machine():
    expected = np.random.default_rng([7, 2, 0xF5299398, 3])  # 0xF5299398 is the CRC-32 of "order"
    assert generator(7, "order", 3).random() == expected.random()
