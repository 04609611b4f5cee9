"""In every script a search finds at least what looking for the characters would find."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator

import pytest

from kioku_mesh.store import vectors
from kioku_mesh.text.scripts import fold
from support.languages import INDIC, TEXTS, UNSPACED

from .shelf import Shelf

NAMED = {f"{language}_{n}": text for language, texts in TEXTS.items() for n, text in enumerate(texts)}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path_factory.mktemp("languages"))
    shelf.save(**NAMED)
    vectors.fill(shelf.store, 1e9)
    yield shelf
    shelf.store.close()


def words(text: str, letters: int) -> list[str]:
    """The words between blanks that are letters and marks alone, at least so many."""
    found = (word.strip(".,、。،") for word in text.split())
    return [w for w in found if len(w) >= letters and all(unicodedata.category(sign)[0] in "LM" for sign in w)]


def without_accents(word: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if unicodedata.category(sign) != "Mn")


def wide(word: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in word)


@pytest.mark.parametrize("language", TEXTS)
def test_a_word_in_any_form(full: Shelf, language: str) -> None:
    """As it stands, in small and capital letters, taken apart into letters and accents, full width, without accents."""
    for name in (name for name in NAMED if name.startswith(language + "_")):
        for word in words(NAMED[name], 2 if language in UNSPACED else 3):
            forms = {word, word.lower(), word.upper(), unicodedata.normalize("NFD", word), wide(word)}
            if language not in (*UNSPACED, *INDIC) and len(word) >= 4:
                forms.add(without_accents(word))
            for form in forms:
                assert name in full.found(form, limit=10), f"{form!r} of {word!r}"


@pytest.mark.parametrize("language", UNSPACED)
def test_any_part_where_words_are_not_spaced(full: Shelf, language: str) -> None:
    """One character and more, wherever it stands."""
    rng = random.Random(language)
    for name in (name for name in NAMED if name.startswith(language + "_")):
        text = NAMED[name]
        for _ in range(60):
            start = rng.randrange(len(text))
            part = text[start : start + rng.randint(1, 8)].strip(" 、。`")
            if not part or any(map(str.isascii, part)) or unicodedata.category(part[0])[0] == "M":
                continue
            having = {other for other, said in NAMED.items() if fold(part) in fold(said)}
            if len(having) <= 10:
                assert having <= set(full.found(part, limit=20)), repr(part)


@pytest.mark.parametrize("language", [name for name in TEXTS if name not in UNSPACED])
def test_a_part_of_a_word_that_nothing_else_is(full: Shelf, language: str) -> None:
    """Asked alone, four letters or more out of a word find it, unless a memory has them as a word."""
    rng = random.Random(language)
    for name in (name for name in NAMED if name.startswith(language + "_")):
        for word in words(NAMED[name], 7):
            start = rng.randrange(len(word) - 4)
            part = word[start : start + rng.randint(4, 6)]
            if unicodedata.category(part[0])[0] == "M" or full.found(part, mode="exact", limit=1) == []:
                continue
            whole = {other for other, said in NAMED.items() if part.lower() in fold(said).split()}
            assert whole or name in full.found(part, limit=10), f"{part!r} of {word!r}"


@pytest.mark.parametrize("language", [name for name in TEXTS if name not in (*UNSPACED, "emoji", "mixed")])
def test_a_slip(full: Shelf, language: str) -> None:
    """Two neighbours that changed places, or a letter left out, in a word of seven letters or more."""
    rng = random.Random(language)
    for name in (name for name in NAMED if name.startswith(language + "_")):
        for word in words(NAMED[name].replace("ß", "ss"), 7):
            at = rng.randrange(1, len(word) - 2)
            if "M" in {unicodedata.category(sign)[0] for sign in word[at : at + 2]} or word[at] == word[at + 1]:
                continue
            for slip in (word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + word[at + 1 :]):
                assert name in full.found(slip, limit=10), f"{slip!r} for {word!r}"


@pytest.mark.parametrize(
    ("asked", "name"), [("ふっく", "japanese_4"), ("りーじょん", "japanese_4"), ("トウキョウ", None)]
)
def test_the_other_kana(full: Shelf, asked: str, name: str | None) -> None:
    """Hiragana finds katakana where nothing is written in it; a note says so."""
    ranked = full.ask(asked)
    notes = [note.message for note in ranked.notes if note.code == "did_you_mean"]
    assert (name in full.found(asked) and len(notes) == 1) if name else notes == []


@pytest.mark.parametrize("asked", ["max_conn", "usecart", "KX-4"])
def test_the_beginning_of_an_identifier(full: Shelf, asked: str) -> None:
    """It stands for the identifiers that begin with it."""
    expected = {"max_conn": "mixed_2", "usecart": "japanese_4", "KX-4": "mixed_1"}[asked]
    assert full.found(asked)[0] == expected
