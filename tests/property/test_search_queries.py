"""No text that anybody types as a query breaks the search, and pages always fit together."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kioku_mesh.model import MODES, Filter
from kioku_mesh.text.terms import query_terms
from unit.search.shelf import Shelf

CONTENTS = (
    "The RocksDB flush_job.cc interval, exit code 137",
    "useCartStore: 東京都のサーバー, ภาษีไทย, हिन्दी",
    'quoted "phrase here" and -dash *star* (AND OR NOT NEAR) ^col:x',
    "OR",
    "Straße café Ⅻ ﬁne ①",
    "x" * 300,
    "->\\d+ %like_ ' -- ;",
)
pieces = st.sampled_from(
    [
        '"', "“", "”", "'", "*", "-", "^", ":", "(", ")", "{", "}", "+", "~", "\\", "%", "_", ";", "--", "\0", "\ud800", "\ufeff",
        "AND", "OR", "NOT", "NEAR", "NEAR(a b, 3)", "subject:", "rowid", "flush", "code", "x", "東", "京都", "ภา", "हि", "🤖", " ", " ",
    ]
)  # fmt: skip
queries = st.one_of(st.text(max_size=80), st.lists(pieces, max_size=14).map("".join))


@pytest.fixture(scope="module")
def shelf() -> Iterator[Shelf]:
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder))
        for n, content in enumerate(CONTENTS):
            shelf.add(f"m{n}", content, subject=content[:9], tags=["a", "b"], importance=1 + n % 5)
        yield shelf
        shelf.store.close()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(query=queries, mode=st.sampled_from(MODES), explain=st.booleans())
@example(query='"' * 9999, mode="auto", explain=False)
@example(query="(" * 9999, mode="and", explain=False)
@example(query="a OR " * 3999, mode="or", explain=True)
@example(query="東" * 19_999, mode="and_or", explain=True)
@example(query="a/" * 9999, mode="and", explain=True)
@example(query="-a-b " * 3999, mode="auto", explain=True)
def test_any_text_is_a_query(shelf: Shelf, query: str, mode: str, explain: bool) -> None:
    """Every text in every mode gives an answer: no error of SQLite, no crash, hits that exist, each once."""
    answer = shelf.ask(query, mode=mode, explain=explain, why_not=shelf.id_of("m3"))
    rows = [hit.row for hit in answer.hits]
    assert len(rows) == len(set(rows)) <= len(CONTENTS)
    assert answer.why_not
    assert all(hit.why for hit in answer.hits)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(query=queries, mode=st.sampled_from(MODES), size=st.integers(1, 4))
def test_pages_of_any_query_fit_together(shelf: Shelf, query: str, mode: str, size: int) -> None:
    """Reading page by page gives the same list as reading at once, and `more` ends exactly with it."""
    whole = shelf.found(query, mode=mode, limit=100)
    paged: list[str] = []
    more = True
    while more:
        page = shelf.found(query, mode=mode, limit=size, offset=len(paged))
        more = shelf.ask(query, mode=mode, limit=size, offset=len(paged)).more
        paged += page
        assert len(page) == size or not more
    assert paged == whole


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    piece=st.sampled_from(CONTENTS).flatmap(
        lambda c: st.tuples(st.integers(0, len(c)), st.integers(1, 30)).map(lambda p: c[p[0] : p[0] + p[1]])
    )
)
def test_exact_finds_every_piece_of_every_memory(shelf: Shelf, piece: str) -> None:
    """Whatever is cut out of a memory, `exact` finds it: nothing is skipped silently."""
    found = shelf.found(piece, mode="exact", limit=100)
    for n, content in enumerate(CONTENTS):
        if piece.casefold() in content.casefold():
            assert f"m{n}" in found


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(query=queries, project=st.text(max_size=5))
def test_filters_never_widen(shelf: Shelf, query: str, project: str) -> None:
    """With a filter only memories come that would come without it."""
    confined = shelf.found(query, where=Filter(project=project or None, tags=("a",)), limit=100)
    assert set(confined) <= set(shelf.found(query, limit=100))


@given(queries)
def test_a_query_can_be_taken_apart_again(query: str) -> None:
    """The same text always means the same."""
    assert query_terms(query) == query_terms(query)
