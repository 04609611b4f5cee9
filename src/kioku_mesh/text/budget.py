"""How many tokens a text has at most."""

from __future__ import annotations


def token_bound(text: str) -> int:
    """A safe upper bound of the tokens of `text` in any common tokenizer (o200k, cl100k, Claude, Gemini, Llama, Qwen)."""
    return len(text.encode("utf-8", "surrogatepass"))
