"""The text of a command: its words, or stdin."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..errors import BadInput, TooLarge
from ..wire import RECORD_MAX


def text_of(words: Sequence[str], pipe: bool = True) -> str:
    """The words joined by blanks; all of stdin for `-`, and, if `pipe`, for no words when stdin is not a terminal.

    Raises BadInput (no text, or stdin is no text) and TooLarge. Nothing is ever cut.
    """
    if list(words) == ["-"] or (pipe and not words and not on_terminal()):
        return read_stdin()
    return " ".join(words)


def on_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def read_stdin() -> str:
    """All of stdin as text, without a byte order mark and the line ends behind it."""
    data = sys.stdin.buffer.read(RECORD_MAX + 1) if sys.stdin else b""
    if len(data) > RECORD_MAX:
        raise TooLarge(
            f"stdin holds more than {RECORD_MAX // 1024} KiB, which no memory can",
            "save what matters of it, or save where it stands with --file",
            limit=RECORD_MAX,
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"stdin is not UTF-8 text (byte {error.start})", "convert it first") from None
    if "\0" in text:
        raise BadInput("stdin is binary data, not text", "save a description of it, and where it stands with --file")
    text = text.rstrip("\r\n")
    if not text.strip():
        raise BadInput("nothing came from stdin", "give the text as words, or pipe it in")
    return text
