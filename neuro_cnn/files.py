"""Files that are whole or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neuro_cnn.errors import UsageError


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """A temporary path beside `path` to write to; takes its place when the block ends without an error.

    The suffix is kept (matplotlib reads the format from it). After an error the old file stands unchanged and
    the temporary one is gone.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes files private; a result is as public as its folder
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def replacing_folder(path: Path | str) -> Iterator[Path]:
    """A temporary folder beside `path` to fill; takes its place when the block ends without an error.

    After an error what was there stands unchanged and the temporary folder is gone.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        if path.exists():
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-old-") as old:
                path.replace(Path(old) / path.name)
                temporary.replace(path)
        else:
            temporary.replace(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def is_temporary(path: Path, *stems: str) -> bool:
    """Whether it is the temporary file of a writer of one of these, by the name that `replacing` gives."""
    return any(re.fullmatch(rf"\.{re.escape(stem)}-[a-z0-9_]{{8}}\.\w+", path.name) for stem in stems)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other process is at work in the folder while the block runs, where the system knows such locks.

    The lock is the kernel's: it ends with its process, however that ends. Raises UsageError when another has it.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"{folder} is in use by another process; wait until it has ended, or stop it") from error
        except OSError:
            pass  # some network drives know none
        yield
    finally:
        os.close(handle)


def write_text(path: Path | str, text: str) -> None:
    """Write a UTF-8 text file whole."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
