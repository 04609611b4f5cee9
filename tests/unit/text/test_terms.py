"""Queries taken apart."""

from __future__ import annotations

import pytest

from kioku_mesh.text.terms import WORDS_MAX, query_terms


def texts(query: str) -> list[str]:
    return [term.text for term in query_terms(query).terms]


def words(query: str) -> list[str]:
    return [word.text for term in query_terms(query).terms for word in term.words]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("why is the flush slow", ["flush", "slow"]),
        ("to be or not to be", ["to", "be", "or", "not"]),
        ("flush flush Flush", ["flush", "Flush"]),
        ("std::move (a, b)!", ["std::move", "b"]),
        ("#1184: HW-5521.", ["1184", "HW-5521"]),
        ("KEY=600 a@b.c", ["KEY=600", "a@b.c"]),
        ("Redisの設定", ["Redis", "の設定"]),
        ("auth* a* *x* foo/ba*", ["auth*", "x", "foo/ba*"]),
        ("!!! -> ...", []),
        ("", []),
    ],
)
def test_terms(query: str, expected: list[str]) -> None:
    """A query falls into identifiers, runs of CJK and words; stop words go unless they are all there is."""
    assert texts(query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("foo_barBaz.py", ["foo", "barBaz", "bar", "Baz", "py"]),
        ("read-the-docs", ["read", "docs"]),
        ("ログは何日", ["ログ", "グは", "は何", "何日"]),
        ("設定している", ["設定", "定し"]),
        ("している", ["して", "てい", "いる"]),
        ("東", ["東"]),
        ("東京タワー", ["東京", "京タ", "タワ", "ワー"]),
    ],
)
def test_words(query: str, expected: list[str]) -> None:
    """Identifiers count by their parts, CJK by pairs; grammar counts only where nothing else does."""
    assert words(query) == expected


def test_identifiers_are_phrases_too() -> None:
    """What is written without blanks is also looked for side by side, camelCase in its parts."""
    spans = {term.text: term.span and term.span.expression for term in query_terms("a/b.py useCart word 東京都").terms}
    assert spans == {"a/b.py": '"a/b.py"', "useCart": '"use Cart"', "word": None, "東京都": '"東京 京都"'}


def test_quoted_text_must_be_there() -> None:
    """Straight and curly quotes make phrases, at the beginning of a word only."""
    found = query_terms('see "exit code 1" and “東京 都” but name="x" stays')
    assert [phrase.text for phrase in found.phrases] == ["exit code 1", "東京 都"]
    assert [term.text for term in found.terms] == ["see", "name", "x", "stays"]
    assert found.needed == ['"exit"', '"code"', '"1"', '"東京"', '"都" *']


def test_stop_words_do_not_join_a_phrase() -> None:
    """A quoted phrase stands alone: stop words beside it are not looked for."""
    assert texts('what is "exit code"') == []


@pytest.mark.parametrize(
    ("query", "unwanted"),
    [
        ("flush -redis", ["redis"]),
        ('flush -"exit code"', ["exit code"]),
        ("設定 -会議", ["会議"]),
        ("rm -rf /tmp -v", []),
        ("git --force", []),
        ("java -XX:MaxDirectMemorySize=1", []),
        ("a -1 b", []),
        ("well-known", []),
    ],
)
def test_unwanted_words(query: str, unwanted: list[str]) -> None:
    """A dash before a word excludes it, options of commands and numbers excepted."""
    assert [word.text for word in query_terms(query).unwanted] == unwanted


def test_excluded_words_stay_excluded_when_nothing_else_is_asked_for() -> None:
    """A query of nothing but excluded words is not turned round."""
    found = query_terms("-Wall")
    assert (found.terms, [word.text for word in found.unwanted]) == ((), ["Wall"])


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("2023-05-08", ["saved 2023-05-08"]),
        ("on 2023/5/8?", ["saved 2023-05-08"]),
        ("8 May 2023", ["saved 2023-05-08"]),
        ("the 8th of May, 2023", ["saved 2023-05-08"]),
        ("May 8, 2023", ["saved 2023-05-08"]),
        ("Sept 2023 and 2024-02", ["saved 2023-09", "saved 2024-02"]),
        ("11", []),
        ("2023", []),
        ("May", []),
        ("2023-13-01", []),
        ("v2023-05-08 1.2023-05 2023-05-08T10:00 log/2023-05-08.txt", []),
        ("ſep 2023", []),
    ],
)
def test_dates_also_ask_for_what_was_saved_then(query: str, shown: list[str]) -> None:
    """A whole date or a month with its year also means the time of saving; single numbers never do."""
    words = [word for term in query_terms(query).terms for word in term.words if word.text.startswith("saved ")]
    assert [word.text for word in words] == shown
    assert all(word.expression.startswith('"day20') for word in words)


def test_beginnings_also_ask_for_stemmed_forms() -> None:
    """`authenticat*` asks for authentication as well, which the index knows as "authent"."""
    (term,) = query_terms("authenticat*").terms
    assert '"authenticat" *' in term.whole
    assert '"authentication"' in term.whole


def test_long_queries_are_cut_and_say_so() -> None:
    """Beyond the limit of words the rest is dropped and counted; one endless term is cut inside."""
    many = query_terms(" ".join(f"word{n}" for n in range(WORDS_MAX + 7)))
    assert (len(many.terms), many.dropped) == (WORDS_MAX, 7)
    assert len(query_terms("/".join(f"w{n}" for n in range(500))).terms[0].words) == WORDS_MAX


def test_the_text_of_a_query_is_never_syntax() -> None:
    """Quotes, stars, colons and NUL cannot get out of the strings of an expression."""
    for query in ('a"b OR c:d NEAR(', "x\0y* ^z {a b}:c", 'subject:"q" AND NOT (', '"unclosed', "a''b--"):
        for term in query_terms(query).terms:
            assert term.whole.count('"') % 2 == 0
            assert "\0" not in term.whole


@pytest.mark.parametrize("text", ["a" * 19_000, "a/b/c.d" * 2_000, "camelCase" * 2_000, "x-" * 9_000])
def test_an_endless_identifier_is_cut(text: str) -> None:
    """What stands side by side in no memory is not looked for side by side."""
    (term,) = query_terms(text).terms
    assert len(term.text) <= 400
    assert len(term.span.expression if term.span else "") <= 4_000
