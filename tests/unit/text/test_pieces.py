"""What the meaning model is told of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioku_mesh.text import pieces


@pytest.mark.parametrize(
    ("text", "units", "words"),
    [
        ("The flushInterval of uploads", [], ["the", "flush", "interval", "of", "uploads"]),
        ("retry retry RETRY", [], ["retry"]),
        ("billing/totals.py #1184", [], ["billing", "totals", "py", "1184"]),
        ("Café, NAÏVE", [], ["cafe", "naive"]),
        ("二重に課金", ["~二", "~重", "~二重", "~課", "~金", "~課金"], []),
        ("パスワードは8文字", ["~パスワード", "~文", "~字", "~文字"], ["8"]),
        ("ﾊﾟｽﾜｰﾄﾞ", ["~パスワード"], []),
        ("결제 오류", ["~결", "~제", "~결제", "~오", "~류", "~오류"], []),
        ("の。、！", [], []),
        ("🎉 — …", [], []),
        ("x" * 61, [], []),
    ],
)
def test_units_and_words(text: str, units: list[str], words: list[str]) -> None:
    """Each once; kana that only joins is left out; of a long katakana run three neighbours are a unit."""
    assert pieces.units_and_words(text) == (units, words)
    long = "アイウエオカキクケコサシスセソ"
    assert pieces.units_and_words(long)[0] == ["~" + long[at : at + 3] for at in range(len(long) - 2)]


def test_words_are_cut_into_the_longest_pieces() -> None:
    """From the left; a word that cannot be cut, or only into crumbs, says nothing."""
    known = {name: name for name in ("post", "##gres", "po", "##st", "z", "##z", "##zz", "ok")}
    assert pieces.cut("postgres", known.get) == ["post", "##gres"]
    assert pieces.cut("post", known.get) == ["post"]
    assert pieces.cut("postmortem", known.get) == []
    assert pieces.cut("zzzz", known.get) == []
    assert pieces.cut("ok", known.get) == ["ok"]


def test_katakana_is_cut_into_what_is_known() -> None:
    """As a whole if it is, else into its longest parts; other units are there or not."""
    known = {name: name for name in ("~コミット", "~メッセージ", "~データ", "~東", "~東京")}
    assert pieces.compound("~コミット", known.get) == ["~コミット"]
    assert pieces.compound("~コミットメッセージ", known.get) == ["~コミット", "~メッセージ"]
    assert pieces.compound("~ザデータ", known.get) == ["~データ"]
    assert pieces.compound("~アイウエオ", known.get) == []
    assert pieces.compound("~東京", known.get) == ["~東京"]
    assert pieces.compound("~京都", known.get) == []


@given(st.text())
def test_any_text_can_be_cut(text: str) -> None:
    """And nothing is there twice."""
    units, words = pieces.units_and_words(text)
    assert len(set(units)) == len(units)
    assert len(set(words)) == len(words)
    assert all(word and word == word.lower() for word in words if word.isascii())
