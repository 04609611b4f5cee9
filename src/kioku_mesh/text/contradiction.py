"""Do two texts say the same of a thing but for its value, or one what the other denies? Rather no than wrongly yes."""

from __future__ import annotations

from collections.abc import Sequence

from ..patterns import pattern
from ..values import NamedTuple
from . import telling
from .flow import ASSIGNS, JOINT, NAME, NEGATION, NUMBER, ROLE, STOP, TELLING, WORD
from .wording import Said, agree

_SHARED = 2  # words that both have
_RUN = 6  # characters of a run without blanks that are likely more than a word
_VERSION = pattern(r"v\d+|v?\d+(?:\.\d+)+")
_QUESTION = TELLING + "?"


class Difference(NamedTuple):
    """What the one says, and what the other; one of them is empty where a negation is all."""

    one: str
    other: str


class _Cut(NamedTuple):
    """Two flows as what they begin with alike, what differs, and what they end with alike."""

    before: Sequence[str]
    one: Sequence[str]
    other: Sequence[str]
    after: Sequence[str]

    def shared(self) -> int:
        """Words; a run without blanks is several."""
        words = [token for part in (self.before, self.after) for token in part if token[0] in (WORD, NAME)]
        return sum(1 + (len(word) // _RUN if word[1] >= "\u0e00" else 0) for word in words)


def difference(a: Said, b: Said) -> Difference | None:
    """Where the memories contradict each other, if they do."""
    one, other = a.content.flow, b.content.flow
    if _QUESTION in one or _QUESTION in other:
        return None
    cut = _cut(one, other)
    if not agree(a, b, frozenset((*cut.one, *cut.other))):
        return None
    titled = bool(a.subject.text) and a.subject.text == b.subject.text
    if not (_denies(cut) or _differs(cut, titled)):
        return None
    return Difference(_shown(cut.one, a.content.text), _shown(cut.other, b.content.text))


def _cut(a: tuple[str, ...], b: tuple[str, ...]) -> _Cut:
    one, other = ([token for token in flow if token[0] not in (ROLE, STOP)] for flow in (a, b))
    start, most = 0, min(len(one), len(other))
    while start < most and one[start] == other[start]:
        start += 1
    end = 0
    while end < most - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return _Cut(one[:start], one[start : len(one) - end], other[start : len(other) - end], one[len(one) - end :])


def _denies(cut: _Cut) -> bool:
    one, other = _without_joints(cut.one), _without_joints(cut.other)
    if len(one) == len(other) == 1 and _opposite(one[0], other[0]):
        return cut.shared() >= _SHARED
    denied, others = _split(one)
    denied_too, others_too = _split(other)
    # A run without blanks is one word where nothing is denied in it, and two where something is.
    alike = "".join(others) == "".join(others_too)
    return alike and len(denied) + len(denied_too) == 1 and cut.shared() + len(others) >= _SHARED


def _split(tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    """Negations, and the rest without marks."""
    return [t for t in tokens if t[0] == NEGATION], [t[1:] for t in tokens if t[0] != NEGATION]


def _opposite(one: str, other: str) -> bool:
    return one[0] == other[0] == TELLING and bool({(one[1:], other[1:]), (other[1:], one[1:])} & _OPPOSITES)


_OPPOSITES = frozenset(telling.OPPOSITES)


def _differs(cut: _Cut, titled: bool) -> bool:
    one, other = _without_joints(cut.one), _without_joints(cut.other)
    if len(one) != 1 or len(other) != 1:
        return False
    if _assigned(one[0], other[0]):
        return True
    kinds = {one[0][0], other[0][0]}
    if not (kinds == {NUMBER} or (titled and kinds <= {NUMBER, NAME, WORD})):
        return False
    before = cut.before[-1] if cut.before else ""
    sure = before == ASSIGNS or before[:1] == NAME
    return cut.shared() >= (1 if sure else _SHARED) and (sure or _valued(before, one[0]))


def _valued(before: str, token: str) -> bool:
    """Does a value stand behind this one? Or does a number tell one thing from its like, as in worker 3?"""
    if token[0] == NUMBER and _VERSION.fullmatch(token, 1):
        return before[1:] not in telling.NUMBERED
    known = before[1:] in telling.VALUED or before.endswith(telling.VALUED_ENDS)
    return known or (token[0] == NUMBER and before[:1] in (JOINT, TELLING))


def _assigned(one: str, other: str) -> bool:
    """`KEY=1` and `KEY=2`."""
    if one[0] != NAME or other[0] != NAME:
        return False
    (key, sign, _), (key_too, _, _) = one.partition("="), other.partition("=")
    return bool(sign) and key == key_too


def _without_joints(tokens: Sequence[str]) -> list[str]:
    return [token for token in tokens if token[0] != JOINT]


def _shown(tokens: Sequence[str], text: str) -> str:
    """The tokens as the text has them: a word is known by its beginning."""
    return " ".join(_whole(token[1:], text) if token[0] == WORD else token[1:] for token in _without_joints(tokens))


def _whole(beginning: str, text: str) -> str:
    start = text.find(beginning)
    end = start + len(beginning)
    while start >= 0 and text[end : end + 1].isalnum():
        end += 1
    return text[start:end] if start >= 0 else beginning
