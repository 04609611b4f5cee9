"""A quick guess at which forms belong to one English word, to tell people what matched. Finding is left to FTS5."""

from __future__ import annotations

from functools import lru_cache

from ..patterns import pattern

_ENDING = pattern(r"(?<=...)(?:ations?|at(?:es?|ed|ing)|ions?|ings?|ie[sd]|ers?|ors?|ed|es|s|ly|e|y)$")
_LONGEST = 30  # characters after the stem that are still looked at


@lru_cache(4096)
def stem(word: str) -> str:
    """`flushes`, `flushing` -> flush. Lower case in, lower case out."""
    cut = _ENDING.sub("", word)
    return cut[:-1] if len(cut) > 3 and cut[-1] == cut[-2] else cut


def has_word(folded: str, word: str) -> bool:
    """Whether a form of `word` stands in a folded text; a word that ends in `*` need only be its beginning."""
    start = word.rstrip("*")
    wanted = stem(start)
    sought = start if start != word else wanted
    at = folded.find(sought)
    while at >= 0:
        if not folded[at - 1 : at].isalnum() or at == 0:
            end = at + len(sought)
            while end < len(folded) and folded[end].isalnum() and end - at < _LONGEST + len(sought):
                end += 1
            if start != word or stem(folded[at:end]) == wanted:
                return True
        at = folded.find(sought, at + 1)
    return False
