"""A throw-away home with the real clients in it, and how to have one of them call one tool of ours, offline."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support import Home, command

from . import pins
from .scripted_model import ScriptedModel

KEY = "no-key-is-needed-here"
PATIENCE_S = 120  # a client takes one to three seconds


class Desk:
    """`env` is the environment of everything that runs here: clients first on PATH, then our commands, then the rest."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.bin = home.folder / "bin"
        self.bin.mkdir()
        for name in ("kioku-mesh", "kioku-mesh-mcp"):
            self._link(name)
        env = home.env(state_dir=None, config_dir=None)  # Codex hands on no variables of ours
        path = os.pathsep.join([str(pins.programs(pins.folder(os.environ))), str(self.bin), env["PATH"]])
        temporary = home.folder / "tmp"
        temporary.mkdir()
        self.env = env | {
            "PATH": path, "TMPDIR": str(temporary), "NO_COLOR": "1",
            "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }  # fmt: skip

    @property
    def claude_file(self) -> Path:
        return self.home.folder / ".claude.json"

    @property
    def codex_file(self) -> Path:
        return self.home.folder / ".codex" / "config.toml"

    def claude_servers(self) -> dict[str, Any]:
        """The user's servers in Claude Code's file."""
        return dict(json.loads(self.claude_file.read_text())["mcpServers"])

    def codex_servers(self) -> dict[str, Any]:
        """The user's servers in Codex's file."""
        return dict(tomllib.loads(self.codex_file.read_text())["mcp_servers"])

    def run(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        """Run a program that must succeed; what it wrote to standard output."""
        done = subprocess.run(
            words, env=dict(env or self.env), cwd=self.home.work, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def ask_claude(self, tool: str, **arguments: Any) -> str:
        """Have Claude Code call a tool; what it then had in hand for its model."""
        with ScriptedModel(tool, arguments) as model:
            provider = {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": KEY}
            out = self.run(
                "claude", "-p", "call the tool", "--output-format", "json",
                "--allowedTools", f"mcp__kioku-mesh__{tool}", env=self.env | provider,
            )  # fmt: skip
        return _answer(json.loads(out)["result"])

    def ask_codex(self, tool: str, **arguments: Any) -> str:
        """Have Codex call a tool; what it then had in hand for its model. It runs only tools annotated as harmless."""
        with ScriptedModel(tool, arguments) as model:
            provider = f'{{name="scripted",base_url="{model.url}/v1",wire_api="responses",env_key="SCRIPTED_KEY"}}'
            out = self.run(
                "codex", "exec", "--skip-git-repo-check", "--json", "-c", "model=scripted",
                "-c", "model_provider=scripted", "-c", f"model_providers.scripted={provider}", "call the tool",
                env=self.env | {"SCRIPTED_KEY": KEY},
            )  # fmt: skip
        items = [json.loads(line).get("item", {}) for line in out.splitlines() if line.startswith("{")]
        said = [str(item["text"]) for item in items if item.get("type") == "agent_message"]
        return _answer("\n".join(said) or out)

    def _link(self, name: str) -> None:
        """Put a command of ours into `bin`, installed or not."""
        words = command(name)
        script = self.bin / name
        if len(words) == 1:
            script.symlink_to(words[0])
        else:
            interpreter, _, program = words
            path = f"import sys; sys.path.insert(0, {self.home.env()['PYTHONPATH']!r})"
            script.write_text(f"#!{interpreter}\n{path}\n{program}\n")
            script.chmod(0o755)


def _answer(text: str) -> str:
    assert text.startswith("ANSWER "), f"the client did not get an answer to its model: {text}"
    return text.removeprefix("ANSWER ")
