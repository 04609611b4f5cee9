"""How many tokens a text has at most."""

from __future__ import annotations

from functools import lru_cache

from ..patterns import pattern
from .token_costs import ONE_TOKEN_CHARACTERS, ONE_TOKEN_WORDS, TWO_TOKEN_RANGES

_PIECE = pattern(
    " ?[a-z]+"
    "|[^\0-\x7f]"
    "| ?[A-Z](?:[a-z]+|[A-Z]*)"
    "|[0-9]+ ?"
    '| (?:["#%&*+./:<=>{|}-]|[(\\[$@_`!\\\\](?! )| *)'  # a blank, with the punctuation that takes it into its token, or several
    r"|#+|\*+|-+|\.+|_+|/+|=+|.|\n"
)
_WORDS = frozenset(ONE_TOKEN_WORDS.split())
_ODD = pattern("[jqxz]|[^aeiouy]{3,}|[aeiouy]{3,}")
_REMEMBERED = 20_000  # pieces


def token_bound(text: str) -> int:
    """A safe upper bound of the tokens of `text` in any common tokenizer (o200k, cl100k, Claude, Gemini, Llama 3, Qwen).

    All of these fall back to bytes, so no character takes more tokens than it has bytes in UTF-8. That is the bound for rare
    scripts and emoji. It is lowered where the vocabularies agree: a few hundred frequent English words and characters are one
    token in each, whole ranges of Chinese, Japanese and Korean two. Any other word of n letters counts 1 + 2n/5, and one more
    for each letter or run of letters that is rare in languages. Digits and capitals count one each, as the smallest
    vocabularies split them; two are added for the text as a whole.

    For English that is about twice what o200k takes and 1.3 times what the newest Claude takes. Words chosen letter by letter
    to be split often can exceed it. Lines add up: two joined by a line end are bounded by the sum of their bounds, less one.
    """
    return 2 + sum(map(_COSTS.__getitem__, _PIECE.findall(text)))


class _Costs(dict[str, int]):
    """Tokens of a piece of ASCII text or of another character; fills itself, because words come again and again."""

    def __missing__(self, piece: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[piece] = cost = _ascii_cost(piece) if piece.isascii() else _character_cost(piece)
        return cost


_COSTS = _Costs()


def _ascii_cost(piece: str) -> int:
    word = piece.strip(" ")
    last = word[-1:]
    if last.islower():
        return _word_cost(word)
    if not word:
        return (len(piece) + 15) // 16
    if last.isupper():
        return len(word)
    if last.isdigit():
        return len(piece)
    return (len(word) + 3) // 4


def _word_cost(word: str) -> int:
    lower = word.lower()
    capital = lower != word
    if lower in _WORDS:
        return 1 + capital
    odd = sum(max(1, len(run) - 2) for run in _ODD.findall(lower))
    return min(len(word), 1 + 2 * len(word) // 5 + odd + capital)


def _character_cost(character: str) -> int:
    if character in ONE_TOKEN_CHARACTERS:
        return 1
    cost = len(character.encode("utf-8", "surrogatepass"))
    return 2 if cost == 3 and ord(character) >> 6 in _two_token_rows() else cost


@lru_cache(maxsize=1)
def _two_token_rows() -> frozenset[int]:
    ends = [[int(end, 16) >> 6 for end in each.split("-")] for each in TWO_TOKEN_RANGES.split()]
    return frozenset(row for first, last in ends for row in range(first, last + 1))
