"""Taking our registration out of clients."""

from __future__ import annotations

import pytest

from kioku_mesh import clients
from kioku_mesh.errors import NotAvailable
from support import needs

pytestmark = needs("posix")

OTHER = {"type": "stdio", "command": "/bin/other", "args": [], "env": {}}


@pytest.fixture
def installed(computer):
    computer.have("claude", "codex")
    computer.write_claude({"other": OTHER})
    computer.write_codex('[mcp_servers.other]\ncommand = "/bin/other"\n')
    clients.install(computer.config(), server=computer.server)
    return computer


def test_removes_only_ours(installed):
    """Our entry goes, other servers stay, and a copy of each file as it was is kept."""
    before = installed.claude_file.read_bytes()
    answer = clients.uninstall(installed.config())
    assert [row.state for row in answer.results] == ["removed", "removed"]
    assert installed.claude_servers() == {"other": OTHER}
    assert "kioku" not in installed.codex_file.read_text()
    assert "/bin/other" in installed.codex_file.read_text()
    assert installed.copies("claude-code", "claude.json")[-1] == before


def test_dry_run_changes_nothing(installed):
    """A dry run shows the command and the entry that would go, and changes no byte."""
    before, calls = installed.claude_file.read_bytes(), installed.calls()
    row = clients.uninstall(installed.config(), ["claude-code"], dry_run=True).results[0]
    assert row.commands == ("claude mcp remove -s user kioku-mesh",)
    assert f'-      "command": "{installed.server}"' in row.diff
    assert installed.claude_file.read_bytes() == before
    assert installed.calls() == calls


def test_twice(installed):
    """What is not there need not be removed: no error, no command."""
    clients.uninstall(installed.config())
    calls = installed.calls()
    answer = clients.uninstall(installed.config())
    assert [row.state for row in answer.results] == ["not_installed", "not_installed"]
    assert answer.ok
    assert installed.calls() == calls


def test_foreign_server_of_our_name(computer):
    """A server of somebody else under our name stays unless forced."""
    computer.have("claude")
    before = computer.write_claude({"kioku-mesh": OTHER})
    answer = clients.uninstall(computer.config(), ["claude-code"])
    assert answer.results[0].state == "needs_force"
    assert not answer.ok
    assert computer.claude_file.read_bytes() == before
    assert clients.uninstall(computer.config(), ["claude-code"], force=True).results[0].state == "removed"
    assert computer.claude_servers() == {}


def test_other_registrations_are_named(computer):
    """Registrations of ours under other names stay and are named; each can be removed by its name."""
    computer.have("claude")
    computer.write_claude({"mesh_mem": {"command": "/v/mesh-mem-mcp"}})
    row = clients.uninstall(computer.config(), ["claude-code"]).results[0]
    assert row.state == "not_installed"
    assert "mesh_mem" in row.notes[0].message
    assert clients.uninstall(computer.config(), ["claude-code"], name="mesh_mem").results[0].state == "removed"


def test_failed_removal_is_told(installed):
    """A removal that the client refuses or only claims is a failure, and the entry is still there."""
    for fault in ("remove", "lie"):
        answer = clients.uninstall(installed.config(FAULT=fault), ["claude-code"])
        assert [row.state for row in answer.results] == ["failed"]
        assert "kioku-mesh" in installed.claude_servers()


def test_client_that_is_gone(installed):
    """If the client's command was removed, the error says what to run by hand."""
    (installed.bin / "claude").unlink()
    with pytest.raises(NotAvailable) as caught:
        clients.uninstall(installed.config(), ["claude-code"])
    assert "claude mcp remove -s user kioku-mesh" in caught.value.hint


def test_nothing_in_use(computer):
    """On a computer without clients there is nothing to do, and that is no error."""
    assert clients.uninstall(computer.config()).results == ()
