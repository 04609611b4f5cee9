"""The day of a memory as one word of the index, and the dates in a query, so that "May 2023" and "2023-05-08" find it.

One word, because the numbers of a date say nothing by themselves: who looks for 11 does not mean November.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..clock import DAY, to_iso
from ..patterns import pattern
from ..values import NamedTuple
from . import expression

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?)"
)
_DAY, _YEAR = "([0-3]?[0-9])(?:st|nd|rd|th)?", "((?:19|20)[0-9]{2})"
_ALONE = r"(?<![\w./:+-])", r"(?![\w/:+-]|\.\w)"  # no part of a path, a version, a time or a number
_ISO = pattern(f"{_ALONE[0]}{_YEAR}([-/])([01]?[0-9])(?:\\2([0-3]?[0-9]))?{_ALONE[1]}")
_WRITTEN = pattern(
    f"{_ALONE[0]}(?:{_DAY} (?:of )?{_MONTH}|{_MONTH}(?: {_DAY})?),? (?:of )?{_YEAR}{_ALONE[1]}",
    re.IGNORECASE | re.ASCII,
)
_A_YEAR = pattern("19[0-9]{2}|20[0-9]{2}")


class Dated(NamedTuple):
    """A date as it stands in a query (from `start` to `end`), and how FTS5 is asked for what was saved then."""

    start: int
    end: int
    shown: str
    expression: str


def day_word(when: int) -> str:
    """`day20230508` (UTC) for a time in microseconds: no number that anybody writes is like it."""
    return _word_of(when // DAY)


@lru_cache(64)
def _word_of(day: int) -> str:
    return "day" + to_iso(day * DAY)[:10].replace("-", "")


def dates(text: str) -> list[Dated]:
    """The whole dates and the months with a year in a query."""
    if not _A_YEAR.search(text):
        return []
    found = [_dated(each, each[1], each[3], each[4]) for each in _ISO.finditer(text)]
    found += [_dated(each, each[5], each[2] or each[3], each[1] or each[4]) for each in _WRITTEN.finditer(text)]
    return sorted(each for each in found if each)


def _dated(found: re.Match[str], year: str, month: str, day: str | None) -> Dated | None:
    number = int(month) if month.isdigit() else _MONTHS.index(month[:3].lower()) + 1
    if not (1 <= number <= 12 and (day is None or 1 <= int(day) <= 31)):
        return None
    shown, word = f"{year}-{number:02}", f"day{year}{number:02}"
    if day is None:
        return Dated(*found.span(), shown, expression.prefix(word))
    return Dated(*found.span(), f"{shown}-{int(day):02}", expression.phrase(f"{word}{int(day):02}"))
