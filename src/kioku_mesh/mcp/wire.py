"""Messages over stdio: one JSON object per line, read and written as bytes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

LINE_MAX = 4 << 20  # the largest memory (256 KiB) with every character escaped fits twice


def read_lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Lines that are not blank, until the end; None stands for one above LINE_MAX, which is never held whole."""
    while line := stream.readline(LINE_MAX):
        if len(line) == LINE_MAX and not line.endswith(b"\n"):
            while (rest := stream.readline(LINE_MAX)) and not rest.endswith(b"\n"):
                pass
            yield None
        elif line := line.strip():
            yield line


def decode(line: bytes) -> Any:
    """The value of one line. Raises ValueError for whatever is not strict JSON in UTF-8."""
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
        if b"\\ud" in line or b"\\uD" in line:
            value = _whole_characters(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def encode(message: dict[str, Any]) -> bytes:
    """One line. Half a surrogate pair leaves as the JSON escape it must have come as."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


class Outbox:
    """Writes whole lines, one at a time, whichever thread sends them. `closed` once nobody reads any more."""

    def __init__(self, stream: BinaryIO) -> None:
        self.closed = False
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        line = encode(message)
        with self._lock:
            if self.closed:
                return
            try:
                self._stream.write(line)
                self._stream.flush()
            except (OSError, ValueError):
                self.closed = True


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _whole_characters(value: Any) -> Any:
    """Strings with lone halves of a surrogate pair (cut emoji) replaced: neither SQLite nor UTF-8 takes them."""
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
