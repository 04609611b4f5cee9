"""Words and meaning together: what either of them finds is weighed by both.

    base  = 0.6 x cosine / best cosine + 0.6 x C x BM25 / best BM25 + 0.35 / rank by meaning + 0.35 / rank by words
    C     = min(1, 1.5 x best BM25 / sum of the idf of the query's words)
    base += 0.5 x the share of the query's names and numbers that the memory has
    value = base + 0.3 x base of the better of two candidates that were saved right before and after it
    score = value / best value x importance x recency x project      (factors as in rank.py, at most 1.2 together)

C is how much of the query the best memory contains: where its telling words are nowhere, words count less. A memory that
only its meaning recommends must be nearly as near as the nearest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from ..clock import HOUR
from ..model import Filter, Sought
from ..text import expression
from ..text.terms import QueryTerms, Term
from ..values import NamedTuple
from . import candidates, rank
from .answers import Snapshot
from .query import stages
from .rank import Scored

WEIGHED = 100  # candidates by words, and as many by meaning
_FEW = 10  # candidates with telling words, that those with words that are everywhere are not weighed
KIN = 0.6  # of the best cosine: what a memory must have that words do not recommend
ALONE = 0.2  # the cosine that it must have when no memory has any of the words
_MEANING, _WORDS, _RANK = 0.6, 0.6, 0.35
_NAMED = 0.5
_RARE = 200  # memories up to which a name or number says which one is meant
_COVERED = 1.5
_LEADING = 10  # candidates whose company is looked at
_COMPANY = 0.3  # of a candidate's base, for what was saved beside it
_KIN_BESIDE = 0.5  # of the best cosine: what company must have that neither words nor meaning recommend
_SPAN = HOUR  # between two memories that were saved in one piece of work


def fused(
    snapshot: Snapshot, text: str, terms: QueryTerms, where: Filter, project: str | None, now: int
) -> Iterator[Scored]:
    """What fits by words or by meaning, best first; then the rest of what fits by words."""
    counted: dict[str, int] = {}
    total = snapshot.last_row
    found = stages(terms, "auto", _counting(snapshot, counted, total))
    phrases, met = [phrase.text for phrase in terms.phrases], set[int]()
    telling, everywhere = (
        candidates.ranked(
            snapshot, [stage for stage in found if stage.common is common], phrases, where, project, now, met
        )
        for common in (False, True)
    )
    by_words = chain(telling, everywhere)
    sought = snapshot.sought(text)
    if sought is None:
        yield from by_words
        return
    first = list(islice(telling, WEIGHED))
    if len(first) < _FEW:
        first += islice(everywhere, WEIGHED - len(first))
    literal = _is_literal(snapshot, text, terms, sought, bool(first))
    near = None if literal else _near(snapshot, sought, terms, where, now, bool(first))
    covered = coverage(first, counted, total)
    named = _named(snapshot, terms)
    lowest, seen = math.inf, set[int]()
    for hit in _weighed(snapshot, sought, first, near, covered, named, where, project, now):
        lowest = min(lowest, hit.score)
        seen.add(hit.row)
        yield hit
    for hit in by_words:
        if hit.row not in seen:
            yield hit._replace(score=min(hit.score, lowest))


def _is_literal(snapshot: Snapshot, text: str, terms: QueryTerms, sought: Sought, worded: bool) -> bool:
    """Is the query nothing but names and numbers that memories have? These are meant literally. A word that the table knows, or
    that a chosen embedder may know, is none."""
    if not worded:
        return False
    if not any(map(_is_plain, terms.terms)):
        return not snapshot.knows(text) or all(snapshot.frequency(term.whole, 1) for term in terms.terms)
    return not snapshot.knows(text) and sought.chosen is None


def _is_plain(term: Term) -> bool:
    """A word of letters alone, rather than an identifier, a path or a number."""
    return not term.span and term.text.isalpha()


def _counting(snapshot: Snapshot, counted: dict[str, int], total: int) -> Callable[[str, int], int]:
    """Counts words for `stages`, and keeps in how many memories of `total` each is."""

    def frequency(asked: str, limit: int) -> int:
        counted[asked] = snapshot.frequency(asked, max(limit, total))
        return min(counted[asked], limit)

    return frequency


def coverage(first: Sequence[Scored], counted: Mapping[str, int], total: int) -> float:
    """C: see above."""
    idf = sum(max(0.0, math.log((total - df + 0.5) / (df + 0.5))) for df in counted.values() if df <= total)
    best = max((hit.relevance for hit in first), default=0.0)
    return min(1.0, _COVERED * best / idf) if idf > 0 else float(bool(first))


def _near(
    snapshot: Snapshot, sought: Sought, terms: QueryTerms, where: Filter, now: int, worded: bool
) -> dict[int, float]:
    """Rows by nearness, with their cosine: those that have what is quoted and nothing that is unwanted."""
    found = snapshot.nearest(sought, where, now, WEIGHED)
    if not found:
        return {}
    floor = _floor(found, worded)
    near = {row: cosine for row, cosine in found if cosine >= floor and cosine > 0}
    if terms.unwanted:
        asked = expression.any_of([word.expression for word in terms.unwanted])
        for row in snapshot.matching(asked, list(near)):
            del near[row]
    if terms.phrases:
        kept = set(candidates.having(snapshot, list(near), [phrase.text for phrase in terms.phrases]))
        near = {row: cosine for row, cosine in near.items() if row in kept}
    return near


def _named(snapshot: Snapshot, terms: QueryTerms) -> dict[int, float]:
    """Memories that have names and numbers of the query (issue numbers, identifiers, paths, versions), and which share."""
    asked = [term.whole for term in terms.terms if term.span or any(sign.isdigit() for sign in term.text)]
    having = [rows for rows in (snapshot.oldest(each, _RARE + 1) for each in asked) if 0 < len(rows) <= _RARE]
    share: dict[int, float] = {}
    for rows in having:
        for row in rows:
            share[row] = share.get(row, 0.0) + 1 / len(having)
    return share


class _Found(NamedTuple):
    """Candidates with what speaks for each."""

    by_words: Mapping[int, Scored]  # the most relevant first
    near: Mapping[int, float]  # cosine, the nearest first
    cosines: Mapping[int, float]
    covered: float
    named: Mapping[int, float]
    best_cosine: float

    def weights(self) -> dict[int, float]:
        """Of every candidate: see the top of this file."""
        word_rank, near_rank = _ranks(self.by_words), _ranks(self.near)
        most = self.most_relevant()
        base: dict[int, float] = {}
        for row in {**self.by_words, **self.near}:
            base[row] = self.meant(row) + _NAMED * self.named.get(row, 0.0)
            if row in word_rank:
                base[row] += _RANK / word_rank[row] + _WORDS * self.covered * self.by_words[row].relevance / most
            if row in near_rank:
                base[row] += _RANK / near_rank[row]
        return base

    def most_relevant(self) -> float:
        return max((hit.relevance for hit in self.by_words.values()), default=0.0) or 1.0

    def meant(self, row: int) -> float:
        best = self.best_cosine
        return _MEANING * max(self.cosines.get(row, 0.0), 0.0) / best if best > 0 else 0.0


def _ranks(rows: Iterable[int]) -> dict[int, int]:
    return {row: at for at, row in enumerate(rows, 1)}


def _with_company(
    snapshot: Snapshot, sought: Sought, found: _Found, base: Mapping[int, float], where: Filter, now: int
) -> dict[int, float]:
    """What was saved beside a good candidate in one piece of work often has the rest of the answer."""
    leading = sorted(base, key=lambda row: (-base[row], -row))[:_LEADING]
    gifts: dict[int, float] = {}
    for row, other in snapshot.beside(leading, where, now, _SPAN):
        gifts[other] = max(gifts.get(other, 0.0), _COMPANY * base[row])
    fresh = snapshot.similarities(sought, [row for row in gifts if row not in base])
    floor = _KIN_BESIDE * found.best_cosine
    value = {row: base[row] + gifts.get(row, 0.0) for row in base}
    for row, cosine in fresh.items():
        if cosine >= floor and found.best_cosine > 0:
            value[row] = gifts[row] + _MEANING * cosine / found.best_cosine
    return value


def _weighed(
    snapshot: Snapshot,
    sought: Sought,
    first: Sequence[Scored],
    nearest: Mapping[int, float] | None,
    covered: float,
    named: Mapping[int, float],
    where: Filter,
    project: str | None,
    now: int,
) -> Iterator[Scored]:
    """`nearest` None: nothing counts but names and numbers."""
    near = nearest or {}
    by_words = {hit.row: hit for hit in sorted(first, key=lambda hit: (-hit.relevance, -hit.row))}
    cosines = {**snapshot.similarities(sought, [row for row in by_words if row not in near]), **near}
    found = _Found(by_words, near, cosines, covered, named, max(cosines.values(), default=0.0))
    base = found.weights()
    value = base if nearest is None else _with_company(snapshot, sought, found, base, where, now)
    word_rank, near_rank = _ranks(by_words), _ranks(near)
    evidence = rank.Evidence(covered, found.best_cosine)
    most = found.most_relevant()
    for hit in rank.order(value, snapshot.signals(list(value)), max(value.values(), default=0.0), project, now):
        known = by_words.get(hit.row)
        yield hit._replace(
            relevance=known.relevance if known else 0.0,
            cosine=cosines.get(hit.row),
            covered=covered * known.relevance / most if known else 0.0,
            by_words=word_rank.get(hit.row),
            by_meaning=near_rank.get(hit.row),
            beside=value[hit.row] > base.get(hit.row, 0.0),
            evidence=evidence,
        )


def further(snapshot: Snapshot, text: str, terms: QueryTerms, where: Filter, now: int, worded: bool, row: int) -> str:
    """Why meaning did not recommend a memory that words do not; "" where there is no such search. `worded`: others have words
    of the query."""
    sought = snapshot.sought(text)
    if sought is None:
        return ""
    if _is_literal(snapshot, text, terms, sought, worded):
        return "the query is a name or a number that memories have, and is not looked for by its meaning"
    cosine = snapshot.similarities(sought, [row]).get(row)
    if cosine is None:
        return "it is not found by its meaning yet: it has no vector"
    near = snapshot.nearest(sought, where, now, WEIGHED)
    floor = _floor(near, worded)
    if cosine < floor:
        return f"its meaning is not near enough (cosine {cosine:.2f}, {floor - cosine:.2f} below what is told)"
    return f"its meaning is near (cosine {cosine:.2f}), but that of {len(near)} others is nearer"


def _floor(near: Sequence[tuple[int, float]], worded: bool) -> float:
    """The cosine that a memory must have which words do not recommend."""
    return max(KIN * near[0][1] if near else 0.0, 0.0 if worded else ALONE)
