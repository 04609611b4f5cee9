"""The bound of tokens for random text in many scripts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kioku_mesh.text.budget import token_bound
from support.texts import random_text

TEXTS = st.integers(0, 2**32).map(lambda seed: random_text(random.Random(seed)))
QUICK = settings(max_examples=200, deadline=None)


def counters() -> list[object]:
    bpe_openai = pytest.importorskip("bpe_openai")
    return [bpe_openai.get_encoding(name) for name in ("o200k_base", "cl100k_base")]


@given(TEXTS | st.text(max_size=200))
@QUICK
def test_never_more_than_the_bytes(text: str) -> None:
    """The bound is at most one token for each byte of UTF-8, and two for the text."""
    assert 0 < token_bound(text) <= len(text.encode("utf-8", "surrogatepass")) + 2


@given(TEXTS, TEXTS)
@QUICK
def test_lines_add_up(first: str, second: str) -> None:
    """Two texts joined by a line end are bounded by the sum of their bounds, so that parts can be budgeted one by one."""
    assert token_bound(f"{first}\n{second}") == token_bound(first) + token_bound(second) - 1


@pytest.mark.parametrize("rounds", [3_000, pytest.param(200_000, marks=pytest.mark.long)])
def test_random_text_never_exceeds_the_bound(rounds: int) -> None:
    """o200k and cl100k never count more tokens than the bound, for random texts over two dozen scripts."""
    tokenizers = counters()
    rng = random.Random(rounds)
    for _ in range(rounds):
        text = random_text(rng)
        bound = token_bound(text)
        assert all(len(each.encode(text)) <= bound for each in tokenizers), text  # type: ignore[attr-defined]
