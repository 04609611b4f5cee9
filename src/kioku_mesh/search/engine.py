"""The search: the newest, by words, or literal text; pages of any of them without gaps or repeats."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ..errors import TooLarge
from ..model import Notice, Query
from ..text.terms import QueryTerms, query_terms
from . import candidates, explain, fusion, spelling, verdict
from .answers import Ranked, Snapshot
from .query import stages
from .rank import Scored

TEXT_MAX = 20_000  # characters of a query


def find(snapshot: Snapshot, query: Query, project: str | None, now: int) -> Ranked:
    """The hits of one page. `project`: the current one, preferred a little. Raises TooLarge."""
    sense = understand(query)
    spelt = spelling.mended(snapshot, sense.terms)
    sense = sense._replace(terms=spelt.terms)
    page = list(islice(_everything(snapshot, sense, project, now, query.offset), query.limit + 1))
    evidence = page[0].evidence if page else None
    return Ranked(
        explain.hits(snapshot, sense, page[: query.limit]),
        len(page) > query.limit,
        (*explain.notes(sense), *spelt.notes(), *_unread(snapshot, sense)),
        explain.why_not(snapshot, sense, _everything(snapshot, sense, project, now), now) if query.why_not else None,
        verdict.of(evidence) if evidence else None,
    )


def _unread(snapshot: Snapshot, sense: explain.Sense) -> list[Notice]:
    """That a text which no index can find was looked for in the newest memories alone."""
    if not sense.literal or snapshot.last_row <= candidates.SCANNED_MAX:
        return []
    if any(candidates.indexed(text, whole_words=False) for text in sense.literal):
        return []
    inside = "inside of words " if all(candidates.indexed(text, whole_words=True) for text in sense.literal) else ""
    return [
        Notice("newest_only", f"{inside}this was looked for in the newest {candidates.SCANNED_MAX:,} memories alone")
    ]


def understand(query: Query) -> explain.Sense:
    """How a query is read. Raises TooLarge."""
    text = query.text.strip()
    if len(text) > TEXT_MAX:
        raise TooLarge(
            f"a query of {len(text):,} characters is too long", f"search for what is telling, at most {TEXT_MAX:,}"
        )
    if not text or query.mode == "exact":
        return explain.Sense(query, QueryTerms(), (text,) if text else ())
    terms = query_terms(text)
    if terms.terms or terms.needed or (terms.unwanted and not terms.phrases):
        return explain.Sense(query, terms, ())
    return explain.Sense(query, QueryTerms(), tuple(phrase.text for phrase in terms.phrases) or (text,))


def _everything(
    snapshot: Snapshot, sense: explain.Sense, project: str | None, now: int, skip: int = 0
) -> Iterator[Scored]:
    """All hits in their order without the first `skip`, found as they are asked for."""
    query, terms = sense.query, sense.terms
    if not query.text.strip():
        return candidates.newest(snapshot, query.where, now, skip)
    if sense.literal:
        return islice(candidates.containing(snapshot, sense.literal, query.where, now), skip, None)
    if not terms.terms and not terms.phrases:
        return islice(candidates.lacking(snapshot, terms.unwanted, query.where, now), skip, None)
    if query.mode == "auto" and terms.terms:
        return islice(fusion.fused(snapshot, query.text, terms, query.where, project, now), skip, None)
    found = stages(terms, query.mode, snapshot.frequency)
    phrases = [phrase.text for phrase in terms.phrases]
    return islice(candidates.ranked(snapshot, found, phrases, query.where, project, now), skip, None)
