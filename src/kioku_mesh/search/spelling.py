"""Words of a query that no memory has: parts of words that are there, or words that differ by a slip.

Only what is nowhere is mended, so an exact word never pays for it. A part of at least three letters stands for the words it
stands in; else a word of four to seven letters for those one edit away, a longer one for those two away. What the table of
meanings knows as a word is no slip, and stands for compounds alone that begin or end with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model import Notice
from ..text import expression
from ..text.scripts import UNSPACED_RUN
from ..text.terms import QueryTerms, Term, Word
from ..values import NamedTuple
from .answers import Snapshot

_PART_MIN, _SLIP_MIN, _TWO_MIN, _WORD_MAX = 3, 4, 8, 32  # letters
_PARTS_MAX, _SLIPS_MAX = 12, 3  # words that stand for one
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TRIES_MAX = 8  # words of one query


class Mended(NamedTuple):
    """`told`: what was looked for in place of which word."""

    terms: QueryTerms
    told: dict[str, tuple[str, ...]]

    def notes(self) -> tuple[Notice, ...]:
        """What the reader should know."""
        return tuple(
            Notice("did_you_mean", f'no memory has "{word}": looked for {", ".join(others)}')
            for word, others in self.told.items()
        )


def mended(snapshot: Snapshot, terms: QueryTerms) -> Mended:
    """The terms with other words in place of those that are nowhere."""
    told: dict[str, tuple[str, ...]] = {}
    found, tries = [], 0
    for term in terms.terms:
        word = term.text.lower()
        others: Sequence[str] = ()
        if tries < _TRIES_MAX and _may_be_mended(term, word) and not snapshot.frequency(term.whole, 1):
            tries += 1
            others = meant(snapshot, word)
        if others:
            told[term.text] = tuple(others)
            found.append(_standing_in(term, others))
        else:
            found.append(term)
    return Mended(terms._replace(terms=tuple(found)), told) if told else Mended(terms, told)


def _may_be_mended(term: Term, word: str) -> bool:
    plain = len(term.words) == 1 and not term.span and _PART_MIN <= len(word) <= _WORD_MAX
    return plain and word.isalpha() and not UNSPACED_RUN.search(word)


def _standing_in(term: Term, others: Sequence[str]) -> Term:
    asked = expression.any_of([expression.phrase(other) for other in others])
    return term._replace(words=(Word(term.text, asked),), whole=asked)


def meant(snapshot: Snapshot, word: str) -> list[str]:
    """Words of memories that a word which none of them has may stand for, the likeliest first."""
    inside = snapshot.words_with(word, _PARTS_MAX)
    if snapshot.knows(word):  # a word, and no slip; at most a part of a compound
        return [other for other in inside if len(word) >= _SLIP_MIN and other.startswith(word) | other.endswith(word)]
    if inside or len(word) < _SLIP_MIN:
        return inside
    one = snapshot.known_words(_one_edit_away(word)) if word.isascii() else []
    edits = 2 if len(word) >= _TWO_MIN else 1
    near = one or [other for other in snapshot.words_like(word) if distance(word, other, edits) <= edits]
    often = {other: snapshot.frequency(expression.phrase(other), 200) for other in near}
    return sorted(near, key=lambda other: (distance(word, other, edits), -often[other], other))[:_SLIPS_MAX]


def _one_edit_away(word: str) -> Iterator[str]:
    """By a letter left out, doubled up, changed, or put before its neighbour (P. Norvig, How to Write a Spelling Corrector)."""
    splits = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    yield from (a + b[1:] for a, b in splits if b)
    yield from (a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1)
    yield from (a + letter + b[1:] for a, b in splits if b for letter in _LETTERS)
    yield from (a + letter + b for a, b in splits for letter in _LETTERS)


def distance(one: str, other: str, most: int) -> int:
    """Edits from one word to another, neighbours that changed places counting as one; `most` + 1 for any more.

    Optimal string alignment (Damerau 1964; Levenshtein 1966), row by row.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
