"""Judgements about text that is about to be saved: of no use later, or recalled before."""

from __future__ import annotations

import re
import unicodedata

from ..model import Notice
from ..patterns import pattern
from ..text import wording
from ..text.derive import is_placeholder

# --- of no use later -------------------------------------------------------------------------------------------------

_ANSWERS = frozenset(
    "ok okay k yes yep no nope done finished fixed works itworks works! passed success thanks thankyou thx gotit lgtm sure "
    "great nice good hi hello bye test testing ping hmm はい いいえ 了解 了解です 完了 完了しました 終わり できた ありがとう テスト "
    "好 好的 是 完成 已完成 谢谢 收到 测试 네 예 아니요 완료 감사합니다 확인 테스트 "
    "ja nein fertig danke oui non fini merci sí si listo gracias hecho feito obrigado да нет готово спасибо".split()
)
_ADDRESSES = pattern(r"(?:\W*\w+://\S+)+\W*")
_LOG_LINE = pattern(
    r"\s*(?:[\[(]?\d{4}-\d\d-\d\d[T ]|[\[(]?\d\d:\d\d:\d\d\b|\[?(?:TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|FATAL|CRITICAL)\b[\]: ]"
    r"|File \"[^\"]+\", line \d+|at \S+ ?\(?\S*:\d+\)?|\w{3} +\d{1,2} \d\d:\d\d:\d\d |[\d.]+ - - \[|npm (?:ERR|WARN)|\S+:\d+(?::\d+)?: )"
)
_CODE_LINE = pattern(
    r"[ \t]{2,}\S.*|.*[{};,(\[]\s*|\s*[)}\]]+[;,]?\s*"
    r"|\s*(?:import|from|def|class|func|fn|return|const|let|var|if|for|while|else|#include|//|@)\b.*"
)
_LOG_MIN = 6  # lines
_CODE_MIN = 40


def noise(content: str) -> Notice | None:
    """A warning (code `noise`) if nobody could use this text later: `ok`, `done`, a bare address, raw log or code."""
    text = content.strip()
    if len(text) <= 24:
        words = wording.normal(text).strip(".!?。！ ")
        if (
            is_placeholder(text)
            or words.replace(" ", "") in _ANSWERS
            or all(word.strip(",.!") in _ANSWERS for word in words.split())
        ):
            return _noise(
                "this says nothing to somebody who reads it later", "write what was decided or found, and why"
            )
        if _is_one_word(words):
            return _noise("one word alone says little later", "write a sentence: what holds, where, and why")
    if "://" in text and _ADDRESSES.fullmatch(text):
        return _noise("an address alone does not say what for", "write what is found there and when it is needed")
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) >= _LOG_MIN and sum(map(bool, map(_LOG_LINE.match, lines))) >= 0.7 * len(lines):
        return _noise(
            "this looks like raw log lines",
            "write what they show: the cause and the fix, with the one line that matters",
        )
    if len(lines) >= _CODE_MIN and sum(map(bool, map(_CODE_LINE.fullmatch, lines))) >= 0.8 * len(lines):
        return _noise("this looks like a large piece of code", "write what is worth knowing about it and name the file")
    return None


def _noise(what: str, instead: str) -> Notice:
    return Notice("noise", f"{what}: {instead}")


def _is_one_word(words: str) -> bool:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in words)
    return len(words) <= 3 if wide else words.isalpha()


# --- recalled before -------------------------------------------------------------------------------------------------

_FENCED = pattern(r"<kioku-([0-9a-f]{6}) .*?(?:</kioku-\1>|\Z)", re.DOTALL)
_HEAD = pattern(r"^([ \t>*-]*)\[[\w-]+ \d(?:, [a-z ]+)*\] .*\bid:([0-9a-f]{32})\s*$", re.MULTILINE)
_ROW = pattern(r"[\"']observation_id[\"']\s*:\s*[\"']([0-9a-f]{32})[\"']")


def recalled(content: str) -> tuple[str, ...]:
    """The ids of the memories that this text shows, if it mostly is a text rendered by us; else ().

    A new text that cites an id, or quotes a memory shorter than itself, is not one.
    """
    heads = _HEAD.findall(content)
    plain = [id_ for marks, id_ in heads if not marks.strip()]  # a quoted head may be part of a memory's text
    ids = tuple(dict.fromkeys((plain or [id_ for _, id_ in heads]) + _ROW.findall(content)))
    if not ids:
        return ()
    own, fences = _FENCED.subn("", content)
    if not fences:
        firsts = [found.start() for found in (_HEAD.search(content), _ROW.search(content)) if found]
        own = content[: min(firsts)]
    return ids if 2 * len(own.strip()) < len(content.strip()) else ()


def clean_lines(text: str) -> str:
    """The text with `\\n` line ends and without blank lines around it; nothing inside is changed."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip()
