"""Start an MCP server as a client would, and ask what it offers."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import NotAvailable, Timeout
from ..values import NamedTuple
from . import programs

if TYPE_CHECKING:
    import subprocess

ANSWER_S = 3.0

_HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "mcp-test-client", "version": "1"},
}


class Offered(NamedTuple):
    name: str
    version: str
    tools: tuple[str, ...]


def ask(command: Sequence[str], environ: Mapping[str, str], cwd: str, timeout_s: float = ANSWER_S) -> Offered:
    """What the server answers to the handshake and `tools/list`. Raises Timeout, NotAvailable."""
    import shlex

    hint = f"start it by hand to see why: {shlex.join(command)}"
    process = programs.converse(command, environ, cwd)
    late = threading.Event()

    def give_up() -> None:
        late.set()
        programs.kill(process)

    timer = threading.Timer(timeout_s, give_up)
    timer.start()
    try:
        return _converse(process)
    except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError):
        if late.is_set():
            raise Timeout(f"{command[0]} did not answer within {timeout_s:g} seconds", hint) from None
        raise NotAvailable(f"{command[0]} does not answer as an MCP server", hint) from None
    finally:
        timer.cancel()
        programs.leave(process)


def _converse(process: subprocess.Popen[bytes]) -> Offered:
    told = _call(process, 1, "initialize", _HELLO)["serverInfo"]
    _send(process, {"method": "notifications/initialized"})
    tools = _call(process, 2, "tools/list", {})["tools"]
    return Offered(str(told["name"]), str(told.get("version", "")), tuple(str(tool["name"]) for tool in tools))


def _call(process: subprocess.Popen[bytes], number: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
    _send(process, {"id": number, "method": method, "params": params})
    assert process.stdout
    for line in process.stdout:
        message = json.loads(line)
        if message.get("id") == number and "method" not in message:
            result: dict[str, Any] = message["result"]
            return result
    raise EOFError


def _send(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    assert process.stdin
    process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    process.stdin.flush()
