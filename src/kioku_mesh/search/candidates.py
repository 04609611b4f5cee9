"""Hits in their final order, as long as somebody wants more. The order is the same however far one reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from ..model import Filter
from ..text import expression
from ..text.literal import contains, needed
from ..text.scripts import fold
from ..text.terms import Word
from . import rank
from .answers import Snapshot, Texts
from .query import Stage
from .rank import Scored

_BLOCK = 100  # candidates weighed against each other
_FEW = 500  # memories that are looked at one by one
_SORTED_MAX = 20_000  # rows that are put into order of time by us
SCANNED_MAX = 20_000  # memories, the newest, whose texts are read for what no index can find
_BATCH = 50  # memories read at once to look into their text


def newest(snapshot: Snapshot, where: Filter, now: int, skip: int = 0) -> Iterator[Scored]:
    """Everything that fits the filter, newest first, without the first `skip`."""
    offset, size = skip, 2 * _BLOCK
    while True:
        rows = snapshot.newest(where, now, size, offset)
        yield from (Scored(row, 0.0) for row in rows)
        if len(rows) < size:
            return
        # doubling keeps the cost of skipping in proportion to what was read
        offset, size = offset + size, 2 * size


def lacking(snapshot: Snapshot, unwanted: Sequence[Word], where: Filter, now: int) -> Iterator[Scored]:
    """Everything that fits the filter and has none of these words, newest first."""
    asked = expression.any_of([word.expression for word in unwanted])
    for batch in _batches(newest(snapshot, where, now)):
        having = snapshot.matching(asked, batch)
        yield from (Scored(row, 0.0) for row in batch if row not in having)


def ranked(
    snapshot: Snapshot,
    stages: Sequence[Stage],
    phrases: Sequence[str],
    where: Filter,
    project: str | None,
    now: int,
    seen: set[int] | None = None,
) -> Iterator[Scored]:
    """What fits the stages, stage by stage; `phrases` must stand in it literally. `seen`: rows that are left out, and to which
    those that were found are added."""
    seen = set() if seen is None else seen
    wanted = [fold(phrase) for phrase in phrases]
    lowest = float("inf")
    for stage in stages:
        best = 0.0
        for block in _blocks(snapshot, stage, where, now):
            best = best or max((relevance for _, relevance in block), default=0.0)
            fresh = {row: relevance for row, relevance in block if row not in seen}
            seen.update(fresh)
            if wanted:
                fresh = {row: fresh[row] for row in _with_text(snapshot, list(fresh), wanted, whole_words=True)}
            for hit in rank.order(fresh, snapshot.signals(list(fresh)), best, project, now):
                # a later stage or block never looks better than what comes before it
                lowest = min(lowest, hit.score)
                yield hit if hit.score == lowest else hit._replace(score=lowest)


def containing(snapshot: Snapshot, texts: Sequence[str], where: Filter, now: int) -> Iterator[Scored]:
    """Memories in which all of `texts` stand literally, inside words too, without regard to case.

    Those where they begin and end with a word come first (the index finds them), then the others; newest first.
    """
    wanted = [fold(text) for text in texts]
    sure = [way for text in texts for way in needed(text, whole_words=False)]
    likely = [way for text in texts for way in needed(text, whole_words=True)]
    seen: set[int] = set()
    for ways in ([likely] if likely != sure else []) + [sure]:
        for rows in _by_time(snapshot, ways, where, now, complete=ways is sure):
            fresh = [row for row in rows if row not in seen]
            for row in _with_text(snapshot, fresh, wanted, whole_words=False):
                seen.add(row)
                yield Scored(row, 1.0)


def indexed(text: str, whole_words: bool) -> bool:
    """Can the index say which memories may contain this text, if it begins and ends with a word, or anyhow?"""
    return bool(needed(text, whole_words))


def _by_time(
    snapshot: Snapshot, ways: Sequence[str], where: Filter, now: int, complete: bool
) -> Iterator[Sequence[int]]:
    """Rows that fit all `ways`, newest first, in batches; unless `complete`, none if there are too many."""
    asked = expression.all_of(ways) if ways else ""
    if asked and snapshot.frequency(asked, _SORTED_MAX + 1) <= _SORTED_MAX:
        rows = [row for row, _ in snapshot.match(asked, where, now, _SORTED_MAX)]
        times = snapshot.signals(rows)
        rows = sorted((row for row in rows if row in times), key=lambda row: (-times[row].hlc, -row))
        yield from (rows[at : at + _BATCH] for at in range(0, len(rows), _BATCH))
    elif complete:
        yield from _batches(islice(newest(snapshot, where, now), SCANNED_MAX))


def _batches(hits: Iterator[Scored]) -> Iterator[list[int]]:
    while batch := [hit.row for hit in islice(hits, _BATCH)]:
        yield batch


def having(snapshot: Snapshot, rows: Sequence[int], phrases: Sequence[str]) -> Iterator[int]:
    """Those of the rows in which all phrases stand literally."""
    return _with_text(snapshot, rows, [fold(phrase) for phrase in phrases], whole_words=True)


def _with_text(snapshot: Snapshot, rows: Sequence[int], wanted: Sequence[str], whole_words: bool) -> Iterator[int]:
    for at in range(0, len(rows), _BATCH):
        part = rows[at : at + _BATCH]
        texts = snapshot.texts(part)
        for row in part:
            if row in texts:
                folded = folded_fields(texts[row])
                if all(any(contains(field, text, whole_words) for field in folded) for text in wanted):
                    yield row


def folded_fields(texts: Texts) -> list[str]:
    """The fields of a memory ready for `contains`."""
    return [fold(field) for field in (texts.subject, texts.content, texts.summary, texts.extra) if field]


def _blocks(snapshot: Snapshot, stage: Stage, where: Filter, now: int) -> Iterator[list[tuple[int, float]]]:
    """Rows with their relevance; among words that are everywhere none is more relevant than another."""
    anywhere = where == Filter(states=where.states)
    if stage.common and not anywhere:
        rows = snapshot.newest(where, now, _FEW + 1, 0)
        if len(rows) <= _FEW:
            # the filter leaves so little that looking at it is cheaper than asking for words that are everywhere
            fitting = snapshot.matching(stage.expression, rows)
            yield [(row, 1.0) for row in rows if row in fitting]
            return
    done, size = 0, _BLOCK
    while True:
        if stage.common and anywhere:
            found = [(row, 1.0) for row in snapshot.glance(stage.expression, where, now, -1, size)]
        else:
            found = snapshot.match(stage.expression, where, now, size)
        yield found[done:]
        if len(found) < size:
            break
        done, size = size, 2 * size
