"""Whether two texts say the same: in any script, and rather no than wrongly yes."""

from __future__ import annotations

import pytest

from kioku_mesh.text import wording
from kioku_mesh.text.wording import normal, repeats, said, same, signature
from support.wordings import DIFFERENT, SAME


@pytest.mark.parametrize(("a", "b"), SAME)
def test_the_same_in_nearly_the_same_words(a: str, b: str) -> None:
    """In each direction, and whether vectors say so or not."""
    for meant in (True, False):
        assert same(signature(a), signature(b), meant)
        assert same(signature(b), signature(a), meant)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_similar_words_but_another_meaning(a: str, b: str) -> None:
    """Whatever their vectors say: these see neither numbers nor negations, and take staging for production."""
    for meant in (True, False):
        assert not repeats(said("", a), said("", b), meant)
        assert not repeats(said("", b), said("", a), meant)


def test_a_sentence_may_be_missing_on_one_side() -> None:
    """Nothing within a sentence, nothing that tells, and no more than the vectors make up for."""
    short = signature("The nightly job copies ledgers to the vault")
    assert same(short, signature("The nightly job copies ledgers to the vault. Ask Marek."))
    more = signature("The nightly job copies ledgers to the vault. Ask Marek. The archive keeps invoices.")
    assert not same(short, more)
    assert same(short, more, meant=True)
    for other in ("Not so today.", "Ask Marek at 5pm.", "See vault.py."):
        assert not same(short, signature(f"The nightly job copies ledgers to the vault. {other}"), meant=True)
    assert not same(short, signature("The nightly job of Marek copies ledgers to the vault"), meant=True)


def test_one_word_may_have_another_form() -> None:
    """Two could say who does what to whom; and an ending may be a negation."""
    assert same(signature("Сервер хранит журнал коммита"), signature("Сервер хранит журнал коммитам")) is False
    assert same(signature("Сервер хранит журнал коммит"), signature("Сервер хранит журнал коммита"))
    assert not same(signature("Сервер хранит журнал"), signature("Сервера хранит журнала"))


def test_a_subject_tells_memories_apart() -> None:
    """Unless the other one says as much; one that only says it shorter makes no difference."""
    text = "It listens on port 8080 behind the balancer"
    assert repeats(said("", text), said("", text))
    assert repeats(said("Port 8080", text), said("", text))
    assert not repeats(said("Gateway", text), said("Billing", text))
    assert not repeats(said("Gateway", text), said("", text))
    assert repeats(said("Gateway", text), said("The gateway", text))


def test_a_text_three_times_as_long_is_another() -> None:
    """However much of it is the same; and it is told from its length alone."""
    assert not wording.comparable("Use uv", "Use uv, and pin it everywhere")
    assert wording.comparable("Use uv", "Use uv always.")


def test_a_long_text_takes_no_time_to_turn() -> None:
    """Parts are moved in short texts only: in one of thousands of joints each would be tried."""
    text = "with a word for another " * 5000
    assert not same(signature(text + "first"), signature("second " + text))


def test_normal() -> None:
    """Width, case and blanks make no difference."""
    assert normal(" Ｋeep\n  SQLite ") == normal("keep sqlite") == "keep sqlite"
