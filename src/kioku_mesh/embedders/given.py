"""What an embedder is given, and what it gives."""

from __future__ import annotations

from collections.abc import Sequence

from ..values import NamedTuple

Numbers = Sequence[float]  # a vector of any length


class Choice(NamedTuple):
    """What the settings say. `name`: as somebody wrote it; `place`: its whole folder or its address; `query` and `passage`:
    what the model wants before a question and before a memory; `key`: shown nowhere."""

    name: str
    kind: str
    place: str
    model: str = ""
    query: str = ""
    passage: str = ""
    key: str = ""


def after(prefix: str, text: str) -> str:
    """A text behind what the model wants before it, a word apart."""
    return f"{prefix} {text}" if prefix and not prefix[-1].isspace() else prefix + text
