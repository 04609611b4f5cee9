"""A text in which something that tells was changed says something else, wherever that stands."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kioku_mesh.text.flow import NUMBER, STOP, flow
from kioku_mesh.text.wording import Said, repeats, said
from support.wordings import COMPATIBLE, CONTRADICTING, DIFFERENT, SAME

TEXTS = sorted({text for pair in SAME + DIFFERENT + CONTRADICTING + COMPATIBLE for text in pair})
WORDS = sorted({word for text in TEXTS for word in text.split() if len(flow(word)) == 1 and flow(word)[0][0] in "w@"})
QUICK = settings(max_examples=400, deadline=None)


def apart(a: str, b: str) -> bool:
    """Neither says what the other does, though their vectors may agree."""
    one, other = said("", a), said("", b)
    return not repeats(one, other, meant=True) and not repeats(other, one, meant=True)


@QUICK
@given(text=st.sampled_from(TEXTS), word=st.sampled_from(WORDS), at=st.integers(0, 30))
def test_a_word_for_another(text: str, word: str, at: int) -> None:
    """In any place, of any language."""
    words = text.split()
    place = at % len(words)
    changed = " ".join((*words[:place], word, *words[place + 1 :]))
    telling = [token for token in flow(words[place]) if token != STOP and token[0] not in "~$"]
    if telling and telling != list(flow(word)) and len(words) > 1:
        assert apart(text, changed) or is_a_form(text, changed)


def is_a_form(a: str, b: str) -> bool:
    """One word may stand in another form, which differs from it by its end alone."""
    pairs = [(x, y) for x, y in zip(flow(a), flow(b), strict=False) if x != y]
    return len(pairs) == 1 and (pairs[0][0].startswith(pairs[0][1]) or pairs[0][1].startswith(pairs[0][0]))


@QUICK
@given(
    text=st.sampled_from(TEXTS),
    word=st.sampled_from(("not", "не", "ไม่", "لا", "नहीं", "不", "ない", "않")),
    at=st.integers(0, 30),
)
def test_a_negation(text: str, word: str, at: int) -> None:
    """Put in anywhere, in any language."""
    words = text.split()
    words.insert(at % (len(words) + 1), word)
    assert apart(text, " ".join(words))


@QUICK
@given(
    text=st.sampled_from([text for text in TEXTS if any(token[0] == NUMBER for token in flow(text))]),
    more=st.integers(1, 8),
)
def test_another_digit(text: str, more: int) -> None:
    """Of any number that is written in digits."""
    for place, sign in enumerate(text):
        if sign.isascii() and sign.isdigit():
            assert apart(text, f"{text[:place]}{(int(sign) + more) % 10}{text[place + 1 :]}")


@QUICK
@given(text=st.text(max_size=80), other=st.text(max_size=80))
def test_any_text_can_be_compared(text: str, other: str) -> None:
    """Whatever its characters; with itself it is equal, and the order of two makes no difference."""
    one, two = said("", text), said("", other)
    assert isinstance(one, Said)
    assert repeats(one, one)
    assert repeats(one, two) == repeats(two, one)
