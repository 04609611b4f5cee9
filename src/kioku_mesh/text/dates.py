"""The day of a memory as words, so that "May 2023" and "2023-05-08" find it."""

from __future__ import annotations

from ..clock import to_iso

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def date_words(when: int) -> str:
    """`2023-05-08 8 May 2023` (UTC) for a time in microseconds."""
    day = to_iso(when)[:10]
    return f"{day} {int(day[8:])} {_MONTHS[int(day[5:7]) - 1]} {day[:4]}"
