"""The threads that share the direct kernels' work, and who wakes them."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from neuro_cnn.ops import compiled_team
from neuro_cnn.ops.threads import threads

LEAST = 500_000
"""Multiplications of one thread below which another does not pay. Our choice, measured."""
PATIENCE = 10_000
"""Looks without work after which a thread goes to sleep: about five milliseconds. Our choice."""
SHARES = 4
"""Parts of a job for each thread, so that who comes late takes fewer. Our choice."""


class Team:
    """So many threads besides the one that leads; they sleep when nothing has been asked of them for a while."""

    def __init__(self, helpers: int) -> None:
        self.memory = np.zeros(compiled_team.SIZE, np.int64)
        self.box = self.memory.ctypes.data
        self.leading = threading.Lock()
        self.beds = [_Bed() for _ in range(helpers)]
        for bed in self.beds:
            threading.Thread(target=self._serve, args=(bed,), name="neuro_cnn", daemon=True).start()

    def work(self, kernel: int, count: int, plan: int) -> bool:
        """Do a job together; False where another thread leads one now, and nothing was done."""
        if not self.leading.acquire(blocking=False):
            return False
        try:
            for bed in self.beds:
                bed.wake()
            compiled_team.lead(self.box, kernel, count, plan, min(count, SHARES * (len(self.beds) + 1)))
        finally:
            self.leading.release()
        return True

    def _serve(self, bed: _Bed) -> None:
        while True:
            compiled_team.serve(self.box, PATIENCE)
            bed.sleep()


class _Bed:
    """Where one thread sleeps."""

    def __init__(self) -> None:
        self.asleep = False
        self.woken = threading.Semaphore(0)

    def sleep(self) -> None:
        """Until it is woken. A job that comes just now is done without it."""
        self.asleep = True
        self.woken.acquire()

    def wake(self) -> None:
        """Wake the thread if it sleeps."""
        if self.asleep:
            self.asleep = False
            self.woken.release()


_teams: dict[int, Team] = {}


def share(kernel: Any, plan: Any, count: int, cost: int) -> None:
    """Run the kernel at an address on all of so many tasks; `cost`, in multiplications, says whether threads pay."""
    address = int(plan.__array_interface__["data"][0])
    workers = threads() if cost >= 2 * LEAST and count > 1 else 1
    if workers > 1:
        if workers not in _teams:
            _teams[workers] = Team(workers - 1)
        if _teams[workers].work(kernel, count, address):
            return
    compiled_team.run(kernel, count, address)


if hasattr(os, "register_at_fork"):  # threads do not live on in a forked process
    os.register_at_fork(after_in_child=_teams.clear)
