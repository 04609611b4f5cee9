"""Sentences of a conversation that somebody may want to know later: decisions, causes, rules. By their words, without a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..patterns import pattern
from ..values import NamedTuple

MOST = 8  # of one conversation
_SHORTEST, _SHORTEST_WIDE, _LONGEST = 30, 12, 400  # characters; wide ones say more each

_KINDS = (
    (
        "decision", 3, False,
        r"\b(?:we|i)(?:'ve| have)? (?:decided|agreed|chose|settled)\b|\bdecided (?:to|on|against)\b|\bdecision:"
        r"|\blet'?s (?:use|go with|keep|stick)\b|\bgoing with\b|\bwe(?:'ll| will) (?:use|keep|switch|go with)\b"
        r"|\bentschieden\b|\bwir (?:nehmen|verwenden)\b|\bon a décidé\b|\bhemos decidido\b|\bрешили\b"
        r"|ことにし(?:た|ました|よう)|に決め|を採用|で行き|决定|決定|采用|採用|结论是|하기로 (?:했|결정)",
    ),
    (
        "bug", 3, False,
        r"\broot cause\b|\bthe (?:bug|problem|failure|error|issue) (?:was|is) (?:that|caused|in)\b|\bcaused by\b|\bturn(?:s|ed) out\b"
        r"|\b(?:was |is )?fixed by\b|\bthe fix (?:is|was)\b|\bursache\b|\bcausé par\b|\bпричина\b"
        r"|原因は|根本原因|原因是|根因|修复方法|원인은",
    ),
    (
        "instruction", 2, True,
        r"\b(?:always|never|must(?: not)?|don'?t ever|from now on|make sure|remember (?:that|to))\b|\bimportant:"
        r"|\b(?:immer|niemals|ab jetzt|toujours|jamais|siempre|nunca|всегда|никогда)\b"
        r"|必ず|今後は|してはいけない|しないでください|必须|以后|不要|반드시|앞으로",
    ),
    (
        "preference", 2, True,
        r"\bi (?:prefer|like|want) \w+ (?:over|instead|rather)\b|\bi'?d rather\b|\bprefer\b.+\b(?:over|to)\b|の方がいい|更喜欢",
    ),
)  # fmt: skip
_CUES = tuple((kind, weight, mine, pattern(f"(?i){cues}")) for kind, weight, mine, cues in _KINDS)
_END = pattern(r"(?<=[.!?…])\s+(?=[^a-z])|(?<=[。！？])|\n+")
_LIST_MARK = pattern(r"^\s*(?:[-*•>#]+|\d+[.)])\s*")
_ABOUT_NOW = pattern(r"(?i)^(?:let me|i'll|i will|now |next,? i|i'm going to|ok(?:ay)?\b|sure\b|great\b|done\b)")
_CODE = pattern(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", 16)  # re.DOTALL
# What stands in a conversation though nobody said it: memories and rules of ours, and what clients put beside a prompt.
_ADDED = pattern(
    r"<kioku-([0-9a-f]{6}) .*?(?:</kioku-\1>|\Z)|<!-- kioku-mesh:begin -->.*?(?:<!-- kioku-mesh:end -->|\Z)"
    r"|<(system-reminder|hook_context|session_context|environment_context|INSTRUCTIONS|user_instructions)>.*?(?:</\2>|\Z)",
    16,
)
_WIDE = pattern("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


class Turn(NamedTuple):
    """What somebody said. `own`: the person, not the agent."""

    own: bool
    text: str


class Finding(NamedTuple):
    """`kind`: the type of memory that it would be."""

    kind: str
    text: str
    weight: int


def findings(turns: Iterable[Turn]) -> list[Finding]:
    """At most MOST sentences in the order they were said: the weightiest, of equal ones the last."""
    found: dict[str, tuple[int, Finding]] = {}
    for at, turn in enumerate(turns):
        for sentence in _sentences(turn.text):
            judged = _judge(sentence, turn.own)
            if judged:
                found[sentence.casefold()] = (at, judged)
    ranked = sorted(found.values(), key=lambda each: (-each[1].weight, -each[0]))[:MOST]
    return [finding for _, finding in sorted(ranked, key=lambda each: each[0])]


def _judge(sentence: str, own: bool) -> Finding | None:
    if sentence.endswith(("?", "？")) or _ABOUT_NOW.match(sentence):
        return None
    for kind, weight, only_own, cues in _CUES:
        if (own or not only_own) and cues.search(sentence):
            return Finding(kind, sentence, weight)
    return None


def _sentences(text: str) -> Iterator[str]:
    plain = _CODE.sub("\n", _ADDED.sub("\n", text))
    for part in _END.split(plain):
        sentence = _LIST_MARK.sub("", part).strip()
        shortest = _SHORTEST_WIDE if _WIDE.search(sentence) else _SHORTEST
        if shortest <= len(sentence) <= _LONGEST:
            yield sentence
