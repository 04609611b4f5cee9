"""Real clients, installed from npm, each alone in a home: registered, listed and taken back by our command."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from clients.desk import Desk
from clients.drivers import DRIVERS
from kioku_mesh.clients import CLIENTS

pytestmark = pytest.mark.referee

Sit = Callable[..., Desk]

# Claude Code registers by its own command, and this writes what Claude Code writes at every start.
OF_CLAUDE = (".claude.json", ".claude/backups/", ".cache/claude-cli-nodejs/")
# what a client adds to its file when it only reads it
ADDED = {"qwen-code": b'{\n  "$version": 4\n}\n', "opencode": b'{\n  "$schema": "https://opencode.ai/config.json"\n}\n'}


@pytest.fixture(params=DRIVERS)
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_who_is_said_to_be_verified() -> None:
    """The table says of exactly these clients that the tests drive the real program."""
    assert {name for name, known in CLIENTS.items() if known.verified == "program"} == DRIVERS.keys()


def test_an_empty_home_is_empty_again(sit: Sit, client: str) -> None:
    """Nothing stays of an installation that is taken back at once, neither files nor folders."""
    desk = sit(client)
    (done,) = desk.ours("mcp", "install", "--client", client)["results"]
    assert (done["state"], done["rules"]["state"]) == ("installed", "installed")
    assert (done["hooks"] or {}).get("state") == ("installed" if CLIENTS[client].hooks else None)
    made = desk.files()
    assert {done["file"], done["rules"]["file"]} <= {str(desk.home.folder / name) for name in made}
    desk.run("kioku-mesh", "mcp", "uninstall", "--client", client)
    left = desk.files()
    assert not [name for name in left if client != "claude-code" or not name.startswith(OF_CLAUDE)]
    assert all(b"kioku" not in content for name, content in left.items() if name == ".claude.json")


def test_listed_and_taken_back(sit: Sit, client: str) -> None:
    """A client that was in use lists our server beside another one, as connected where it tells; a dry run and a second
    installation change nothing, and after uninstalling every file that we touched is as it was, to the byte."""
    desk = sit(client)
    desk.add_other(client)
    assert not desk.listed(client)
    before = desk.files()
    desk.run("kioku-mesh", "mcp", "install", "--client", client, "--dry-run")
    assert desk.files() == before
    desk.run("kioku-mesh", "mcp", "install", "--client", client)
    installed = desk.files()
    ours = {name for name in installed if installed[name] != before.get(name)}
    told = desk.listed(client)
    assert told
    assert not DRIVERS[client].connects or told.lower().endswith("connected"), told
    (status,) = desk.ours("mcp", "status", "--client", client)["results"]
    assert status["state"] == "ok"
    assert "search_memory" in status["tools"]
    settled = desk.files()
    assert "installed already" in desk.run("kioku-mesh", "mcp", "install", "--client", client)
    assert desk.files() == settled
    desk.run("kioku-mesh", "mcp", "uninstall", "--client", client)
    after = desk.files()
    assert {name for name in settled if after.get(name) != settled[name]} <= ours
    if client == "claude-code":
        ours.discard(".claude.json")
        assert _servers(after) == _servers(before)
    assert {name: after.get(name) for name in ours & before.keys()} == {
        name: before[name] for name in ours & before.keys()
    }
    new = {name for name in ours & after.keys() if name not in before and not name.startswith(OF_CLAUDE)}
    assert {after[name] for name in new} <= {ADDED.get(client, b"")}
    assert not desk.listed(client)


def test_health_checks_leave_nothing(sit: Sit, client: str) -> None:
    """A client that only looks whether the server is there makes it write nothing."""
    desk = sit(client)
    desk.run("kioku-mesh", "mcp", "install", "--client", client)
    state = desk.home.folder / ".local" / "share" / "kioku-mesh"
    before = sorted(state.rglob("*"))
    assert {path.relative_to(state).parts[0] for path in before} <= {"clients", "backups"}  # what `mcp install` keeps
    desk.listed(client)
    desk.run("kioku-mesh", "mcp", "status")
    assert sorted(state.rglob("*")) == before


@pytest.mark.parametrize("client", sorted(DRIVERS.keys() - {"cline"}))  # it has no option for the environment
def test_force_replaces_what_was_there(sit: Sit, client: str) -> None:
    """What stands under our name by the client's own command is shown and left alone; with --force it is replaced."""
    desk = sit(client)
    old = str(desk.home.folder / "old" / "mesh-mem-mcp")
    desk.run(*DRIVERS[client].add("kioku-mesh", old))
    refused = desk.home.run("mcp", "install", "--client", client, env=desk.env)
    assert (refused.status, old in refused.out) == (1, True)
    assert old in desk.listed(client) or client in ("opencode", "copilot-cli")  # these list it without its command
    desk.run("kioku-mesh", "mcp", "install", "--client", client, "--force")
    (status,) = desk.ours("mcp", "status", "--client", client)["results"]
    assert status["state"] == "ok"
    assert old not in "".join(
        content.decode() for name, content in desk.files().items() if name.endswith(_config(client))
    )


def test_old_names_are_replaced(sit: Sit) -> None:
    """A registration by another name of an old release goes with --force, and not before."""
    desk = sit("claude-code", "codex-cli")
    old = str(desk.home.folder / "old" / "mesh-mem-mcp")
    desk.run("claude", "mcp", "add", "-s", "user", "mesh_mem", "-e", "MESH_MEM_CLIENT_ID=x", "--", old)
    desk.run("codex", "mcp", "add", "mesh_mem", "--env", "MESH_MEM_CLIENT_ID=x", "--", old)
    assert desk.home.run("mcp", "install", env=desk.env).status == 1
    assert _servers(desk.files()).keys() == {"mesh_mem"}
    desk.run("kioku-mesh", "mcp", "install", "--force")
    assert _servers(desk.files()).keys() == {"kioku-mesh"}
    assert tomllib.loads(desk.files()[".codex/config.toml"].decode())["mcp_servers"].keys() == {"kioku-mesh"}


def test_the_dry_run_of_a_clients_own_command_tells_the_truth(sit: Sit) -> None:
    """The difference that is shown is the entry that Claude Code then writes."""
    desk = sit("claude-code")
    desk.add_other("claude-code")
    words = ("mcp", "install", "-e", "A=x y", "-e", "B=1")
    (shown,) = desk.ours(*words, "--dry-run")["results"]
    desk.run("kioku-mesh", *words)
    entry = {"kioku-mesh": _servers(desk.files())["kioku-mesh"]}
    assert json.loads(_added(shown["diff"])) == {"mcpServers": entry}


def _servers(files: dict[str, bytes]) -> dict[str, Any]:
    """The user's servers in Claude Code's file."""
    return dict(json.loads(files[".claude.json"])["mcpServers"])


def _config(client: str) -> str:
    return "config.toml" if client == "codex-cli" else ".json"


def _added(diff: str) -> str:
    """The new text of a difference from nothing."""
    return "\n".join(line[1:] for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++"))
