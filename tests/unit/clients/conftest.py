"""A computer with stand-ins for the clients, and a stand-in for the server that answers the handshake."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh import config

FAKE = Path(__file__).with_name("fake_client.py")
ANSWERING = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["method"] == "initialize":
        result = {"protocolVersion": "2025-11-25", "serverInfo": {"name": "kioku-mesh", "version": "9.9"}}
    elif message["method"] == "tools/list":
        result = {"tools": [{"name": "search_memory"}, {"name": "save_observation"}]}
    else:
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""
HOOKING = "import sys\nsys.exit(sys.argv[1:2] != ['hook'])\n"  # knows `hook` and nothing else


class Computer:
    """A home folder whose `bin` is all there is on PATH."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.bin = folder / "bin"
        self.work = folder / "work"
        for path in (self.home, self.bin, self.work):
            path.mkdir()
        self.calls_file = folder / "calls"
        self.claude_file = self.home / ".claude.json"
        self.codex_file = self.home / ".codex" / "config.toml"
        self.server = str(self.program("kioku-mesh-mcp", ANSWERING))
        self.kioku_mesh = str(self.program("kioku-mesh", HOOKING))

    def program(self, name: str, code: str) -> Path:
        path = self.bin / name
        path.write_text(f"#!{sys.executable} -IS\n{code}")
        path.chmod(0o755)
        return path

    def have(self, *programs: str) -> None:
        """Install stand-ins for the clients' commands; those that are never called need not do anything."""
        for name in programs:
            self.program(name, FAKE.read_text() if name == "claude" else "raise SystemExit('not to be called')")

    def config(self, **environ: str) -> config.Config:
        """The configuration of a process on this computer."""
        machine = {
            "HOME": str(self.home), "PATH": str(self.bin), "TMPDIR": str(self.work / "tmp"),
            "CALLS": str(self.calls_file), "USERPROFILE": str(self.home),
        }  # fmt: skip
        return config.load({**machine, **environ}, str(self.work))

    def calls(self) -> list[list[str]]:
        """The commands of clients that were run, without those that only look."""
        if not self.calls_file.exists():
            return []
        calls = [json.loads(line) for line in self.calls_file.read_text().splitlines()]
        return [call for call in calls if call[2] != "get"]

    def claude_servers(self) -> dict[str, Any]:
        return dict(json.loads(self.claude_file.read_text())["mcpServers"])

    def write_claude(self, servers: Mapping[str, Any], **rest: Any) -> bytes:
        """Write Claude Code's file; returns its bytes."""
        self.claude_file.write_text(json.dumps({"numStartups": 7, **rest, "mcpServers": servers}))
        return self.claude_file.read_bytes()

    def write_codex(self, text: str) -> bytes:
        """Write Codex's file; returns its bytes."""
        self.codex_file.parent.mkdir(exist_ok=True)
        self.codex_file.write_text(text)
        return self.codex_file.read_bytes()

    def copies(self, client: str, name: str = "*") -> list[bytes]:
        """The copies of a client's files of this name that were kept, oldest first."""
        folder = self.home / ".local/share/kioku-mesh/backups/clients" / client
        return [path.read_bytes() for path in sorted(folder.glob(f"*-{name}"))]

    def tree(self) -> dict[str, bytes | None]:
        """Every file and folder at home and in the working directory but for our own, with what is in the files."""
        found = [path for top in (self.home, self.work) for path in sorted(top.rglob("*"))]
        own = self.home / ".local"
        return {
            str(path): path.read_bytes() if path.is_file() else None for path in found if not path.is_relative_to(own)
        }


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path)
