"""The benchmark: both sides do the same work, in turn, and the ratio is PyTorch's time over ours."""

import time

import numpy as np
import pytest
from command import call, refused

from neuro_cnn import bench
from neuro_cnn.bench import SoftHebbLayer
from neuro_cnn.errors import UsageError

TINY = {"softhebb tiny": SoftHebbLayer(1, 4, 3, 8, 2), "softhebb deep": SoftHebbLayer(3, 5, 3, 6, 2)}


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(bench, "CASES", TINY)
    monkeypatch.setattr(bench, "keep_memory", lambda: None)


@pytest.fixture
def without_torch(monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(bench, "import_module", missing)


def test_works_take_turns_and_the_first_round_warms_up():
    done = []
    taken = bench.times([lambda: done.append("a"), lambda: done.append("b")], 3)
    assert done == ["a", "b"] * 4
    assert [len(series) for series in taken] == [3, 3]


def test_the_ratio_is_above_1_where_the_program_is_faster():
    one = np.ones(3, np.float32)

    def slow():
        time.sleep(0.003)
        return one

    row = bench.compared("case", lambda: one, [slow, slow], 3)
    assert row.ratio > 1
    assert row.torch_ms > row.ours_ms
    assert bench.compared("case", slow, [slow, lambda: one], 3).ratio < 1


def test_a_peer_that_comes_to_other_numbers_is_refused():
    one = np.ones(3, np.float32)
    for other in (one + np.float32(1e-4), one * np.float32(np.nan)):
        with pytest.raises(FloatingPointError, match=r"^case: PyTorch's result is .* from ours"):
            bench.compared("case", lambda: one, [lambda other=other: other], 1)


def test_without_a_peer_there_are_times_only(tiny, without_torch):
    answer = call("bench", "--json", "--rounds", 2)
    rows = answer.json["rows"]
    assert [row["case"] for row in rows] == list(TINY)
    for row in rows:
        assert row["ours_ms"] > 0
        assert (row["torch_ms"], row["ratio"]) == (None, None)
    assert "softhebb tiny" in call("bench", "--rounds", 1, "--only", "tiny").out


def test_without_pytorch_the_command_says_how_to_get_it(tiny, without_torch):
    message = refused(2, "bench", "--against", "torch", "--json")
    assert message == 'PyTorch is not installed; get it with: pip install "neuro_cnn[bench]"'


def test_a_pattern_that_fits_no_case_is_refused(tiny):
    with pytest.raises(UsageError, match=r"^no case holds 'lenet'; there is: softhebb tiny; softhebb deep$"):
        next(bench.rows("lenet"))


@pytest.mark.torch
@pytest.mark.parametrize("case", TINY)
def test_pytorchs_update_is_ours(case):
    pytest.importorskip("torch")
    ours = TINY[case].ours()()
    peers = TINY[case].torch()
    assert len(peers) == 2
    for peer in peers:
        np.testing.assert_allclose(ours, peer().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.torch
def test_against_pytorch_every_case_has_both_times_and_their_ratio(tiny):
    pytest.importorskip("torch")
    answer = call("bench", "--against", "torch", "--threads", 1, "--rounds", 2, "--json")
    assert answer.err == ""
    for row in answer.json["rows"]:
        assert set(row) == {"case", "ours_ms", "torch_ms", "ratio"}
        assert min(row["ours_ms"], row["torch_ms"], row["ratio"]) > 0
