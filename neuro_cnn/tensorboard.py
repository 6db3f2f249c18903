"""A run's measures as TensorBoard's event files, which say what metrics.jsonl says."""

from __future__ import annotations

import re
import shutil
import time
from contextlib import nullcontext, suppress
from types import TracebackType
from typing import Any

from neuro_cnn.errors import UsageError
from neuro_cnn.runs import RunFolder

FOLDER = "tensorboard"


def check_installed() -> None:
    """Raises UsageError, with what to install, where tensorboardX is missing."""
    try:
        import tensorboardX  # noqa: F401
    except ImportError as error:
        remedy = 'install it with: pip install "neuro_cnn[tensorboard]"'
        raise UsageError(f"--tensorboard needs tensorboardX; {remedy}") from error


class Board:
    """Event files that follow a run's metrics.jsonl: of every line each measure, by epochs of the whole run, from 1.

    They are begun anew whenever a run goes on, so that none that was learned again stands there twice and none is lost.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.writer: Any = None
        self.steps = 0

    def __enter__(self) -> Board:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.follow()
        if self.writer is not None:
            with suppress(OSError) if kind is not None else nullcontext():  # the first error is the one to tell
                self.writer.close()

    def follow(self) -> None:
        """Write what metrics.jsonl has more than the event files."""
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.summary_pb2 import Summary

        lines = self.folder.metrics()
        if self.writer is None:
            self.writer = self._begun()
        for line in lines[self.steps :]:
            self.steps += 1
            values = [Summary.Value(tag=name, simple_value=value) for name, value in measures(line).items()]
            self.writer.write_event(Event(wall_time=time.time(), step=self.steps, summary=Summary(value=values)))
        self.writer.flush()

    def _begun(self) -> Any:
        from tensorboardX.event_file_writer import EventsWriter  # SummaryWriter's thread would hide a full disk

        place = self.folder.path / FOLDER
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        return EventsWriter(str(place / "events"))


def measures(line: dict[str, Any]) -> dict[str, float]:
    """The measures of a line by their names in TensorBoard, such as loss/all_layers_backprop: one chart a measure."""
    label = re.sub(r"[^-.\w]+", "_", line["label"])
    return {f"{key}/{label}": value for key, value in line.items() if key not in ("phase", "label", "epoch")}
