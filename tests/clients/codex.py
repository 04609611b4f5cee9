"""What a person does in Codex at /hooks, through the server that its own programs talk to."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from .desk import Desk


class AppServer:
    """A conversation with `codex app-server`; use it in a `with`."""

    def __init__(self, desk: Desk) -> None:
        self._folder = str(desk.home.work)
        self._process = subprocess.Popen(
            ["codex", "app-server"], env=desk.env, cwd=self._folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.ask("initialize", clientInfo={"name": "tests", "version": "1"})
        self._send(method="initialized")

    def __enter__(self) -> AppServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def hooks(self) -> dict[str, dict[str, Any]]:
        """The hooks that it knows, by what it calls them."""
        (found,) = self.ask("hooks/list", cwds=[self._folder])["data"]
        return {hook["key"]: hook for hook in found["hooks"]}

    def trust(self) -> None:
        """Review all hooks and find them good."""
        state = {key: {"trusted_hash": hook["currentHash"]} for key, hook in self.hooks().items()}
        edit = {"keyPath": "hooks.state", "value": state, "mergeStrategy": "upsert"}
        assert self.ask("config/batchWrite", edits=[edit])["status"] == "ok"

    def ask(self, method: str, **params: Any) -> Any:
        self._send(id=method, method=method, params=params)
        assert self._process.stdout
        for line in self._process.stdout:
            told = json.loads(line)
            if told.get("id") == method:
                return told["result"]
        raise AssertionError(f"no answer to {method}")

    def _send(self, **message: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
