"""The query language of FTS5, written so that nothing a user types can become syntax."""

from __future__ import annotations

from collections.abc import Sequence


def phrase(tokens: str) -> str:
    """These tokens in this order, side by side. One that FTS5 finds no token in matches nothing."""
    return f'"{_plain(tokens)}"'


def prefix(tokens: str) -> str:
    """As phrase, but the last token may go on."""
    return f'"{_plain(tokens)}" *'


def any_of(expressions: Sequence[str]) -> str:
    return _joined(" OR ", expressions)


def all_of(expressions: Sequence[str]) -> str:
    return _joined(" AND ", expressions)


def in_subject(expression: str) -> str:
    """What fits in the subject alone."""
    return f"subject : {expression}"


def without(expression: str, others: Sequence[str]) -> str:
    return f"({expression} NOT {any_of(others)})" if others else expression


def _plain(tokens: str) -> str:
    return tokens.replace('"', " ").replace("\0", " ")


def _joined(operator: str, expressions: Sequence[str]) -> str:
    return expressions[0] if len(expressions) == 1 else f"({operator.join(expressions)})"
