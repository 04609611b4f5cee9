"""Whether a query that found little would find something outside its filter: one cheap look, never a scan."""

from __future__ import annotations

from ..model import Filter, Query
from ..text import expression
from ..text.literal import contains, needed
from ..text.scripts import fold
from . import explain
from .answers import Snapshot
from .candidates import folded_fields
from .engine import understand
from .query import stages

_LOOKED_AT = 500  # newest memories with the words that are held against the filter
_READ = 20  # memories whose text is looked into


def outside(snapshot: Snapshot, query: Query, where: Filter, found: int, now: int) -> list[int]:
    """A few rows that fit `where` and the query, newest first. `found`: hits of the query with its own filter.

    Beside hits only what has all of the words counts: what shares a word with the query is not what was missed.
    """
    if not query.text.strip():
        return snapshot.newest(where, now, _READ, 0)
    sense = understand(query)
    if not (sense.literal or sense.terms.terms or sense.terms.phrases):
        return []
    rows = snapshot.glance(_asked(snapshot, sense, found), where, now, _LOOKED_AT, _READ)
    wanted = [fold(text) for text in (*sense.literal, *(phrase.text for phrase in sense.terms.phrases))]
    if not wanted:
        return rows
    texts = snapshot.texts(rows)
    fields = {row: folded_fields(texts[row]) for row in rows if row in texts}
    whole = not sense.literal
    return [row for row in fields if all(any(contains(f, text, whole) for f in fields[row]) for text in wanted)]


def _asked(snapshot: Snapshot, sense: explain.Sense, found: int) -> str | None:
    """What all that is meant has in the index; None if nothing is certain."""
    if sense.literal:
        ways = [way for text in sense.literal for way in needed(text, whole_words=False)]
    else:
        mode = "and" if found or sense.query.mode == "and" else "or"
        ways = [
            expression.any_of([stage.expression for stage in stages(sense.terms, mode, snapshot.frequency)] or ['""'])
        ]
    return expression.all_of(ways) if ways else None
