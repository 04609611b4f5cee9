"""Searching in a small real store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh.clock import DAY, to_iso
from kioku_mesh.errors import TooLarge
from kioku_mesh.model import Filter, Query
from kioku_mesh.search import engine
from kioku_mesh.search.query import BUDGET
from unit.search.shelf import NOW, Shelf

ALL = Filter(states=("live", "superseded", "expired", "deleted"))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    shelf.save(
        flush="The RocksDB memtable flush interval is 30 s, see storage/flush_job.cc",
        cart="useCartStore re-renders; fixed by shallow equality (#1184)",
        logs="監査ログは90日残す。東京都のサーバーにある。",
        killed="exit code 137: the container was killed, `OOMKilled`",
        signs="operator-> and C++ templates, 100% done, \\d+ and a_b%",
    )
    yield shelf
    shelf.store.close()


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("flushing intervals", "flush"),
        ("storage/flush_job.cc", "flush"),
        ("flush_job", "flush"),
        ("usecartstore", "cart"),
        ("cart store", "cart"),
        ("CartStore", "cart"),
        ("use_cart_store", "cart"),
        ("#1184", "cart"),
        ("監査ログ", "logs"),
        ("京都", "logs"),
        ("ログは何日残すか", "logs"),
        ("都", "logs"),
        ("ﾛｸﾞ", "logs"),
        ("oomkilled", "killed"),
        ("OOM", "killed"),
        ("contain*", "killed"),
        ('"code 137"', "killed"),
        ('"CODE  137"', "killed"),
        ('"C++"', "signs"),
        ("->", "signs"),
        ('"->"', "signs"),
    ],
)
def test_finds(shelf: Shelf, query: str, name: str) -> None:
    """Words in any form, parts of identifiers, pieces of CJK, phrases and signs find their memory first."""
    assert shelf.found(query)[:1] == [name]


@pytest.mark.parametrize("query", ["zebra", '"ode 137"', '"137 code"', "=>", "container -killed", "-x -y", "é", "zz*"])
def test_finds_nothing(shelf: Shelf, query: str) -> None:
    """What is not there gives an empty answer, not an error."""
    answer = shelf.ask(query)
    assert (answer.hits, answer.more) == ((), False)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ode 13", ["killed"]),
        ("OCKSD", ["flush"]),
        ("ａ_ｂ％", ["signs"]),
        ("\\d+", ["signs"]),
        ("c++ TEMPLATES, 1", ["signs"]),
        ("90日残す。東", ["logs"]),
        ("The RocksDB memtable flush interval is 30 s", ["flush"]),
        ("is", ["flush"]),
        ("a", ["signs", "killed", "cart", "flush"]),
        ("flush  interval", ["flush"]),
        ("interval flush", []),
        ("%", ["signs"]),
        ('"exit', []),
    ],
)
def test_exact_is_literal(shelf: Shelf, text: str, names: list[str]) -> None:
    """`exact` finds the text as it stands, inside words too, whatever the case, and nothing else."""
    assert sorted(shelf.found(text, mode="exact")) == sorted(names)


def test_exact_puts_whole_words_first_then_the_newest(shelf: Shelf) -> None:
    """Where the text begins and ends with a word it comes before where it is a part of one."""
    shelf.save(part="reflushed", word="flush it", other="flush")
    assert shelf.found("flush", mode="exact") == ["other", "word", "flush", "part"]


def test_modes(shelf: Shelf) -> None:
    """`and` wants all words, `or` any, `and_or` first all and then any."""
    shelf.save(both="container flush", many="flush flush flush flush")
    assert shelf.found("container flush", mode="and") == ["both"]
    assert set(shelf.found("container flush", mode="or")) == {"both", "many", "flush", "killed"}
    assert shelf.found("container flush", mode="and_or")[0] == "both"
    assert set(shelf.found("container flush", mode="and_or")) == {"both", "many", "flush", "killed"}
    assert shelf.found("container zebra", mode="and") == []
    assert shelf.found("container zebra", mode="and_or") == ["both", "killed"]


def test_no_text_lists_the_newest(shelf: Shelf) -> None:
    """Without a query everything comes, newest first, whatever the mode."""
    for mode in ("auto", "exact"):
        assert shelf.found("  ", mode=mode) == ["signs", "killed", "logs", "cart", "flush"]
    assert shelf.found(limit=2, offset=1) == ["killed", "logs"]


@pytest.mark.parametrize(
    ("text", "mode"), [("", "auto"), ("common", "auto"), ("common rare", "and_or"), ("omm", "exact")]
)
def test_pages_fit_together(tmp_path: Path, text: str, mode: str) -> None:
    """Pages of any size make up the whole list, nothing twice, nothing missing, and `more` is true up to the last."""
    shelf = Shelf(tmp_path)
    contents = {f"m{n}": "common " + "filler " * (n % 5) + ("rare" if n % 9 == 0 else "") for n in range(230)}
    shelf.save(**contents)
    whole = shelf.found(text, mode=mode, limit=1000)
    assert len(whole) == len(set(whole)) == 230
    for size in (7, 100, 101, 229, 230, 231):
        pages = [shelf.found(text, mode=mode, limit=size, offset=at) for at in range(0, 240, size)]
        assert [name for page in pages for name in page] == whole
    assert [shelf.ask(text, mode=mode, limit=n).more for n in (1, 229, 230, 231)] == [True, True, False, False]
    assert shelf.ask(text, mode=mode, offset=229).more is False
    scores = [hit.score for hit in shelf.ask(text, mode=mode, limit=1000).hits]
    assert scores == sorted(scores, reverse=True)


def test_filters_apply_in_every_mode(shelf: Shelf) -> None:
    """A filter holds for lists, words, phrases and literal text."""
    shelf.add("other", "flush code 137", project="db")
    where = Filter(project="db")
    for text, mode in (("", "auto"), ("flush", "auto"), ('"code 137"', "auto"), ("ode 13", "exact"), ("->", "auto")):
        assert shelf.found(text, mode=mode, where=where) == ([] if text == "->" else ["other"])


def test_hidden_states_are_left_out_unless_asked_for(shelf: Shelf) -> None:
    """A superseded memory is found only when its state is included."""
    shelf.add("newer", "RocksDB flush interval is now 60 s", names=(shelf.id_of("flush"),))
    assert shelf.found("flush interval") == ["newer"]
    assert set(shelf.found("flush interval", where=ALL)) == {"newer", "flush"}


def test_a_passing_mention_never_beats_an_exact_match(shelf: Shelf) -> None:
    """Importance 5, the current project and today do not lift a passing mention above what is about the words."""
    mention = (
        "Notes of the meeting: we talked about lunch, hiring, the office, travel, budgets and also Kafka, at length."
    )
    shelf.add("mention", mention, days=0, importance=5, project="db")
    shelf.add("about", "Kafka retention is seven days", days=900, importance=1, project="old")
    for query in ("kafka", "kafka retention"):
        assert shelf.found(query, "db") == ["about", "mention"]


def test_the_current_project_is_preferred_among_equals(shelf: Shelf) -> None:
    """Of two equal memories that of the current project comes first and says so."""
    shelf.add("mine", "Kafka retention", days=50, project="db")
    shelf.add("yours", "Kafka retention", days=50, project="web")
    answer = shelf.ask("kafka", "db")
    assert shelf.found("kafka", "db") == ["mine", "yours"]
    assert [hit.why for hit in answer.hits] == ["words: kafka · this project", "words: kafka"]


def test_why(shelf: Shelf) -> None:
    """Each hit says in a few words what made it one."""
    shelf.add("old", "Kafka topics 東京都", days=500)
    reasons = {
        "kafka topic zebra": "words: kafka, topic",
        "東京都": "words: 東京都",
        "東京タワーと京都": "words: 東京, 京都",
        '"kafka topics"': "phrase: kafka topics",
        "kaf*": "words: kaf*",
    }
    for query, why in reasons.items():
        assert shelf.ask(query, where=Filter(until=NOW - 100 * 86_400_000_000)).hits[0].why == why
    assert shelf.ask("", limit=1).hits[0].why == "newest first"
    assert shelf.ask("ode 13", mode="exact").hits[0].why == "contains: ode 13"
    assert shelf.ask("cart store").hits[0].why == "words: cart, store · recent"


def test_the_day_of_saving_is_found_by_whole_dates_only(shelf: Shelf) -> None:
    """Whole dates and months with a year find what was saved then, in every mode of words; single numbers do not."""
    shelf.add("old", "an old story", days=400)
    day = to_iso(NOW - 400 * DAY)[:10]
    for query in (day, day[:7], f"what happened on {day}?", f"{int(day[8:])} May {day[:4]}"):
        assert shelf.found(query) == ["old"]
        assert "saved" in shelf.ask(query).hits[0].why
    assert shelf.found(day, mode="and") == ["old"]
    for number in (day[:4], day[5:7], day[8:], str(int(day[5:7])), str(int(day[8:])), "May"):
        assert shelf.found(number) == []


def test_only_excluded_words_leave_the_others(shelf: Shelf) -> None:
    """A query of nothing but excluded words gives everything without them, newest first, page by page."""
    assert shelf.found('-container -"equality"') == ["signs", "logs", "flush"]
    assert shelf.found("-container", limit=2, offset=1) == ["logs", "cart"]
    assert shelf.found("-container", where=Filter(project="none")) == []
    answer = shelf.ask("-container", why_not=shelf.id_of("killed"))
    assert [note.code for note in answer.notes] == ["excluded"]
    assert answer.hits[0].why == "newest first"
    assert answer.why_not == "it has a word that the query leaves out: container"


def test_explain(shelf: Shelf) -> None:
    """An explanation names the words that matched and that did not, the relevance, every factor and the rank."""
    shelf.add("mine", "Kafka retention", days=0, importance=5, project="db")
    told = shelf.ask("kafka zebra", "db", explain=True).hits[0].explain
    assert told is not None
    relevance = told.pop("relevance")
    assert relevance > 0
    assert told == {
        "rank": 1, "matched": ["kafka"], "missing": ["zebra"], "score": 1.1961,
        "factors": {"importance": 1.06, "recency": 1.04, "project": 1.085},
    }  # fmt: skip
    assert shelf.ask("kafka").hits[0].explain is None


def test_notes(shelf: Shelf) -> None:
    """What changed the meaning of a query is said."""

    def codes(text: str, **query: Any) -> list[str]:
        return [note.code for note in shelf.ask(text, **query).notes]

    assert codes("flush -container") == ["excluded"]
    assert codes("->") == ["literal"]
    assert codes("->", mode="exact") == []
    assert codes(" ".join(f"w{n}" for n in range(200))) == ["long_query"]
    assert codes("flush") == []


@pytest.mark.parametrize(
    ("text", "query", "reason"),
    [
        ("flush", {}, "it is there: hit 1"),
        ("container", {}, "none of the words are in it: container"),
        ("flush -memtable", {}, "it has a word that the query leaves out: memtable"),
        ('"flush the"', {}, "it does not contain: flush the"),
        ("flush zebra", {"mode": "and"}, "it lacks: zebra"),
        ("zebra", {"mode": "exact"}, "it does not contain: zebra"),
        ("flush", {"where": Filter(project="db", states=("deleted",))}, "left out by the filter: project, state"),
        ("", {"limit": 2}, "it is hit 5, below the limit of 2"),
        ("flush", {"offset": 1}, "it is hit 1, before the offset of 1"),
    ],
)
def test_why_not(shelf: Shelf, text: str, query: dict[str, Any], reason: str) -> None:
    """A memory that is not among the hits gets the first reason why."""
    assert shelf.ask(text, why_not=shelf.id_of("flush"), **query).why_not == reason


def test_why_not_of_an_unknown_id(shelf: Shelf) -> None:
    """An id that is not here says so; without the question there is no answer."""
    assert "not on this machine" in (shelf.ask("flush", why_not="0" * 32).why_not or "")
    assert shelf.ask("flush").why_not is None


def test_endless_queries_are_refused(shelf: Shelf) -> None:
    """A text that is no query any more is our own error, at once."""
    with pytest.raises(TooLarge):
        shelf.ask("x " * 5_000_000)


class Crowded:
    """A store that says of every word that it is everywhere, as in one with millions of memories."""

    def __init__(self, snapshot: Any) -> None:
        self._snapshot = snapshot

    def __getattr__(self, name: str) -> Any:
        return getattr(self._snapshot, name)

    def frequency(self, expression: str, limit: int) -> int:
        return limit if self._snapshot.frequency(expression, 1) else 0


@pytest.mark.parametrize("mode", ["auto", "or", "and", "and_or", "exact"])
def test_words_that_are_everywhere_lose_nothing(tmp_path: Path, mode: str) -> None:
    """Where words are too common to look at all memories at once, the newest come first and the rest still comes."""
    shelf = Shelf(tmp_path)
    shelf.save(**{f"m{n}": "build test" if n % 2 else "build" for n in range(130)})
    with shelf.store.read(now=NOW) as snapshot:
        answers = [
            [hit.row for hit in engine.find(seen, Query("build test", mode=mode, limit=1000), None, NOW).hits]
            for seen in (snapshot, Crowded(snapshot))
        ]
    assert BUDGET > 130
    assert sorted(answers[0]) == sorted(answers[1])
    assert len(answers[1]) == (65 if mode in ("and", "exact") else 130)


def test_of_words_that_are_everywhere_more_come_before_fewer(tmp_path: Path) -> None:
    """Memories with all the words, then those with two of them, then the others."""
    shelf = Shelf(tmp_path)
    said = ("build test deploy", "build", "build deploy", "x", "test deploy build", "deploy", "test build")
    shelf.save(**{f"m{n}": text for n, text in enumerate(said)})
    with shelf.store.read(now=NOW) as snapshot:
        hits = engine.find(Crowded(snapshot), Query("build test deploy", mode="or"), None, NOW).hits
        names = [shelf.names[id_] for id_ in snapshot.ids([hit.row for hit in hits])]
    assert [set(names[:2]), set(names[2:4]), set(names[4:])] == [{"m0", "m4"}, {"m2", "m6"}, {"m1", "m5"}]


@pytest.mark.parametrize("mode", ["auto", "and_or", "and"])
def test_words_that_are_everywhere_within_a_filter(tmp_path: Path, mode: str) -> None:
    """In a small project everything that has one of the words is found, those with all of them first."""
    shelf = Shelf(tmp_path)
    for n in range(30):
        shelf.add(f"m{n}", "build test" if n % 3 == 0 else "build" if n % 3 == 1 else "x", project=f"p{n % 2}")
    where = Filter(project="p0")
    with shelf.store.read(now=NOW) as snapshot:
        hits = engine.find(Crowded(snapshot), Query("build test", where, mode), None, NOW).hits
        names = [shelf.names[id_] for id_ in snapshot.ids([hit.row for hit in hits])]
    both = [f"m{n}" for n in range(24, -1, -6)]
    assert names == both + ([] if mode == "and" else [f"m{n}" for n in range(28, 0, -6)])


def test_memories_whose_text_is_gone_do_not_break_a_search(tmp_path: Path) -> None:
    """A body that vanished between the index and reading is passed over, and explained."""
    shelf = Shelf(tmp_path)
    shelf.save(a="code 137", b="code 137 again")

    class Lost(Crowded):
        def frequency(self, expression: str, limit: int) -> int:
            return int(self._snapshot.frequency(expression, limit))

        def texts(self, rows: Sequence[int]) -> dict[int, Any]:
            return {row: text for row, text in self._snapshot.texts(rows).items() if text.content != "code 137"}

    with shelf.store.read(now=NOW) as snapshot:
        for query in (Query("code", explain=True), Query('"code 137"'), Query("ode", mode="exact")):
            found = engine.find(Lost(snapshot), query._replace(why_not=shelf.id_of("a")), None, NOW)
            assert len(found.hits) == (2 if query.text == "code" else 1)
            assert found.why_not == "its text is not on this machine"
