"""What a path came to, in words: which steps mattered, and what their order had to do with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean
from typing import Any, NamedTuple

from neuro_cnn.data.deformations import told
from neuro_cnn.path import BACKWARD, FORWARD

TOLD = 5
"""Steps that are told by name, the largest first (our choice)."""


class Gain(NamedTuple):
    """What a step bought on a way: the mean, and its interval where there are several seeds."""

    step: str
    mean: float
    low: float | None
    high: float | None

    @property
    def clear(self) -> bool:
        """Whether its interval leaves out 0; a step that changes nothing has none."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)

    @property
    def told(self) -> str:
        """The step and its gain in points."""
        interval = (
            "" if self.low is None or self.high is None else f" ({100 * self.low:+.1f} to {100 * self.high:+.1f})"
        )
        return f"{self.step} {100 * self.mean:+.1f}{interval}"


def words(path: Mapping[str, Any]) -> list[str]:
    """Sentences on a path's results, from the largest matters to the small."""
    return [sentence for part in (_ends, _mattered, _order, _few, _tolerance, _cost) for sentence in part(path)]


def gains(steps: Sequence[Mapping[str, Any]], key: str) -> list[Gain]:
    """What every step of a way but its start bought, in one of the accuracies."""
    found = [(step["step"], step["gain"][key]) for step in steps if step["gain"]]
    return [Gain(name, each["mean"], each["low"], each["high"]) for name, each in found]


def most(path: Mapping[str, Any]) -> str:
    """The largest number of labels a class, as a key."""
    return str(list(next(iter(path["stops"].values()))["accuracy"])[-1])


def _ends(path: Mapping[str, Any]) -> Iterator[str]:
    key = most(path)
    for way, steps in path["ways"].items():
        ends = [100 * mean(path["stops"][steps[place]["after"]]["accuracy"][key]) for place in (0, -1)]
        yield (
            f"On the way {way} {len(steps) - 1} steps lead from {steps[0]['step']} ({ends[0]:.1f} %) to "
            f"{steps[-1]['step']} ({ends[1]:.1f} %), with {key} labels a class."
        )


def _mattered(path: Mapping[str, Any]) -> Iterator[str]:
    key = most(path)
    for way, steps in path["ways"].items():
        found = gains(steps, key)
        if all(gain.low is None for gain in found):
            ranked = ", ".join(gain.told for gain in _largest(found))
            yield f"{way.capitalize()}, the largest steps in points: {ranked}. One seed tells nothing of chance."
            continue
        clear = [gain for gain in found if gain.clear]
        rest = len(found) - len(clear)
        named = ", ".join(gain.told for gain in _largest(clear, len(clear)))
        rest_told = "cannot be told from nothing, or change nothing there. No interval is corrected for their number."
        if not clear:
            yield f"{way.capitalize()}, the {rest} steps {rest_told}"
            continue
        mattered = f"{len(clear)} of {len(found)} steps mattered beyond the chance of seeds"
        others = f"; the other {rest} {rest_told}" if rest else "."
        yield f"{way.capitalize()}, {mattered}, in points with 95 % intervals: {named}{others}"


def _order(path: Mapping[str, Any]) -> Iterator[str]:
    """The steps that bought most differently in the two orders."""
    key = most(path)
    forward, backward = ({g.step: g for g in gains(path["ways"][way], key)} for way in (FORWARD, BACKWARD))
    if all(gain.low is None for gain in forward.values()):
        return  # one seed tells nothing of chance
    apart = [
        (forward[name], backward[name])
        for name in forward
        if name in backward and _apart(forward[name], backward[name])
    ]
    apart.sort(key=lambda pair: -abs(pair[0].mean - pair[1].mean))
    if not apart:
        yield "No step bought clearly more in one order than in the other."
        return
    named = "; ".join(f"{a.step} {100 * a.mean:+.1f} forward, {100 * b.mean:+.1f} backward" for a, b in apart[:TOLD])
    yield f"What a step buys depends on the order: {len(apart)} differ beyond both intervals, most of all {named}."


def _apart(a: Gain, b: Gain) -> bool:
    """Whether the intervals do not meet."""
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return False
    return a.low > b.high or b.low > a.high


def _few(path: Mapping[str, Any]) -> Iterator[str]:
    some = next(iter(path["stops"].values()))["accuracy"]
    for key in list(some)[:-1]:
        named = ", ".join(gain.told for gain in _largest(gains(path["ways"][FORWARD], key)))
        yield f"With {key} labels a class the largest steps forward are: {named}."


def _tolerance(path: Mapping[str, Any]) -> Iterator[str]:
    hardest = {key.partition(" ")[0]: key for key in next(iter(path["stops"].values()))["deformed"]}
    for key in hardest.values():
        named = ", ".join(gain.told for gain in _largest(gains(path["ways"][FORWARD], key), 3))
        yield f"{told(key).capitalize()}, the largest steps forward are: {named}."


def _cost(path: Mapping[str, Any]) -> Iterator[str]:
    steps = path["ways"][FORWARD]
    macs = [(path["stops"][step["after"]]["macs"], step["step"]) for step in steps]
    least, dearest = min(macs), max(macs)
    yield (
        f"The dearest stop forward is {dearest[1]!r}, with {dearest[0] / 1e6:.1f} million multiply-adds an answer; the "
        f"cheapest {least[1]!r}, with {least[0] / 1e6:.2f} million."
    )


def _largest(found: Sequence[Gain], count: int = TOLD) -> list[Gain]:
    return sorted(found, key=lambda gain: -abs(gain.mean))[:count]
