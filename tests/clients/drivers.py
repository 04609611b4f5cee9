"""How each client is used without a person: how it is asked so that it turns to the scripted model, how it lists its
servers, and how it registers one itself. Nothing of it changes the home of the user but what the client keeps there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

KEY = "no-key-is-needed-here"
SERVER = "kioku-mesh"

Words = Sequence[str]


class Driver(NamedTuple):
    """`ask`: prompt, tool, address of the model -> the command. `environment`: that address -> what it needs beside.
    `said`: what it printed -> the words of the model. `file`: a variable that names a file of settings, and the address ->
    its content. `add`: name, command -> how a server is registered for the user. `servers`: how it lists them;
    `connects`: whether the list tells that a server was reached."""

    ask: Callable[[str, str, str], Words]
    environment: Callable[[str], Mapping[str, str]]
    add: Callable[[str, str], Words]
    servers: Words
    connects: bool = True
    said: Callable[[str], str] = str
    file: tuple[str, Callable[[str], Mapping[str, Any]]] | None = None


def _ask_claude(prompt: str, tool: str, _url: str) -> Words:
    return "claude", "-p", prompt, "--output-format", "json", "--allowedTools", f"mcp__{SERVER}__{tool}"


def _ask_codex(prompt: str, _tool: str, url: str) -> Words:
    provider = f'{{name="scripted",base_url="{url}/v1",wire_api="responses",env_key="SCRIPTED_KEY"}}'
    settings = ("model=scripted", "model_provider=scripted", f"model_providers.scripted={provider}")
    options = [word for setting in settings for word in ("-c", setting)]
    return "codex", "exec", "--skip-git-repo-check", "--json", *options, prompt


def _codex_said(out: str) -> str:
    items = [json.loads(line).get("item", {}) for line in out.splitlines() if line.startswith("{")]
    return "\n".join(str(item["text"]) for item in items if item.get("type") == "agent_message")


def _ask_gemini(prompt: str, _tool: str, _url: str) -> Words:
    return "gemini", "-m", "gemini-2.5-flash", "-p", prompt, "-o", "json", "--approval-mode", "yolo"


def _gemini_environment(url: str) -> Mapping[str, str]:
    # As Vertex AI: with an address of its own for its other interface it finds no way to sign in without a settings file.
    return {"GOOGLE_GENAI_USE_VERTEXAI": "true", "GOOGLE_API_KEY": KEY, "GOOGLE_VERTEX_BASE_URL": url}


def _opencode_environment(url: str) -> Mapping[str, str]:
    provider = {"npm": "@ai-sdk/openai-compatible", "name": "scripted", "models": {"m": {"name": "m"}},
                "options": {"baseURL": f"{url}/v1", "apiKey": KEY}}  # fmt: skip
    return {"OPENCODE_CONFIG_CONTENT": json.dumps({"provider": {"scripted": provider}})}


def _copilot_environment(url: str) -> Mapping[str, str]:
    return {"COPILOT_PROVIDER_BASE_URL": f"{url}/v1", "COPILOT_PROVIDER_TYPE": "openai",
            "COPILOT_PROVIDER_API_KEY": KEY, "COPILOT_MODEL": "scripted", "COPILOT_OFFLINE": "true"}  # fmt: skip


def _cline_settings(url: str) -> Mapping[str, Any]:
    name = "openai-compatible"
    settings = {"provider": name, "apiKey": KEY, "model": "scripted", "baseUrl": f"{url}/v1"}
    provider = {"settings": settings, "updatedAt": "2026-01-01T00:00:00.000Z", "tokenSource": "manual"}
    return {"version": 1, "lastUsedProvider": name, "modes": {}, "providers": {name: provider}}


DRIVERS = {
    "claude-code": Driver(
        _ask_claude,
        lambda url: {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY},
        lambda name, command: ("claude", "mcp", "add", "-s", "user", name, "--", command),
        ("claude", "mcp", "list"),
        said=lambda out: str(json.loads(out)["result"]),
    ),
    "codex-cli": Driver(
        _ask_codex,
        lambda _url: {"SCRIPTED_KEY": KEY},
        lambda name, command: ("codex", "mcp", "add", name, "--", command),
        ("codex", "mcp", "list"),
        connects=False,
        said=_codex_said,
    ),
    "gemini-cli": Driver(
        _ask_gemini,
        _gemini_environment,
        lambda name, command: ("gemini", "mcp", "add", "-s", "user", name, command),
        ("gemini", "mcp", "list"),
        said=lambda out: str(json.loads(out[out.index("{") :])["response"]),
    ),
    "opencode": Driver(
        lambda prompt, _tool, _url: ("opencode", "run", "-m", "scripted/m", prompt),
        _opencode_environment,
        lambda name, command: ("opencode", "mcp", "add", name, "--", command),
        ("opencode", "mcp", "list"),
    ),
    "qwen-code": Driver(
        lambda prompt, _tool, _url: ("qwen", "-p", prompt, "--approval-mode", "yolo"),
        lambda url: {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{url}/v1", "OPENAI_MODEL": "scripted"},
        lambda name, command: ("qwen", "mcp", "add", "-s", "user", name, command),
        ("qwen", "mcp", "list"),
    ),
    "copilot-cli": Driver(
        lambda prompt, _tool, _url: ("copilot", "-p", prompt, "--allow-all-tools"),
        _copilot_environment,
        lambda name, command: ("copilot", "mcp", "add", name, "--", command),
        ("copilot", "mcp", "list"),
        connects=False,
    ),
    "cline": Driver(
        lambda prompt, _tool, _url: ("cline", "-P", "openai", "-m", "scripted", "-k", KEY, prompt),
        lambda _url: {},
        lambda name, command: ("cline", "mcp", "add", name, "--yes", "--", command),
        ("cline", "config", "mcp"),
        connects=False,
        file=("CLINE_PROVIDER_SETTINGS_PATH", _cline_settings),
    ),
}
