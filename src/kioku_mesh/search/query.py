"""From the words of a query to what FTS5 is asked, in which order.

A word that half of the memories contain costs time and tells little: so the rarest words find the candidates, and
the others follow only when those were not enough. Nothing is left out in the end: the stages together are complete.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from ..text import expression
from ..text.terms import QueryTerms, Word
from ..values import NamedTuple

BUDGET = 2000  # rows that all the words of the first stage may have together

_PAIRED = 6  # common words of which any two are asked for


class Stage(NamedTuple):
    """Everything that fits `expression`, after all that fits the stages before. `common`: newest first, not weighed."""

    expression: str
    common: bool = False


class Counted(NamedTuple):
    """A word and in how many memories it is, counted up to BUDGET + 1."""

    word: Word
    rows: int


def stages(terms: QueryTerms, mode: str, frequency: Callable[[str, int], int]) -> list[Stage]:
    """What to ask for, best first. [] when nothing can fit."""
    counted = [Counted(word, frequency(word.expression, BUDGET + 1)) for word in words(terms)]
    counted = sorted((found for found in counted if found.rows), key=lambda found: found.rows)
    if terms.needed:
        found = [_quoted(terms, counted, mode, frequency)]
    elif mode == "and":
        found = [_all(terms, counted)]
    elif mode == "and_or":
        found = [_all(terms, counted), *_any(counted)]
    else:
        found = _any(counted)
    unwanted = [word.expression for word in terms.unwanted]
    return [stage._replace(expression=expression.without(stage.expression, unwanted)) for stage in found]


def words(terms: QueryTerms) -> list[Word]:
    """Everything that counts for itself: words, parts, pairs, and whole identifiers."""
    found: dict[str, Word] = {}
    for term in terms.terms:
        for word in (*term.words, *([term.span] if term.span else [])):
            found.setdefault(word.expression.lower(), word)
    return list(found.values())


def _all(terms: QueryTerms, counted: list[Counted]) -> Stage:
    required = expression.all_of([term.whole for term in terms.terms])
    spans = [term.span.expression for term in terms.terms if term.span]
    if spans:
        # the second half is always true and lets whole identifiers count
        required = expression.all_of([required, expression.any_of([required, *spans])])
    return Stage(required, common=all(found.rows > BUDGET for found in counted))


def _quoted(terms: QueryTerms, counted: list[Counted], mode: str, frequency: Callable[[str, int], int]) -> Stage:
    """What is quoted must be there; other words only help to rank, unless all are asked for."""
    must = [*terms.needed, *(term.whole for term in terms.terms if mode == "and")]
    spans = [phrase.span for phrase in terms.phrases if phrase.span]
    helps = [found.word.expression for found in counted if found.rows <= BUDGET]
    asked = expression.all_of([*must, expression.any_of([must[0], *spans, *helps])])
    return Stage(asked, common=frequency(expression.all_of(must), BUDGET + 1) > BUDGET)


def _any(counted: list[Counted]) -> list[Stage]:
    """Any of the words; the more and the rarer, the better."""
    rare, total = 0, 0
    while rare < len(counted) and total + counted[rare].rows <= BUDGET:
        total += counted[rare].rows
        rare += 1
    first = [found.word.expression for found in counted[:rare]]
    rest = [found.word.expression for found in counted[rare:]]
    if not first:
        return _everywhere(rest)
    helps = [found.word.expression for found in counted[rare:] if found.rows <= BUDGET]
    if helps:
        first.append(expression.all_of([expression.any_of(first), expression.any_of(helps)]))
    return [Stage(expression.any_of(first)), *_everywhere(rest)]


def _everywhere(words: list[str]) -> list[Stage]:
    """Words that are everywhere: all of them, then any two, then any. Weighing them costs more than all else."""
    stages = [words]
    if len(words) > 1:
        stages.insert(0, [expression.all_of(words)])
    if len(words) > 2:
        stages.insert(1, [expression.all_of(pair) for pair in combinations(words[:_PAIRED], 2)])
    return [Stage(expression.any_of(stage), common=True) for stage in stages if stage]
