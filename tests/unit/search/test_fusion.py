"""Words and meaning weighed together, over a real store with its vectors."""

from __future__ import annotations

import re

import pytest

from kioku_mesh.search import candidates, fusion, verdict
from kioku_mesh.search.rank import Evidence, Scored
from kioku_mesh.store import vectors

from .shelf import Shelf

TEXTS = {
    "pool": "Postgres connection pool is limited to 20, more made the database run out of memory",
    "bills": "Invoices are rounded to cents with ROUND_HALF_EVEN, totals were off",
    "login": "The login page redirects to itself when third-party cookies are blocked",
    "retry": "We retry uploads three times since the gateway drops idle connections",
    "lunch": "The cafeteria closes at two on Fridays",
}


def stocked(shelf: Shelf, **texts: str) -> Shelf:
    shelf.save(**(texts or TEXTS))
    vectors.fill(shelf.store, 1e9)
    return shelf


def test_what_only_means_the_same_is_found(shelf: Shelf) -> None:
    """And told as such, with everything that made its score."""
    stocked(shelf)
    hit = shelf.ask("rounding mistakes in bills", explain=True).hits[0]
    assert shelf.found("rounding mistakes in bills")[0] == "bills"
    assert hit.explain
    assert hit.explain["rank_by_meaning"] == 1
    assert hit.explain["meaning"] > 0.3
    assert "meaning" in hit.why


def test_a_hit_without_a_vector_beside_one_that_has_it(shelf: Shelf) -> None:
    """Where no candidate has a meaning to compare with, what was saved beside one is not weighed by its own."""
    shelf.add("code", "uploadretryx", session_id="s")
    shelf.add("other", "uploads are tried again", session_id="s")
    with shelf.store.write() as transaction:
        (newest, _) = vectors.waiting(transaction.db, 9)
        said = vectors.read(transaction.db, newest)
        vectors.put(transaction.db, newest, vectors.place(shelf.store.model(), said))
    assert shelf.found("uploadretryx") == ["code"]


def test_strangers_do_not_follow_a_good_answer(shelf: Shelf) -> None:
    """What has none of the words must be nearly as near as the nearest."""
    stocked(shelf)
    assert "lunch" not in shelf.found("Postgres connection pool limit")


def test_names_are_meant_literally(shelf: Shelf) -> None:
    """A query of nothing but names and numbers that some memory has finds those memories alone."""
    stocked(shelf, a="fixed in KX-4211 by qzx77", b="see KX-4212", c="nothing of that kind")
    assert shelf.found("qzx77") == ["a"]


def test_pages_have_no_gaps(shelf: Shelf) -> None:
    """One after another they are what one large page is, each memory once."""
    stocked(shelf, **{f"n{n}": f"{TEXTS[name]} {n}" for n, name in enumerate(list(TEXTS) * 12)})
    for query in ("database connections", "rounding mistakes in bills", "pool OR login"):
        whole = shelf.found(query, limit=100)
        assert len(set(whole)) == len(whole)
        pages = [name for offset in range(0, len(whole), 7) for name in shelf.found(query, limit=7, offset=offset)]
        assert pages == whole


def test_scores_fall(shelf: Shelf) -> None:
    """From the first hit to the last."""
    stocked(shelf, **{f"n{n}": f"{TEXTS[name]} {n}" for n, name in enumerate(list(TEXTS) * 40)})
    scores = [hit.score for hit in shelf.ask("database connections", limit=150).hits]
    assert scores == sorted(scores, reverse=True)


def test_coverage() -> None:
    """The share of the query's telling words that the best memory has; common words count little, missing ones much."""
    one = [Scored(1, 1.0, relevance=4.0)]
    assert fusion.coverage(one, {"a": 1}, 100) == 1.0
    assert fusion.coverage(one, {"a": 1, "b": 0, "c": 0}, 10_000) < 0.3
    assert fusion.coverage([], {"a": 0}, 100) == 0.0
    assert fusion.coverage(one, {"a": 100}, 100) == 1.0


