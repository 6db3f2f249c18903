"""The benchmark: both sides do the same work, in turn, and the ratio is PyTorch's time over ours."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from command import call, refused

from neuro_cnn import bench
from neuro_cnn.bench import base, catalogue, machine, neocognitron, processes, timing
from neuro_cnn.bench.convolution import DenseBackward, DenseForward, Forward, InputAdjoint, Sizes, WeightAdjoint
from neuro_cnn.bench.networks import LeNet5Answers, LeNet5Step
from neuro_cnn.bench.pools import MaxPool, MaxPoolBackward
from neuro_cnn.bench.rules import SoftHebbLayer
from neuro_cnn.bench.scells import SLayer
from neuro_cnn.bench.timing import Side
from neuro_cnn.data import load
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.choice import kernels
from neuro_cnn.tree import leaves

SHAPES = {
    "first": Sizes(1, 3, 5, 9, 4, pad=2, first=True),
    "strided": Sizes(3, 4, 3, 9, 2, stride=2, first=True),
    "1x1": Sizes(6, 5, 1, 4, 3),
}
SMOKE = {
    **{f"{name}, forward": Forward(of) for name, of in SHAPES.items()},
    **{f"{name}, input adjoint": InputAdjoint(of) for name, of in SHAPES.items()},
    **{f"{name}, weight adjoint": WeightAdjoint(of, goal=bench.Goal(0.9)) for name, of in SHAPES.items()},
    "dense forward": DenseForward(3, 2, 4, 5),
    "dense backward": DenseBackward(3, 2, 4, 5),
    "pool": MaxPool(3, 6, 4, 2, 2),
    "pool that overlaps": MaxPool(2, 7, 3, 4, 2, 1),
    "pool backward": MaxPoolBackward(3, 6, 4, 2, 2),
    "pool that overlaps, backward": MaxPoolBackward(2, 7, 3, 4, 2, 1),
    "S-layer": SLayer(1, 4, 3, 8, 2),
    "S-layer, deep": SLayer(3, 5, 3, 6, 2),
    "softhebb": SoftHebbLayer(1, 4, 3, 8, 2),
    "softhebb, deep": SoftHebbLayer(3, 5, 3, 6, 2),
    "LeNet-5 step": LeNet5Step(2),
    "LeNet-5 answers": LeNet5Answers(1),
}
"""The pinned cases that both sides agree on in every run of the tests; no test looks at how long they take."""


class Clock:
    """Time that goes on only while a work is done."""

    def __init__(self):
        self.now = self.busy = self.spins = 0.0

    def perf_counter(self):
        return self.now

    def process_time(self):
        return self.busy

    def sleep(self, seconds):
        """Threads that spin are busy meanwhile."""
        self.now += seconds
        spun = min(seconds, self.spins)
        self.busy, self.spins = self.busy + spun, self.spins - spun

    def work(self, *milliseconds):
        """A work that takes so long, each time the next; the last for ever."""
        left = list(milliseconds)

        def done():
            self.now += (left.pop(0) if len(left) > 1 else left[0]) / 1000

        return Side(done)


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(timing, "time", made)
    return made


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(catalogue, "CASES", SMOKE)
    monkeypatch.setattr(catalogue, "keep_memory", lambda: None)
    monkeypatch.setattr(timing, "LASTS", 0.0)
    monkeypatch.setattr(timing, "rest", lambda: None)


@pytest.fixture
def without_torch(monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(base, "import_module", missing)


def test_works_take_turns_and_the_second_goes_first_in_every_other_round(monkeypatch):
    monkeypatch.setattr(timing, "LASTS", 0.0)
    monkeypatch.setattr(timing, "rest", lambda: None)
    done = []
    taken = timing.times([Side(lambda: done.append("a")), Side(lambda: done.append("b"))], 3)
    assert "".join(done).endswith("abbaab")
    assert [len(series) for series in taken] == [3, 3]


def test_a_short_work_is_repeated_until_it_can_be_measured(clock):
    assert timing.repeats(clock.work(3)) == 4  # 10 ms at least
    assert timing.repeats(clock.work(1000)) == 1
    assert timing.times([clock.work(3)], 2) == [pytest.approx([3, 3])]


def test_nothing_is_measured_before_all_threads_have_come_to_rest(clock):
    timing.rest()
    assert clock.now == pytest.approx(timing.LOOK)
    clock.spins = 3.5 * timing.LOOK
    timing.rest()
    assert clock.now == pytest.approx(6 * timing.LOOK)  # four looks at threads that spin, and one at none


def test_times_and_the_ratio_are_medians_over_rounds(clock):
    ours = clock.work(*[20] * 4, 20, 40, 80)
    row = timing.compared("case", ours, {"only": clock.work(60)}, 3)
    assert (row.ours, row.torch, row.ratio) == pytest.approx((40, 60, 1.5))
    assert (row.low, row.high) == pytest.approx(((0.75 + 1.5) / 2, (1.5 + 3) / 2))


def test_the_fastest_of_pytorchs_ways_counts(clock):
    ways = {"slow": clock.work(40), "fast": clock.work(20), "slower": clock.work(50)}
    row = timing.compared("case", clock.work(40), ways, 2)
    assert (row.way, row.ratio) == ("fast", pytest.approx(0.5))


def test_on_several_threads_pytorch_may_do_with_one():
    ways = {"a": lambda: 1, "b": lambda: 2}
    assert list(timing.sides(ways, 1)) == ["a", "b"]
    assert list(timing.sides(ways, 2)) == ["a", "b", "a, 1 thread", "b, 1 thread"]


def test_a_result_with_other_numbers_or_another_shape_is_refused():
    right = np.ones(3), {"w": np.array([1e-3, 0.0])}
    near = np.ones(3), {"w": np.array([1e-3, 9e-9])}
    assert timing.distance("case", "our", near, right, 1e-5) == pytest.approx(9e-6)
    for wrong in (1.1e-8, np.nan):
        with pytest.raises(FloatingPointError, match=r"^case: our result is .* from PyTorch's in double precision$"):
            timing.distance("case", "our", (np.ones(3), {"w": np.array([1e-3, wrong])}), right, 1e-5)
    with pytest.raises(ValueError, match=r"^case: our result has shape \(2,\), not \(3,\)$"):
        timing.distance("case", "our", np.ones(2), np.ones(3), 1e-5)


def test_a_goal_is_a_least_ratio_or_a_largest_measure_of_ours():
    row = bench.Row("case", "ms", 2.0, 3.0, 1.5)
    assert [row._replace(goal=bench.Goal(ratio)).met for ratio in (1.4, 1.5, 1.6)] == [True, True, False]
    assert [row._replace(goal=bench.Goal(ours=most)).met for most in (1.9, 2.0, 2.1)] == [False, True, True]
    assert (row.met, row._replace(goal=bench.Goal(1.0), ratio=None).met) == (None, None)


@pytest.mark.parametrize("case", SMOKE)
def test_every_case_comes_to_finite_numbers_without_a_peer(case, tiny):
    row = SMOKE[case].row(case, bench.How(rounds=1))
    assert (row.case, row.unit, row.torch, row.ratio, row.way) == (case, "ms", None, None, None)
    assert row.ours > 0
    result = SMOKE[case].told(SMOKE[case].ours()())
    assert all(np.all(np.isfinite(leaf)) for _, leaf in leaves(result))


@pytest.mark.torch
@pytest.mark.parametrize("case", SMOKE)
def test_both_sides_come_to_the_same_and_the_row_is_whole(case, tiny):
    pytest.importorskip("torch")
    row = SMOKE[case].row(case, bench.How("torch", 2))
    assert None not in row._replace(goal=bench.Goal())
    assert row.error <= timing.TOLERANCE
    assert min(row.ours, row.torch) > 0
    assert row.low <= row.ratio <= row.high


@pytest.mark.torch
def test_the_ratios_are_drawn(tiny, tmp_path):
    pytest.importorskip("torch")
    words = ("--quiet", "bench", "--against", "torch", "--rounds", 1, "--only", "1x1", "--out", tmp_path / "a.svg")
    assert call(*words).code == 0
    assert "<svg" in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_a_figure_that_cannot_be_drawn_is_refused_before_anything_is_measured():
    assert refused(2, "bench", "--out", "a.txt").endswith("let the name end in .png, .pdf or .svg")
    assert refused(2, "bench", "--out", "a.png") == "no ratio to draw into a.png: add --against torch"


@pytest.mark.torch
def test_a_step_of_learning_moves_the_weights_on():
    pytest.importorskip("torch")
    case = LeNet5Step(2)
    ours, (theirs, *_) = case.ours(), case.torch("float64").values()
    losses = [(float(ours()[0]), float(theirs()[0])) for _ in range(4)]
    np.testing.assert_allclose(*zip(*losses, strict=True), rtol=1e-4)
    assert losses[3][0] < losses[0][0]


def test_every_work_that_has_a_goal_is_in_the_catalogue():
    parts = {name: case.goal.ratio for name, case in bench.CASES.items() if name.startswith("convolution")}
    assert len(parts) == 3 * 7
    assert all(goal == (1.0 if name.endswith("forward") else 0.9) for name, goal in parts.items())
    for name, goal in {
        "LeNet-5 training step, batch 64": bench.Goal(2.5),
        "LeNet-5 inference, batch 128": bench.Goal(6),
        "LeNet-5 inference, batch 1": bench.Goal(1),
        "max pooling, LeNet C2, forward": bench.Goal(5),
        "S-layer 1->96 5x5, batch 100": bench.Goal(1.4),
        "SoftHebb 1->96, batch 100": bench.Goal(1.5),
        "SoftHebb 96->384, batch 100": bench.Goal(1),
        "neocognitron 2013, 4,000 digits learned": bench.Goal(ours=6),
        "neocognitron 2013, an image answered": bench.Goal(ours=1),
    }.items():
        assert bench.CASES[name].goal == goal


def test_the_page_on_performance_has_a_row_for_every_case():
    page = (Path(__file__).parent.parent / "docs" / "performance.md").read_text(encoding="utf-8")
    named = [line.split("|")[1].split(" (")[0].strip() for line in page.splitlines() if line.startswith("| ")]
    assert set(bench.CASES) <= set(named)


def test_slow_cases_are_left_out_unless_they_are_named_or_all_are_wanted():
    slow = {name for name, case in bench.CASES.items() if case.slow}
    assert slow == {name for name in bench.CASES if name.startswith("neocognitron")}
    assert set(catalogue.chosen("", False)) == set(bench.CASES) - slow
    assert set(catalogue.chosen("", True)) == set(bench.CASES)
    assert set(catalogue.chosen("Neocognitron", False)) == slow


def test_a_pattern_that_fits_no_case_is_refused(monkeypatch):
    monkeypatch.setattr(catalogue, "CASES", {"one": None, "two": None})
    with pytest.raises(UsageError, match=r"^no case holds 'lenet'; there is: one; two$"):
        next(bench.rows("lenet"))


def test_without_pytorch_the_command_says_how_to_get_it(tiny, without_torch):
    message = refused(2, "bench", "--against", "torch", "--json")
    assert message == 'PyTorch is not installed; get it with: pip install "neuro_cnn[bench]"'


def test_the_command_tells_rows_and_what_they_hang_on(tiny, without_torch):
    answer = call("--quiet", "bench", "--json", "--rounds", 2, "--only", "pool").json
    assert [row["case"] for row in answer["rows"]] == [name for name in SMOKE if "pool" in name]
    assert (answer["threads"], answer["rounds"], answer["torch"], answer["kernels"]) == (1, 2, None, kernels())
    assert {"blas", "processor", "numpy", "peak_memory"} <= set(answer)
    text = call("bench", "--rounds", 1, "--only", "softhebb")
    assert "softhebb, deep" in text.out
    assert "threads: 1 of ours; 1 rounds" in text.out
    assert text.err.count("\n") == 2  # a line a case, while the rest is waited for


def test_the_page_has_a_table_whose_rows_have_as_many_cells_as_its_head(tiny):
    lines = call("--quiet", "bench", "--markdown", "--rounds", 1, "--only", "forward").out.splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + sum("forward" in name for name in SMOKE)
    assert len({line.count("|") for line in table}) == 1


def test_cells_say_what_was_not_measured_and_whether_the_goal_is_met():
    row = bench.Row("memory", "MB", None, goal=bench.Goal(ours=101.2), note="needs Linux")
    assert bench.columns(row) == ["memory (needs Linux)", "not measured", "", "", "", "", "", ""]
    row = bench.Row("step", "ms", 0.1234, 0.5, 4.0, 3.9, 4.1, bench.Goal(2.5), "channels last")
    assert bench.columns(row)[1:] == ["0.123 ms", "0.500 ms", "4.00", "3.90 to 4.10", "≥ 2.5", "yes", "channels last"]


@pytest.mark.skipif(not machine.forgets_peak(), reason="the system does not forget peaks of memory")
def test_the_peak_of_memory_is_the_most_since_it_was_forgotten():
    code = """
