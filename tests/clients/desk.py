"""A throw-away home with the real clients in it, and how to have one of them call one tool of ours, offline."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from support import Home, command

from . import pins
from .scripted_model import ScriptedModel

KEY = "no-key-is-needed-here"
PROMPT = "call the tool"
PATIENCE_S = 120  # a client takes one to three seconds


def _claude(desk: Desk, url: str, tool: str) -> str:
    provider = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY}
    allowed = ("--allowedTools", f"mcp__kioku-mesh__{tool}")
    return str(
        json.loads(desk.run("claude", "-p", PROMPT, "--output-format", "json", *allowed, env=provider))["result"]
    )


def _codex(desk: Desk, url: str, _tool: str) -> str:
    """It runs only tools annotated as harmless. In a new home nobody has reviewed the hooks."""
    provider = f'{{name="scripted",base_url="{url}/v1",wire_api="responses",env_key="SCRIPTED_KEY"}}'
    out = desk.run(
        "codex", "exec", "--skip-git-repo-check", "--json", "--dangerously-bypass-hook-trust", "-c", "model=scripted",
        "-c", "model_provider=scripted", "-c", f"model_providers.scripted={provider}", PROMPT, env={"SCRIPTED_KEY": KEY},
    )  # fmt: skip
    items = [json.loads(line).get("item", {}) for line in out.splitlines() if line.startswith("{")]
    return "\n".join(str(item["text"]) for item in items if item.get("type") == "agent_message") or out


def _gemini(desk: Desk, url: str, _tool: str) -> str:
    provider = {"GEMINI_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": url, "GEMINI_CLI_TRUST_WORKSPACE": "true"}
    words = ("gemini", "-m", "gemini-2.5-flash", "-p", PROMPT, "-o", "json", "--approval-mode", "yolo")
    out = desk.run(*words, env=provider)
    return str(json.loads(out[out.index("{") :])["response"])


def _qwen(desk: Desk, url: str, _tool: str) -> str:
    provider = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{url}/v1", "OPENAI_MODEL": "scripted"}
    return desk.run("qwen", "-p", PROMPT, "--approval-mode", "yolo", env=provider)


def _opencode(desk: Desk, url: str, _tool: str) -> str:
    options = {"baseURL": f"{url}/v1", "apiKey": KEY}
    scripted = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "scripted",
        "models": {"m": {"name": "m"}},
        "options": options,
    }
    file = desk.home.folder / "tmp" / "opencode.json"
    file.write_text(json.dumps({"provider": {"scripted": scripted}}))
    return desk.run("opencode", "run", "-m", "scripted/m", PROMPT, env={"OPENCODE_CONFIG": str(file)})


def _copilot(desk: Desk, url: str, _tool: str) -> str:
    provider = {
        "COPILOT_PROVIDER_BASE_URL": f"{url}/v1", "COPILOT_PROVIDER_TYPE": "openai", "COPILOT_PROVIDER_API_KEY": KEY,
        "COPILOT_MODEL": "scripted", "COPILOT_OFFLINE": "true",
    }  # fmt: skip
    return desk.run("copilot", "-p", PROMPT, "--allow-all-tools", env=provider)


def _cline(desk: Desk, url: str, _tool: str) -> str:
    model = ("-m", "scripted", "-k", KEY)
    desk.run("cline", "auth", "-p", "openai", *model, "-b", f"{url}/v1")
    return desk.run("cline", "-P", "openai", *model, PROMPT)


DRIVERS = {
    "claude-code": _claude,
    "codex-cli": _codex,
    "gemini-cli": _gemini,
    "qwen-code": _qwen,
    "opencode": _opencode,
    "copilot-cli": _copilot,
    "cline": _cline,
}


class Desk:
    """`env` is the environment of everything that runs here: the clients' `programs` and our commands first on PATH."""

    def __init__(self, home: Home, programs: Iterable[str] = ("claude", "codex")) -> None:
        self.home = home
        self.requests: list[dict[str, Any]] = []
        self.bin = home.folder / "bin"
        self.bin.mkdir()
        for name in ("kioku-mesh", "kioku-mesh-mcp"):
            self._link(name)
        for name in programs:
            (self.bin / name).symlink_to(pins.programs(pins.folder(os.environ)) / name)
        env = home.env(state_dir=None, config_dir=None)  # Codex hands on no variables of ours
        path = os.pathsep.join([str(self.bin), env["PATH"]])
        temporary = home.folder / "tmp"
        temporary.mkdir()
        self.env = env | {
            "PATH": path, "TMPDIR": str(temporary), "NO_COLOR": "1", "PWD": str(home.work),
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

    def run(self, *words: str, env: Mapping[str, str] = MappingProxyType({})) -> str:
        """Run a program that must succeed, with some more variables; what it wrote to standard output."""
        done = subprocess.run(
            words, env={**self.env, **env}, cwd=self.home.work, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def ask(self, client: str, tool: str, **arguments: Any) -> str:
        """Have a client call a tool; what it then had in hand for its model. `requests` is what the model got."""
        with ScriptedModel(tool, arguments) as model:
            text = DRIVERS[client](self, model.url, tool)
        self.requests = model.requests
        return _answer(text)

    def ask_claude(self, tool: str, **arguments: Any) -> str:
        return self.ask("claude-code", tool, **arguments)

    def ask_codex(self, tool: str, **arguments: Any) -> str:
        return self.ask("codex-cli", tool, **arguments)

    def files(self) -> dict[str, bytes]:
        """Every file at home and in the project, but for our own."""
        found = [path for path in self.home.folder.rglob("*") if path.is_file() and not path.is_symlink()]
        named = {path.relative_to(self.home.folder).as_posix(): path.read_bytes() for path in found}
        return {
            name: content for name, content in named.items() if not name.startswith((".local/share/kioku-mesh", "tmp/"))
        }

    def close(self) -> None:
        """End what clients have left running in the background, which is known by its home."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if f"HOME={self.home.folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                    os.kill(int(process.name), signal.SIGKILL)

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
    assert "ANSWER " in text, f"the client did not get an answer to its model: {text}"
    return text.partition("ANSWER ")[2]
