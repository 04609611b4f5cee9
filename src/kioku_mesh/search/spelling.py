"""Words of a query that no memory has: parts of words that are there, or words that differ by a slip.

Only what is nowhere is mended, so an exact word never pays for it. A part of at least three letters stands for the words it
stands in; else a word of four to seven letters for those one edit away, a longer one for those two away. What the table of
meanings knows as a word is no slip, and stands for compounds alone that begin or end with it, unless it is all that was
asked. An identifier stands for those that begin with it, hiragana for katakana and the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model import Notice
from ..text import expression
from ..text.scripts import UNSPACED_RUN, alphabet, in_other_kana, is_letter, letters, shown
from ..text.terms import QueryTerms, Term, Word, query_terms
from ..text.tokens import index_text
from ..values import NamedTuple
from .answers import Snapshot

_PART_MIN, _SLIP_MIN, _TWO_MIN, _TRIED_MAX, _WORD_MAX = 3, 4, 8, 12, 32  # letters
_PARTS_MAX, _SLIPS_MAX = 12, 3  # words that stand for one
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
        others: Sequence[str] = ()
        if tries < _TRIES_MAX and not snapshot.frequency(term.whole, 1):
            tries += 1
            term, others = _instead(snapshot, term, alone=len(terms.terms) == 1)  # noqa: PLW2901
        if others:
            told[term.text] = tuple(others)
        found.append(term)
    return Mended(terms._replace(terms=tuple(found)), told) if told else Mended(terms, told)


def _instead(snapshot: Snapshot, term: Term, alone: bool) -> tuple[Term, Sequence[str]]:
    """What to look for in place of a term that is nowhere, and how that is written; itself and nothing if that is unknown."""
    if term.span and not UNSPACED_RUN.search(term.text):
        asked = expression.prefix(index_text(letters(term.text)))
        begun = (Word(term.text, asked),)
        return (
            (term._replace(words=begun, whole=asked), (f"{term.text}*",))
            if snapshot.frequency(asked, 1)
            else (term, ())
        )
    if kana := in_other_kana(term.text):
        (other,) = query_terms(kana).terms
        return (other._replace(text=term.text), (kana,)) if snapshot.frequency(other.whole, 1) else (term, ())
    word = letters(term.text.lower())
    others = meant(snapshot, word, alone) if _may_be_mended(term, word) else ()
    if not others:
        return term, ()
    asked = expression.any_of([expression.phrase(other) for other in others])
    return term._replace(words=(Word(term.text, asked),), whole=asked), [shown(other) for other in others]


def _may_be_mended(term: Term, word: str) -> bool:
    plain = len(term.words) == 1 and not term.span and _PART_MIN <= len(word) <= _WORD_MAX
    return plain and all(map(is_letter, word)) and not UNSPACED_RUN.search(word)


def meant(snapshot: Snapshot, word: str, alone: bool = False) -> list[str]:
    """Words of memories that a word which none of them has may stand for, the likeliest first. `alone`: nothing else was
    asked."""
    inside = snapshot.words_with(word, _PARTS_MAX)
    if inside and alone:
        return inside
    if snapshot.knows(word):  # a word, and no slip; at most a part of a compound
        return [other for other in inside if len(word) >= _SLIP_MIN and other.startswith(word) | other.endswith(word)]
    if inside or len(word) < _SLIP_MIN:
        return inside
    # a long word shares most of its trigrams with what was meant
    one = snapshot.known_words(_one_edit_away(word, alphabet(word))) if len(word) <= _TRIED_MAX else []
    edits = 2 if len(word) >= _TWO_MIN else 1
    near = one or [other for other in snapshot.words_like(word) if distance(word, other, edits) <= edits]
    often = {other: snapshot.frequency(expression.phrase(other), 200) for other in near}
    return sorted(near, key=lambda other: (distance(word, other, edits), -often[other], other))[:_SLIPS_MAX]


def _one_edit_away(word: str, alphabet: str) -> Iterator[str]:
    """By a letter left out, doubled up, changed, or put before its neighbour (P. Norvig, How to Write a Spelling Corrector)."""
    splits = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    yield from (a + b[1:] for a, b in splits if b)
    yield from (a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1)
    yield from (a + letter + b[1:] for a, b in splits if b for letter in alphabet)
    yield from (a + letter + b for a, b in splits for letter in alphabet)


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
