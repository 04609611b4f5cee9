"""The real Claude Code and the real Codex, installed from npm, against a scripted model on loopback."""

from __future__ import annotations

import json
import os
import shutil
import tomllib

import pytest

from clients import pins
from clients.desk import Desk
from support import Home

pytestmark = pytest.mark.referee

REQUIRED = "KIOKU_MESH_REQUIRE_REFEREES"


@pytest.fixture
def desk(home: Home) -> Desk:
    """A home with both clients. Without them the test is skipped, or fails where they are required."""
    if not pins.complete(pins.folder(os.environ)):
        missing = "needs npm" if not shutil.which("npm") else "the clients are not installed: run tests/clients/prepare"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return Desk(home)


def test_one_memory_for_both(desk):
    """What Claude Code saves, the command line finds and Codex recalls, all with nothing but `mcp install`."""
    desk.run("kioku-mesh", "mcp", "install", "--client", "claude-code")
    desk.run("kioku-mesh", "mcp", "install", "--client", "codex-cli")
    fact = "The staging database moved to a host of its own.\n\nIt listens on port 5433, not on the usual one."
    saved = desk.ask_claude("save_observation", content=fact, memory_type="config", project="shop")
    found = json.loads(desk.run("kioku-mesh", "search", "staging port", "--json"))
    assert found["count"] == 1, found
    (memory,) = found["results"]
    assert memory["observation_id"] in saved
    assert memory["content"] == fact
    assert (memory["agent_family"], memory["client_id"]) == ("claude", "claude-code")
    recalled = desk.ask_codex("search_memory", query="which port has staging?")
    assert "It listens on port 5433" in recalled
    assert memory["observation_id"] in recalled


def test_registered_and_connected(desk):
    """After `mcp install` each client lists the server, Claude Code as connected, and `mcp status` agrees."""
    desk.run("kioku-mesh", "mcp", "install")
    assert "kioku-mesh" in desk.run("claude", "mcp", "list")
    (line,) = [line for line in desk.run("claude", "mcp", "list").splitlines() if line.startswith("kioku-mesh:")]
    assert line.endswith("Connected")
    (listed,) = json.loads(desk.run("codex", "mcp", "list", "--json"))
    assert listed["name"] == "kioku-mesh"
    assert listed["enabled"]
    checked = json.loads(desk.run("kioku-mesh", "mcp", "status", "--json"))
    assert [(row["client"], row["state"]) for row in checked["results"]] == [("claude-code", "ok"), ("codex-cli", "ok")]
    assert "search_memory" in checked["results"][0]["tools"]


def test_health_checks_leave_nothing(desk):
    """Clients that only look whether the server is there make it write nothing."""
    desk.run("kioku-mesh", "mcp", "install")
    state = desk.home.folder / ".local" / "share" / "kioku-mesh"
    before = sorted(state.rglob("*"))
    assert {path.relative_to(state).parts[0] for path in before} == {"clients"}  # what `mcp install` notes down
    desk.run("claude", "mcp", "list")
    desk.run("kioku-mesh", "mcp", "status")
    assert sorted(state.rglob("*")) == before


def test_second_install_changes_nothing(desk):
    """The second `mcp install` says so, and every file is byte for byte what it was."""
    desk.run("kioku-mesh", "mcp", "install")
    before = desk.claude_file.read_bytes(), desk.codex_file.read_bytes()
    assert desk.run("kioku-mesh", "mcp", "install").count("installed already") == 2
    assert (desk.claude_file.read_bytes(), desk.codex_file.read_bytes()) == before


def test_dry_run_tells_the_truth(desk):
    """A dry run changes no file, and the difference it shows is the entry that the real clients then write."""
    desk.run("claude", "mcp", "add", "-s", "user", "other", "--", "true")
    desk.run("codex", "mcp", "add", "other", "--", "true")
    before = desk.claude_file.read_bytes(), desk.codex_file.read_bytes()
    words = ("kioku-mesh", "mcp", "install", "-e", "A=x y", "-e", "B=1")
    shown = json.loads(desk.run(*words, "--dry-run", "--json"))["results"]
    assert (desk.claude_file.read_bytes(), desk.codex_file.read_bytes()) == before
    desk.run(*words)
    claude, codex = (_added(row["diff"]) for row in shown)
    assert json.loads(claude) == {"mcpServers": {"kioku-mesh": desk.claude_servers()["kioku-mesh"]}}
    assert tomllib.loads(codex) == {"mcp_servers": {"kioku-mesh": desk.codex_servers()["kioku-mesh"]}}


def test_uninstall_leaves_the_others(desk):
    """`mcp uninstall` takes our entry away and leaves the other servers of each client as they were."""
    desk.run("claude", "mcp", "add", "-s", "user", "other", "-e", "K=v", "--", "true")
    desk.run("codex", "mcp", "add", "other", "--env", "K=v", "--", "true")
    before = desk.claude_servers(), desk.codex_servers()
    desk.run("kioku-mesh", "mcp", "install")
    desk.run("kioku-mesh", "mcp", "uninstall")
    assert (desk.claude_servers(), desk.codex_servers()) == before
    assert "kioku-mesh" not in desk.run("claude", "mcp", "list")


def test_force_replaces_what_an_old_release_registered(desk):
    """An old registration is shown and left alone; with --force the clients know the new one only."""
    old = str(desk.home.folder / "old" / "mesh-mem-mcp")
    desk.run("claude", "mcp", "add", "-s", "user", "mesh_mem", "-e", "MESH_MEM_CLIENT_ID=x", "--", old)
    desk.run("claude", "mcp", "add", "-s", "user", "kioku-mesh", "--", old)
    desk.run("codex", "mcp", "add", "kioku-mesh", "--", old)
    refused = desk.home.run("mcp", "install", env=desk.env)
    assert refused.status == 1
    assert old in refused.out
    assert desk.claude_servers().keys() == {"mesh_mem", "kioku-mesh"}
    desk.run("kioku-mesh", "mcp", "install", "--force")
    assert desk.claude_servers().keys() == {"kioku-mesh"}
    assert old not in desk.codex_file.read_text()
    assert json.loads(desk.run("kioku-mesh", "mcp", "status", "--json"))["results"][0]["state"] == "ok"


def test_project_scope(desk):
    """With --scope project the registration stands in the project, where Claude Code awaits approval."""
    desk.run("kioku-mesh", "mcp", "install", "--scope", "project")
    assert "kioku-mesh" in json.loads((desk.home.work / ".mcp.json").read_text())["mcpServers"]
    assert "kioku-mesh" in tomllib.loads((desk.home.work / ".codex" / "config.toml").read_text())["mcp_servers"]
    assert {path.name for path in (desk.home.work / ".codex").iterdir()} <= {"config.toml", "hooks.json"}
    (line,) = [line for line in desk.run("claude", "mcp", "list").splitlines() if line.startswith("kioku-mesh:")]
    assert "Pending approval" in line


def _added(diff: str) -> str:
    """The new text of a difference from nothing."""
    return "\n".join(line[1:] for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++"))
