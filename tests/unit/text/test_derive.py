"""Subjects and summaries that are made from the content, and what counts as a placeholder."""

from __future__ import annotations

import random
import unicodedata

import pytest

from kioku_mesh.text.derive import SUBJECT_MAX, SUMMARY_MAX, derive_subject, derive_summary, is_placeholder
from support.texts import random_text


@pytest.mark.parametrize(
    ("content", "subject"),
    [
        ("We keep SQLite. It needs no server.", "We keep SQLite"),
        ("## Auth ##\n\nTokens last 30 minutes.", "Auth"),
        ("# Decision\n\nWe keep SQLite.", "We keep SQLite"),
        ("**Important**: use `uv`, see [the docs](http://x/y).", "Important: use uv, see the docs"),
        ("- [ ] fix src/*.py and tests/*.py\n- [x] other", "fix src/*.py and tests/*.py"),
        ("1. First\n2. Second", "First"),
        ("> quoted text", "quoted text"),
        ("---\ntitle: x\n---\nThe body.", "The body"),
        ("```python\nx = 1\n```\nThe cache is keyed by path.", "The cache is keyed by path"),
        ("```python\nx = 1\n```", "x = 1"),
        ("Use e.g. v1.2.3 of a.py! Then go.", "Use e.g. v1.2.3 of a.py!"),
        ("*args and **kwargs go to __init__.", "*args and **kwargs go to __init__"),
        ("認証トークンの有効期限は三十分にする。理由は安全性。", "認証トークンの有効期限は三十分にする"),
        ("这是一个决定。我们使用它！", "这是一个决定"),
        ("Все настройки в файле. Это важно.", "Все настройки в файле"),
        ("यह निर्णय है। आगे और है।", "यह निर्णय है।"),
        ("a\x1b[31mb\0c", "a [31mb c"),
        ("???", "???"),
        ("---", "---"),
        ("   ", "(empty)"),
        ("", "(empty)"),
    ],
)
def test_subject(content: str, subject: str) -> None:
    """The first sentence or heading that says something, as plain text."""
    assert derive_subject(content) == subject


def test_a_hard_wrapped_sentence_is_one() -> None:
    """A sentence broken over lines by an editor is read as one."""
    content = "The compactor must never run while a backup is being\nmade. Otherwise it fails."
    assert derive_subject(content) == "The compactor must never run while a backup is being made"
    assert derive_summary(content) == "The compactor must never run while a backup is being made. Otherwise it fails."


def test_a_long_subject_ends_at_a_word() -> None:
    """Cut at a blank, with an ellipsis, within the length."""
    subject = derive_subject("every single word " * 20)
    assert subject.endswith("…")
    assert len(subject) <= SUBJECT_MAX
    assert subject[:-1].split() == ("every single word " * 20).split()[: len(subject.split())]


def test_a_cut_never_splits_what_is_seen_as_one_character() -> None:
    """Combining marks and joined emoji stay together."""
    assert (
        not unicodedata.combining(derive_subject("e\u0301" * 200)[-2:-1])
        or derive_subject("e\u0301" * 200)[-2] == "\u0301"
    )
    family = "👩\u200d👩\u200d👧"
    assert derive_subject(family * 60).rstrip("…").replace(family, "") == ""


def test_summary_is_made_of_whole_sentences() -> None:
    """As many whole sentences as fit, across lines, prose before code."""
    sentences = [f"Sentence number {n} says something of its own." for n in range(20)]
    assert derive_summary(" ".join(sentences)) == " ".join(sentences[:5])
    assert derive_summary("Run:\n```\nmake\n```\nthen look.") == "Run: then look."
    assert derive_summary("First line\nSecond line") == "First line; Second line"
    assert derive_summary("一つ目。二つ目。") == "一つ目。二つ目。"


@pytest.mark.parametrize("seed", range(400))
def test_any_text_gives_one_short_line(seed: int) -> None:
    """Whatever the text, both are one line, not empty, within their lengths, and free of control codes."""
    content = random_text(random.Random(seed), 60)
    for derived, most in ((derive_subject(content), SUBJECT_MAX), (derive_summary(content), SUMMARY_MAX)):
        assert derived
        assert len(derived) <= most
        assert derived.strip()
        assert "\n" not in derived
        assert not any(unicodedata.category(c) == "Cc" for c in derived)


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "--", "...", "…", "?", "。", "TBD", "tbd.", "TODO", "(todo)", "n/a", "N/A", "N.A.", "None", "null", "nil", "なし", "無し",
     "（なし）", "未定", "特になし", "无", "暂无", "無", "없음", "No subject", "not applicable", "no_title", "***", "[ ]"],
)  # fmt: skip
def test_placeholders(text: str) -> None:
    """What people and agents write to get past a required field."""
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "C",
        "c++",
        "-1",
        "0",
        "no",
        "test",
        "wip",
        "👍",
        "空",
        "TODO list of the parser",
        "none of them",
        "なしの木",
        "nullable",
    ],
)
def test_not_placeholders(text: str) -> None:
    """Short but true tags and subjects."""
    assert not is_placeholder(text)
