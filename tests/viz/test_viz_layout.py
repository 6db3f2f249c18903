"""Laws of every figure: nothing is cut off, no words overlap, no panel is empty."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from neuro_cnn import viz
from neuro_cnn.costs import Course as CostCourse
from neuro_cnn.costs import Point
from neuro_cnn.data.flips import Flipped
from neuro_cnn.data.plane import PROBLEMS, points
from neuro_cnn.physiology import Answer, Course, Health, Pinwheel, Plane, Topography, mixture, thresholds

RNG = np.random.default_rng(0)
SIX = ["nearest-neighbour", "random-features", "hebbian-wta", "softhebb", "lenet5", "neocognitron-2013"]
MORE = ["hpca", "kmeans-features", "neocognitron-1980", "imprinted-patches", "autoencoder"]


def summary(models, n=3, shifts=(1, 2, 3, 4), end=None):
    rows = []
    for model in models:
        has_control = model not in SIX[:2] and model != "lenet5"
        control = RNG.uniform(0.9, 0.95) if has_control else None
        for is_control in (False, True) if has_control else (False,):
            accuracy = control if is_control else RNG.uniform(0.93, 0.98)
            last = RNG.uniform(0.2, 0.6) if end is None else end
            fall = {str(s): accuracy - (accuracy - last) * s / 4 for s in shifts}
            row = {"model": model, "variant": "", "control": is_control, "n": n, "accuracy_mean": accuracy}
            row |= {"accuracy_sd": 0.004 if n > 1 else None, "shift": fall}
            row |= {"shift_sd": dict.fromkeys(fall, 0.01 if n > 1 else None)}
            row |= {"control_accuracy_mean": None if is_control else control}
            rows.append(row)
    rows[-1]["variant"] = rows[-2]["variant"] = "layers=2,rate=0.01"
    return rows


def scaled(models):
    found = {"0.7": 0.4, "0.85": 0.8, "1.15": 0.8, "1.3": 0.6}
    return [row | {"scale": found, "scale_sd": dict.fromkeys(found, 0.01)} for row in summary(models)]


def filters(planes, inputs=1, size=7):
    return RNG.normal(size=(planes, inputs, size, size))


def epochs(count, phase=0, **measures):
    return [{"phase": phase, "epoch": e, **{k: v * 0.6**e for k, v in measures.items()}} for e in range(count)]


def responders(patterns, side=16, planes=1, most=24):
    forms = {"as it is": 1, "shifted 3 px": 8, "enlarged \N{MULTIPLICATION SIGN} 1.15": 1, "bent 1 px": 8}
    forms |= {"shrunk \N{MULTIPLICATION SIGN} 0.87": 1, "turned \N{PLUS-MINUS SIGN}10\N{DEGREE SIGN}": 2}
    forms |= {"shifted 1 px": 8, "shifted 2 px": 8, "noise on 24 px": 8}
    winners = {name: RNG.integers(-1, most, (len(patterns), many)) for name, many in forms.items()}
    images = {name: RNG.random((len(patterns), many, planes, side, side)) for name, many in forms.items()}
    responding = {name: RNG.integers(0, most, each.shape) for name, each in winners.items()}
    return viz.responder_table(patterns, images, winners, responding, title="neocognitron-1980: who answers in C3")


def organised(classes, shown=100, planes=24, layers=("S1", "S2", "S3")):
    events = {
        name: [(x, y, (x * 7) % len(classes)) for x in range(1, shown + 1) for y in RNG.integers(0, planes, 3)]
        for name in layers
    }
    trained = {name: np.minimum(np.arange(1, shown + 1), planes) for name in layers}
    return viz.organisation(events, trained, dict.fromkeys(layers, planes), classes, title="Seed cells")


def selective(r, overlap):
    counts = (1, 2, 3, 4)
    points = {n: thresholds(n, r) for n in counts}
    single = {each: mixture(1, overlap, each) for each in (0.5, r, 8.0)}
    return viz.selectivity(single, [mixture(n, overlap, r) for n in counts], points, r=r, overlap=overlap)


def varied(models, values, shifts=(1, 2, 3), planes=("S2",), references=300, n=3):
    def point(share):
        sd = 0.01 if n > 1 else None
        shift = {str(pixels): 0.9 - 0.1 * pixels * share for pixels in shifts}
        row = {"control": False, "n": n, "accuracy_mean": 0.98 - 0.2 * share, "accuracy_sd": sd, "shift": shift}
        row |= {"shift_sd": dict.fromkeys(shift, sd), "planes": dict.fromkeys(planes, 50 + 900 * share)}
        return row | {"references_mean": references}

    steps = [point(place / len(values)) for place in range(len(values))]
    return viz.against_option("theta_learning", {name: list(zip(values, steps, strict=True)) for name in models})


def formed(count, weights):
    moments = [(f"after epoch {100 + k}" if k else "before learning", f"{k * 60_000:,} images") for k in range(count)]
    notes = ["S1: hebbian; then all layers: backprop. Before learning: as it began."]
    title = "pretrained-finetuned:layers=2: weights of S1 while it learned"
    return viz.formation(np.stack([weights] * count), moments, title=title, notes=notes)


def healthy(planes, inhibited=False, dead=0.1, spare=0, norm=1.0):
    """The health of planes of which some are dead, or have never learned."""
    wins = RNG.geometric(0.001, planes)
    wins[: int(dead * planes)] = 0
    never = np.arange(planes) >= planes - spare
    cosines = np.where(never | (planes < 2), np.nan, RNG.uniform(-0.2, 1, planes))
    return Health(wins, cosines, norm * RNG.lognormal(0, 1, planes), never, 7.5, 25, inhibited)


def ill_and_well(*names, planes=24):
    pairs = {name: (healthy(planes), healthy(planes, dead=0.5)) for name in names}
    return viz.health(pairs, title="Health of learned layers", beside="the control")


def followed(systems, layers, points=10, seeds=3):
    def course(place):
        updates = np.linspace(1 + 30 * place, 1 + 30 * len(layers), points).round()
        near = 90 + RNG.normal(0, 2, (4, seeds, points))
        learning = updates < 31 * (place + 1)
        return Course(updates, learning, near[0] / 100, near[1], near[1], near[2], 2.0 / (1 + place), near[3] - 20)

    made = {name: {layer: course(place) for place, layer in enumerate(layers)} for name in systems}
    return viz.angles(made, detail="digits, 1000 training images")


def sheet(rows, columns, chance=True):
    near = RNG.uniform(0, 90, 200) if chance else RNG.exponential(5, 200)
    wheels = tuple(Pinwheel(row + 0.5, 0.5, 1 - 2 * (row % 2)) for row in range(rows - 1))
    fields, angle = RNG.normal(size=(rows, columns, 6, 6)), RNG.uniform(0, 180, (rows, columns))
    maps = Topography(fields, angle, RNG.random((rows, columns)), near, RNG.uniform(0, 90, 900), wheels)
    return viz.topography(maps, title="cortical-sheet: the map on S1", detail="neighbours differ by 7.7 degrees")


def flipped(names, side=28):
    images = RNG.random((len(names), 1, side, side)) > 0.8
    rows = [Flipped(name, 400, *RNG.uniform(0, side * side, 3)) for name in (*names, "all")]
    return viz.flips(rows, images, np.roll(images, 2, 3), 2, title="digits: what a shift of 2 px does to binary images")


def regions(problems):
    learned = points(PROBLEMS["meshed"], 300, RNG)
    answers = {layers: Answer(RNG.normal(size=(9, 9)), 0.9) for layers in (1, 2, 3)}
    return viz.regions([Plane(name, learned, answers) for name in problems], detail="300 points, 6 units")


def grown(quantities, works=("backprop step", "Hebbian step", "inference")):
    def course(quantity, work, scale):
        points = [Point(2**k, 1e-3 * (1 + scale * 2**k), 2**k, 10**5 * scale * 2**k) for k in range(9)]
        return CostCourse(quantity, work, tuple(points))

    made = [course(quantity, work, 1 + 9 * place) for quantity in quantities for place, work in enumerate(works)]
    return viz.costs(made, title="What a step costs", detail="32 images, 3 layers of 16 planes; 1 thread")


def looked_at(image, classes, label=0, **layers):
    """A network view of layers by the shapes of their responses, or of their responses and weights."""
    shapes = {name: shape if isinstance(shape[0], tuple) else (shape,) for name, shape in layers.items()}
    pairs = {name: [RNG.normal(size=side) for side in each for _ in range(2)] for name, each in shapes.items()}
    seen = {name: arrays if len(arrays) == 4 else [abs(arrays[0]), arrays[1], (), ()] for name, arrays in pairs.items()}
    about = {name: f"conv\n{len(arrays[0])} planes" for name, arrays in seen.items()}
    values = RNG.random(image), RNG.normal(size=image)
    return viz.network_view(values, seen, about=about, classes=classes, label=label, detail="loss 2.3")


def raced(*ratios, name="convolution AlexNet conv1, weight adjoint"):
    goals = [{"ratio": 1.0}, {"ratio": 5.0}, None]
    rows = [
        {
            "case": name,
            "ratio": ratio,
            "low": ratio / 1.2,
            "high": ratio * 1.3,
            "goal": goals[k % 3],
            "met": [True, False, None][k % 3],
        }
        for k, ratio in enumerate(ratios)
    ]
    return viz.speed(rows, detail="NumPy 2.4.6, Numba 0.68.1, PyTorch 2.13.0; AMD EPYC, 2 cores; threads: 2 of ours")


def swept(logarithmic=(), **vary):
    keys = [key.replace("__", ".") for key in vary]
    rows = [
        {"settings": dict(zip(keys, values, strict=True)), "seed": seed, "split": 0, "test_accuracy": RNG.random()}
        for values in product(*vary.values())
        for seed in range(3)
    ]
    rows[0]["held_out_accuracy"] = 0.9
    made = {"vary": dict(zip(keys, vary.values(), strict=True)), "logarithmic": logarithmic, "rows": rows}
    return viz.sweep({**made, "runs": len(rows) + 1})


CONFUSION = RNG.integers(0, 6, (10, 10)) + np.diag(RNG.integers(80, 110, 10))
ANIMALS = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
LETTERS = list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
HISTORIES = {
    "lenet5": epochs(12, loss=1.2, accuracy=0.9, held_out_loss=1.4, held_out_accuracy=0.8),
    "hebbian-wta": epochs(4, change=0.5) + epochs(4, 1, change=0.7),
    "softhebb": epochs(1, change=0.2, loss=float("nan")),
    "pretrained-finetuned:layers=2": epochs(3, change=0.3) + epochs(6, 1, loss=0.5, accuracy=0.8),
    "nearest-neighbour": [],
}
FIGURES = {
    "speed": lambda: raced(*np.geomspace(0.04, 90, 36)),
    "speed, one": lambda: raced(1.0),
    "speed, alike": lambda: raced(0.99, 1.01, 1.03),
    "topography": lambda: sheet(12, 12, chance=False),
    "topography, no map": lambda: sheet(6, 6),
    "topography, wide": lambda: sheet(5, 16),
    "topography, tall": lambda: sheet(16, 5),
    "filters": lambda: viz.filters(filters(36), title="S1", notes=["Seed 0."], dead=np.arange(36) == 5),
    "filters, one": lambda: viz.filters(filters(1), title="S1"),
    "filters, long title": lambda: viz.filters(filters(4), title="A long title. " * 12, notes=["A note. " * 40]),
    "filters, many": lambda: viz.filters(filters(400), title="S1"),
    "filters, colour": lambda: viz.filters(filters(96, 3), title="S1"),
    "filters, table": lambda: viz.filters(filters(96, 32, 5), title="S2"),
    "responses": lambda: viz.responses(
        RNG.random((1, 28, 28)),
        {
            "S1": filters(32, size=28)[:, 0],
            "C4": filters(160)[:, 0],
            "hidden": RNG.random(120),
            "out": RNG.random(10),
        },
        classes=ANIMALS,
    ),
    "network view": lambda: looked_at(
        (1, 28, 28),
        list("0123456789"),
        S1=((6, 28, 28), (6, 1, 5, 5)),
        C1=(6, 14, 14),
        S2=((16, 10, 10), (16, 6, 5, 5)),
        F5=((120,), (120, 400)),
        out=((10,), (10, 84)),
    ),
    "network view, colour": lambda: looked_at(
        (3, 32, 40), ANIMALS, None, conv1=((96, 55, 55), (96, 3, 11, 11)), subsampled=((96, 9, 9), (96,)), out=(10,)
    ),
    "network view, large": lambda: looked_at(
        (2, 9, 9), LETTERS, conv1=((300, 2, 2), (300, 120, 3, 3)), F6=((4096,), (4096, 3000)), out=((36,), (36, 4096))
    ),
    "network view, units": lambda: looked_at(
        (1, 1, 1), ["a", "b"], local=((3, 2, 2), (3, 2, 2, 1, 3, 3)), hidden=((1,), (1, 1)), out=((2,), (2, 1))
    ),
    "learning curves": lambda: viz.learning_curves(HISTORIES),
    "learning curves, one": lambda: viz.learning_curves({"softhebb": HISTORIES["softhebb"]}),
    "shift": lambda: viz.accuracy_under(summary(SIX), "shift"),
    "shift, many": lambda: viz.accuracy_under(summary(SIX + MORE, n=1), "shift"),
    "shift, all alike": lambda: viz.accuracy_under(summary(SIX + MORE, n=1, end=0.2), "shift"),
    "scale": lambda: viz.accuracy_under(scaled(SIX), "scale"),
    "confusion": lambda: viz.confusion(CONFUSION, [str(each) for each in range(10)]),
    "confusion, names": lambda: viz.confusion(100 * CONFUSION, [f"{name} (folder)" for name in ANIMALS]),
    "confusion, many": lambda: viz.confusion(RNG.integers(0, 99999, (36, 36)), LETTERS),
    "responders": lambda: responders(list("XYTZ")),
    "responders, many": lambda: responders(ANIMALS * 2, 28, 3, 2000),
    "organisation": lambda: organised(list("XYTZ")),
    "organisation, many": lambda: organised(ANIMALS, 2000, 200, ("S1", "S2")),
    "organisation, letters": lambda: organised(LETTERS, 36, 2, ("S1",)),
    "health": lambda: ill_and_well("softhebb:layers=2,planes=24, S1", "softhebb:layers=2,planes=24, S2", planes=1536),
    "health, one plane": lambda: ill_and_well("S1", planes=1),
    "health, alone": lambda: viz.health({"S1": (healthy(9), None)}, title="Health", beside="nothing"),
    "health, never learned": lambda: viz.health(
        {"S3": (healthy(24, True, 1.0, 24), healthy(24, True, norm=1e5))}, title="Health", beside="the control"
    ),
    "selectivity": lambda: selective(1.5, 0.5),
    "selectivity, silent": lambda: selective(6.0, 0.0),
    "varied": lambda: varied(["neocognitron-2013:planes=2000"], [0.6, 0.65, 0.7, 0.75, 0.8]),
    "varied, many": lambda: varied(SIX + MORE, [2**k for k in range(12)], (1, 2, 3, 4), ("S2", "S3"), None),
    "varied, words": lambda: varied(SIX[:2], ["interpolating", "all", "nearest", "wta"], (), (), None, 1),
    "varied, once": lambda: varied(SIX[:1], [0.5], (1,)),
    "angles": lambda: followed(["softhebb:layers=2"], ["S1", "S2"]),
    "angles, once": lambda: followed(["softhebb"], ["S1"], 2, 1),
    "angles, many": lambda: followed(SIX[:5], ["S1", "S2", "S3"]),
    "costs": lambda: grown(["images", "planes", "side", "depth"]),
    "costs, one": lambda: grown(["depth"], ["inference"]),
    "flips": lambda: flipped(LETTERS[:10]),
    "flips, many": lambda: flipped(LETTERS, 64),
    "flips, names": lambda: flipped(ANIMALS),
    "flips, no classes": lambda: flipped([]),
    "regions": lambda: regions(PROBLEMS),
    "overview": lambda: viz.overview(summary(SIX), {"hebbian-wta": filters(64), "lenet5": filters(6, 3)}),
    "overview, many": lambda: viz.overview(summary(SIX + MORE), {name: filters(20, 5) for name in SIX + MORE}),
    "overview, no shift": lambda: viz.overview(summary(SIX, 1, ()), {"softhebb": filters(16, 2)}),
    "formation": lambda: formed(6, filters(96, 2)),
    "formation, two of four": lambda: formed(2, filters(4, 1, 11)),
    "formation, table": lambda: formed(4, filters(384, 96, 3)),
    "sweep": lambda: swept(["options.rate"], options__rate=[1e-4, 1e-3, 1e-2, 0.1]),
    "sweep, seeds": lambda: swept(data=["digits"]),
    "sweep, lines": lambda: swept(options__rate=[0.01, 0.02, 0.1], data=["digits", "fashion-mnist", "glyphs:XYTZ"]),
    "sweep, words": lambda: swept(data=ANIMALS, options__augment=[True, False]),
    "sweep, map": lambda: swept(
        options__rate=[0.1 * 2**-k for k in range(9)], options__planes=[2**k for k in range(8)]
    ),
    "sweep, large map": lambda: swept(options__rate=[0.001 * k for k in range(1, 60)], data=[*ANIMALS, *LETTERS]),
    "sweep, panels": lambda: swept(
        options__rate=[0.01, 0.02, 0.1], data=ANIMALS[:4], options__planes=[4, 8, 16, 32, 64]
    ),
    "sweep, each": lambda: swept(
        options__rate=[0.01, 0.1], data=ANIMALS[:3], options__planes=[4, 8, 16], options__epochs=[1, 2]
    ),
    "overview, no fields": lambda: viz.overview(summary(SIX), {}),
}


@pytest.fixture(params=FIGURES, scope="module")
def drawn(request):
    """A figure after it was drawn once, at 150 dpi."""
    figure = FIGURES[request.param]()
    figure.set_dpi(150)
    FigureCanvasAgg(figure).draw()
    return figure


def texts(figure):
    """Every piece of text that shows, with its place in pixels."""
    found = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        found += [each for each in axes.get_children() if isinstance(each, Text)]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            found.append(axis.label)
            places = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
            found += [text for place, text in places if low <= place <= high]
    shown = [text for text in found if text.get_visible() and text.get_text().strip()]
    return [(text.get_text(), text.get_window_extent()) for text in shown]


def test_no_text_is_cut_off(drawn):
    width, height = drawn.canvas.get_width_height()
    for words, place in texts(drawn):
        assert place.x0 >= 0, words
        assert place.y0 >= 0, words
        assert place.x1 <= width, words
        assert place.y1 <= height, words


def test_no_two_texts_overlap(drawn):
    for (words, place), (other, there) in combinations(texts(drawn), 2):
        across = min(place.x1, there.x1) - max(place.x0, there.x0)
        down = min(place.y1, there.y1) - max(place.y0, there.y0)
        assert min(across, down) <= 1, (words, other)  # 1 pixel: a letter's box is larger than its ink


def test_no_panel_is_empty(drawn):
    for axes in drawn.axes:
        assert axes.has_data() or axes.images or axes.collections


def test_text_is_legible_in_print(drawn):
    assert min(text.get_fontsize() for text in drawn.findobj(Text)) >= 7
