"""What the meaning model knows a text by: units of Chinese, Japanese and Korean, and words, which it cuts into pieces.

The model was trained on texts cut in this way, so it and this file change together (`VERSION` in `store/meaning.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TypeVar
from unicodedata import category, normalize

from ..patterns import pattern
from .tokens import camel_parts

UNIT = "~"  # what units begin with in the table, to be told from the pieces of words
_KATAKANA_MAX = 14  # of a run that is one unit; of longer ones three neighbours are
_WORD_MAX = 60  # letters of a word; a longer one is no word
_MIXED_MAX = 2  # pieces of a word with digits in it
_TELLING = 3  # letters that one piece of a word must have, else its pieces say nothing

_RUN = pattern(
    "[\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3\U00020000-\U0002fa1f]+|[\u30a1-\u30fa\u30fc-\u30ff]+"
    "|[\u3041-\u309f]+"
)
_KATAKANA = ("\u30a1", "\u30ff")  # first and last
_WORD = pattern(r"[^\W_]+")

Row = TypeVar("Row")


def units_and_words(text: str) -> tuple[list[str], list[str]]:
    """Each once, in the order of the text. Hiragana is grammar for the most part, and says nothing here."""
    units: dict[str, None] = {}
    if not text.isascii():
        text = normalize("NFKC", text)
        for run in _RUN.findall(text):
            units |= dict.fromkeys(_units(run))
        text = _RUN.sub(" ", text)
    words: dict[str, None] = {}
    for word in _WORD.findall(text):
        for part in camel_parts(word):
            if len(part) <= _WORD_MAX:
                words[_plain(part)] = None
    return list(units), list(words)


def _units(run: str) -> Iterator[str]:
    if _is_katakana(run):
        if len(run) <= _KATAKANA_MAX:
            yield UNIT + run
        else:
            yield from (UNIT + run[at : at + 3] for at in range(len(run) - 2))
    elif run[0] > _KATAKANA[1]:
        yield from (UNIT + sign for sign in run)
        yield from (UNIT + a + b for a, b in pairwise(run))


def _is_katakana(run: str) -> bool:
    return _KATAKANA[0] <= run[0] <= _KATAKANA[1]


def _plain(word: str) -> str:
    """Small letters without accents."""
    word = word.lower()
    return word if word.isascii() else "".join(c for c in normalize("NFD", word) if category(c) != "Mn")


def compound(unit: str, look_up: Callable[[str], Row | None]) -> list[Row]:
    """The rows of a unit: its own, or for katakana that is not known as a whole those of the longest parts from the left:
    コミットメッセージ is コミット and メッセージ."""
    whole = look_up(unit)
    if whole is not None:
        return [whole]
    rows: list[Row] = []
    run = unit[len(UNIT) :]
    start = 0
    while _is_katakana(run) and start < len(run) - 1:
        for end in range(len(run), start + 1, -1):
            row = look_up(UNIT + run[start:end])
            if row is not None:
                rows.append(row)
                break
        else:
            end = start + 1
        start = end
    return rows


def cut(word: str, look_up: Callable[[str], Row | None]) -> list[Row]:
    """The rows of the longest pieces from the left (WordPiece: the inner ones begin with ##); none of a word that cannot
    be cut so, or only into crumbs, or of letters and digits that are no name anybody wrote about (`w77x`, not `python3`)."""
    rows: list[Row] = []
    start, longest = 0, 0
    while start < len(word):
        for end in range(len(word), start, -1):
            row = look_up(f"##{word[start:end]}" if start else word[:end])
            if row is not None:
                break
        else:
            return []
        rows.append(row)
        start, longest = end, max(longest, end - start)
    if len(rows) > _MIXED_MAX and not word.isalpha():
        return []
    return rows if longest >= min(_TELLING, len(word)) else []
