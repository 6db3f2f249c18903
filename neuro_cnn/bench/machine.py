"""On what a benchmark ran: versions, threads, processor, kernels, and memory."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from neuro_cnn.bench.base import pytorch
from neuro_cnn.bench.timing import on_threads
from neuro_cnn.origin import environment

MEGA = 10**6
CLEAR = Path("/proc/self/clear_refs")


def facts(against: str | None = None, rounds: int = 15, threads: int = 1) -> dict[str, Any]:
    """What the numbers depend on: versions, processor, kernels, and both sides' threads as `rows` sets them."""
    with on_threads(threads, against):
        found = {**environment(), "rounds": rounds, "torch": None, "torch_threads": None}
        if against is not None:
            torch = pytorch()
            found |= {"torch": torch.__version__, "torch_threads": torch.get_num_threads()}
    return found


def peak_memory() -> int | None:
    """Bytes that this process has held in memory at most, since it began or since `forget_peak`; None off Linux."""
    return _status("VmHWM")


def memory() -> int | None:
    """Bytes that this process holds in memory now; None off Linux."""
    return _status("VmRSS")


def _status(name: str) -> int | None:
    status = Path("/proc/self/status")
    found = re.search(rf"^{name}:\s+(\d+) kB$", status.read_text("ascii"), re.MULTILINE) if status.exists() else None
    return 1024 * int(found[1]) if found else None


def forgets_peak() -> bool:
    """Whether the system can be asked to forget a process's peak of memory: Linux can, unless it is forbidden."""
    return os.access(CLEAR, os.W_OK)


def forget_peak() -> None:
    """Let the peak be what is held now: proc(5), clear_refs, 5."""
    CLEAR.write_text("5", "ascii")
