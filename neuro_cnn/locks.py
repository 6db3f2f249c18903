"""One process at a time, on one machine or several that share a drive: a lock that its owner's death opens."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from neuro_cnn.errors import UsageError


@contextmanager
def held(path: Path, taken: Callable[[str], None]) -> Iterator[None]:
    """The lock of this name for as long as the block runs; the operating system opens it when its owner dies.

    While another process has it, `taken` is called with words for who that is, again and again: it waits, or raises.
    Raises UsageError where the drive knows no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while (handle := _taken(path)) is None:
        taken(_owner(path))
    try:
        yield
    finally:
        with suppress(OSError):  # while it is held: who opens it now finds that it is no longer the file of that name
            path.unlink()
        os.close(handle)


def _taken(path: Path) -> int | None:
    """The lock's file, open and locked; None while another process has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _lock(handle)
        if os.path.samestat(os.fstat(handle), os.stat(path)):
            os.truncate(handle, 0)
            os.write(handle, f"process {os.getpid()} on {socket.gethostname()}".encode())
            return handle
    except FileNotFoundError:  # unlinked by who had it, between our opening and locking it
        os.close(handle)
        return _taken(path)
    except (BlockingIOError, PermissionError):
        pass
    except OSError as error:
        os.close(handle)
        told = f"{path} cannot be locked ({error.strerror}); choose an --out on a drive that knows locks"
        raise UsageError(told) from error
    os.close(handle)
    return None


def _lock(handle: int) -> None:
    """Lock the file, or raise BlockingIOError or PermissionError where another process has."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, 1 << 30, os.SEEK_SET)  # beyond the words, which others read
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _owner(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace") or "another process"
    except OSError:
        return "another process"
