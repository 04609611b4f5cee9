"""Literal text."""

from __future__ import annotations

import sys
from unicodedata import normalize

import apsw
import pytest

from kioku_mesh.text.literal import contains, needed
from kioku_mesh.text.scripts import fold
from kioku_mesh.text.tokens import index_text


@pytest.mark.parametrize(
    ("text", "wanted", "inside", "whole"),
    [
        ("exit code 137", "code 13", True, False),
        ("exit code 137", "code 137", True, True),
        ("code 1370, code 137", "code 137", True, True),
        ("a->b", "->", True, True),
        ("東京都", "京", True, True),
        ("abc", "x", False, False),
    ],
)
def test_contains(text: str, wanted: str, inside: bool, whole: bool) -> None:
    """Parts of words count only when asked for; signs and scripts without blanks have no parts of words."""
    assert contains(fold(text), fold(wanted), whole_words=False) is inside
    assert contains(fold(text), fold(wanted), whole_words=True) is whole


def test_needed_leaves_out_what_may_be_part_of_a_word() -> None:
    """At the edges of a literal text stand parts of words, which the index does not know."""
    assert needed("ool limit of si", whole_words=False) == ['"limit"', '"of"']
    assert needed("ool limit of si", whole_words=True) == ['"ool"', '"limit"', '"of"', '"si"']
    assert needed("x東京都y", whole_words=False) == ['"東京 京都"']
    assert needed("(東)", whole_words=False) == ['"東" *']
    assert needed("word", whole_words=False) == []
    assert needed("ς ϊ ", whole_words=True) == []


def test_sure_letters_are_one_token_in_every_form() -> None:
    """Every character that folds to letters by which `needed` narrows down gives the same token in FTS5."""
    db = apsw.Connection(":memory:")
    db.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize='porter unicode61 remove_diacritics 2')")
    forms = (chr(code) for code in range(sys.maxunicode) if not 0xD800 <= code < 0xE000)
    checked = 0
    for sign in forms:
        if sign == sign.casefold() == normalize("NFKC", sign):
            continue
        folded = fold(f"q{sign}q")
        if folded == f"q{sign}q" or not needed(folded, whole_words=True):
            continue
        db.execute("INSERT INTO t VALUES (?)", (index_text(f"q{sign}q"),))
        for way in needed(folded, whole_words=True):
            assert db.execute("SELECT count(*) FROM t WHERE t MATCH ?", (way,)).get == 1, hex(ord(sign))
        db.execute("DELETE FROM t")
        checked += 1
    assert checked > 100
