"""What was said in a session, out of the file that a client keeps of it. Clients differ; what is alike is looked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from ..config import Config
from ..patterns import pattern
from ..text.decisions import Turn
from .events import Event

READ_MAX = 16 << 20  # bytes, from the end
_ROLES = {"user": True, "human": True, "assistant": False, "gemini": False, "model": False, "agent": False}
_INSIDE = ("message", "payload", "data", "messages", "history")
_SAID = ("content", "parts", "text")
_NOT_SAID = ("tool", "function", "thinking", "reasoning", "image")  # kinds of parts that begin so
_BY_NOBODY = ("isMeta", "isCompactSummary")  # Claude Code's marks of what it wrote in the person's name
_COPIES = "api-"  # kinds of lines that have once more what was sent to the model, with all that was added to it
_DEEPEST = 6
_NAME = pattern(r"[\w-]+")


def file_of(event: Event, config: Config) -> str | None:
    """The file that the client keeps of a session. Copilot CLI does not say where it is, but it is known."""
    if event.transcript or event.client != "copilot-cli" or not _NAME.fullmatch(event.session or ""):
        return event.transcript
    folder = config.environ.get("COPILOT_HOME") or os.path.join(config.home, ".copilot")
    return os.path.join(folder, "session-state", event.session or "", "events.jsonl")


def turns(path: str) -> list[Turn]:
    """In their order. Raises OSError; what is not understood is left out."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - READ_MAX))
        data = file.read(READ_MAX)
    lines = data.split(b"\n")
    if size > READ_MAX:
        del lines[0]
    whole = _parsed(data) if data[:1] in (b"{", b"[") and len(lines) > 1 else None
    values = [whole] if whole is not None else map(_parsed, lines)
    return [turn for value in values for turn in _turns(value, 0)]


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _turns(value: Any, depth: int) -> Iterator[Turn]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for each in value:
            yield from _turns(each, depth + 1)
    if not isinstance(value, Mapping) or any(value.get(mark) is True for mark in _BY_NOBODY):
        return
    if str(value.get("type")).startswith(_COPIES):
        return
    own = _role(value)
    said = "" if own is None else "\n".join(_texts(value, 0)).strip()
    if own is not None and said:
        yield Turn(own, said)
        return
    for name in _INSIDE:
        yield from _turns(value.get(name), depth + 1)


def _role(value: Mapping[str, Any]) -> bool | None:
    """Did the person say it? None if nobody did."""
    for name in ("role", "type"):
        told = value.get(name)
        if isinstance(told, str):
            found = _ROLES.get(told.partition(".")[0].partition("_")[0].lower())
            if found is not None:
                return found
    return None


def _texts(value: Any, depth: int) -> Iterator[str]:
    """The texts of a message, without what tools were given and gave."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, depth + 1)
    elif isinstance(value, Mapping):
        kind = value.get("type")
        if isinstance(kind, str) and kind.lower().startswith(_NOT_SAID):
            return
        for name in (*_SAID, "message", "data"):
            if name in value:
                yield from _texts(value[name], depth + 1)
                return
