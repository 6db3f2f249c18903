"""What a user may ask of the kernels by environment variables; an empty one asks for nothing."""

from __future__ import annotations

import os

from neuro_cnn.errors import UsageError

KERNELS = "NEURO_CNN_KERNELS"
THREADS = "NEURO_CNN_THREADS"


def compiled_wanted() -> bool:
    """Whether kernels are wanted at all: not where NEURO_CNN_KERNELS=plain asks for plain code.

    Raises UsageError for another value of the variable.
    """
    kind = os.environ.get(KERNELS) or "compiled"
    if kind not in ("compiled", "plain"):
        raise UsageError(f"{KERNELS}={kind} is none of compiled, plain; set one of them or leave it out")
    return kind == "compiled"


def threads_wanted() -> int:
    """How many threads NEURO_CNN_THREADS asks for; 0 where it says nothing.

    Raises UsageError where it is no number from 1 up to that of the machine's cores.
    """
    text, cores = os.environ.get(THREADS) or "", os.cpu_count() or 1
    if text and not (text.isdecimal() and 1 <= int(text) <= cores):
        raise UsageError(f"{THREADS}={text} is no number of threads from 1 to {cores}, the cores here; leave it out")
    return int(text or 0)
