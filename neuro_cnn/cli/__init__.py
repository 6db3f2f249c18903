"""The command line: parses, calls, prints. No numerics here."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import Any, NoReturn


def main() -> None:
    """Run the command line; exit codes: 0 done, 1 failed, 2 usage, 3 data, 130 interrupted, 143 terminated."""
    settle_blas()
    signal.signal(signal.SIGINT, _leave)
    signal.signal(signal.SIGTERM, _leave)
    from neuro_cnn.cli.app import app
    from neuro_cnn.environment import compiled_wanted, threads_wanted

    try:
        compiled_wanted(), threads_wanted()  # wrong ones are refused before anything begins
        sys.exit(app(prog_name="neuro-cnn", standalone_mode=False))
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        print(explain(error), file=sys.stderr)
        from neuro_cnn.runs import exit_code

        sys.exit(exit_code(error))


def explain(error: Exception) -> str:
    """An error in one line, with the remedy where there is a general one; help where a command was wanted."""
    if hasattr(error, "format_message"):  # typer's own: an option or command that does not exist or fit
        text = str(error.format_message())
        command = getattr(getattr(error, "ctx", None), "command_path", "neuro-cnn")
        return text if "\n" in text else f"neuro-cnn: {text} ({_hint(error)}see {command} --help)"
    return f"neuro-cnn: {' '.join(_reason(error).split())}"


def _hint(error: Exception) -> str:
    """How to say it, where an option of a system was given as one of the command."""
    from dataclasses import fields

    from neuro_cnn.models import CATALOGUE

    name = str(getattr(error, "option_name", "")).lstrip("-").replace("-", "_")
    known = any(field.name == name for system in CATALOGUE.values() for field in fields(system))
    return f"options of a system are set with --set {name}=VALUE; " if known else ""


def _reason(error: Exception) -> str:
    if hasattr(error, "exit_code") or isinstance(error, FloatingPointError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        more = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
        room = "free some space or " if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else ""
        return f"{where}{error.strerror or error}; {room}choose another --out, and run again{more}"
    if isinstance(error, MemoryError):
        return f"out of memory ({error}); use fewer planes, a smaller batch or fewer --jobs"
    return f"internal error: {type(error).__name__}: {error}; please report it with the output of --debug"


def settle_blas() -> None:
    """One thread, and AVX-512 on AMD processors that OpenBLAS takes for ones without; must come before NumPy.

    Only for this process, and only where the user has not chosen. On matrices as small as ours a second thread
    mostly waits, badly so on a busy machine, and the last bits of a result depend on it; --jobs uses the cores.
    """
    if not {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"} & set(os.environ):
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
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
