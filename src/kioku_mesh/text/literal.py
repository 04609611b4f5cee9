"""Literal text: comparing without regard to case and width, and which words any text that contains it must have."""

from __future__ import annotations

from unicodedata import ucd_3_2_0

from ..patterns import pattern
from . import expression
from .scripts import UNSPACED_RUN, fold, letters
from .tokens import pairs

# Letters whose every capital and composed form FTS5 takes for the same token as the folded letter,
# between signs that are never part of a token. (Greek is left out: its accents fold in too many ways.)
_SURE = "0-9a-zà-åç-öø-þа-џ"
_BORDER = " !-/:-@\\[-`{-~、。「」"
_INNER_WORD = pattern(f"(?<=[{_BORDER}])[{_SURE}]+(?=[{_BORDER}])")


def contains(folded: str, wanted: str, whole_words: bool) -> bool:
    """Whether `wanted` stands in `folded` (both folded); with `whole_words` not as the part of a longer word.

    Scripts without word breaks have no words: there any substring will do.
    """
    at = folded.find(wanted)
    while at >= 0 and whole_words:
        end = at + len(wanted)
        if not (_glued(folded[at - 1 : at], wanted[0]) or _glued(wanted[-1], folded[end : end + 1])):
            return True
        at = folded.find(wanted, at + 1)
    return at >= 0


def needed(text: str, whole_words: bool) -> list[str]:
    """FTS5 expressions that fit every memory in which `text` stands literally; [] if nothing is certain."""
    folded = fold(text)
    ways = [expression.phrase(word) for word in _INNER_WORD.findall(f" {folded} " if whole_words else folded)]
    for run in UNSPACED_RUN.findall(letters(folded)):
        ways.append(expression.phrase(" ".join(pairs(run))) if len(run) > 1 else expression.prefix(run))
    return list(dict.fromkeys(ways))


def _glued(before: str, after: str) -> bool:
    return all(_in_word(sign) for sign in (before, after))


def _in_word(sign: str) -> bool:
    """Whether the index takes a sign for a part of a word that has a beginning and an end."""
    if sign.isascii():
        return sign.isalnum()
    seen = letters(sign)
    if UNSPACED_RUN.match(seen):
        return False
    return not seen or (seen != " " and ucd_3_2_0.category(sign)[0] in "LMNC")
