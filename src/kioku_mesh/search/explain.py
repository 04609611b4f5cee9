"""Why a memory is among the hits, in a few words and in full; and why another one is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from ..model import RESULT_MAX, Notice, Query
from ..text import expression
from ..text.literal import contains
from ..text.scripts import fold
from ..text.stems import has_word
from ..text.terms import QueryTerms, Word
from ..text.tokens import index_text
from ..values import NamedTuple
from . import fusion, verdict
from .answers import RankedHit, Snapshot, Texts
from .candidates import folded_fields
from .query import words
from .rank import Scored

_SHOWN_WORDS = 8
_RECENT = 1.03  # factor of recency from which it is worth a word
_NEAR = 3  # the first of those that mean nearly the same
_FIELD_NAMES = {"states": "state", "here": "machine", "pc_id": "machine", "since": "time", "until": "time"}


class Sense(NamedTuple):
    """How a query was understood: `literal` when it is looked for as it stands, else `terms`; neither for a list."""

    query: Query
    terms: QueryTerms
    literal: tuple[str, ...]


def notes(sense: Sense) -> tuple[Notice, ...]:
    """What the reader should know about how the query was read."""
    said = []
    if sense.terms.dropped:
        said.append(
            Notice("long_query", f"only the first words of the query were used ({sense.terms.dropped} left out)")
        )
    if sense.terms.unwanted:
        without = ", ".join(word.text for word in sense.terms.unwanted)
        said.append(
            Notice("excluded", f'memories with these words were left out: {without} (to search for "-x", quote it)')
        )
    if sense.literal and sense.query.mode != "exact":
        said.append(Notice("literal", "the query has no words, so its text was looked for as it stands"))
    return tuple(said)


def hits(snapshot: Snapshot, sense: Sense, found: Sequence[Scored]) -> tuple[RankedHit, ...]:
    """The page with its reasons."""
    texts = snapshot.texts([scored.row for scored in found]) if sense.terms.terms else {}
    page = []
    for rank, scored in enumerate(found, sense.query.offset + 1):
        why = _why(snapshot, sense, scored, texts.get(scored.row))
        full = _full(snapshot, sense, scored, rank) if sense.query.explain else None
        page.append(RankedHit(scored.row, scored.score, why, full, verdict.is_clear(scored)))
    return tuple(page)


def _why(snapshot: Snapshot, sense: Sense, scored: Scored, texts: Texts | None) -> str:
    if sense.literal:
        return f"contains: {_short(sense.literal)}"
    if not (sense.terms.terms or sense.terms.phrases):
        return "newest first"
    reasons = []
    if sense.terms.phrases:
        reasons.append(f"phrase: {_short(phrase.text for phrase in sense.terms.phrases)}")
    shown = _matched(sense.terms, texts) if texts else []
    if not shown and not reasons:
        shown = [word.text for word in words(sense.terms) if snapshot.matching(word.expression, [scored.row])]
    if shown:
        reasons.append(f"words: {_short(shown)}")
    if scored.by_meaning and (not shown or scored.by_meaning <= _NEAR):
        reasons.append("meaning")
    if scored.beside and not shown:
        reasons.append("saved beside a hit")
    if scored.factors.project > 1:
        reasons.append("this project")
    if scored.factors.recency >= _RECENT:
        reasons.append("recent")
    return " · ".join(reasons)


def _short(texts: Iterable[str]) -> str:
    told = list(texts)
    return ", ".join(told[:_SHOWN_WORDS]) + (" …" if len(told) > _SHOWN_WORDS else "")


def _matched(terms: QueryTerms, texts: Texts) -> list[str]:
    """The words of the query that stand in a memory, as far as a quick look can tell."""
    plain = "\n".join((texts.subject, texts.content, texts.summary, texts.extra))
    forms = [fold(plain)]
    found: list[str] = []
    for term in terms.terms:
        if contains(forms[0], fold(term.text), whole_words=True):
            found.append(term.text)
            continue
        found += _joined([word.text for word in term.words if _stands(word.text, plain, forms)], term.text)
    return list(dict.fromkeys(found))


def _stands(word: str, plain: str, forms: list[str]) -> bool:
    folded = fold(word)
    if not folded.isascii():
        return folded in forms[0]
    if has_word(forms[0], folded):
        return True
    if folded.rstrip("*") not in forms[0]:
        return False
    if len(forms) == 1:
        forms.append(fold(index_text(plain)))  # parts of camelCase words
    return has_word(forms[1], folded)


def _joined(pairs: list[str], run: str) -> list[str]:
    """Pairs of characters that overlap in the query as one text: 東京, 京都 -> 東京都."""
    joined: list[str] = []
    for pair in pairs:
        if joined and not pair.isascii() and joined[-1] + pair[1:] in run and joined[-1][-1] == pair[0]:
            joined[-1] += pair[1:]
        else:
            joined.append(pair)
    return joined


def _full(snapshot: Snapshot, sense: Sense, scored: Scored, rank: int) -> dict[str, Any]:
    """Everything that made the score."""
    told: dict[str, Any] = {"rank": rank}
    if sense.literal:
        return told | {"contains": list(sense.literal)}
    if sense.terms.terms or sense.terms.phrases:
        matched = {word.text: bool(snapshot.matching(word.expression, [scored.row])) for word in words(sense.terms)}
        told |= {
            "matched": [text for text, there in matched.items() if there],
            "missing": [text for text, there in matched.items() if not there],
            "relevance": round(scored.relevance, 4),
            "score": round(scored.score, 4),
            "factors": {name: round(value, 4) for name, value in scored.factors._asdict().items()},
        }
        if scored.evidence:
            told |= {
                "meaning": None if scored.cosine is None else round(scored.cosine, 4),
                "embedder": snapshot.embedder(scored.row),
                "covered": round(scored.covered, 4),
                "clear": verdict.is_clear(scored),
                "rank_by_words": scored.by_words,
                "rank_by_meaning": scored.by_meaning,
                "beside_a_hit": scored.beside,
                "evidence": {
                    "words": round(scored.evidence.covered, 4),
                    "meaning": round(scored.evidence.cosine, 4),
                    "verdict": verdict.of(scored.evidence),
                },
            }
        if sense.terms.phrases:
            told["phrases"] = [phrase.text for phrase in sense.terms.phrases]
    return told


def why_not(snapshot: Snapshot, sense: Sense, everything: Iterator[Scored], now: int) -> str:
    """The first reason why the memory `query.why_not` is not on this page. `everything`: all hits in their order."""
    query = sense.query
    row = snapshot.row_of(query.why_not or "")
    if row is None:
        return "it is not on this machine, or you may not see it"
    misses = [_FIELD_NAMES.get(field, field.removesuffix("s")) for field in snapshot.hidden(row, query.where, now)]
    if misses:
        return f"left out by the filter: {', '.join(dict.fromkeys(misses))}"
    reason = _unlike(snapshot, sense, row)
    wordless = "" if reason else _wordless(snapshot, sense, row)
    further = _further(snapshot, sense, row, now) if wordless and query.mode == "auto" else ""
    if reason or (wordless and not further):
        return reason or wordless
    for rank, scored in enumerate(islice(everything, RESULT_MAX), 1):
        if scored.row == row:
            return _place(rank, query)
    if wordless:
        return f"{wordless}; {further}"
    return f"it is not among the first {RESULT_MAX:,}"


def _place(rank: int, query: Query) -> str:
    if rank <= query.offset:
        return f"it is hit {rank}, before the offset of {query.offset}"
    if rank > query.offset + query.limit:
        return f"it is hit {rank}, below the limit of {query.limit}"
    return f"it is there: hit {rank}"


def _unlike(snapshot: Snapshot, sense: Sense, row: int) -> str | None:
    """What in the query does not fit this memory."""
    terms = sense.terms
    texts = snapshot.texts([row]).get(row)
    if texts is None and (sense.literal or terms.terms or terms.phrases):
        return "its text is not on this machine"
    folded = folded_fields(texts) if texts else []
    literal = [*sense.literal, *(phrase.text for phrase in terms.phrases)]
    absent = [t for t in literal if not any(contains(f, fold(t), whole_words=not sense.literal) for f in folded)]
    if absent:
        return f"it does not contain: {_short(absent)}"
    unwanted = _told(snapshot, row, terms.unwanted)
    if unwanted:
        return f"it has a word that the query leaves out: {_short(unwanted)}"
    if sense.query.mode == "and":
        lacking = [t.text for t in terms.terms if not snapshot.matching(t.whole, [row])]
        return f"it lacks: {_short(lacking)}" if lacking else None
    return None


def _wordless(snapshot: Snapshot, sense: Sense, row: int) -> str:
    terms = sense.terms
    if terms.terms and not terms.phrases and not _told(snapshot, row, words(terms)):
        return f"none of the words are in it: {_short(term.text for term in terms.terms)}"
    return ""


def _further(snapshot: Snapshot, sense: Sense, row: int, now: int) -> str:
    """Why its meaning did not recommend it either."""
    asked = expression.any_of([word.expression for word in words(sense.terms)])
    worded = bool(snapshot.frequency(asked, 1))
    return fusion.further(snapshot, sense.query.text, sense.terms, sense.query.where, now, worded, row)


def _told(snapshot: Snapshot, row: int, asked: Iterable[Word]) -> list[str]:
    return [word.text for word in asked if snapshot.matching(word.expression, [row])]
