"""Programs that others wrote judge the server: the client of the official SDK, and the Inspector with strict schemas."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clients.desk import Desk
from support import Home, command

SDK = "mcp==2.3.0"
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


@pytest.mark.parametrize("era", ["legacy", "auto", "modern"])
class TestInspector:
    """It starts the server as it stands in a configuration that `mcp install --client json` printed."""

    @pytest.fixture
    def desk(self, sit: Callable[..., Desk]) -> Desk:
        desk = sit("inspector")
        text = desk.run("kioku-mesh", "mcp", "install", "--client", "json", "-e", "KIOKU_MESH_MCP_PROFILE=full")
        (desk.home.work / "pasted.json").write_text(text)
        return desk

    def ask(self, desk: Desk, era: str, *arguments: str, status: int = 0) -> Any:
        words = ("mcp-inspector", "--cli", "--config", "pasted.json", "--server", "kioku-mesh", "--protocol-era", era)
        return json.loads(desk.run(*words, *arguments, status=status))

    def test_every_schema_is_portable(self, desk: Desk, era: str) -> None:
        """Strict: nothing about any tool's schemas that some client would stumble over."""
        assert len(self.ask(desk, era, "--method", "tools/list", "--strict")["tools"]) == 14

    def test_tools_and_resources_answer(self, desk: Desk, era: str) -> None:
        """A save, a search with arguments as text, an error, the brief and a memory."""
        call = ("--method", "tools/call", "--tool-name")
        saved = self.ask(desk, era, *call, "save_observation", "--tool-arg", "content=Inspected and found good.")
        id_ = saved["structuredContent"]["observation_id"]
        search = (*call, "search_memory", "--tool-arg")
        found = self.ask(desk, era, *search, "query=inspected", "--tool-arg", "limit=3")
        assert [row["observation_id"] for row in found["structuredContent"]["results"]] == [id_]
        wrong = self.ask(desk, era, *search, "limit=500", status=5)
        assert wrong["structuredContent"]["code"] == "bad_input"
        for uri in ("kioku://brief", f"kioku://memory/{id_}"):
            read = self.ask(desk, era, "--method", "resources/read", "--uri", uri)
            assert id_ in read["contents"][0]["text"]
