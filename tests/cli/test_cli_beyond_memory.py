"""The whole way from images to a comparison, with more images than the program may hold."""

import os
import subprocess
import sys

import numpy as np
import pytest

EXPERIMENT = """
data = "npy:{folder}"
hold_out = 0.25
[network]
kind = "chain"
layers = [
    ["S1", {{ kind = "conv", planes = 4, size = 24, stride = 24, bias = false }}],
    ["C1", {{ kind = "ccells", size = 2 }}],
    ["S2", {{ kind = "conv", planes = 4, size = 2, bias = false }}],
    ["flat", {{ kind = "flatten" }}],
    ["out", {{ kind = "dense", units = 2 }}],
]
[[curriculum]]
layers = ["S1"]
method = {{ kind = "local", rule = {{ kind = "hebbian", rate = 0.1, initial = "data" }} }}
[[curriculum]]
layers = ["S2"]
epochs = 2
method = {{ kind = "local", rule = {{ kind = "hebbian", rate = 0.1 }} }}
[[curriculum]]
augment = {{ shift = 1 }}
method = {{ kind = "backprop" }}
"""
PROGRAM = """
import resource, sys
from neuro_cnn.cli import main

def call(*words):
    sys.argv = ["neuro-cnn", "--quiet", *words]
    try:
        main()
    except SystemExit as end:
        assert not end.code, (words, end.code)

def whole(folder):
    call("train", folder + ".toml", "--out", folder + "-run")
    call("evaluate", folder + "-run", "--shift", "1", "--rotate", "10")
    call("health", folder + "-run")
    call("fields", folder + "-run", "--out", folder + ".svg")
    call("compare", folder + ".toml", "--data", "npy:" + folder, "--shift", "1", "--out", folder + "-table")

few, many = sys.argv[1:]
whole(few)  # what libraries take for themselves is taken before the limit
words = open("/proc/self/status").read().split()
used = 1024 * int(words[words.index("VmData:") + 1])
resource.setrlimit(resource.RLIMIT_DATA, (used + {room}, used + {room}))
whole(many)
"""


def folder_of(path, count, side=144):
    """A folder of so many images, 81 KiB each, nearly all of them holes in the file, and its experiment."""
    path.mkdir()
    for part, size in (("train", count), ("test", count // 4)):
        images = np.lib.format.open_memmap(path / f"{part}_images.npy", "w+", np.float32, (size, side, side))
        images[::2, 8, ::2] = 1
        images.flush()
        np.save(path / f"{part}_labels.npy", np.arange(size) % 2)
    path.with_suffix(".toml").write_text(EXPERIMENT.format(folder=path), encoding="utf-8")
    return path


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads its own use of memory as Linux tells it")
def test_all_commands_do_with_less_memory_than_the_images_would_take(tmp_path):
    few, many = folder_of(tmp_path / "few", 40), folder_of(tmp_path / "many", 1800)  # 142 MiB, where 64 may be had
    source = PROGRAM.replace("{room}", str(64 << 20))
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    argv = [sys.executable, "-c", source, str(few), str(many)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "many-table" / "report.html").is_file()
