"""The command line: parses, calls, prints. No numerics here."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any, NoReturn


def main() -> None:
    """Run the command line; exit codes: 0 done, 1 failed, 2 usage, 3 data, 130 interrupted, 143 terminated."""
    choose_core_type()
    signal.signal(signal.SIGINT, _leave)
    signal.signal(signal.SIGTERM, _leave)
    from neuro_cnn.cli.app import app

    try:
        app(prog_name="neuro-cnn")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has had enough: no complaint
        sys.exit(0)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        print(f"neuro-cnn: {explain(error)}", file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 1))


def explain(error: Exception) -> str:
    """An error in one line, with the remedy where there is a general one."""
    if hasattr(error, "exit_code") or isinstance(error, FloatingPointError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}; free some space or choose another --out, and run again"
    if isinstance(error, MemoryError):
        return f"out of memory ({error}); use fewer planes, a smaller batch or fewer --jobs"
    return f"internal error: {type(error).__name__}: {error}; please report it with the output of --debug"


def choose_core_type() -> None:
    """Let OpenBLAS use AVX-512 on AMD processors, which it takes for ones without; must come before NumPy.

    Only for this process, and only where the user has not chosen.
    """
    if "OPENBLAS_CORETYPE" in os.environ or not os.path.exists("/proc/cpuinfo"):
        return
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        text = file.read(8192)
    flags = set(next((line for line in text.splitlines() if line.startswith("flags")), "").split())
    if "AuthenticAMD" in text and {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags:
        os.environ["OPENBLAS_CORETYPE"] = "SkylakeX"


def _leave(number: int, frame: Any) -> NoReturn:
    del frame
    print("neuro-cnn: interrupted", file=sys.stderr)
    sys.exit(128 + number)