@pytest.mark.parametrize(
    ("covered", "cosine", "expected"),
    [(1.0, 0.4, "strong"), (0.0, -1.0, "weak"), (0.2, 0.3, "weak"), (0.5, 0.4, "fair"), (1.0, 0.0, "fair")],
)
def test_verdicts(covered: float, cosine: float, expected: str) -> None:
    """Words and meaning speak for an answer, either may make up for the other."""
    assert verdict.of(Evidence(covered, cosine)) == expected


def test_company(shelf: Shelf) -> None:
    """What was saved right beside a hit, in one piece of work, comes before what fits better and was not."""
    shelf.add("other", "It is hard to read the small labels in bright sunlight", days=30)
    shelf.add("question", "What did the customer say about the colours of the new dashboard?", days=3)
    shelf.add("answer", "That it is hard to read them in bright sunlight", days=3)
    vectors.fill(shelf.store, 1e9)
    assert shelf.found("dashboard colours in bright sunlight") == ["question", "answer", "other"]
    hits = shelf.ask("dashboard colours in bright sunlight", explain=True).hits
    assert [hit.explain and hit.explain["beside_a_hit"] for hit in hits] == [True, True, False]


def test_what_no_index_can_find_is_looked_for_in_the_newest(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text without words is read for, which takes long in a large store: then a note says how far."""
    shelf.save(**{f"n{n}": f"memory {n} \N{ROCKET}" for n in range(5)})
    assert len(shelf.found("\N{ROCKET}")) == 5
    monkeypatch.setattr(candidates, "SCANNED_MAX", 3)
    ranked = shelf.ask("\N{ROCKET}")
    assert (len(ranked.hits), [note.code for note in ranked.notes]) == (3, ["literal", "newest_only"])
    (note,) = shelf.ask("memory 1", mode="exact").notes
    assert "inside of words" in note.message
    assert shelf.ask("one memory 1 two", mode="exact").notes == ()


def test_what_company_brought_comes_once(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A memory beyond the weighed candidates that is shown for its company is not shown again for its words."""
    monkeypatch.setattr(fusion, "WEIGHED", 2)
    stocked(shelf, **{f"n{n}": f"The gateway drops idle connections, case {n}" for n in range(8)})
    found = shelf.found("gateway connections", limit=50)
    assert sorted(found) == sorted(set(found))
    assert len(found) == 8


@pytest.mark.parametrize("query", ["#191", "191", "src/db.py", "v2.3"])
def test_a_name_that_is_there_finds_nothing_else(shelf: Shelf, query: str) -> None:
    """Whether the table of meanings knows its parts or not; with a word beside it meaning counts again."""
    stocked(shelf, **TEXTS, named="#191: set max_connections in src/db.py since v2.3", other="connections are limited")
    assert shelf.found(query)[0] == "named"
    assert set(shelf.found(query)) <= {"named", "other"}
    assert len(shelf.found(f"{query} limits of the database")) > 1


def test_why_meaning_did_not_recommend_a_memory(shelf: Shelf) -> None:
    """It says by how much, or that the query was not looked for by its meaning."""
    stocked(shelf, **TEXTS, code="uploadretryx")
    told = shelf.ask("Postgres connection pool limit", why_not=shelf.id_of("lunch")).why_not or ""
    found = re.search(r"not near enough \(cosine (-?\d\.\d\d), (\d\.\d\d) below what is told\)$", told)
    assert found, told
    best = shelf.ask("Postgres connection pool limit", explain=True).hits[0].explain or {}
    assert float(found[1]) + float(found[2]) == pytest.approx(fusion.KIN * best["meaning"], abs=0.02)
    assert "not looked for by its meaning" in (shelf.ask("uploadretryx", why_not=shelf.id_of("retry")).why_not or "")
