"""What searching needs of a store, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from ..model import Filter, Notice, Sought
from ..values import NamedTuple


class Signal(Protocol):
    """What ranking looks at beside the words. `hlc`: when it was saved, microseconds."""

    @property
    def importance(self) -> int: ...
    @property
    def hlc(self) -> int: ...
    @property
    def project(self) -> str | None: ...


class Texts(Protocol):
    """What one memory says. `extra`: project, tags, files, references."""

    @property
    def subject(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def extra(self) -> str: ...


class Snapshot(Protocol):
    """One moment of the store. `expression` is always one of `text.expression`; rows are numbers of observations."""

    def frequency(self, expression: str, limit: int) -> int:
        """How many rows fit, counted up to `limit`."""

    def oldest(self, expression: str, limit: int) -> list[int]:
        """The rows that fit, lowest number first."""

    def match(self, expression: str, where: Filter, now: int, limit: int) -> list[tuple[int, float]]:
        """(row, relevance), most relevant first, then newest row."""

    def glance(self, expression: str | None, where: Filter, now: int, looked_at: int, limit: int) -> list[int]:
        """Rows that fit, newest first, among the `looked_at` newest (-1: all) that have the words, None: any."""

    def matching(self, expression: str, rows: Sequence[int]) -> set[int]:
        """Which of these rows fit."""

    def newest(self, where: Filter, now: int, limit: int, offset: int) -> list[int]:
        """Rows by time, newest first."""

    def signals(self, rows: Sequence[int]) -> Mapping[int, Signal]: ...

    def texts(self, rows: Sequence[int]) -> Mapping[int, Texts]:
        """The texts of those rows that still have one."""

    @property
    def last_row(self) -> int:
        """About how many memories there are."""

    def sought(self, text: str) -> Sought | None:
        """What a text is about; None when nothing can be said of that, or there is nothing to compare it with."""

    def knows(self, text: str) -> bool:
        """Is there anything in a text whose meaning is known, rather than put together from parts?"""

    def nearest(self, sought: Sought, where: Filter, now: int, limit: int) -> list[tuple[int, float]]:
        """(row, cosine) of what means most nearly the same, nearest first."""

    def beside(self, rows: Sequence[int], where: Filter, now: int, span: int) -> list[tuple[int, int]]:
        """(row, other): what was saved right before or after each of these rows in the same session and project, at most
        `span` microseconds apart, and fits the filter."""

    def similarities(self, sought: Sought, rows: Sequence[int]) -> Mapping[int, float]:
        """The cosine of each of these rows that has a vector."""

    def embedder(self, row: int) -> str:
        """Who tells how near the meaning of a memory is."""

    def words_with(self, part: str, limit: int) -> list[str]:
        """Words of memories in which a part of at least three letters stands, the shortest first."""

    def words_like(self, word: str) -> list[str]:
        """Words of memories that have the most in common with one of at least three letters."""

    def known_words(self, words: Iterable[str]) -> list[str]:
        """Those that some memory has."""

    def row_of(self, observation_id: str) -> int | None: ...

    def hidden(self, row: int, where: Filter, now: int) -> list[str]:
        """The fields of the filter that this row does not fit."""


class RankedHit(NamedTuple):
    """`why` is short and for people, `explain` complete and for programs (only when it was asked for); `clear`: it clearly
    belongs to the query."""

    row: int
    score: float
    why: str
    explain: dict[str, Any] | None = None
    clear: bool = False


class Ranked(NamedTuple):
    """`more`: there are further hits after these. `why_not`: why the asked-for memory is not among them. `verdict`: how sure
    the answer is, None where nothing was weighed."""

    hits: tuple[RankedHit, ...]
    more: bool
    notes: tuple[Notice, ...] = ()
    why_not: str | None = None
    verdict: str | None = None
