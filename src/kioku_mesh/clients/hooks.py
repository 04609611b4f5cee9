"""What clients call at events of a session: `kioku-mesh hook EVENT --client NAME`, and how each has that written.

nested: `{"hooks": [{"type": "command", "command": …}]}` per event; flat: `{"command": …}`; paired: a command for POSIX
shells and one for PowerShell. Nothing is hooked to the end of a turn: what is said there makes an agent go on.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from ..patterns import pattern
from .edit import TAKEN, Change

START, PROMPT, COMPACT, END = "session-start", "prompt", "compact", "session-end"
KEY = "hooks"

_OURS = pattern(r"kioku-mesh(?:\.exe)?[\"']? hook [a-z-]+ --client ")


def command_line(program: str, event: str, client: str, platform: str) -> str:
    """What a client's shell runs. On Windows that may be any of three: slashes and double quotes mean the same to most."""
    words = f"hook {event} --client {client}"
    if platform != "win32":
        return f"{shlex.quote(program)} {words}"
    program = program.replace("\\", "/")
    return f'"{program}" {words}' if " " in program else f"{program} {words}"


def entry(kind: str, program: str, event: str, client: str, platform: str, timeout: int) -> dict[str, Any]:
    """What stands in the list of an event."""
    line = command_line(program, event, client, platform)
    if kind == "flat":
        return {"command": line, **({"timeout": timeout} if timeout else {})}
    if kind == "paired":
        posix = command_line(program, event, client, "linux")
        quoted = program.replace("'", "''")
        there = f"& '{quoted}' hook {event} --client {client}"
        return {"type": "command", "bash": posix, "powershell": there, "timeoutSec": timeout}
    return {KEY: [{"type": "command", "command": line, **({"timeout": timeout} if timeout else {})}]}


def is_ours(found: Any) -> bool:
    """Whether an entry of an event calls us."""
    if not isinstance(found, Mapping):
        return False
    inner = found.get(KEY)
    if isinstance(inner, list):
        return any(map(is_ours, inner))
    return any(_OURS.search(str(found.get(key, ""))) for key in ("command", "bash", "powershell"))


def is_shared(found: Mapping[str, Any]) -> bool:
    """Whether an entry holds hooks of others too."""
    inner = found.get(KEY)
    return isinstance(inner, list) and not all(map(is_ours, inner))


def program_of(found: Mapping[str, Any]) -> str:
    """The program that an entry of ours calls."""
    inner = found.get(KEY)
    if isinstance(inner, list):
        return next((program_of(one) for one in inner if is_ours(one)), "")
    line = str(found.get("command") or found.get("bash") or "")
    head = line.partition(" hook ")[0]
    return head.strip("\"'").replace("'\"'\"'", "'")


def installed(data: Any) -> dict[str, list[dict[str, Any]]]:
    """The entries of ours in a hooks file, by the client's name of the event."""
    events = data.get(KEY) if isinstance(data, Mapping) else None
    if not isinstance(events, Mapping):
        return {}
    lists = {
        event: [one for one in entries if is_ours(one)]
        for event, entries in events.items()
        if isinstance(entries, list)
    }
    return {event: entries for event, entries in lists.items() if entries}


def change(event: str, value: Any = TAKEN) -> Change:
    """Set or take out our entry of an event."""
    return Change((KEY, event), is_ours, value)