import numpy as np
from neuro_cnn.bench.machine import forget_peak, memory, peak_memory

forget_peak()
start = memory()
held = np.ones(8 << 20)  # 64 MB
del held
print(peak_memory() - start)
forget_peak()
print(peak_memory() - start)
"""  # a process of its own: where memory is kept (`timing.keep_memory`), arrays are made of what was held before
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    peak, forgotten = map(int, done.stdout.split())
    assert 60 << 20 < peak < 80 << 20
    assert forgotten < 16 << 20


@pytest.mark.skipif(not machine.forgets_peak(), reason="the system does not forget peaks of memory")
def test_a_convolution_holds_at_least_its_output():
    of = Sizes(2, 16, 3, 130, 16)
    told = processes.child("held", of, "ours", 1, None)
    assert told["output"] == 16 * 16 * 128 * 128 * 4
    left = 1 << 20  # what the allocator kept for itself is not asked for again
    assert told["output"] - left <= told["held"] < 3 * told["output"]


def test_memory_may_be_so_many_times_the_output_and_some(monkeypatch):
    monkeypatch.setattr(processes, "forgets_peak", lambda: True)
    of, asked = Sizes(1, 1, 1, 1, 1), []
    peaks = {"ours": 100_000_000, "contiguous": 300_000_000, "channels last": 200_000_000}

    def child(what, sizes, side, threads, against):
        asked.append((what, sizes, side, threads, against))
        return {"held": peaks[side], "output": 70_000_000}

    monkeypatch.setattr(processes, "child", child)
    row = processes.Memory(of).row("memory", bench.How("torch", threads=2))
    assert (row.ours, row.torch, row.ratio, row.way, row.met) == (100, 200, 2, "channels last", True)
    assert row.goal == bench.Goal(ours=1.2 * 70 + 16)
    assert asked[0] == ("held", of, "ours", 2, None)
    monkeypatch.setattr(processes, "forgets_peak", lambda: False)
    row = processes.Memory(of).row("memory", bench.How())
    assert (row.ours, row.met) == (None, None)


def test_the_first_step_is_that_of_a_process_of_its_own():
    assert processes.child("first", 2, 1)["seconds"] > 0
    with pytest.raises(RuntimeError, match=r"^a process that was to measure nothing failed: KeyError: 'nothing'$"):
        processes.child("nothing")


def test_the_neocognitron_is_measured_once_it_has_learned(monkeypatch):
    few = load("digits", train_size=120)
    digits = SimpleNamespace(train=few.train, test=few.test.take(range(40)))
    monkeypatch.setattr(neocognitron, "load", lambda name: digits)
    neocognitron.fitted.cache_clear()
    fit = neocognitron.Fit(120, bench.Goal(ours=1e9)).row("fit", bench.How())
    answer = neocognitron.Recognition(120).row("answer", bench.How(rounds=1))
    neocognitron.fitted.cache_clear()
    assert (fit.unit, fit.met, answer.unit, answer.met) == ("s", True, "ms", None)
    assert min(fit.ours, answer.ours) > 0
    assert fit.note.startswith("once; ")
