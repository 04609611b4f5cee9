"""What the checks look at, and how they answer."""

from __future__ import annotations

from typing import Any

from ..config import Config
from ..store.store import Store
from .results import FAIL, NOT_CHECKED, PASS, WARN, Check


class Case:
    """One examination. `now`: microseconds; `broken`: why the store cannot be read, once that has been found."""

    def __init__(self, config: Config, store: Store, *, deep: bool, now: int) -> None:
        self.config = config
        self.store = store
        self.deep = deep
        self.now = now
        self.broken = ""


def passed(summary: str, **details: Any) -> Check:
    return Check("", PASS, summary, "", details)


def warned(summary: str, hint: str, **details: Any) -> Check:
    return Check("", WARN, summary, hint, details)


def failed(summary: str, hint: str, **details: Any) -> Check:
    return Check("", FAIL, summary, hint, details)


def not_checked(summary: str, hint: str = "", **details: Any) -> Check:
    return Check("", NOT_CHECKED, summary, hint, details)
