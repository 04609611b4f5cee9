"""Memories that may say the same as a text: few, found through its rarest words, at a small part of a search's cost."""

from __future__ import annotations

from itertools import combinations

from ..model import Filter
from ..text import expression, stopwords
from ..text.tokens import index_text
from .answers import Snapshot

_LOOKED_AT = 2000  # characters of a text
_TRIED = 8  # of its longest words, which tend to be its rarest
_USED = 4
_ROWS = 2000  # the newest that have the words
_RARE = 50  # a word in more memories than this finds too many


def alike(snapshot: Snapshot, content: str, where: Filter, now: int, limit: int) -> list[int]:
    """Rows that share at least two of the rarest words of a text, newest first."""
    counted = [(snapshot.frequency(expression.phrase(word), _RARE + 1), word) for word in _longest(content)]
    rare = [expression.phrase(word) for rows, word in sorted(counted) if 0 < rows <= _RARE][:_USED]
    if len(rare) > 1:
        asked = expression.any_of([expression.all_of(pair) for pair in combinations(rare, 2)])
    elif counted and all(rows for rows, _ in counted):
        asked = expression.all_of([expression.phrase(word) for _, word in counted])
    else:
        return []
    # The caller compares the texts anyway, and weighing common words would cost more than all else.
    return snapshot.glance(asked, where, now, _ROWS, limit)


def titled(snapshot: Snapshot, subject: str, where: Filter, now: int, limit: int) -> list[int]:
    """Rows whose subject contains all of this one."""
    asked = expression.in_subject(expression.phrase(index_text(subject)))
    return snapshot.glance(asked, where, now, _ROWS, limit)


def _longest(text: str) -> list[str]:
    words = {word for word in index_text(text[:_LOOKED_AT]).lower().split() if word.isalnum()} - stopwords.ENGLISH
    return sorted(words, key=lambda word: (-len(word), word))[:_TRIED]
