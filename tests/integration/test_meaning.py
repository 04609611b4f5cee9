"""Memories are found by what they mean, through the commands and the tools as they are installed."""

from __future__ import annotations

import json

import pytest

from support import Home

SAID = (
    "We retry uploads three times, then park them: the S3 gateway drops idle connections",
    "Invoices are rounded with ROUND_HALF_EVEN since totals were off by one cent",
    "Postgres connection pool is limited to 20, more made the database run out of memory",
    "夜間バッチは二重課金を防ぐため冪等キーを使う",
    "The login page redirects to itself when third-party cookies are blocked",
)
ASKED = [
    ("rounding mistakes in bill amounts", 1),
    ("how often do we try again when a transfer fails", 0),
    ("DB ran out of RAM because of too many clients", 2),
    ("duplicate billing at night", 3),
    ("sign-in loop because of cookie settings", 4),
]


@pytest.fixture
def told(home: Home) -> list[str]:
    return [home.save(text) for text in SAID]


@pytest.mark.parametrize(("question", "answer"), ASKED)
def test_other_words_for_the_same(home: Home, told: list[str], question: str, answer: int) -> None:
    """In the same language or another one, by the command line and by the tools."""
    found = home.json("search", question, "--explain")
    assert found["results"][0]["observation_id"] == told[answer]
    assert found["results"][0]["explain"]["meaning"] > 0
    assert found["verdict"] in ("strong", "fair", "weak")
    with home.agent() as agent:
        answered = agent.call("search_memory", query=question)["structuredContent"]
    assert answered["results"][0]["observation_id"] == told[answer]
    assert answered["verdict"] == found["verdict"]


def test_an_exact_word_comes_first(home: Home, told: list[str]) -> None:
    """Whatever else means nearly the same."""
    assert home.json("search", "ROUND_HALF_EVEN")["results"][0]["observation_id"] == told[1]
    assert home.json("search", "課金")["results"][0]["observation_id"] == told[3]


def test_nothing_is_claimed_of_what_is_not_here(home: Home, told: list[str]) -> None:
    """Neither the words nor the meaning of a question fit: the answer is empty, or says that it is weak."""
    assert home.json("search", "zzzz qqqq")["results"] == []
    found = home.json("search", "sourdough bread recipe")
    assert not found["results"] or found["verdict"] == "weak"
    assert told


def test_quotes_and_minus_hold_for_meaning_too(home: Home, told: list[str]) -> None:
    """What is quoted must stand there, what is excluded must not."""
    assert home.json("search", 'rounding mistakes in bill amounts "no such words"')["results"] == []
    shown = home.json("search", "rounding mistakes in bill amounts -invoices")["results"]
    assert told[1] not in [each["observation_id"] for each in shown]


def test_why_not(home: Home, told: list[str]) -> None:
    """What neither words nor meaning recommend is told with its cosine."""
    told_why = home.json("search", "rounding mistakes in bill amounts", "--why-not", told[4])["why_not"]
    assert "cosine" in told_why


def test_what_is_imported_is_found_by_meaning(home: Home) -> None:
    """Right after the import, which says so on the way; a rebuild keeps it so."""
    lines = home.work / "lines.jsonl"
    lines.write_text("".join(json.dumps({"content": text}) + "\n" for text in SAID), encoding="utf-8")
    home.ok("import", str(lines))
    for command in ((), ("rebuild",), ("rebuild", "--vectors")):
        if command:
            assert home.json(*command)["vectors"] == len(SAID)
        assert home.json("status")["meaning"] == {"available": True, "waiting": 0, "many": False, "fault": ""}
        assert "Invoices" in home.json("search", ASKED[0][0])["results"][0]["content"]
    assert home.json("doctor", "--check", "meaning", "--deep")["ok"]
