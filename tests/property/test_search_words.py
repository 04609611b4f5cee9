"""Whatever is indexed is found by its own words, parts and pieces; whatever is removed leaves nothing behind."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from unicodedata import category

import apsw
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kioku_mesh.store import fulltext
from kioku_mesh.text.literal import contains, needed
from kioku_mesh.text.scripts import fold
from kioku_mesh.text.terms import query_terms
from kioku_mesh.text.tokens import camel_parts

LATIN = "abcxyzABCXYZ019éÉßñ"
OTHERS = "жЖщώΣςאבمحहिन्दीதமி"
UNSPACED = "東京都がぎゃパーｶﾞ々〆서울ᄀภาษีກຂកមြန"
SIGNS = " \n\t.,;:!?_-/#@'\"()[]{}<>|\\*^~`%&+=$·…—。、「」・🚀🤖✅\0\u00ad\u200b\u0301\ud800"

words = st.text(st.sampled_from(LATIN + OTHERS), min_size=1, max_size=9)
runs = st.text(st.sampled_from(UNSPACED), min_size=1, max_size=9)
signs = st.text(st.sampled_from(SIGNS), min_size=1, max_size=3)
texts = st.lists(st.one_of(words, runs, signs, st.just(" ")), max_size=25).map("".join)
anything = st.text(max_size=60)

TABLE = apsw.Connection(":memory:")
TABLE.execute("CREATE TABLE observation(n INTEGER PRIMARY KEY)")
TABLE.execute("INSERT INTO observation VALUES (1), (2)")
fulltext.create(TABLE)
fulltext.add(TABLE, 2, fulltext.fields("other", "memory with nothing in common", ""))


def finds(text: str, expressions: list[str]) -> bool:
    """Whether a memory of this text fits all the expressions, and the rest of the table is as before afterwards."""
    tokens = fulltext.fields("", text, "")
    fulltext.add(TABLE, 1, tokens)
    found = all(fulltext.matching(TABLE, expression, [1]) for expression in expressions)
    fulltext.remove(TABLE, 1, tokens)
    assert fulltext.frequency(TABLE, '"other"') == 1
    return found


def wholes(query: str) -> list[str]:
    """What `and` asks for. The query is taken as it stands: no operators."""
    return [term.whole for chunk in re.split(r"[\s\"“”*-]+", query) for term in query_terms(chunk).terms]


@given(texts, st.data())
def test_a_text_is_found_by_its_own_words(text: str, data: st.DataObject) -> None:
    """Every piece between blanks, and the parts of it between signs, find the text that they come from."""
    pieces = [piece for piece in re.split(r"[\s\0\ud800]+", text) if piece]
    assume(pieces)
    piece = data.draw(st.sampled_from(pieces))
    assert finds(text, wholes(piece))
    for part in re.findall(r"[A-Za-z0-9]+", piece if piece.isascii() else ""):
        assert finds(text, wholes(part))
        for small in camel_parts(part):
            assert finds(text, wholes(small))


@given(texts, runs, texts, st.data())
def test_a_text_is_found_by_any_piece_of_cjk(before: str, run: str, after: str, data: st.DataObject) -> None:
    """Every substring of a run without blanks finds its text, from one character on."""
    start = data.draw(st.integers(0, len(run) - 1))
    piece = run[start : data.draw(st.integers(start + 1, len(run)))]
    assume(category(piece[0])[0] == "L")  # a cut inside a character made of several is no piece of text
    assume(category((run + after)[start + len(piece) :][:1] or "x")[0] != "M")
    assume(fold(run).find(fold(piece)) >= 0)
    assert finds(f"{before} {run} {after}", wholes(piece))


@given(texts, st.data())
def test_what_a_literal_text_needs_is_there(text: str, data: st.DataObject) -> None:
    """Narrowing down by the index never loses a memory in which the text stands literally."""
    folded = fold(text)
    start = data.draw(st.integers(0, len(folded)))
    piece = folded[start : data.draw(st.integers(start, len(folded)))].strip()
    assume(piece)
    assert contains(folded, fold(piece), whole_words=False)
    assert finds(text, needed(piece, whole_words=False))
    if contains(folded, fold(piece), whole_words=True):
        assert finds(text, needed(piece, whole_words=True))


@given(anything, anything)
def test_removal_is_complete(text: str, subject: str) -> None:
    """After a text was removed, the vocabulary of the index is what it was before: not one token more."""
    vocabulary = "SELECT term, doc, cnt FROM temp.words ORDER BY term"
    TABLE.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab(main, fulltext, row)")
    before = TABLE.execute(vocabulary).get
    tokens = fulltext.fields(subject, text, text)
    fulltext.add(TABLE, 1, tokens)
    fulltext.remove(TABLE, 1, fulltext.fields(subject, text, text))
    assert TABLE.execute(vocabulary).get == before


secrets = st.lists(st.text("bcdfghjkmnpqrtvwxz", min_size=14, max_size=14), min_size=1, max_size=5, unique=True)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(secrets, st.integers(0, 40))
def test_removal_leaves_no_bytes(words: list[str], others: int) -> None:
    """The words of a removed memory are nowhere in the file or its log once that was emptied."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.db")
        db = apsw.Connection(str(path))
        db.pragma("journal_mode", "wal")
        db.pragma("secure_delete", True)
        fulltext.create(db)
        for row in range(others):
            fulltext.add(db, row, fulltext.fields("", f"aeiou{row} memory", "old"))
        tokens = fulltext.fields(words[0], " ".join(words), "")
        fulltext.add(db, 1000, tokens)
        for row in range(others):
            fulltext.add(db, 2000 + row, fulltext.fields("", f"uoiea{row} memory", "new"))
        assert _bytes_of(path, words)
        fulltext.remove(db, 1000, tokens)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert not _bytes_of(path, words)
        db.close()
        assert not _bytes_of(path, words)


def _bytes_of(path: Path, words: list[str]) -> list[str]:
    """Words of which a piece stands in any file there. The index stores once what two words begin with alike."""
    stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    return [word for word in words if any(word[at : at + 6].encode() in stored for at in range(len(word) - 5))]
