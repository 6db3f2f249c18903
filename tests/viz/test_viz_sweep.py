"""A sweep's figure shows the means and every run, on the axes that its settings ask for."""

from itertools import product
from statistics import mean

import numpy as np
import pytest

from neuro_cnn import viz
from neuro_cnn.errors import UsageError

RATES, PLANES = [0.001, 0.002, 0.004], [2, 4, 8, 16]


def results(vary, logarithmic=(), accuracy=lambda settings, seed: 0.5 + seed / 10):
    rows = []
    for values in product(*vary.values()):
        settings = dict(zip(vary, values, strict=True))
        rows += [
            {"settings": settings, "seed": seed, "split": 0, "test_accuracy": accuracy(settings, seed)}
            for seed in (0, 1, 2)
        ]
    return {"vary": vary, "logarithmic": list(logarithmic), "rows": rows, "runs": len(rows)}


def by_rate(settings, seed):
    return 100 * settings["options.rate"] + seed / 10


def means(axes):
    """The lines of means, as pairs of x and y: those with a marker of their own."""
    return [list(zip(*line.get_data(), strict=True)) for line in axes.get_lines() if line.get_marker() in markers()]


def markers():
    from neuro_cnn.viz.style import MARKERS

    return tuple(MARKERS)


def dots(axes):
    return sum(len(line.get_xdata()) for line in axes.get_lines() if line.get_marker() == ".")


def test_one_setting_is_a_line_of_means_and_a_dot_a_run():
    (axes,) = viz.sweep(results({"options.rate": RATES}, accuracy=by_rate)).axes
    (line,) = means(axes)
    assert line == [(rate, pytest.approx(100 * (100 * rate + 0.1))) for rate in RATES]
    assert dots(axes) == 9
    assert (axes.get_xscale(), axes.get_xlabel()) == ("linear", "rate")


def test_a_range_by_a_common_factor_stands_on_a_logarithmic_axis():
    (axes,) = viz.sweep(results({"options.rate": RATES}, ["options.rate"])).axes
    assert axes.get_xscale() == "log"


def test_two_settings_are_lines_named_by_the_one_with_fewer_values():
    (axes,) = viz.sweep(results({"options.rate": RATES, "options.planes": PLANES}, accuracy=by_rate)).axes
    assert axes.get_xlabel() == "planes"
    lines = means(axes)
    assert [place for place, _ in lines[0]] == PLANES
    assert [line[0][1] for line in lines] == [pytest.approx(100 * (100 * rate + 0.1)) for rate in RATES]
    legend = axes.get_legend()
    assert legend.get_title().get_text() == "rate"
    assert [text.get_text() for text in legend.get_texts()] == ["0.001", "0.002", "0.004"]


def test_two_settings_of_many_values_are_a_map_of_means():
    rates = [0.001 * k for k in range(1, 9)]
    figure = viz.sweep(results({"options.rate": rates, "options.planes": [*PLANES, *range(20, 29)]}, accuracy=by_rate))
    axes = figure.axes[0]
    (image,) = axes.images
    assert image.get_array().shape == (8, 13)
    np.testing.assert_allclose(image.get_array()[:, 3], [100 * (100 * rate + 0.1) for rate in rates])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("planes", "rate")


def test_three_settings_are_panels_of_lines_on_one_scale():
    vary = {"options.rate": RATES, "options.planes": PLANES, "data": ["a", "b"]}
    figure = viz.sweep(results(vary, accuracy=by_rate))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["data a", "data b"]
    assert [len(means(axes)) for axes in figure.axes] == [3, 3]
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


def test_of_four_settings_each_stands_against_the_mean_of_the_others():
    vary = {"options.rate": RATES, "options.planes": PLANES, "data": ["a", "b"], "options.epochs": [1, 2]}
    figure = viz.sweep(results(vary, accuracy=by_rate))
    assert {axes.get_xlabel() for axes in figure.axes} == {"rate", "planes", "data", "epochs"}
    (planes,) = [axes for axes in figure.axes if axes.get_xlabel() == "planes"]
    expected = 100 * (100 * mean(RATES) + 0.1)
    assert means(planes)[0] == [(place, pytest.approx(expected)) for place in PLANES]
    assert dots(planes) == 3 * 3 * 4 * 2 * 2


def test_runs_without_an_accuracy_are_told_and_left_out():
    made = results({"options.rate": RATES})
    made["rows"][0]["test_accuracy"] = None
    figure = viz.sweep(made)
    assert dots(figure.axes[0]) == 8
    assert "8 runs over 3 seeds; 1 of 9 runs have no accuracy" in [text.get_text() for text in figure.texts]
    made["rows"] = [{**row, "test_accuracy": None} for row in made["rows"]]
    with pytest.raises(UsageError, match="no run of the sweep has an accuracy"):
        viz.sweep(made)
