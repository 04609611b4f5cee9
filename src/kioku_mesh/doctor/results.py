"""What an examination answers; `model.as_plain` gives the JSON."""

from __future__ import annotations

from typing import Any

from ..values import NamedTuple

PASS, WARN, FAIL, NOT_CHECKED = "pass", "warn", "fail", "not_checked"
_GRAVITY = (NOT_CHECKED, PASS, WARN, FAIL)


class Check(NamedTuple):
    """One finding. `hint` says what to do unless the status is pass; `details` are facts for programs."""

    name: str
    status: str
    summary: str
    hint: str
    details: dict[str, Any]


class Report(NamedTuple):
    """`ok` only when every check that could be made passed; `worst_status` is pass, warn or fail."""

    version: str
    ok: bool
    worst_status: str
    checks: tuple[Check, ...]


def report(version: str, checks: tuple[Check, ...]) -> Report:
    worst = max((check.status for check in checks), key=_GRAVITY.index, default=PASS)
    worst = PASS if worst == NOT_CHECKED else worst
    return Report(version, worst == PASS, worst, checks)


def plural(count: int, word: str) -> str:
    """`1 file`, `3 files`, `2 memories`."""
    if count != 1:
        word = word[:-1] + "ies" if word.endswith("ry") else word + "s"
    return f"{count:,} {word}"
