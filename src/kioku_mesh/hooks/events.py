"""Events of a client: what it sends on stdin, and the form in which it takes an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..errors import BadInput
from ..patterns import pattern
from ..values import NamedTuple

START, PROMPT, COMPACT, END = "session-start", "prompt", "compact", "session-end"

# How clients call these, without signs and case.
_NAMES = {
    "sessionstart": START, "start": START,
    "userpromptsubmit": PROMPT, "userpromptsubmitted": PROMPT, "beforesubmitprompt": PROMPT, "beforeagent": PROMPT,
    "userprompt": PROMPT, "prompt": PROMPT,
    "precompact": COMPACT, "precompress": COMPACT, "compact": COMPACT,
    "sessionend": END, "end": END,
}  # fmt: skip
_SESSION = ("session_id", "sessionId", "conversation_id")
_PROMPT = ("prompt", "initialPrompt")
# Gemini CLI hands to the hooks of the first prompt what those of the session's start have said, before what was written.
_SAID_BEFORE = pattern(r"\A(?:<hook_context>.*?</hook_context>\s*)+", 16)  # re.DOTALL
# `opencode run` puts each of its words that has a blank in it into quotes: mostly the whole prompt.
_QUOTED = pattern(r'\A"((?:[^"]|\\")*)"\s*\Z')
_FLAT = {"copilot-cli": "additionalContext", "cursor": "additional_context"}


class Event(NamedTuple):
    """`name`: one of the four above; `told`: how the client calls it; `source`: how a session starts (startup, resume, clear,
    compact)."""

    name: str
    told: str
    client: str
    session: str | None
    folder: str | None
    source: str = ""
    prompt: str = ""
    transcript: str | None = None

    @property
    def who(self) -> tuple[str, str]:
        """(agent_family, client_id)."""
        return self.client.partition("-")[0], self.client


def named(text: str) -> str:
    """The event that a client calls so. Raises BadInput."""
    found = _NAMES.get("".join(filter(str.isalpha, text)).lower())
    if found is None:
        raise BadInput(f"no such event: {text[:40]!r}", f"events are {START}, {PROMPT}, {COMPACT}, {END}")
    return found


def read(name: str, client: str, data: bytes) -> Event:
    """The event that a client tells of; fields that are not there are empty. Raises BadInput for what is no JSON object."""
    try:
        got = json.loads(data.decode("utf-8", "replace").lstrip("\ufeff") or "{}")
    except (ValueError, RecursionError):
        got = None
    if not isinstance(got, Mapping):
        raise BadInput("what the client sent is no JSON object", "hooks are called by clients, with JSON on stdin")
    roots = got.get("workspace_roots")
    folder = _text(got, ("cwd",)) or (
        roots[0] if isinstance(roots, list) and roots and isinstance(roots[0], str) else ""
    )
    told = _text(got, ("hook_event_name",)) or name
    return Event(
        named(name), told, client, _text(got, _SESSION) or None, folder or None, _text(got, ("source",)),
        _prompt(client, _text(got, _PROMPT)), _text(got, ("transcript_path",)) or None,
    )  # fmt: skip


def _prompt(client: str, text: str) -> str:
    """What a person wrote, without what the client puts around it."""
    quoted = _QUOTED.match(text) if client == "opencode" else None
    return quoted[1].replace('\\"', '"') if quoted else _SAID_BEFORE.sub("", text)


def _text(got: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((value for name in names if isinstance(value := got.get(name), str)), "")


def answer(event: Event, text: str) -> str:
    """The client's own form of a text for the context; "" where there is nothing to say."""
    if not text:
        return ""
    flat = _FLAT.get(event.client)
    if flat:
        return json.dumps({flat: text}, ensure_ascii=False)
    told = {"hookEventName": event.told, "additionalContext": text}
    return json.dumps({"hookSpecificOutput": told}, ensure_ascii=False)
