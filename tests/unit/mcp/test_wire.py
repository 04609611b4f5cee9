"""Framing: what is read and written is one JSON object per line, whatever comes in."""

from __future__ import annotations

import io
import json
import threading
import time
from typing import Any

import pytest

from kioku_mesh.mcp import wire


def test_lines_come_without_their_ends_and_blank_ones_not_at_all() -> None:
    """Both line ends are taken, and the last line needs none."""
    assert list(wire.read_lines(io.BytesIO(b'{"a":1}\n\r\n  \n{"b":2}\r\n{"c":3}'))) == [
        b'{"a":1}',
        b'{"b":2}',
        b'{"c":3}',
    ]


def test_a_huge_line_is_passed_over_and_the_next_one_read() -> None:
    """A line beyond the limit is told as None and costs no more memory than the limit."""
    huge = b"x" * (3 * wire.LINE_MAX + 7)
    assert list(wire.read_lines(io.BytesIO(huge + b'\n{"a":1}\n'))) == [None, b'{"a":1}']


def test_a_line_of_just_the_limit_is_read() -> None:
    """The limit counts the line end, and a line that has it is whole."""
    line = b"y" * (wire.LINE_MAX - 1)
    assert list(wire.read_lines(io.BytesIO(line + b"\n" + b"z"))) == [line, b"z"]


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"{",
        b'{"a":NaN}',
        b"[Infinity]",
        b"-Infinity",
        b"\xff\xfe",
        '{"a":1}'.encode("utf-16"),
        b"[" * 100_000,
        b"1" * 5000,
        b"{} {}",
    ],
    ids=["word", "open", "nan", "infinity", "minus", "bytes", "utf16", "deep", "digits", "two"],
)
def test_what_is_not_strict_json_is_a_value_error(line: bytes) -> None:
    """Nothing but strict JSON in UTF-8 passes, and nothing else is raised."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        wire.decode(line)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"a\ud83d"', "a\ufffd"),
        (rb'"\ude00\ud83d"', "\ufffd\ufffd"),
        (rb'"\\ud83d"', r"\ud83d"),
    ],
    ids=["pair", "high", "wrong-way", "not-an-escape"],
)
def test_half_characters_are_replaced(line: bytes, text: str) -> None:
    """A cut emoji becomes the replacement character; whole ones and text that looks like an escape stay."""
    assert wire.decode(line) == text


def test_a_message_is_one_line_of_readable_json() -> None:
    """Newlines are escaped, other languages are not, half characters leave as escapes."""
    line = wire.encode({"text": "日本\nline", "half": "\ud83d"})
    assert line == '{"text":"日本\\nline","half":"\\ud83d"}\n'.encode()
    assert json.loads(line)["text"] == "日本\nline"


def test_threads_do_not_mix_their_lines() -> None:
    """Lines sent at once by many threads each arrive whole."""

    class Slow(io.BytesIO):
        def write(self, data: Any) -> int:
            for at in range(0, len(data), 7):
                super().write(data[at : at + 7])
                time.sleep(0)
            return len(data)

    stream = Slow()
    outbox = wire.Outbox(stream)
    threads = [
        threading.Thread(target=lambda n=n: [outbox.send({"n": n, "i": i}) for i in range(20)]) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    messages = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert sorted((m["n"], m["i"]) for m in messages) == [(n, i) for n in range(8) for i in range(20)]


def test_a_reader_that_has_gone_closes_the_outbox() -> None:
    """Writing to nobody is no error; it is told by `closed`."""

    class Broken(io.BytesIO):
        def flush(self) -> None:
            raise BrokenPipeError

    outbox = wire.Outbox(Broken())
    outbox.send({})
    assert outbox.closed
    outbox.send({})
