"""What a teacher draws, on images of any size."""

import numpy as np
import pytest

from neuro_cnn.data import glyphs
from neuro_cnn.data.lessons import Pattern, drawn, margins
from neuro_cnn.errors import UsageError

ONE = Pattern(glyphs.STROKES["4"], 0, (1, 2))


def test_a_pattern_is_drawn_where_a_glyph_lies_in_images_of_that_size():
    lesson = drawn((ONE, Pattern("38 c8", 1, (0, 0))), (1, 16, 16))
    np.testing.assert_array_equal(lesson.images[0, 0], glyphs.pattern("4"))
    np.testing.assert_array_equal(lesson.images[1, 0], glyphs.pattern("1"))
    assert lesson.labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("sides", "factor", "pads"),
    [
        ((19, 19), 1, ((0, 0), (0, 0))),
        ((16, 16), 1, ((1, 2), (1, 2))),
        ((28, 28), 2, ((2, 3), (2, 3))),
        ((20, 38), 2, ((4, 5), (0, 0))),
        ((40, 33), 3, ((3, 3), (4, 4))),
    ],
)
def test_images_shrunk_and_padded_lie_on_the_board(sides, factor, pads):
    assert margins(sides) == (factor, pads)
    image = drawn((ONE,), (2, *sides)).images[0, 1]
    down, across = (side // factor for side in sides)
    small = image[: down * factor, : across * factor].reshape(down, factor, across, factor).mean(axis=(1, 3))
    board = np.pad(glyphs.pattern("4"), ((1, 2), (1, 2)))
    np.testing.assert_array_equal(np.pad(small, pads), board)


def test_what_cannot_be_drawn_or_pointed_to_is_refused():
    with pytest.raises(UsageError, match=r"pattern '38 94 9b\|69 c9' does not fit 8 x 8 pixels; use larger images"):
        drawn((ONE,), (1, 8, 8))
    with pytest.raises(UsageError, match=r"plane 0 with a seed at \(1, -1\); count from 0"):
        Pattern("38 c8", 0, (1, -1))
    for strokes in ("", "38 cx", "38", "3 c8", "38 c8|"):
        with pytest.raises(UsageError, match="write points as row and column in hexadecimal"):
            Pattern(strokes, 0, (1, 1))
