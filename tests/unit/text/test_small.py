"""Expressions, stems and dates."""

from __future__ import annotations

import pytest

from kioku_mesh.clock import parse_time
from kioku_mesh.text import expression
from kioku_mesh.text.dates import day_word
from kioku_mesh.text.stems import has_word, stem


def test_expressions() -> None:
    """Words become strings, and joined ones stand in brackets."""
    a, b = expression.phrase('a"b'), expression.prefix("c")
    assert (a, b) == ('"a b"', '"c" *')
    assert expression.any_of([a]) == a
    assert expression.all_of([a, b]) == '("a b" AND "c" *)'
    assert expression.without(a, [b, b]) == '("a b" NOT ("c" * OR "c" *))'
    assert expression.without(a, []) == a


@pytest.mark.parametrize(
    "forms",
    [
        "flush flushes flushed flushing",
        "retry retries retried",
        "compute computes computed computation",
        "cache caches cached",
    ],
)
def test_forms_of_a_word_share_a_stem(forms: str) -> None:
    """The common endings are recognised."""
    assert len({stem(form) for form in forms.split()}) == 1


def test_has_word() -> None:
    """Another form at the beginning of a word counts; the middle of a word does not, unless a star asks for beginnings."""
    assert has_word("the flushes were slow", "flushing")
    assert not has_word("reflush", "flush")
    assert has_word("x authentication", "authen*")
    assert not has_word("x authentication", "authen")


def test_day_word() -> None:
    """A day is one word that is like no number."""
    assert day_word(parse_time("2023-05-08T23:59:00Z")) == "day20230508"
    assert day_word(-1) == "day19700101"
