"""Regular expressions that are compiled at their first use: a process needs few of them, and compiling all is slow."""

from __future__ import annotations

import re
from typing import Any, cast


class _Pattern:
    def __init__(self, text: str, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self._text, self._flags)
        # From now on the methods are found without coming here.
        for method in ("search", "match", "fullmatch", "sub", "subn", "split", "finditer", "findall", "pattern"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` would give, later."""
    return cast("re.Pattern[str]", _Pattern(text, flags))
