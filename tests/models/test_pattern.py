"""Networks written as text: what stands there is built, in its order and as often as it says."""

import re
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Conv, Dense, Flatten, ReLU
from neuro_cnn.models import build, system
from neuro_cnn.models.pattern import Pattern

DIGIT = (1, 28, 28)
CS231N = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"

number = st.integers(1, 99)
maps = st.one_of(
    st.tuples(st.just("CONV"), st.lists(number, max_size=3)),
    st.tuples(st.just("POOL"), st.lists(number, max_size=2)),
    st.tuples(st.just("RELU"), st.just([])),
)
units = st.one_of(st.tuples(st.just("FC"), st.lists(number, max_size=1)), st.tuples(st.just("RELU"), st.just([])))
space = st.sampled_from(["", " ", "  "])


def written(word, sizes):
    return f"{word}({','.join(map(str, sizes))})" if sizes else word


@st.composite
def groups(draw, word, depth=2):
    """A text of these words in random brackets, and the words in the order that it means."""
    texts, meant = [], []
    for _ in range(draw(st.integers(1, 3))):
        if depth and draw(st.booleans()):
            inner, words = draw(groups(word, depth - 1))
            text = f"[{inner}]"
        else:
            words = [draw(word)]
            text = written(*words[0])
            text = draw(st.sampled_from([text, text.lower(), text.capitalize()]))
        times = draw(st.none() | st.integers(0, 3))
        texts.append(text + ("" if times is None else f"*{times}") + draw(st.sampled_from(["", "?"])))
        meant += words * (1 if times is None else times)
    return f"{draw(space)}->{draw(space)}".join(texts), meant


@given(groups(maps), groups(units))
def test_any_pattern_means_its_words_in_their_order_as_often_as_it_says(first, then):
    text = f"INPUT -> {first[0]} -> {then[0]} -> FC"
    found = [(word.name, list(word.sizes)) for word in Pattern(text).words()]
    assert found == [("INPUT", []), *first[1], *then[1], ("FC", [])]


@given(groups(maps), groups(units))
def test_any_pattern_builds_one_layer_a_word_and_what_is_written_with_repeats_is_what_is_written_without(first, then):
    net = Pattern(f"INPUT -> {first[0]} -> {then[0]} -> FC").network(DIGIT, 7)
    kinds = {"CONV": Conv, "RELU": ReLU, "POOL": CCells, "FC": Dense}
    expected = [kinds[word] for word, _ in (*first[1], *then[1], ("FC", []))]
    assert [type(layer) for _, layer in net.layers if not isinstance(layer, Flatten)] == expected
    assert net.layers[-1] == ("out", Dense(7))
    plain = " -> ".join(["INPUT", *(written(*word) for word in (*first[1], *then[1])), "FC"])
    assert Pattern(plain).network(DIGIT, 7) == net


@given(st.text("INPUTCOVRELFK*[]()?,->123 N", max_size=40))
@example("[" * 5000)
@example("INPUT -> " + "[" * 20 + "RELU" + "]*99" * 20 + " -> FC")
@example("INPUT -> CONV(" + "9" * 5000 + ") -> FC")
def test_any_other_text_is_refused_in_one_line_that_names_a_character_of_it(text):
    try:
        Pattern(text)
    except UsageError as error:
        place = re.match(r"pattern, character (\d+): [^\n]+$", str(error))
        assert place is not None
        assert 1 <= int(place[1]) <= len(text) + 1
    else:
        assert text.strip().upper().startswith("INPUT")


def test_the_textbooks_pattern_itself_is_a_system_with_its_letters_as_options():
    net, _ = build(CS231N, DIGIT, 10, N=1, M=3, K=2)
    stages = [f"{kind}{stage}" for stage in (1, 2, 3) for kind in ("conv", "relu", "pool")]
    assert net.names == (*stages, "flat", "fc1", "relu4", "fc2", "relu5", "out")
    assert [net[f"conv{stage}"].planes for stage in (1, 2, 3)] == [16, 32, 64]
    assert build(CS231N, DIGIT, 10, N=0, M=0, K=0)[0] == build("INPUT -> FC", DIGIT, 10)[0]
    assert build(CS231N, DIGIT, 10)[0] == build(CS231N.replace("*N", "*2").replace("*M", "*2"), DIGIT, 10, K=1)[0]


