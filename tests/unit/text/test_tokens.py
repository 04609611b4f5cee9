"""What the full-text index is fed with."""

from __future__ import annotations

from unicodedata import normalize, ucd_3_2_0

import pytest

from kioku_mesh.text.scripts import fold, letters, normal, shown
from kioku_mesh.text.tokens import VERSION, camel_parts, index_text

# Tokens of version 1. They must never change without a new VERSION: old rows could then not be removed.
GOLDEN = {
    "The flush of foo_bar.py": "The flush of foo_bar.py",
    "useCartStore": "useCartStore use Cart Store",
    "parseHTTPResponse2x": "parseHTTPResponse2x parse HTTP Response2 x",
    "HTTPServer iPhone foo_barBaz": "HTTPServer HTTP Server iPhone i Phone foo_barBaz bar Baz",
    "APIs IDs SHA256 x86 v8f64": "APIs IDs SHA256 x86 v8f64",
    "東京都": "東京 京都 都",
    "東": "東",
    "API手順を": "API 手順 順を を",
    "ｶﾞﾗｽ": "ガラ ラス ス",
    "が か\u3099 あ\u3099": "が が あ",
    "서버에서": "서버 버에 에서 서",
    "ภาษี": "ภา าษ ษ\U000f0e35 \U000f0e35",
    "हिन्दी": "ह\U000f093fन\U000f094dद\U000f0940",
    "Straße ẞ ﬁle ①½": "Strasse ss file 11⁄2",
    "cafe\u0301 co\u00adop no\u200bbreak": "café coop nobreak",
    "שָׁלוֹם مُحَمَّد": "שלום محمد",
    "🚀ship 🤖bot ✅done →next": "ship bot done next",
    "nul\0 lone\ud800surrogate": "nul lone surrogate",
    "": "",
}


@pytest.mark.parametrize("text", GOLDEN)
def test_golden(text: str) -> None:
    """The tokens of known texts stay the same as long as the version does."""
    assert VERSION == 2
    assert index_text(text).split() == GOLDEN[text].split()


def test_normal_is_frozen() -> None:
    """Normalisation touches only characters that Unicode 3.2 knew, so every Python makes the same tokens."""
    for code in (*range(0x80, 0xD800), *range(0xE000, 0x10000), *range(0x1D400, 0x1D800), *range(0x1F100, 0x1F200)):
        sign = chr(code)
        known = ucd_3_2_0.category(sign) != "Cn"
        assert normal(f"a{sign}b") == (normalize("NFKC", f"a{sign}b") if known else f"a{sign}b"), hex(code)


def test_young_characters_do_not_shield_their_neighbours() -> None:
    """A character younger than Unicode 3.2 stays, and what stands around it is still normalised."""
    assert normal("ｱ\U0001f916ｲ") == "ア\U0001f916イ"


def test_long_runs_are_linear() -> None:
    """Half a million letters without a break do not hang the tokenizer."""
    for run in ("a", "aB", "A", "東", "é", "🤖", "ि"):
        assert index_text(run * 250_000) is not None


def test_shown_undoes_letters_for_marks() -> None:
    """People never see the private-use letters that stand for vowel signs in the index."""
    assert shown(letters("ภาษี")) == "ภาษี"
    assert shown("plain") == "plain"


def test_fold_ignores_case_width_and_blanks() -> None:
    """Literal comparison takes capitals, full-width forms and runs of blanks for the same."""
    assert fold("  ＦＯＯ\n\tStraße ") == "foo strasse"


def test_camel_parts() -> None:
    """A word without humps is its only part."""
    assert camel_parts("useHTTPCache2") == ["use", "HTTP", "Cache2"]
    assert camel_parts("plain") == ["plain"]
    assert camel_parts("APIs") == ["APIs"]
