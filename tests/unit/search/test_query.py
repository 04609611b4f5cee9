"""The plan of a search, without a store."""

from __future__ import annotations

from kioku_mesh.search.query import BUDGET, Stage, stages, words
from kioku_mesh.text.terms import query_terms


def plan(query: str, mode: str = "auto", **rows: int) -> list[Stage]:
    """Each word of `rows` is in so many memories; others in one."""

    def frequency(expression: str, limit: int) -> int:
        return min(rows.get(expression.strip('"'), 1), limit)

    return stages(query_terms(query), mode, frequency)


def test_rare_words_alone_make_one_stage() -> None:
    """Where all words are rare, any of them is asked for at once, the rarest first."""
    assert plan("flush drain", flush=9) == [Stage('("drain" OR "flush")')]


def test_words_beyond_the_budget_follow() -> None:
    """A word that would cost too much only comes after everything that has a rare one, so that nothing is missed."""
    found = plan("rare build", rare=10, build=BUDGET + 1)
    assert found == [Stage('"rare"'), Stage('"build"', common=True)]


def test_words_left_out_still_help_to_rank() -> None:
    """A word that does not fit into the budget counts for those that have a rarer one."""
    found = plan("rare often", rare=BUDGET - 10, often=BUDGET - 5)
    assert found == [Stage('("rare" OR ("rare" AND "often"))'), Stage('"often"', common=True)]


def test_only_common_words() -> None:
    """Where every word is everywhere, all of them together come first, newest rows first."""
    found = plan("build test", build=BUDGET + 1, test=BUDGET + 1)
    assert found == [Stage('("build" AND "test")', common=True), Stage('("build" OR "test")', common=True)]


def test_unknown_words_are_not_asked_for() -> None:
    """Words that are nowhere cost nothing; if none is anywhere there is nothing to ask."""
    assert plan("flush zzz", zzz=0) == [Stage('"flush"')]
    assert plan("zzz", zzz=0) == []


def test_modes() -> None:
    """`and` asks for all words, `and_or` for all and then for any, `or` for any."""
    assert plan("a1 b1", "and") == [Stage('("a1" AND "b1")')]
    assert plan("a1 b1", "and_or") == [Stage('("a1" AND "b1")'), Stage('("a1" OR "b1")')]
    assert plan("a1 b1", "or") == [Stage('("a1" OR "b1")')]


def test_all_of_an_identifier_in_any_order() -> None:
    """`and` takes the parts of an identifier for words; side by side they rank higher; a CJK run must be there whole."""
    asked = plan("a/b", "and")[0].expression
    assert asked == '(("a" AND "b") AND (("a" AND "b") OR "a/b"))'
    assert plan("東京都", "and")[0].expression == '("東京 京都" AND ("東京 京都" OR "東京 京都"))'


def test_quoted_text_is_required_and_the_rest_optional() -> None:
    """With a quoted phrase the other words only rank, except in `and`."""
    (stage,) = plan('"exit code" docker')
    assert stage.expression == '("exit" AND "code" AND ("exit" OR "exit code" OR "docker"))'
    (stage,) = plan('"exit code" docker', "and")
    assert stage.expression.startswith('("exit" AND "code" AND "docker" AND')


def test_unwanted_words_are_in_every_stage() -> None:
    """An excluded word is excluded from all stages."""
    found = plan("rare build -redis", rare=1, build=BUDGET + 1)
    assert [stage.expression for stage in found] == ['("rare" NOT "redis")', '("build" NOT "redis")']


def test_each_word_counts_once() -> None:
    """The same word in two terms is one word."""
    assert [word.text for word in words(query_terms("foo_bar bar Foo"))] == ["foo", "bar", "foo_bar"]
