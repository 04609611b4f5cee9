"""A small MCP client over stdio: what the demo, the smoke test, the tests and the measurements use as "an agent"."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Iterator
from typing import Any


class ToolError(Exception):
    """A tool answered with `isError`; `error` is the structured object {code, message, hint}."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(text_of(result))
        self.error = result.get("structuredContent") or {}
        self.code = self.error.get("code")


class RpcError(Exception):
    """The server refused the request itself; `code` is the JSON-RPC number."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = error.get("code")


class ServerGone(Exception):
    """The server ended, or was ended for taking too long, before it answered."""


def text_of(result: dict[str, Any]) -> str:
    """The text parts of a tool result."""
    return "\n".join(part["text"] for part in result.get("content", ()) if part.get("type") == "text")


class Agent:
    """One server process and the conversation with it, one request at a time."""

    def __init__(
        self,
        command: list[str],
        *,
        env: dict[str, str] | None = None,
        cwd: str | None = None,
        name: str = "agent",
        stderr: Any = None,
        patience: float | None = 60.0,
    ) -> None:
        """`patience`: seconds that a request may take before the server is ended; None waits without a watch."""
        self.name = name
        self.patience = patience
        self.info: dict[str, Any] = {}
        self._last = 0
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=stderr, env=env, cwd=cwd)

    def __enter__(self) -> Agent:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def greet(self, version: str = "2025-06-18") -> dict[str, Any]:
        """The handshake; returns what the server says of itself."""
        client = {"name": self.name, "version": "1.0"}
        self.info = self.request("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": client})
        self.notify("notifications/initialized")
        return self.info

    def tools(self) -> list[dict[str, Any]]:
        return list(self.request("tools/list")["tools"])

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The whole result of a tool. Raises ToolError."""
        result = self.request("tools/call", {"name": tool, "arguments": arguments})
        if result.get("isError"):
            raise ToolError(result)
        return result

    def request(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of one request. Raises RpcError, ServerGone."""
        self._last += 1
        self.send({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params or {}})
        with self._watched():
            while (message := self.receive()).get("id") != self._last:
                pass
        if "error" in message:
            raise RpcError(message["error"])
        return dict(message["result"])

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        if self.patience is None:
            yield
            return
        watch = threading.Timer(self.patience, self.process.kill)
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def notify(self, method: str, params: dict[str, Any] | None = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params or {}})

    def send(self, message: dict[str, Any]) -> None:
        """One message as it is, for tests of bad ones too."""
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise ServerGone(f"exit status {self.process.poll()}") from error

    def receive(self) -> dict[str, Any]:
        """The next message, whatever it is. Raises ServerGone."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise ServerGone(f"exit status {self.process.wait()}")
        return dict(json.loads(line))

    def close(self) -> int:
        """Close the server's stdin, as clients do, and wait for its end; returns its exit status."""
        process = self.process
        if process.stdin and not process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        try:
            status = process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        if process.stdout:
            process.stdout.close()
        return status
