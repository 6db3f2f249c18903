"""The command line, called from tests: in this process, or in one of its own."""

import io
import json
import os
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NamedTuple
from unittest.mock import patch

from neuro_cnn.cli import main
from neuro_cnn.cli.console import Level, level


class Answer(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout, read as one JSON value."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Stdout, read as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def call(*words: Any) -> Answer:
    """Run a command in this process; signal handlers and environment are put back."""
    out, err = io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    argv = ["neuro-cnn", *map(str, words)]
    code = None
    try:
        with patch.object(sys, "argv", argv), patch.dict(os.environ), redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code
    finally:
        level(Level.NORMAL)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return Answer(code or 0, out.getvalue(), err.getvalue())


def refused(code: int, *words: Any) -> str:
    """Run a command that must fail with this exit code and one line on stderr, nothing on stdout: that line."""
    answer = call(*words)
    assert answer.out == ""
    assert answer.code == code, answer.err
    assert answer.err.startswith("neuro-cnn: ")
    assert answer.err.count("\n") == 1, answer.err
    return answer.err.removeprefix("neuro-cnn: ").removesuffix("\n")


LIMITED = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0})); runpy.run_module('neuro_cnn')"


def program(*words: Any, largest_file: int | None = None, **how: Any) -> subprocess.Popen[str]:
    """Start a command in a process of its own, on one thread, so that its arithmetic repeats.

    `largest_file`, in bytes, forbids files beyond it, as a full disk would.
    """
    start = ["-m", "neuro_cnn"] if largest_file is None else ["-c", LIMITED.format(largest_file)]
    argv = [sys.executable, *start, *map(str, words)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    return subprocess.Popen(argv, env=environment, **{**pipes, **how})


def finished(process: subprocess.Popen[str], timeout: float = 120) -> Answer:
    """Wait for a program's end."""
    with process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Answer(process.returncode, out, err)
