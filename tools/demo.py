"""The main job, visibly: one agent saves a memory through its MCP server, others find it. In a throw-away folder."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from mcp_client import Agent, text_of

BIN = Path(sys.executable).parent
MEMORY = {
    "content": "Webhook deliveries are retried at most 5 times with exponential backoff, because the billing provider "
    "blocks senders that hammer it. The limit lives in RETRY_MAX in delivery/queue.py.",
    "subject": "Webhook retries are capped at 5",
    "memory_type": "decision",
    "project": "shop",
    "source_files": ["delivery/queue.py"],
}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="kioku-mesh-demo-") as folder:
        env = os.environ | {"KIOKU_MESH_STATE_DIR": folder, "KIOKU_MESH_CONFIG_DIR": folder, "NO_COLOR": "1"}
        title("Claude Code learns something and saves it, through its MCP server")
        saved = save(env)
        title("Codex starts on a related task, with a server of its own")
        found = [ask(env)]
        title("A person, or any other program, asks on the command line")
        found += [run(env, "recall", "how are webhooks retried?"), run(env, "search", "RETRY_MAX")]
    if not all(saved in text for text in found):
        print("\nerror: the memory was saved but not found again", file=sys.stderr)
        return 1
    next_steps()
    return 0


def save(env: dict[str, str]) -> str:
    with agent("claude-code", env) as claude:
        show(f"save_observation({MEMORY['subject']!r}, project='shop', memory_type='decision')")
        answer = claude.call("save_observation", **MEMORY)
        print(indented(text_of(answer)))
        return str(answer["structuredContent"]["observation_id"])


def ask(env: dict[str, str]) -> str:
    with agent("codex-mcp-client", env) as codex:
        show("recall_context('make webhook delivery more robust')")
        text = text_of(codex.call("recall_context", task="make webhook delivery more robust"))
        print(indented(text))
        return text


def agent(name: str, env: dict[str, str]) -> Agent:
    client = Agent([str(BIN / "kioku-mesh-mcp")], env=env, cwd=folder_of(env), name=name)
    client.greet()
    return client


def run(env: dict[str, str], *arguments: str) -> str:
    show(f"$ kioku-mesh {shlex.join(arguments)}")
    command = [str(BIN / "kioku-mesh"), *arguments]
    done = subprocess.run(command, env=env, cwd=folder_of(env), stdout=subprocess.PIPE, check=True)
    text = done.stdout.decode()
    print(indented(text))
    return text


def folder_of(env: dict[str, str]) -> str:
    """Where commands run: not in this checkout, whose name would be their project."""
    return env["KIOKU_MESH_STATE_DIR"]


def next_steps() -> None:
    command = os.path.relpath(BIN / "kioku-mesh")
    title("That was a throw-away folder. Your own memory starts here")
    print(f"  {command} save 'what the next session should know'")
    print(f"  {command} search 'next session'")
    print(f"  {command} mcp install --client claude-code    (or codex-cli)")


def title(text: str) -> None:
    print(f"\n== {text}", flush=True)


def show(text: str) -> None:
    print(f"  {text}", flush=True)


def indented(text: str) -> str:
    lines = [part for line in text.strip().splitlines() for part in textwrap.wrap(line, 100) or [""]]
    return "\n".join(f"    | {line}".rstrip() for line in lines)


if __name__ == "__main__":
    sys.exit(main())
