"""Do two texts say the same in nearly the same words? In any script, and rather no than wrongly yes.

Numbers, names of code, negations and other words that change what is said must be equal. Sentences of other words may be
missing on one side, but no word may stand for another: whoever writes staging for production says something else, however
near these two words lie.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ..values import NamedTuple
from . import flow as flows
from . import telling
from .flow import JOINT, NAME, NEGATION, NUMBER, ROLE, STOP, TELLING, WORD

STRICT = frozenset((NUMBER, NAME, NEGATION, TELLING))

_MOST, _HALF = 0.7, 0.5  # of the words of the longer text
_FEW = 4  # words, of which no more is left out for what the vectors say
_LONGER = 3  # times as long is another text
_TURNED, _TURNED_MAX = 4, 200  # tokens of a text of which a part may stand before or behind the rest
_STEM, _STEM_SHARE, _ENDING = 4, 0.7, 3  # letters and share of a word without its ending; letters of that


class Signature(NamedTuple):
    """`text`: its normal form; `flow`: the tokens in their order."""

    text: str
    flow: tuple[str, ...]


def normal(text: str) -> str:
    """The text for comparing: NFKC, case folded, whitespace collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@lru_cache(maxsize=64)
def signature(text: str) -> Signature:
    """Computed once for each text that is compared with several others."""
    plain = unicodedata.normalize("NFKC", text)
    return Signature(" ".join(plain.casefold().split()), flows.flow(plain))


class Said(NamedTuple):
    """What a memory says. The subject is empty where none was given."""

    subject: Signature
    content: Signature


def said(subject: str | None, content: str) -> Said:
    return Said(signature(subject or ""), signature(content))


def near_duplicate(a: tuple[str, str], b: tuple[str, str], meant: bool = False) -> bool:
    """`repeats` for subject and content of each."""
    return comparable(a[1], b[1]) and repeats(said(*a), said(*b), meant)


def repeats(a: Said, b: Said, meant: bool = False) -> bool:
    """Does one memory say what the other does, in nearly the same words? `meant`: their vectors say so too, which makes up
    for more words that one of them lacks."""
    return comparable(a.content.text, b.content.text) and same(a.content, b.content, meant) and agree(a, b)


def comparable(a: str, b: str) -> bool:
    """Are the texts about as long as each other? Asked before signatures are made of them."""
    return _LONGER * min(len(a), len(b)) >= max(len(a), len(b))


def agree(a: Said, b: Said, but: frozenset[str] = frozenset()) -> bool:
    """Does neither subject say more than the other memory, but for these tokens? It may be what tells the two apart."""
    return _tells(a, b.subject, but) and _tells(b, a.subject, but)


def _tells(memory: Said, subject: Signature, but: frozenset[str]) -> bool:
    wanted = {token for token in subject.flow if token[0] not in (JOINT, ROLE)} - but
    return wanted.issubset((*memory.subject.flow, *memory.content.flow))


def same(a: Signature, b: Signature, meant: bool = False) -> bool:
    """True if both texts say the same in nearly the same words."""
    if a.text == b.text:
        return True
    if strict(a.flow) != strict(b.flow):
        return False
    share = _HALF if meant else _MOST
    return any(_told_by(x, b.flow, share) for x in _turns(a.flow)) or any(
        _told_by(a.flow, y, share) for y in _turns(b.flow)
    )


def strict(flow: Sequence[str]) -> list[str]:
    """What must be equal, whatever stands where."""
    return sorted(token for token in flow if token[0] in STRICT)


def _turns(flow: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The flow, and what it is when a part that a joint begins is put first."""
    yield flow
    if _TURNED <= len(flow) <= _TURNED_MAX:
        for at, token in enumerate(flow):
            if at and token[1:] in telling.JOINTS:
                yield flow[at:] + flow[:at]


def _told_by(a: Sequence[str], b: Sequence[str], share: float) -> bool:
    """Does the longer one have all that the other says, in its order, and not much more?"""
    short, long = sorted((a, b), key=lambda flow: len(_plain(flow)))
    common = _in_order(_plain(short), [token for token in long if token[0] not in (JOINT, ROLE)])
    words = sum(token[0] == WORD for token in long)
    return bool(common) and common >= (share if words >= _FEW else _MOST) * words and _roles_agree(a, b)


def _plain(flow: Sequence[str]) -> list[str]:
    return [token for token in flow if token[0] not in (JOINT, ROLE, STOP)]


def _in_order(short: Sequence[str], long: Sequence[str]) -> int:
    """How many words of `long` are all those of `short`, in the same order; 0 if they are not.

    Left out may be light words and whole sentences; nothing strict, and no other word beside what is said: a billing
    gateway is not any gateway. One word may stand in another form: two could have exchanged who does what to whom.
    """
    at = words = kept = 0
    lacks = inflected = False
    for token in (*long, STOP):
        wanted = short[at] if at < len(short) else ""
        if token == STOP:
            if kept and lacks:
                return 0
            kept, lacks = 0, False
        elif token == wanted or (not inflected and _forms(token, wanted)):
            inflected = inflected or token != wanted
            at, kept, words = at + 1, kept + 1, words + (token[0] == WORD)
        elif token[0] in STRICT:
            return 0
        else:
            lacks = lacks or token[1:] not in telling.LIGHT
    return words if at == len(short) else 0


def _forms(a: str, b: str) -> bool:
    """Is one of these words the other with an ending, in a script whose languages negate no verb by such an ending?"""
    short, long = sorted((a, b), key=len)
    ending = long[len(short) :]
    return (
        short[:1] == WORD
        and long.startswith(short)
        and len(short) > max(_STEM, _STEM_SHARE * len(long))
        and len(ending) <= _ENDING
        and short[1] < "\u0530"
        and ending[:1] not in ("m", "м", "б", "п", "г")
    )


def _roles_agree(a: Sequence[str], b: Sequence[str]) -> bool:
    """Japanese and Korean say by particles who does it and to whom; a topic hides either."""
    short, long = sorted(([token for token in flow if token[0] == ROLE] for flow in (a, b)), key=len)
    rest = iter(long)
    return all(token in rest for token in short)
