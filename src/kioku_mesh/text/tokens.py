"""Text as the full-text index takes it: words, parts of identifiers, pairs of characters.

FTS5's `unicode61` cuts at everything that is no letter or digit, so paths and snake_case need nothing from us.
"""

from __future__ import annotations

import re
from itertools import pairwise
from unicodedata import ucd_3_2_0

from ..patterns import pattern
from .scripts import UNSPACED_RUN, letters

VERSION = 2  # of what the full-text table is fed with: a change means that the full-text table must be rebuilt

# The capital at which a word turns out to be camelCase: caRt, HTtpserver; not APIs.
_HUMP = pattern(r"[A-Z](?:(?<=[a-z0-9][A-Z])|[A-Z][a-z]{2})")
_WORD_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_WORD_END = pattern(f"[{_WORD_SIGNS}]*")
_CAMEL_PART = pattern(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")


def index_text(text: str) -> str:
    """What FTS5 is fed for `text`; always the same for the same text and VERSION, also to remove it again.

    A camelCase word becomes itself and its parts, a run of CJK (also Hangul, Thai, Lao, Khmer, Burmese) its pairs
    of neighbours and its last character, so that every substring of it is a phrase or a prefix.
    """
    text = letters(text)
    return _with_camel_parts(text if text.isascii() else UNSPACED_RUN.sub(_pairs_of_run, text))


def pairs(run: str) -> list[str]:
    """The neighbours in a run of CJK: 東京都 -> 東京, 京都."""
    return [a + b for a, b in pairwise(run)]


def camel_parts(word: str) -> list[str]:
    """`useHTTPCache2` -> use, HTTP, Cache2. A word that is no camelCase, or not of ASCII, is its only part."""
    return _CAMEL_PART.findall(word) if word.isascii() and _HUMP.search(word) else [word]


def _pairs_of_run(found: re.Match[str]) -> str:
    run = found[0]
    # " ab bc cd d " by slices: several times faster than joining pairs
    text = [" "] * (3 * len(run) + 1)
    text[1::3] = run
    text[2:-3:3] = run[1:]
    return "".join(text)


def _with_camel_parts(text: str) -> str:
    pieces: list[str] = []
    done = 0
    hump = _HUMP.search(text)
    while hump:
        start = done + len(text[done : hump.start()].rstrip(_WORD_SIGNS))
        word_end = _WORD_END.match(text, hump.end())
        end = word_end.end() if word_end else hump.end()
        pieces.append(text[done:end])
        if not (_is_letter(text[start - 1 : start]) or _is_letter(text[end : end + 1])):
            pieces += (" ", " ".join(_CAMEL_PART.findall(text[start:end])), " ")
        done = end
        hump = _HUMP.search(text, end)
    pieces.append(text[done:])
    return "".join(pieces)


def _is_letter(sign: str) -> bool:
    """Whether FTS5 takes a sign beyond ASCII for a part of a word, so that parts put in here would cut that word."""
    return not sign.isascii() and ucd_3_2_0.category(sign)[0] in "LMNC"