def test_lenet5_as_text_has_its_maps_and_parameters():
    text = "INPUT -> CONV(6,5) -> RELU -> POOL -> CONV(16,5) -> RELU -> POOL -> FC(120) -> RELU -> FC(84) -> RELU -> FC"
    rows = {row.name: row for row in describe(build(text, DIGIT, 10)[0], DIGIT)}
    assert (rows["conv1"].out_shape, rows["conv2"].out_shape) == ((6, 28, 28), (16, 14, 14))
    ours = {row.name: row.parameters for row in describe(build("lenet5", DIGIT, 10)[0], DIGIT)}
    pairs = {"conv1": "S1", "conv2": "S2", "fc2": "F6", "out": "out"}
    assert {name: rows[name].parameters for name in pairs} == {name: ours[theirs] for name, theirs in pairs.items()}


@pytest.mark.parametrize("size", range(1, 8))
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_convolution_keeps_the_side_of_the_map_and_at_a_stride_the_part_of_it_rounded_up(size, stride):
    net, _ = build(f"INPUT -> CONV(4,{size},{stride}) -> FC", (2, 20, 15), 3)
    assert describe(net, (2, 20, 15))[0].out_shape == (4, -(-20 // stride), -(-15 // stride))


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("INPUT -> CNOV -> FC", {}, "pattern, character 10: unknown word 'CNOV'; did you mean 'CONV'?"),
        ("CONV -> FC", {}, "pattern, character 1: CONV comes first; begin with INPUT"),
        ("INPUT -> FC -> RELU", {}, "pattern, character 16: RELU comes last; end with FC"),
        (
            "INPUT -> [CONV -> RELU*2 -> FC",
            {},
            "character 31: the text ends where there should be an arrow ->",
        ),
        ("INPUT -> FC -> [RELU -> POOL] -> FC", {}, "pattern, character 25: POOL after FC"),
        ("[INPUT -> CONV]*2 -> FC", {}, "pattern, character 2: INPUT comes a second time"),
        ("INPUT -> CONV(3,,2) -> FC", {}, "pattern, character 17: ',' where there should be a size"),
        ("INPUT -> CONV(3,0) -> FC", {}, "pattern, character 17: 0 is not a number from 1 to 100000"),
        ("INPUT -> POOL(1,2,3) -> FC", {}, "pattern, character 10: POOL with 3 numbers; write POOL(size, stride)"),
        ("INPUT -> FC(3)", {}, "pattern, character 10: the last FC has one unit a class, not 3; write FC"),
        ("INPUT CONV -> FC", {}, "pattern, character 7: 'CONV' where there should be an arrow -> or the end"),
        ("INPUT -> [CONV]*L -> FC", {}, "pattern, character 17: 'L' where there should be how often, a number or N, M"),
        ("INPUT -> [[RELU]*99]*99 -> FC", {}, "pattern, character 22: more than 1000 layers by"),
        ("INPUT -> FC", {"N": 3}, "unknown option of INPUT -> FC 'N'; there is: augment, batch, epochs, rate"),
        ("INPUT -> FC", {"rte": 3}, "unknown option of INPUT -> FC 'rte'; did you mean 'rate'"),
        ("INPUT -> FC", {"text": "INPUT -> FC"}, "unknown option of INPUT -> FC 'text'"),
        ("INPUT -> [POOL]*9 -> FC", {}, "cannot see images of 1 x 28 x 28: layer pool5: view of 2 does not fit"),
    ],
)
def test_what_is_no_pattern_is_refused_with_its_place(text, options, message):
    with pytest.raises(UsageError) as caught:
        build(text, DIGIT, 10, **options)
    assert message in str(caught.value)


def test_a_repeat_beyond_the_most_is_refused_before_it_takes_memory():
    tracemalloc.start()
    with pytest.raises(UsageError, match="character 22: more than 1000 layers by"):
        build("INPUT -> [RELU*1000]*99999 -> FC", DIGIT, 10)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10**7


def test_options_reach_the_curriculum():
    (phase,) = system(CS231N, {"epochs": 3, "batch": 5, "rate": 0.01, "augment": 2}).curriculum()
    assert (phase.epochs, phase.batch, phase.augment.shift, phase.method.optimizer.rate.start) == (3, 5, 2, 0.01)
