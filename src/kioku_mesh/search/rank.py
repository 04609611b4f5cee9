"""The order of hits: relevance first; importance, age and the current project only tip the scales.

    score = relevance / best relevance x importance x recency x project

Each factor is at least 1 and all together are at most 1.2, so a hit that is 1.2 times as relevant always wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..clock import DAY
from ..values import NamedTuple
from .answers import Signal

IMPORTANCE = 0.06  # more for importance 5 than for 1
RECENCY = 0.04  # more for what was saved just now; halves every HALF_LIFE
PROJECT = 0.085  # more for the current project
HALF_LIFE = 60 * DAY


class Factors(NamedTuple):
    importance: float = 1.0
    recency: float = 1.0
    project: float = 1.0


class Evidence(NamedTuple):
    """What speaks for the best answer to a query: how much of it that has (C of fusion.py), and the best cosine."""

    covered: float = 0.0
    cosine: float = 0.0


class Scored(NamedTuple):
    """One candidate. `relevance` is what the full-text index says, 0 where nothing was weighed; `cosine` is how near its
    meaning is; `covered`: how much of the query it has in words (C of fusion.py); `by_words`, `by_meaning`: its place in either
    list; `beside`: it was saved beside a good candidate."""

    row: int
    score: float
    relevance: float = 0.0
    factors: Factors = Factors()
    cosine: float | None = None
    covered: float = 0.0
    by_words: int | None = None
    by_meaning: int | None = None
    beside: bool = False
    evidence: Evidence | None = None


def factors(signal: Signal, project: str | None, now: int) -> Factors:
    return Factors(*_weights(signal, project, now))


def order(
    relevance: Mapping[int, float], signals: Mapping[int, Signal], best: float, project: str | None, now: int
) -> Iterator[Scored]:
    """Rows with their relevance by score, equal ones newest row first. `best`: the highest relevance there is."""
    scored = []
    for row, found in relevance.items():
        signal = signals.get(row)
        if signal:
            importance, recency, of_project = _weights(signal, project, now)
            share = found / best if best > 0 else 0.0
            scored.append((-share * importance * recency * of_project, -row))
    for score, row in sorted(scored):
        yield Scored(-row, -score, relevance[-row], factors(signals[-row], project, now))


def _weights(signal: Signal, project: str | None, now: int) -> tuple[float, float, float]:
    age = max(now - signal.hlc, 0)
    importance = min(max(signal.importance, 1), 5)
    return (
        1 + IMPORTANCE * (importance - 1) / 4,
        1 + RECENCY * 0.5 ** (age / HALF_LIFE),
        1 + PROJECT if project is not None and signal.project == project else 1.0,
    )
