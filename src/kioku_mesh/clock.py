"""Times are integers: microseconds since 1970-01-01 UTC. Text in and out is ISO 8601."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone

from .errors import BadInput
from .patterns import pattern

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
YEAR_10000 = 253_402_300_800 * SECOND  # ISO 8601 has four digits for the year

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_DURATION = pattern(r"(\d{1,6})\s*([smhdw])")
_ISO = pattern(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?)?", re.IGNORECASE)


def now() -> int:
    return time.time_ns() // 1000


def to_iso(when: int) -> str:
    """UTC with `Z`, microseconds only where there are any."""
    moment = _EPOCH + timedelta(microseconds=min(max(when, 0), YEAR_10000 - 1))
    return moment.isoformat().replace("+00:00", "Z")


def parse_duration(text: str) -> int:
    """`30m`, `12h`, `7d`, `2w`, `45s` as microseconds. Raises BadInput."""
    found = _DURATION.fullmatch(text.strip().lower())
    if not found:
        raise BadInput(f"not a duration: {text[:40]!r}", "write a whole number and a unit: 45s, 30m, 12h, 7d, 2w")
    return int(found[1]) * _UNITS[found[2]]


def parse_time(text: str, at: int | None = None, local: bool = True) -> int:
    """ISO 8601 date or time, or a duration back from `at` (default now). Raises BadInput.

    A time without offset is local time (`local`, what a person types) or UTC (what a program sends).
    """
    text = text.strip()
    if not _ISO.fullmatch(text):
        if _DURATION.fullmatch(text.lower()):
            return (now() if at is None else at) - parse_duration(text)
        raise _no_time(text)
    try:
        moment = datetime.fromisoformat(text.replace(",", ".").upper())
        if moment.tzinfo is None:
            moment = moment.astimezone() if local else moment.replace(tzinfo=timezone.utc)
        when = (moment - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError, OSError):
        raise _no_time(text) from None
    if not 0 <= when < YEAR_10000:
        raise _no_time(text)
    return when


def parse_point(text: str, otherwise: str, local: bool = True) -> int:
    """As `parse_time`, but no duration; `otherwise` says how to give one. Raises BadInput."""
    with suppress(BadInput):
        if not _DURATION.fullmatch(text.strip().lower()):
            return parse_time(text, local=local)
    raise BadInput(
        f"not a point in time: {text[:40]!r}",
        f"write a date (2026-01-31), a time (2026-01-31T12:00 or 2026-01-31T12:00:00Z), or {otherwise}",
    )


def _no_time(text: str) -> BadInput:
    return BadInput(
        f"not a time: {text[:40]!r}",
        "write a date (2026-01-31), a time (2026-01-31T12:00 or 2026-01-31T12:00:00Z), or how long ago (7d, 12h, 30m)",
    )


def ago(when: int, at: int | None = None) -> str:
    """`just now`, `5m ago`, `3h ago`, `2d ago`; a date when it is longer than eight weeks; `in …` for the future."""
    gap = (now() if at is None else at) - when
    if abs(gap) < MINUTE:
        return "just now"
    if abs(gap) >= 56 * DAY:
        return to_iso(when)[:10]
    unit, name = next((u, n) for u, n in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")) if abs(gap) >= u)
    return f"{gap // unit}{name} ago" if gap > 0 else f"in {-gap // unit}{name}"
