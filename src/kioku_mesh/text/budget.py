"""How many tokens a text has at most."""

from __future__ import annotations

from functools import lru_cache

from ..patterns import pattern
from .token_costs import ONE_TOKEN_CHARACTERS, ONE_TOKEN_WORDS, TWO_TOKEN_RANGES

_PIECE = pattern(
    " ?[A-Z]?[a-z]+"
    "| ?[A-Z]+"
    "|[0-9]+ ?"
    '| ["#%&*+./:<=>{|}-]| [(\\[$@_`!\\\\](?! )'  # punctuation that takes the blank before it into its token
    "| +"
    r"|#{2,}|\*{2,}|-{2,}|\.{2,}|_{2,}|/{2,}|={2,}"
    "|[\0-\x7f]"
)
_WORDS = frozenset(ONE_TOKEN_WORDS.split())
_ODD = pattern("[jqxz]|[^aeiouy]{3,}|[aeiouy]{3,}")
_ASCII = pattern("[\0-\x7f]+")


def token_bound(text: str) -> int:
    """A safe upper bound of the tokens of `text` in any common tokenizer (o200k, cl100k, Claude, Gemini, Llama 3, Qwen).

    All of these fall back to bytes, so no character takes more tokens than it has bytes in UTF-8. That is the bound for rare
    scripts and emoji. It is lowered where the vocabularies agree: a few hundred frequent English words and characters are one
    token in each, whole ranges of Chinese, Japanese and Korean two. Any other word of n letters counts 1 + 2n/5, and one more
    for each letter pair or run that is rare in languages: prose takes about a token for each four letters in the densest
    tokenizer, random letters one for each 1.7. Digits and capitals count one each, as the smallest vocabularies split them.

    Twice to one and a half times what English really takes. Words that are chosen letter by letter to be split often may
    exceed it. Lines add up: the bound of joined lines is the sum of theirs plus one for each line end.
    """
    total = 2 + sum(map(_cost, _PIECE.findall(text)))
    if not text.isascii():
        total += sum(map(_characters().__getitem__, _ASCII.sub("", text)))
    return total


@lru_cache(maxsize=8192)
def _cost(piece: str) -> int:
    """Tokens of an ASCII piece of a text."""
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


class _Characters(dict[str, int]):
    """Tokens of a character that is not ASCII; fills itself."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(ONE_TOKEN_CHARACTERS, 1))
        ends = [[int(end, 16) >> 6 for end in each.split("-")] for each in TWO_TOKEN_RANGES.split()]
        self._two_token_rows = {row for first, last in ends for row in range(first, last + 1)}

    def __missing__(self, character: str) -> int:
        cost = len(character.encode("utf-8", "surrogatepass"))
        if cost == 3 and ord(character) >> 6 in self._two_token_rows:
            cost = 2
        self[character] = cost
        return cost


@lru_cache(maxsize=1)
def _characters() -> _Characters:
    return _Characters()
