"""The bound of tokens, against counts that real tokenizers gave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kioku_mesh.text.budget import token_bound
from kioku_mesh.text.token_costs import ONE_TOKEN_CHARACTERS, ONE_TOKEN_WORDS

GOLDEN = Path(__file__).parents[2] / "golden" / "token_counts.jsonl"
SAMPLES = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]


def test_no_tokenizer_counts_more() -> None:
    """For 238 texts (prose in 17 languages, code, head lines, random) the bound is not below the count of any of six tokenizers."""
    below = [(text, counts) for text, counts in SAMPLES if max(counts.values()) > token_bound(text)]
    assert len(SAMPLES) > 200
    assert not below


def test_the_bound_is_not_wasteful() -> None:
    """For texts of people the sum of the bounds stays within a third of what the densest tokenizer takes."""
    prose = [(text, counts) for text, counts in SAMPLES if "claude4" in counts]
    bound = sum(token_bound(text) for text, _ in prose)
    densest = sum(max(counts.values()) for _, counts in prose)
    assert densest <= bound <= densest * 4 / 3


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("", 2),
        ("the", 3),
        ("the the the", 5),
        ("12345", 7),
        ("は", 3),
        ("龘", 5),
        ("👍", 6),
        ("a" * 1000, 1002),
        ("=" * 80, 22),
    ],
)
def test_single_kinds_of_text(text: str, most: int) -> None:
    """A frequent word is one token, a digit one, a rare character its bytes; two more for the text as a whole."""
    assert 0 < token_bound(text) <= most


def test_lone_surrogates_have_a_bound() -> None:
    """Text that no encoder takes is bounded all the same."""
    assert token_bound("a\ud800") >= 4


def test_tables_hold_what_they_say() -> None:
    """The words are distinct lower-case ASCII, the characters distinct and not ASCII."""
    words = ONE_TOKEN_WORDS.split()
    assert len(words) == len(set(words))
    assert all(w.isascii() and w.islower() for w in words)
    assert len(set(ONE_TOKEN_CHARACTERS)) == len(ONE_TOKEN_CHARACTERS)
    assert min(ONE_TOKEN_CHARACTERS) > "\x7f"
