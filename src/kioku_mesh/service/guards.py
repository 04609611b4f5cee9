"""Judgements about text that is about to be saved: of no use later, recalled before, or nearly the same as another."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ..model import Notice
from ..patterns import pattern
from ..text.derive import is_placeholder
from ..values import NamedTuple

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
        words = normal(text).strip(".!?。！ ")
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


# --- nearly the same -------------------------------------------------------------------------------------------------

_CJK = pattern(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\u30a1-\u30fa\u30fc\U00020000-\U0003ffff]+"
)
_WORD = pattern(r"[^\s,;!?()\[\]{}\"`<>|*“”«»、。，．！？：；（）「」『』【】]+")
_HIRAGANA = pattern(r"[\u3041-\u309f]+")
_INSIDE = pattern(r"\w[-./:@#\\=]+\w|[a-z][A-Z]|_|\d|^-|^[A-Z]{2,}$|^[/@#~]")  # an identifier, path, number, flag
_STOP_WORDS = frozenset(
    "a an the and or of to in on at for by with from as is are was were be been it its this that these those we i you they our "
    "so then there here will would should can must has have had do does did which who what when where also".split()
)
_OPPOSITES = frozenset(
    "not no never none nor neither cannot without don't doesn't didn't won't can't isn't aren't wasn't weren't shouldn't mustn't "
    "wouldn't couldn't haven't hasn't dont doesnt didnt wont cant isnt except unless instead rather avoid stop remove removed "
    "enable enabled disable disabled allow allowed deny denied forbid forbidden true false on off yes only before after "
    "more less up down min max minimum maximum add added drop dropped accept reject pass fail passed failed "
    "nicht kein keine keinen nie ohne pas jamais sans non nunca sin não sem не нет никогда без nie bez niet geen".split()
)
_NEGATIONS_INSIDE = pattern("ない|なく|なし|ません|ずに|無し|禁止|不|没|沒|無|无|未|非|别|勿|않|안 |못|없|말")


class Signature(NamedTuple):
    """What of a text must be equal (`strict`: numbers, identifiers, negations, opposites, in order) and what mostly (`words`)."""

    text: str
    strict: tuple[str, ...]
    words: tuple[str, ...]


def normal(text: str) -> str:
    """The text for comparing: NFKC, case folded, whitespace collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@lru_cache(maxsize=64)
def signature(text: str) -> Signature:
    """Computed once for each text that is compared with several others."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    strict: list[str] = []
    words: list[str] = []
    if not plain.isascii():
        strict = _NEGATIONS_INSIDE.findall(plain)
        for run in _CJK.findall(plain):
            words += [run[i : i + 2] for i in range(max(1, len(run) - 1))]
        plain = _HIRAGANA.sub(" ", _CJK.sub(" ", plain))
    for raw in _WORD.findall(plain):
        word = raw.strip(".:'…_~=") or raw
        folded = word.casefold()
        if folded in _OPPOSITES:
            strict.append(folded)
        elif folded in _STOP_WORDS:
            continue
        elif word.isalpha() and (word == folded or word[1:].islower()):
            words.append(_stem(folded))
        elif _INSIDE.search(word):
            strict.append(word)
        elif any(map(str.isalnum, folded)):
            words.append(_stem(folded))
    return Signature(normal(text), tuple(strict), tuple(dict.fromkeys(words)))


def _stem(word: str) -> str:
    """The word without the endings of English inflection."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word


def same(a: Signature, b: Signature) -> bool:
    """`near_duplicate` for signatures."""
    if a.text == b.text:
        return True
    if a.strict != b.strict or not a.words or not b.words:
        return False
    words_a, words_b = set(a.words), set(b.words)
    both = words_a & words_b
    # a word exchanged for another (staging, production) changes the meaning; words left out mostly do not
    if not (words_a <= words_b or words_b <= words_a) or len(both) < 0.7 * max(len(words_a), len(words_b)):
        return False
    return [word for word in a.words if word in both] == [word for word in b.words if word in both]


def near_duplicate(a: str, b: str) -> bool:
    """True if both texts say the same in nearly the same words: equal numbers, identifiers and negations, most words shared."""
    if 3 * min(len(a), len(b)) < max(len(a), len(b)):
        return False
    return same(signature(a), signature(b))


def clean_lines(text: str) -> str:
    """The text with `\\n` line ends and without blank lines around it; nothing inside is changed."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip()
