"""Programs that others wrote judge the server: the client of the official SDK, and the Inspector with strict schemas."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support import Home, command, needs

SDK = "mcp==2.3.0"
INSPECTOR = "@modelcontextprotocol/inspector@2.12.0"
SCRIPT = Path(__file__).with_name("sdk_client.py")
DEFAULT_TOOLS = [
    "save_observation",
    "search_memory",
    "recall_context",
    "get_memory",
    "delete_memory",
    "get_memory_status",
]

pytestmark = pytest.mark.referee


def run(arguments: list[str], home: Home, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        arguments, capture_output=True, text=True, env=home.env(), cwd=home.work, timeout=570, check=False
    )
    assert done.returncode == status, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with the SDK, in an environment of its own."""
    folder = tmp_path_factory.mktemp("sdk")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=570)
    python = str(folder / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", SDK], check=True, timeout=570
    )
    return python


@pytest.mark.parametrize(
    ("mode", "version", "absent"),
    [("legacy", "2025-11-25", -32002), ("auto", "2026-07-28", -32602), ("2026-07-28", "2026-07-28", -32602)],
)
def test_the_official_client_finds_nothing_wrong(home: Home, sdk: str, mode: str, version: str, absent: int) -> None:
    """With a handshake, after a probe, and with neither: every tool and resource, checked against the SDK's own types."""
    done = run([sdk, "-W", "ignore", str(SCRIPT), mode, *command("kioku-mesh-mcp")], home)
    seen: dict[str, Any] = json.loads(done.stdout)
    assert (seen["version"], seen["tools"]) == (version, DEFAULT_TOOLS)
    assert seen["found"] == [seen["saved"]["observation_id"]]
    assert seen["found"][0] in seen["recalled"]
    assert seen["found"][0] in seen["brief"]
    assert seen["status"]["client_id"] == "referee"
    assert seen["wrong"] == [True, "bad_input"]
    assert (seen["unknown"], seen["absent"]) == (-32602, absent)
    assert seen.get("listening", mode == "legacy")


@pytest.fixture(scope="module")
def inspector(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Inspector's command, installed once."""
    folder = tmp_path_factory.mktemp("inspector")
    subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), INSPECTOR],
        check=True,
        capture_output=True,
        timeout=570,
    )
    return str(folder / "node_modules" / ".bin" / "mcp-inspector")


@needs("npm")
@pytest.mark.parametrize("era", ["legacy", "auto", "modern"])
class TestInspector:
    def ask(self, inspector: str, home: Home, era: str, *arguments: str, status: int = 0) -> Any:
        environment = [
            part
            for name, value in home.env().items()
            if name.startswith(("KIOKU", "PYTHON", "HOME"))
            for part in ("-e", f"{name}={value}")
        ]
        server = [*command("kioku-mesh-mcp"), "--profile", "full"]
        done = run([inspector, "--cli", *environment, "--protocol-era", era, *arguments, "--", *server], home, status)
        return json.loads(done.stdout)

    def test_every_schema_is_portable(self, inspector: str, home: Home, era: str) -> None:
        """Strict: nothing about any tool's schemas that some client would stumble over."""
        assert len(self.ask(inspector, home, era, "--method", "tools/list", "--strict")["tools"]) == 14

    def test_tools_and_resources_answer(self, inspector: str, home: Home, era: str) -> None:
        """A save, a search with arguments as text, an error, the brief and a memory."""
        call = ("--method", "tools/call", "--tool-name")
        saved = self.ask(
            inspector, home, era, *call, "save_observation", "--tool-arg", "content=Inspected and found good."
        )
        id_ = saved["structuredContent"]["observation_id"]
        found = self.ask(
            inspector, home, era, *call, "search_memory", "--tool-arg", "query=inspected", "--tool-arg", "limit=3"
        )
        assert [row["observation_id"] for row in found["structuredContent"]["results"]] == [id_]
        wrong = self.ask(inspector, home, era, *call, "search_memory", "--tool-arg", "limit=500", status=5)
        assert wrong["structuredContent"]["code"] == "bad_input"
        for uri in ("kioku://brief", f"kioku://memory/{id_}"):
            assert (
                id_ in self.ask(inspector, home, era, "--method", "resources/read", "--uri", uri)["contents"][0]["text"]
            )
