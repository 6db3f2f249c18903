"""What the figures of results say: the numbers given, the right lines, nothing that was not measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_cnn import viz
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.viz.accuracy import folded, spread, system


def row(model, control=False, variant="", sd=0.01, **more):
    return {
        "model": model,
        "variant": variant,
        "control": control,
        "learning": "none",
        "n": 1 if sd is None else 3,
        "accuracy_mean": 0.9,
        "accuracy_sd": sd,
        "shift": {"1": 0.8, "10": 0.1, "2": 0.6},
        "shift_sd": {"1": sd, "10": sd, "2": sd},
        "control_accuracy_mean": None,
        **more,
    }


def lines(axes):
    """The lines of at least two points of x, y data, as (line, x, y)."""
    return [
        (line, list(line.get_xdata()), list(line.get_ydata()))
        for line in axes.get_lines()
        if line.get_transform() == axes.transData and len(line.get_xdata()) > 2
    ]


def test_accuracy_falls_along_pixels_in_number_order_from_the_clean_images():
    figure = viz.accuracy_under([row("softhebb", sd=None)], "shift")
    ((_, x, y),) = lines(figure.axes[0])
    assert x == [0, 1, 2, 10]
    np.testing.assert_allclose(y, [90, 80, 60, 10])


def test_images_as_they_are_stand_at_the_amount_that_changes_nothing():
    scaled = {"scale": {"1.2": 0.7, "0.8": 0.6}, "scale_sd": {"1.2": None, "0.8": None}}
    axes = viz.accuracy_under([row("softhebb", sd=None, **scaled)], "scale").axes[0]
    ((_, x, y),) = lines(axes)
    assert x == [0.8, 1, 1.2]
    np.testing.assert_allclose(y, [60, 90, 70])
    assert "1: as they are" in axes.get_xlabel()
    turned = {"rotate": {"0": 0.9, "-9": 0.8, "-20": 0.7}, "rotate_sd": dict.fromkeys(("0", "-9", "-20"))}
    ((_, x, _),) = lines(viz.accuracy_under([row("softhebb", sd=None, **turned)], "rotate").axes[0])
    assert x == [-20, -9, 0]


def test_a_control_is_dashed_in_the_look_of_its_system_and_another_system_looks_different():
    summary = [row("softhebb"), row("softhebb", True), row("softhebb", variant="layers=2"), row("hpca")]
    drawn = [line for line, *_ in lines(viz.accuracy_under(summary, "shift").axes[0])]
    dashed = [line for line in drawn if line.get_linestyle() == "--"]
    solid = {line.get_color(): line for line in drawn if line.get_linestyle() == "-"}
    assert (len(dashed), len(solid)) == (1, 3)
    assert dashed[0].get_marker() == solid[dashed[0].get_color()].get_marker() == "o"


def test_bars_of_one_standard_deviation_stand_only_where_runs_were_repeated():
    bars = viz.accuracy_under([row("a", sd=0.02), row("b", sd=None)], "shift").axes[0].collections
    assert len(bars) == 1
    assert np.ptp(bars[0].get_segments()[0][:, 1]) == pytest.approx(4)


def test_the_chance_level_is_where_it_was_said_to_be():
    levels = [line.get_ydata()[0] for line in viz.accuracy_under([row("a")], "shift", chance=0.02).axes[0].lines]
    assert 2 in levels


def test_no_figure_of_shift_is_drawn_where_nothing_was_shifted():
    with pytest.raises(UsageError, match="--shift"):
        viz.accuracy_under([row("a", shift={}, shift_sd={})], "shift")


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_labels_keep_apart_keep_their_order_and_stay_within(heights):
    heights = np.array(heights)
    moved = spread(heights, 5, 100)
    assert np.all(np.diff(np.sort(moved)) >= 5 - 1e-9)
    assert np.all(np.diff(moved[np.argsort(heights, kind="stable")]) > 0)
    assert moved.min() >= 0
    assert moved.max() <= 100 + 1e-9


def test_labels_that_are_apart_do_not_move():
    np.testing.assert_allclose(spread(np.array([50.0, 10.0, 30.0]), 5, 100), [50, 10, 30])


def test_a_name_says_model_variant_and_control_and_is_folded_before_its_variant():
    assert system(row("softhebb", True, "layers=2")) == "softhebb:layers=2 (random weights)"
    assert system(row("softhebb", True, learning="imprint")) == "softhebb (random views)"
    assert folded("softhebb:layers=2", 12) == "softhebb\n:layers=2"
    assert folded("softhebb", 12) == "softhebb"


def test_the_overview_shows_16_to_36_fields_a_system_and_both_accuracies_of_it():
    fields = {"a": np.ones((64, 1, 5, 5)), "b": np.ones((4, 1, 5, 5))}
    figure = viz.overview([row("a", control_accuracy_mean=0.85), row("b")], fields)
    words = [text.get_text() for text in figure.texts] + [text.get_text() for text in figure.axes[2].texts]
    assert "36 of 64 planes" in words
    assert "4 planes" in words
    assert [words.count(each) for each in ("90.0", "85.0", "control")] == [2, 1, 1]


def test_an_overview_of_nothing_is_refused():
    with pytest.raises(UsageError, match="no system"):
        viz.overview([], {})


def epochs(phase, **measures):
    return [
        {"phase": phase, "epoch": e, **dict(zip(measures, v, strict=True))}
        for e, v in enumerate(zip(*measures.values(), strict=True))
    ]


def panels(figure):
    return {axes.get_title(loc="left"): axes for axes in figure.axes}


def test_each_measure_has_a_panel_and_systems_without_loss_are_in_theirs():
    histories = {
        "lenet5": epochs(0, loss=[2, 1], accuracy=[0.5, 0.75]),
        "softhebb": epochs(0, loss=[None, None], change=[0.3, 0.2]),
        "hpca": epochs(0, loss=[float("nan")] * 2, weight_norm=[1, 2]),
    }
    shown = panels(viz.learning_curves(histories))
    assert list(shown) == ["Loss", "Accuracy, %", "Relative weight change per epoch", "Weight norm"]
    assert [len(axes.get_lines()) for axes in shown.values()] == [1, 1, 1, 1]
    assert list(shown["Accuracy, %"].get_lines()[0].get_ydata()) == [50, 75]


def test_a_line_breaks_between_phases_while_epochs_count_on():
    history = epochs(0, change=[4, 3]) + epochs(1, change=[2, 1, 0.5])
    (axes,) = viz.learning_curves({"hebbian-wta": history}).axes
    assert [list(line.get_xdata()) for line in axes.get_lines()] == [[1, 2], [3, 4, 5]]


def test_held_out_measures_are_dashed_in_the_panel_of_their_measure():
    (axes,) = viz.learning_curves({"lenet5": epochs(0, loss=[2, 1], held_out_loss=[3, 2])}).axes
    assert [line.get_linestyle() for line in axes.get_lines()] == ["-", "--"]


@pytest.mark.parametrize(("last", "axis"), [(0.21, "linear"), (0.19, "log"), (-1, "linear")])
def test_the_loss_axis_is_logarithmic_beyond_a_decade_of_positive_loss(last, axis):
    (axes,) = viz.learning_curves({"lenet5": epochs(0, loss=[2, last])}).axes
    assert axes.get_yscale() == axis


@pytest.mark.parametrize("histories", [{}, {"nearest-neighbour": []}, {"a": epochs(0, loss=[None])}])
def test_curves_of_nothing_are_refused(histories):
    with pytest.raises(UsageError, match="no learning curve"):
        viz.learning_curves(histories)


def test_systems_that_measured_nothing_are_named_below_the_curves():
    figure = viz.learning_curves({"lenet5": epochs(0, loss=[2, 1]), "nearest-neighbour": []})
    assert any("nearest-neighbour" in text.get_text() for text in figure.texts)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["lenet5"]


def test_a_confusion_matrix_gives_counts_and_colours_each_row_by_its_shares():
    matrix = np.array([[3, 1, 0], [0, 0, 0], [10, 0, 10]])
    (axes,) = viz.confusion(matrix, ["a", "b", "c"]).axes
    assert [text.get_text() for text in axes.texts[:9]] == [str(each) for each in matrix.ravel()]
    assert [text.get_text() for text in axes.texts[9:]] == ["75.0 %", "no images", "50.0 %"]
    np.testing.assert_array_equal(axes.images[0].get_array(), [[0.75, 0.25, 0], [0, 0, 0], [0.5, 0, 0.5]])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("answered class", "true class")


@pytest.mark.parametrize("matrix", [np.ones((2, 3), int), np.ones((3, 3), int), np.ones((0, 0), int)])
def test_a_confusion_matrix_must_fit_its_classes(matrix):
    with pytest.raises(UsageError, match="does not fit 2 classes"):
        viz.confusion(matrix, ["a", "b"])


def test_responses_show_input_and_layers_from_top_to_bottom_each_on_its_own_scale():
    layers = {"S1": 5 * np.ones((3, 4, 4)), "C1": -np.ones((2, 2, 2)), "out": np.array([0.1, 0.7, 0.2])}
    figure = viz.responses(np.ones((1, 8, 8)), layers, classes=["a", "b", "c"])
    tops = [axes.get_position().y1 for axes in figure.axes]
    assert tops == sorted(tops, reverse=True)
    assert [axes.images[0].get_clim() for axes in figure.axes[:3]] == [(0, 1), (0, 5), (-1, 1)]
    bars = figure.axes[3]
    assert [bar.get_height() for bar in bars.patches] == [0.1, 0.7, 0.2]
    assert [text.get_text() for text in bars.get_xticklabels()] == ["a", "b", "c"]
    captions = [text.get_text() for text in figure.texts]
    assert "3 \N{MULTIPLICATION SIGN} 4 \N{MULTIPLICATION SIGN} 4\n5 to 5" in captions


def test_a_hundred_planes_of_a_layer_are_drawn_and_the_caption_says_of_how_many():
    figure = viz.responses(np.ones((1, 8, 8)), {"S3": np.ones((160, 2, 2)), "F": np.arange(120.0)})
    captions = " ".join(text.get_text() for text in figure.texts)
    assert "first 100 of 160 planes" in captions
    assert "first 100 of 120 cells" in captions
    assert len(figure.axes[2].patches) == 100


def test_an_image_of_three_planes_is_drawn_in_colour():
    assert viz.responses(np.ones((3, 8, 8)), {}).axes[0].images[0].get_array().shape[2] == 4


def test_a_diverged_layer_is_named():
    with pytest.raises(DataError, match="layer S1: 2 of 8 values are not finite"):
        viz.responses(np.ones((1, 8, 8)), {"S1": np.array([[[1, np.nan], [np.inf, 0]], [[0, 0], [0, 0]]])})


def test_speed_has_a_bar_from_1_to_each_ratio_in_the_colour_of_its_goal():
    base = {"low": 0.4, "high": 3.0, "goal": {"ratio": 1.5, "ours": None}, "met": True, "ratio": 2.0}
    rows = [
        {**base, "case": "reached"},
        {**base, "case": "missed", "ratio": 0.5, "met": False},
        {**base, "case": "memory", "low": None, "high": None},
        {**base, "case": "free", "goal": None, "met": None},
    ]
    axes = viz.speed(rows).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["reached", "missed", "free"]
    assert [sorted((bar.get_x(), bar.get_x() + bar.get_width())) for bar in axes.patches] == [[1, 2], [0.5, 1], [1, 2]]
    assert len({bar.get_facecolor() for bar in axes.patches}) == 3
    assert axes.get_xscale() == "log"
    with pytest.raises(UsageError, match=r"^no ratio of times to draw; measure with --against torch"):
        viz.speed(rows[2:3])
