"""Subjects and summaries for memories that came without, and the words that people write instead of one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from ..patterns import pattern

SUBJECT_MAX = 80  # characters
SUMMARY_MAX = 240

_LOOK = 2000  # only the beginning of a text is looked at
_CODE_FENCE = ("```", "~~~")
_LEADS = pattern(r"[^\w\"'(“「]|\d")  # a line that begins otherwise and has no mark is plain already
_MARKS = "*`~]"
_RULE = pattern(r"[-*_=~+|: \t]+")
_MARK = pattern(r"(?:(?:#{1,6}|[-*+•・]|\d{1,3}[.)])[ \t]+|>+[ \t]?|\[[ xX]\][ \t]+)+")
_STARTS_ANEW = pattern(r"[#>*+\-\d|`~]")
_LINK = pattern(r"!?\[([^\]]*)\]\([^)]*\)")
_CODE = pattern(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_BOLD = pattern(r"(?<![A-Za-z0-9*])(\*\*\*?|~~)(?=\S)(.*?\S)\1(?![A-Za-z0-9*])")
_ITALIC = pattern(r"(?<![^\s(\"'“「])\*(?=[^\s*])([^*]*[^\s*])\*(?![^\s.,;:!?)…])")
_CONTROL = pattern(r"[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]+")

# A sentence ends at a stop before a blank (so `v1.2` and `a.py` hold together), or at a stop of a script without blanks.
# One class of characters stands first, which is what `re` looks for quickly.
_STOP = pattern(
    r"[.!?…։؟۔।॥።。！？．｡](?:(?<=[。！？．｡])[。！？．｡]*[」』”）]*|(?<![。！？．｡])[.!?…։؟۔।॥።]*[\"'”’)\]]*(?=\s|$))"
)
_ABBREVIATION = pattern(
    r"(?:^|[\s(\[])(?:[^\W\d_]|e\.g|i\.e|vs|cf|approx|no|nr|vol|fig|mrs?|ms|dr|prof|st|ca|z\.B|bzw|d\.h|u\.a|p\.ej|т\.е)\.$",
    re.IGNORECASE,
)
_HEADINGS = frozenset(
    "decision context background summary overview note notes memory problem 概要 決定 背景 摘要 背景".split()
)
_PLACEHOLDERS = frozenset(
    "tbd tba tbc todo fixme xxx n/a na n.a none null nil unset unspecified untitled placeholder "
    "nosubject notitle nosummary nocontent notapplicable "
    "なし 無し 無 ナシ 無題 未定 未設定 未記入 未入力 特になし 特に無し 該当なし 該当無し "
    "无 無 暂无 暫無 待定 未命名 无标题 無標題 没有 沒有 不适用 不適用 없음 미정 해당없음 제목없음 "
    "ninguno ninguna aucun aucune keine keiner nessuno nenhum нет".split()
)


def derive_subject(content: str) -> str:
    """The first sentence or heading in at most 80 characters, without markdown, cut at a word. Never empty."""
    return _subject(_plain_lines(content))


def derive_summary(content: str) -> str:
    """The first sentences in at most 240 characters, whole ones if possible. Never empty."""
    return _summary(_plain_lines(content))


def derive(content: str) -> tuple[str, str]:
    """Subject and summary, at little more than the cost of one."""
    lines = list(_plain_lines(content))
    return _subject(iter(lines)), _summary(lines)


def _subject(lines: Iterator[str]) -> str:
    line = first = next(lines)
    while line and line.strip(":： ").casefold() in _HEADINGS:
        line = next(lines, "")
    sentence = next(_sentences(line or first))
    return _clip(sentence.rstrip(" .。．:：;,、") or sentence, SUBJECT_MAX)


def _summary(lines: Iterable[str]) -> str:
    summary = ""
    for line in lines:
        separator = "; " if summary and summary[-1].isalnum() else " "
        for sentence in _sentences(line):
            if not summary or summary[-1] in "。！？．｡」』）":
                separator = ""
            if len(summary) + len(separator) + len(sentence) > SUMMARY_MAX:
                return summary or _clip(sentence, SUMMARY_MAX)
            summary += separator + sentence
            separator = " "
    return summary


def is_placeholder(text: str) -> bool:
    """True for text that only fills a field: empty, punctuation, `TBD`, `n/a`, `なし`, `无` and the like."""
    if len(text) > 200:
        return not any(c.isalnum() for c in text)
    word = unicodedata.normalize("NFKC", text).casefold().strip(" \t\r\n.,;:!?。、<>()[]{}「」【】\"'`*_-–—…#@")
    if word.replace(" ", "").replace("_", "").replace("-", "") in _PLACEHOLDERS:
        return True
    # letters and numbers of any script say something, and so do emoji and other pictures
    return not any(c.isalnum() or unicodedata.category(c) == "So" for c in word)


def _plain_lines(content: str) -> Iterator[str]:
    """The lines that say something, without markdown; prose before code. At least one, none empty."""
    text = content[:_LOOK]
    if not text.replace("\n", "").isprintable():
        text = _CONTROL.sub(" ", text)
    raw = text.splitlines()
    if raw and raw[0] == "---" and "---" in raw[1:]:
        raw = raw[raw.index("---", 1) + 1 :]  # front matter
    code: list[str] = []
    empty = True
    for line in _paragraphs(raw, code):
        if plain := _plain(line):
            empty = False
            yield plain
    if empty:
        yield from code or [" ".join(text.split()) or "(empty)"]


def _paragraphs(raw: list[str], code: list[str]) -> Iterator[str]:
    """The lines outside of code blocks, hard-wrapped ones joined; the lines inside go to `code`."""
    fence, held = "", ""
    for line in map(str.strip, raw):
        if fence or line.startswith(_CODE_FENCE):
            if not fence:
                fence = line[:3]
            elif line == fence:
                fence = ""
            elif line:
                code.append(line)
            continue
        if held and (not line or _STARTS_ANEW.match(line)):
            yield held
            held = ""
        held = f"{held} {line}" if held else line
        if len(line) < 50 or line[0] == "#" or line[-1] in ".!?:;。！？…":
            yield held
            held = ""
    if held:
        yield held


def _plain(line: str) -> str:
    """The line without heading, list and quote marks, links, code marks and emphasis; empty for a rule."""
    if not (_LEADS.match(line) or any([mark in line for mark in _MARKS])):
        return " ".join(line.split())
    if _RULE.fullmatch(line):
        return ""
    if mark := _MARK.match(line):
        line = line[mark.end() :].rstrip("# ") if "#" in mark[0] else line[mark.end() :]
    if "](" in line:
        line = _LINK.sub(r"\1", line)
    if "`" in line:
        line = _CODE.sub(r"\2", line)
    if "*" in line or "~~" in line:
        line = _ITALIC.sub(r"\1", _BOLD.sub(r"\2", line))
    return " ".join(line.split())


def _sentences(line: str) -> Iterator[str]:
    """The sentences of a line, at least one if it is not empty."""
    start = 0
    for stop in _STOP.finditer(line):
        sentence = line[start : stop.end()].strip()
        if sentence and not _ABBREVIATION.search(sentence, max(0, len(sentence) - 10)):
            yield sentence
            start = stop.end()
    if rest := line[start:].strip():
        yield rest


def _clip(text: str, length: int) -> str:
    """At most `length` characters, cut at a word where there is one, never within a character that is made of several."""
    if len(text) <= length:
        return text
    end = length - 1
    blank = text.rfind(" ", length // 2, end + 1)
    if blank > 0:
        end = blank
    while end > 1 and _joins(text[end - 1], text[end]):
        end -= 1
    return text[:end].rstrip(" ,;:、，-–—(") + "…"


def _joins(before: str, after: str) -> bool:
    joiner = "\u200d"
    return joiner in (before, after) or after == "\ufe0f" or unicodedata.category(after)[0] == "M"
