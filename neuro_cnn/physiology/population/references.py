"""What a similarity is held against: the ceiling of two seeds of one method, the floor of cells that learned nothing.

Systems come in threes, one three a run: as it learned, learned again from another seed, and untrained. Either of the
learned two beside the untrained gives a floor, for one seed may by chance lie nearer to it than the other.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.population.similarity import Likeness

Role: TypeAlias = Literal["between", "ceiling", "floor"]


UNDEFINED = "undefined: a code does not vary, or is not finite"
NOTHING = "says nothing: ceiling and floor are not told apart"
LEARNED = "learned and untrained are told apart: two seeds are more alike"
BETWEEN = "between: less alike than two seeds of one method, more alike than learned and untrained"
AT_CEILING = "at the ceiling: as alike as two seeds of one method"
AT_FLOOR = "not above the floor: no more alike than learned and untrained"


class Comparison(NamedTuple):
    """The similarity of systems `a` and `b`, with the interval that holds 95 % of the halves; NaN where undefined."""

    measure: str
    role: Role
    a: int
    b: int
    value: float
    low: float
    high: float


class Judgement(NamedTuple):
    """Whether the runs of systems `a` and `b` are told apart from floor and ceiling; b None: run `a` from untrained."""

    measure: str
    a: int
    b: int | None
    words: str


def comparisons(found: Likeness) -> list[Comparison]:
    """Those that matter: of every two runs, and of every run its ceiling and its floor."""
    first = range(0, len(found.cka), 3)
    roles: list[tuple[Role, int, int]] = [("between", a, b) for a, b in combinations(first, 2)]
    roles += [("ceiling", a, a + 1) for a in first]
    roles += [("floor", a + k, a + 2) for a in first for k in (0, 1)]
    made = []
    for measure, values, draws in _measures(found):
        for role, a, b in roles:
            made.append(Comparison(measure, role, a, b, float(values[a, b]), *interval(draws[:, a, b])))
    return made


def verdicts(found: Likeness) -> list[Judgement]:
    """In words: for every run whether its ceiling is above its floor, and for every two where they stand."""
    runs, made = range(0, len(found.cka), 3), []
    for measure, _, draws in _measures(found):
        ceilings = {a: draws[:, a, a + 1] for a in runs}
        floors = {a: np.maximum(draws[:, a, a + 2], draws[:, a + 1, a + 2]) for a in runs}
        made += [Judgement(measure, a, None, apart(ceilings[a], floors[a])) for a in runs]
        for a, b in combinations(runs, 2):
            ceiling, floor = np.minimum(ceilings[a], ceilings[b]), np.maximum(floors[a], floors[b])
            made.append(Judgement(measure, a, b, verdict(draws[:, a, b], ceiling, floor)))
    return made


def apart(ceiling: NDArray[Any], floor: NDArray[Any]) -> str:
    """Whether learned cells are told apart from untrained ones: by ceiling and floor on the same halves, (D,) each."""
    if not np.isfinite(ceiling + floor).all():
        return UNDEFINED
    return LEARNED if interval(ceiling - floor)[0] > 0 else NOTHING


def verdict(between: NDArray[Any], ceiling: NDArray[Any], floor: NDArray[Any]) -> str:
    """Whether a similarity is told apart from ceiling and floor, by the same halves of the images, (D,) each.

    They are told apart where their difference is of one sign in 95 % of the halves. Of two runs the lower ceiling and
    the higher floor are asked. The spread over seeds is not in it: a ceiling is that of two.
    """
    if not np.isfinite(between + ceiling + floor).all():
        return UNDEFINED
    below, above = interval(between - ceiling)[1] < 0, interval(between - floor)[0] > 0
    if above:
        return BETWEEN if below else AT_CEILING
    return AT_FLOOR if below else NOTHING


def interval(draws: NDArray[Any]) -> tuple[float, float]:
    """Where 95 % of the halves lie; NaN where one is undefined."""
    if not np.isfinite(draws).all():
        return float("nan"), float("nan")
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)


def _measures(found: Likeness) -> tuple[tuple[str, NDArray[Any], NDArray[Any]], ...]:
    return ("cka", found.cka, found.cka_draws), ("rsa", found.rsa, found.rsa_draws)
