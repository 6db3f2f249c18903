"""Watching a layer learn: a GIF with a frame a moment, whole also after Ctrl-C, and refusals before any learning."""

import signal
import sys

import pytest
from command import call, finished, program, refused
from PIL import Image

QUICK = ("--train-size", 120, "--set", "planes=4")


def opened(path):
    """The animation's number of frames, their sizes and their durations."""
    with Image.open(path) as found:
        sizes, times = set(), []
        for number in range(found.n_frames):
            found.seek(number)
            sizes.add(found.size)
            times.append(found.info["duration"])
        assert found.format == "GIF"
        return found.n_frames, sizes, times


def test_a_layer_is_watched_from_before_it_learns_to_the_end(tmp_path):
    out = tmp_path / "new" / "forming.gif"
    found = call("watch", "hebbian-wta", *QUICK, "--set", "epochs=2", "--frames", 4, "--out", out, "--json").json
    assert (found["model"], found["layer"], found["frames"]) == ("hebbian-wta", "S1", 4)
    assert (found["out"], {frame["planes"] for frame in found["seen"]}) == (str(out), {4})
    assert [frame["updates"] for frame in found["seen"]] == [0, 2, 5, 8]  # 2 epochs of 100 images in 4 batches
    assert [frame["images"] for frame in found["seen"]] == [0, 64, 132, 200]  # a sixth of the 120 is held out
    number, sizes, times = opened(out)
    assert (number, len(sizes), times) == (4, 1, [100, 100, 100, 2500])
    assert [path.name for path in out.parent.iterdir()] == ["forming.gif"]


def test_a_frame_every_so_many_batches_and_the_last(tmp_path):
    words = ("watch", "softhebb", *QUICK, "--every", 3, "--out", tmp_path / "a.gif")
    assert call(*words).out == f"3 frames of S1 drawn in {tmp_path / 'a.gif'}\n"
    assert opened(tmp_path / "a.gif")[0] == 3
    assert call("--verbose", *words).err.splitlines() == [
        "S1: hebbian, before learning",
        "S1: hebbian, epoch 1 of 1, batch 3 of 4, 96 images seen",
        "S1: hebbian, epoch 1 of 1, batch 4 of 4, 100 images seen",
    ]


def test_learning_stops_where_the_layer_does(tmp_path):
    words = ("--data", "natural", *QUICK, "--out", tmp_path / "a.gif")  # without labels: the read-out is not reached
    assert call("watch", "hebbian-wta", *words, "--json").json["frames"] == 5


def test_deep_layers_backpropagated_ones_and_planes_that_grow_can_be_watched(tmp_path):
    out = ("--frames", 3, "--out", tmp_path / "a.gif", "--json")
    deep = call("watch", "hebbian-wta:layers=2", *QUICK, "--layer", "S2", *out).json
    assert [frame["planes"] for frame in deep["seen"]] == [16, 16, 16]
    assert deep["seen"][0]["label"] == "S2: hebbian"
    taught = call("watch", "lenet5:epochs=1", "--train-size", 120, "--layer", "S2", *out).json
    assert {frame["label"] for frame in taught["seen"]} == {"all layers: backprop"}
    grown = call("watch", "neocognitron-2013:planes=30", "--train-size", 150, "--layer", "S2", *out).json
    assert [frame["planes"] for frame in grown["seen"]] == [0, 30, 30]


BAD = {
    "--layer S3": "unknown layer 'S3'; did you mean 'S1'? there is: C1, P, R, S1, T1, flat, out",
    "--layer C1": "layer C1 of hebbian-wta has no weights over a view to draw; watch S1",
    "--layer out": "layer out of hebbian-wta has no weights over a view to draw; watch S1",
    "--out a.png": "cannot animate into 'a.png': let the name end in .gif",
    "--every 2 --frames 3": "--every and --frames both say when to look; give one of them",
    "--set plane=3": "unknown option of hebbian-wta 'plane'; did you mean 'planes'?",
}


@pytest.mark.parametrize("words", BAD)
def test_what_cannot_be_watched_is_refused_in_one_line(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refused(2, "watch", "hebbian-wta", "--out", "a.gif", *words.split()).startswith(BAD[words])
    assert not list(tmp_path.iterdir())


def test_a_layer_that_does_not_learn_is_refused_with_those_that_do(tmp_path):
    out = ("--out", tmp_path / "a.gif")
    none = "no layer that can be drawn learns so; choose another system"
    assert refused(2, "watch", "random-features", *out) == (
        f"layer S1 of random-features never learns batch by batch; {none}"
    )
    assert refused(2, "watch", "imprinted-patches", *out).endswith(none)
    assert refused(2, "watch", "neocognitron-2013", *out) == (
        "layer S1 of neocognitron-2013 never learns batch by batch; watch S2"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGTERM")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_batch_and_draws_what_was_seen(number, code, tmp_path):
    out = tmp_path / "a.gif"
    words = ("watch", "lenet5:epochs=1000", "--train-size", 300, "--every", 4, "--out", out, "--json")
    process = program("--verbose", *words)
    seen = [process.stderr.readline() for _ in range(3)]
    process.send_signal(number)
    answer = finished(process)
    assert (answer.code, answer.out) == (code, "")
    lines = [*seen, *answer.err.splitlines()]
    assert lines[-1] == f"stopped; what was seen so far: {out}"
    captions = [line for line in lines if "backprop, " in line]
    number, sizes, times = opened(out)
    assert number == len(captions) >= 3
    assert (len(sizes), times[-1]) == (1, 2500)
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]


@pytest.mark.skipif(sys.platform == "win32", reason="the limit is POSIX's")
def test_a_full_disk_leaves_no_half_an_animation(tmp_path):
    words = ("watch", "softhebb", *QUICK, "--frames", 3, "--out", tmp_path / "a.gif")
    answer = finished(program(*words, largest_file=5000))
    assert answer.code == 3
    assert answer.err.count("\n") == 1
    assert not list(tmp_path.iterdir())
