"""A lock is one process's at a time, and its owner's death opens it."""

import subprocess
import sys
from itertools import count

import pytest

from neuro_cnn.locks import held

HOLD = "import sys, time\nfrom pathlib import Path\nfrom neuro_cnn.locks import held\n"
HOLD += "with held(Path(sys.argv[1]), exit):\n    print('held', flush=True)\n    time.sleep(600)\n"


class TakenError(Exception):
    pass


def taken(owner):
    raise TakenError(owner)


def test_a_held_lock_is_refused_naming_its_owner_and_a_released_one_leaves_no_file(tmp_path):
    path = tmp_path / "locks" / "a"
    with held(path, taken):
        with pytest.raises(TakenError, match=r"process \d+ on "), held(path, taken):
            pass
        assert path.exists()
    assert not path.exists()
    with held(path, taken):
        pass


def test_the_lock_of_a_killed_process_is_open(tmp_path):
    path = tmp_path / "a"
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(TakenError, match=f"process {other.pid} on "), held(path, taken):
            pass
        other.kill()
        other.wait()
    with held(path, taken):
        assert "process" in path.read_text(encoding="utf-8")


def test_who_waits_gets_the_lock_once_it_is_released(tmp_path):
    path, asked = tmp_path / "a", count()
    first = held(path, taken)
    first.__enter__()

    def wait(owner):
        if next(asked) == 2:
            first.__exit__(None, None, None)

    with held(path, wait):
        assert next(asked) == 3
