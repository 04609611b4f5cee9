"""Checking registrations, and which clients there are."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from kioku_mesh import clients
from kioku_mesh.clients import probe, programs
from kioku_mesh.errors import NotAvailable, Timeout
from support import needs

pytestmark = needs("posix")


def one(computer, entry):
    """The check of a single registration with Claude Code."""
    computer.write_claude({"kioku-mesh": entry})
    (row,) = clients.status(computer.config(), ["claude-code"]).results
    return row


def test_working_registration(computer):
    """A registration whose server answers is ok, with its version and tools."""
    row = one(computer, {"command": computer.server})
    assert row.state == "ok"
    assert row.version == "9.9"
    assert row.tools == ("search_memory", "save_observation")


def test_variables_reach_the_server(computer):
    """The check starts the server with the variables of the entry, as the client does."""
    code = "import os, sys\nif os.environ.get('NEEDED') != 'yes': sys.exit(1)\n"
    picky = computer.program("kioku-mesh-mcp-picky", code + Path(computer.server).read_text())
    assert one(computer, {"command": str(picky), "env": {"NEEDED": "yes"}}).state == "ok"
    assert one(computer, {"command": str(picky)}).state == "no_answer"


@pytest.mark.parametrize(
    ("make", "state"),
    [
        (lambda bin: str(bin / "gone" / "kioku-mesh-mcp"), "command_missing"),
        (lambda _: "kioku-mesh-mcp-nowhere", "command_missing"),
        (lambda bin: str(plain(bin / "kioku-mesh-mcp.txt")), "not_executable"),
        (lambda bin: str(folder(bin / "kioku-mesh-mcp.d")), "not_executable"),
        (lambda bin: str(script(bin / "kioku-mesh-mcp-mute", "exit 0")), "no_answer"),
        (lambda bin: str(script(bin / "kioku-mesh-mcp-chatty", "echo hello")), "no_answer"),
        (lambda bin: str(script(bin / "kioku-mesh-mcp-odd", "echo '{\"id\": 1}'")), "no_answer"),
    ],
)
def test_broken_registrations(computer, make, state):
    """Each way in which a command can fail has a state of its own and a hint."""
    row = one(computer, {"command": make(computer.bin)})
    assert row.state == state
    assert row.message
    assert row.hint


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        ({"command": "/old/path"}, "command_missing"),
        ({"command": sys.executable}, "differs"),
        ({"type": "http", "url": "http://127.0.0.1:1"}, "differs"),
    ],
)
def test_something_else_under_our_name(computer, entry, state):
    """Said as what it is, with what `mcp install` would need; and it is not started."""
    row = one(computer, entry)
    assert row.state == state
    assert "--force" in row.hint
    (planned,) = clients.install(computer.config(), ["claude-code"], dry_run=True).results
    assert planned.state == "needs_force"


def plain(path):
    path.write_text("no program")
    return path


def folder(path):
    path.mkdir()
    return path


def script(path, line):
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path


def test_not_installed(computer):
    """A client without our registration has one row, and that is not a failure."""
    computer.have("codex")
    checked = clients.status(computer.config())
    assert [(row.client, row.state) for row in checked.results] == [("codex-cli", "not_installed")]
    assert checked.ok


def test_every_scope_and_name_is_found(computer):
    """Registrations of the user and of the project, also under old names, have a row each."""
    computer.have("codex")
    computer.write_codex(f'[mcp_servers.mesh_mem]\ncommand = "{computer.server}"\n')
    clients.install(computer.config(), ["codex-cli"], scope="project", server=computer.server)
    rows = clients.status(computer.config()).results
    assert [(row.scope, row.name, row.state) for row in rows] == [
        ("user", "mesh_mem", "ok"), ("project", "kioku-mesh", "ok")
    ]  # fmt: skip


def test_disabled(computer):
    """A registration that Codex has switched off is not ok."""
    computer.write_codex(f'[mcp_servers.kioku-mesh]\ncommand = "{computer.server}"\nenabled = false\n')
    checked = clients.status(computer.config())
    assert [row.state for row in checked.results] == ["disabled"]
    assert not checked.ok


def test_damaged_file(computer):
    """A file that does not parse is a row with a hint, not an exception."""
    computer.claude_file.write_text("{")
    (row,) = clients.status(computer.config(), scope="user").results
    assert row.state == "unreadable"
    assert row.hint


def test_silent_server_is_given_up(computer):
    """A server that never answers is ended, with whatever it started, when its time is over."""
    import fcntl

    with open(computer.work / "lock", "w") as lock:
        code = f"""
import fcntl, os, time
if not os.fork():
    fcntl.flock(os.open({lock.name!r}, os.O_RDWR), fcntl.LOCK_EX)
    os.close(1)
time.sleep(30)
"""
        mute = computer.program("mute", code)
        with pytest.raises(Timeout):
            probe.ask((str(mute),), {}, str(computer.work), timeout_s=0.5)
        for _ in range(100):  # it ends a moment after its parent
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.05)
        else:
            pytest.fail("what the server started still runs")


def test_hanging_client_is_given_up(computer):
    """A client's command that never ends is ended, and that is a time-out."""
    hang = computer.program("hang", "import time\ntime.sleep(60)")
    with pytest.raises(Timeout):
        programs.run((str(hang),), {}, str(computer.work), timeout_s=0.2)


def test_known_clients(computer):
    """The list tells which clients are in use, where their command is, and which files are theirs."""
    computer.have("claude")
    known = {one.name: one for one in clients.clients(computer.config())}
    claude, codex = known["claude-code"], known["codex-cli"]
    assert (claude.name, claude.detected, claude.program) == ("claude-code", True, str(computer.bin / "claude"))
    assert claude.files == {"user": str(computer.claude_file), "project": str(computer.work / ".mcp.json")}
    assert (codex.detected, codex.program) == (False, None)
    computer.write_codex("")
    assert {one.name for one in clients.clients(computer.config()) if one.detected} == {"claude-code", "codex-cli"}


def test_server_beside_this_python(computer):
    """The server beside the running Python is preferred to the one on PATH."""
    beside = computer.work / "venv"
    beside.mkdir()
    (beside / "kioku-mesh-mcp").write_bytes((computer.bin / "kioku-mesh-mcp").read_bytes())
    (beside / "kioku-mesh-mcp").chmod(0o755)
    config = computer.config()
    assert programs.find_server(config, str(beside / "python")) == str(beside / "kioku-mesh-mcp")
    assert programs.find_server(config, str(computer.work / "python")) == computer.server


@pytest.mark.parametrize(
    "folder", ["cache/uv/archive-v0/Ab3/bin", ".cache/pipx/1a2b/bin", "pipx/.cache/1a2b/bin", "tmp/v/bin"]
)
def test_server_that_will_not_last(computer, folder):
    """A server in an environment that is thrown away is refused, unless another one is on PATH."""
    place = computer.work / folder
    place.mkdir(parents=True)
    server = place / "kioku-mesh-mcp"
    server.write_bytes((computer.bin / "kioku-mesh-mcp").read_bytes())
    server.chmod(0o755)
    assert programs.find_server(computer.config(), str(place / "python")) == computer.server
    with pytest.raises(NotAvailable, match="temporary"):
        programs.find_server(computer.config(PATH=""), str(place / "python"))


def test_no_server(computer):
    """Without a server the error says how to install the package."""
    with pytest.raises(NotAvailable, match="neither beside"):
        programs.find_server(computer.config(PATH=""), sys.executable + "-nowhere/python")
