"""Memories that may say the same as a text: few, found through its rarest words, at a small part of a search's cost."""

from __future__ import annotations

from itertools import combinations

from ..model import Filter
from ..text import expression, stopwords
from ..text.tokens import index_text
from .answers import Snapshot

_LOOKED_AT = 2000  # characters of a text
_TRIED = 8  # of its longest words, which tend to be its rarest
_PAIRED = 4  # rare words of which any two are enough
_TOGETHER = 4  # common words that must all be there
_ROWS = 2000  # the newest that have the words
_RARE = 50  # a word in more memories than this finds too many


def alike(snapshot: Snapshot, content: str, where: Filter, now: int, limit: int) -> list[int]:
    """Rows that share at least two of the rarest words of a text, newest first."""
    oldest = {
        expression.phrase(word): snapshot.oldest(expression.phrase(word), _RARE + 1) for word in _longest(content)
    }
    found = sorted((word for word in oldest if oldest[word]), key=lambda word: _rarity(oldest[word]))
    rare = [word for word in found if len(oldest[word]) <= _RARE][:_PAIRED]
    if len(rare) > 1:
        asked = expression.any_of([expression.all_of(pair) for pair in combinations(rare, 2)])
    elif found and len(found) == len(oldest):
        asked = expression.all_of(found[:_TOGETHER])
    else:
        return []
    # The caller compares the texts anyway, and weighing common words would cost more than all else.
    return snapshot.glance(asked, where, now, _ROWS, limit)


def _rarity(oldest: list[int]) -> tuple[int, int]:
    """A key that puts rare words first: the later a common word has been in so many memories, the rarer it is."""
    return (len(oldest), -oldest[-1])


def titled(snapshot: Snapshot, subject: str, where: Filter, now: int, limit: int) -> list[int]:
    """Rows whose subject contains all of this one."""
    asked = expression.in_subject(expression.phrase(index_text(subject)))
    return snapshot.glance(asked, where, now, _ROWS, limit)


def _longest(text: str) -> list[str]:
    words = {word for word in index_text(text[:_LOOKED_AT]).lower().split() if word.isalnum()} - stopwords.ENGLISH
    return sorted(words, key=lambda word: (-len(word), word))[:_TRIED]
