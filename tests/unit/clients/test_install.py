"""Registering the server with clients."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from kioku_mesh import clients
from kioku_mesh.errors import BadInput, NotAvailable
from kioku_mesh.model import as_plain
from support import needs

pytestmark = needs("posix")

OLD = {"type": "stdio", "command": "/old/bin/kioku-mesh-mcp", "args": [], "env": {"KEEP": "me"}, "timeout": 9000}
OTHER = {"type": "stdio", "command": "/bin/other", "args": ["--x"], "env": {}}


def states(answer: clients.Installed) -> dict[str, str]:
    return {row.client: row.state for row in answer.results}


def test_registers_with_every_client_in_use(computer):
    """Without names, every client that is found gets a registration that its file then shows."""
    computer.have("claude", "codex")
    answer = clients.install(computer.config(), server=computer.server)
    assert states(answer) == {"claude-code": "installed", "codex-cli": "installed"}
    assert answer.ok
    assert computer.claude_servers()["kioku-mesh"] == {
        "type": "stdio", "command": computer.server, "args": [], "env": {}
    }  # fmt: skip
    assert f'[mcp_servers.kioku-mesh]\ncommand = "{computer.server}"' in computer.codex_file.read_text()


def test_only_the_named_client_is_touched(computer):
    """A named client is the only one whose files change."""
    computer.have("claude", "codex")
    clients.install(computer.config(), ["codex-cli"], server=computer.server)
    assert computer.calls() == []
    assert computer.codex_file.exists()
    assert not (computer.home / ".claude").exists()
    assert not computer.claude_file.exists()


def test_second_time_changes_nothing(computer):
    """Installing again says so, runs no command that writes, and leaves the files byte by byte."""
    computer.have("claude", "codex")
    clients.install(computer.config(), server=computer.server)
    before = computer.claude_file.read_bytes(), computer.codex_file.read_bytes()
    calls = computer.calls()
    answer = clients.install(computer.config(), server=computer.server)
    assert set(states(answer).values()) == {"already_installed"}
    assert answer.ok
    assert (computer.claude_file.read_bytes(), computer.codex_file.read_bytes()) == before
    assert computer.calls() == calls


def test_dry_run_shows_what_would_run(computer):
    """A dry run changes no file and runs nothing, and the commands it shows are those that run later."""
    computer.have("claude", "codex")
    before = computer.write_claude({"kioku-mesh": OLD}), computer.write_codex('[mcp_servers.x]\ncommand = "y"\n')
    answer = clients.install(computer.config(), server=computer.server, force=True, dry_run=True)
    assert (computer.claude_file.read_bytes(), computer.codex_file.read_bytes()) == before
    assert computer.calls() == []
    assert computer.copies("claude-code") == []
    shown = [command.split(" ") for row in answer.results for command in row.commands]
    clients.install(computer.config(), server=computer.server, force=True)
    assert shown == computer.calls()


def test_diff_is_of_the_entry(computer):
    """The difference names the file, the old command and the new one; of a file that we edit it is the file's own."""
    computer.have("claude", "codex")
    computer.write_claude({"kioku-mesh": OLD, "other": OTHER})
    computer.write_codex('[mcp_servers.kioku-mesh]\ncommand = "/old/bin/kioku-mesh-mcp"\nstartup_timeout_sec = 9\n')
    claude, codex = clients.install(computer.config(), server=computer.server, dry_run=True).results
    assert f"--- {computer.claude_file}" in claude.diff
    assert '-      "command": "/old/bin/kioku-mesh-mcp"' in claude.diff
    assert f'+      "command": "{computer.server}"' in claude.diff
    assert "other" not in claude.diff
    assert '-command = "/old/bin/kioku-mesh-mcp"' in codex.diff
    assert " startup_timeout_sec = 9" in codex.diff
    assert f'+command = "{computer.server}"' in codex.diff


def test_differing_entry_needs_force(computer):
    """An entry of another path is shown and left alone; the answer is not ok and says how to go on."""
    computer.have("claude")
    before = computer.write_claude({"kioku-mesh": OLD})
    answer = clients.install(computer.config(), ["claude-code"], server=computer.server)
    (row,) = answer.results
    assert row.state == "needs_force"
    assert not answer.ok
    assert row.error["code"] == "refused"
    assert "--force" in row.error["hint"]
    assert row.diff
    assert computer.claude_file.read_bytes() == before


def test_force_replaces_and_keeps_a_copy(computer):
    """Force replaces the entry, keeps its variables, leaves other servers alone and copies the file, for the owner only."""
    computer.have("claude")
    before = computer.write_claude({"kioku-mesh": OLD, "other": OTHER})
    (row,) = clients.install(computer.config(), ["claude-code"], server=computer.server, force=True).results
    assert row.state == "replaced"
    servers = computer.claude_servers()
    assert servers["kioku-mesh"]["command"] == computer.server
    assert servers["kioku-mesh"]["env"] == {"KEEP": "me"}
    assert servers["other"] == OTHER
    assert Path(row.backup).read_bytes() == before
    assert stat.S_IMODE(Path(row.backup).stat().st_mode) == 0o600


@pytest.mark.parametrize("fault", ["add", "get", "spoil"])
def test_failed_replacement_loses_nothing(computer, fault):
    """When the client fails halfway, its file is put back byte by byte and the error says so."""
    computer.have("claude")
    before = computer.write_claude({"kioku-mesh": OLD, "other": OTHER})
    answer = clients.install(computer.config(FAULT=fault), ["claude-code"], server=computer.server, force=True)
    (row,) = answer.results
    assert row.state == "failed"
    assert computer.claude_file.read_bytes() == before
    assert row.error["message"].endswith("the old registration was put back")
    assert (f"claude cannot {fault}" in row.error["message"]) == (fault != "spoil")


def test_put_back_keeps_links(computer):
    """A file that is a link to somewhere else is put back there, and stays a link."""
    computer.have("claude")
    before = computer.write_claude({"kioku-mesh": OLD})
    elsewhere = computer.work / "dotfiles.json"
    computer.claude_file.rename(elsewhere)
    computer.claude_file.symlink_to(elsewhere)
    clients.install(computer.config(FAULT="add"), ["claude-code"], server=computer.server, force=True)
    assert computer.claude_file.is_symlink()
    assert elsewhere.read_bytes() == before
    assert list(computer.work.iterdir()) == [elsewhere]


def test_a_client_that_only_says_so_is_found_out(computer):
    """A client that reports success and writes nothing is a failure."""
    computer.have("claude")
    (row,) = clients.install(computer.config(FAULT="lie"), ["claude-code"], server=computer.server).results
    assert row.state == "failed"
    assert str(computer.claude_file) in row.error["message"]


def test_one_failure_does_not_stop_the_others(computer):
    """A damaged file of one client is that client's failure alone when no client was named."""
    computer.have("claude", "codex")
    computer.claude_file.write_text("{ not json")
    answer = clients.install(computer.config(), server=computer.server)
    assert states(answer) == {"claude-code": "failed", "codex-cli": "installed"}
    assert computer.claude_file.read_text() == "{ not json"


def test_damaged_file_of_a_named_client_is_an_error(computer):
    """A named client whose file does not parse is refused before anything changes."""
    computer.have("codex")
    computer.write_codex("x = \n")
    with pytest.raises(BadInput, match="damaged"):
        clients.install(computer.config(), ["codex-cli"], server=computer.server)
    assert computer.calls() == []


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("mesh_mem", {"command": "/v/bin/mesh-mem-mcp", "env": {"MESH_MEM_CLIENT_ID": "x"}}),
        ("kioku_mesh", {"command": "python", "args": ["-m", "anything"]}),
        ("memory", {"command": "uvx", "args": ["--from", "kioku-mesh", "kioku-mesh-mcp"]}),
        ("memory", {"command": "C:\\py\\kioku-mesh-mcp.exe"}),
        ("memory", {"command": "python", "args": ["-m", "kioku_mesh.mcp_server"]}),
    ],
)
def test_older_registrations_are_recognised(computer, name, entry):
    """A registration of an older release, by name or by command, is shown first and replaced with force."""
    computer.have("claude")
    before = computer.write_claude({name: entry, "other": OTHER})
    (row,) = clients.install(computer.config(), ["claude-code"], server=computer.server).results
    assert row.state == "needs_force"
    assert name in row.error["message"]
    assert f'-    "{name}"' in row.diff
    assert computer.claude_file.read_bytes() == before
    (row,) = clients.install(computer.config(), ["claude-code"], server=computer.server, force=True).results
    assert row.state == "replaced"
    assert computer.claude_servers().keys() == {"kioku-mesh", "other"}
    assert computer.claude_servers()["kioku-mesh"]["env"] == {}


def test_second_name_for_this_installation_is_no_older_one(computer):
    """Two registrations of the same program under two names live side by side."""
    computer.have("claude")
    for name in ("kioku-mesh", "work"):
        clients.install(computer.config(), ["claude-code"], name=name, server=computer.server, force=True)
    assert computer.claude_servers().keys() == {"kioku-mesh", "work"}


def test_variables_are_added_and_kept(computer):
    """Given variables reach the entry; without them the ones that are there count as installed."""
    computer.have("claude", "codex")
    config = computer.config()
    clients.install(config, server=computer.server, environment={"A": "x y", "B": "=1"})
    assert computer.claude_servers()["kioku-mesh"]["env"] == {"A": "x y", "B": "=1"}
    assert set(states(clients.install(config, server=computer.server)).values()) == {"already_installed"}
    changed = clients.install(config, server=computer.server, environment={"B": "2"})
    assert set(states(changed).values()) == {"needs_force"}
    clients.install(config, server=computer.server, environment={"B": "2"}, force=True)
    assert computer.claude_servers()["kioku-mesh"]["env"] == {"A": "x y", "B": "2"}
    assert 'B = "2"' in computer.codex_file.read_text()


def test_own_options_are_kept(computer):
    """Options that somebody gave our server in the entry survive a change of its path."""
    computer.have("claude")
    computer.write_claude({"kioku-mesh": {**OLD, "args": ["--read-only"]}})
    clients.install(computer.config(), ["claude-code"], server=computer.server, force=True)
    assert computer.claude_servers()["kioku-mesh"]["args"] == ["--read-only"]


def test_missing_command_of_a_named_client(computer):
    """A named client without its command is an error that says what to run by hand, before anything changes."""
    with pytest.raises(NotAvailable) as caught:
        clients.install(computer.config(), ["claude-code", "codex-cli"], server=computer.server)
    assert f"claude mcp add -s user kioku-mesh -- {computer.server}" in caught.value.hint
    assert computer.tree() == {}


def test_missing_command_of_a_client_in_use(computer):
    """A client that was used here but has no command is a failure in its own row, if we need the command."""
    computer.write_claude({})
    computer.write_codex("")
    answer = clients.install(computer.config(), server=computer.server)
    assert states(answer) == {"claude-code": "failed", "codex-cli": "installed"}
    assert answer.results[0].error["code"] == "not_available"


def test_no_client_at_all(computer):
    """Without any client there is an error that lists those we know."""
    with pytest.raises(NotAvailable) as caught:
        clients.install(computer.config(), server=computer.server)
    assert "codex-cli" in caught.value.hint


def test_client_off_path(computer):
    """A client that lies in its usual place off PATH is found, and shown by its whole path."""
    computer.have("claude")
    place = computer.home / ".local/bin"
    place.mkdir(parents=True)
    (computer.bin / "claude").rename(place / "claude")
    (row,) = clients.install(computer.config(), server=computer.server).results
    assert row.state == "installed"
    assert row.commands[0].startswith(str(place / "claude"))


def test_folders_moved_by_the_clients_variables(computer):
    """CLAUDE_CONFIG_DIR and CODEX_HOME move the files that are read and written."""
    computer.have("claude", "codex")
    moved = {"CLAUDE_CONFIG_DIR": str(computer.work), "CODEX_HOME": str(computer.work)}
    answer = clients.install(computer.config(**moved), server=computer.server)
    assert answer.ok
    assert [row.file for row in answer.results] == [
        str(computer.work / ".claude.json"), str(computer.work / "config.toml")
    ]  # fmt: skip
    assert not computer.claude_file.exists()


def test_project_scope(computer):
    """The project scope writes into the working directory and tells what is left to do."""
    computer.have("claude", "codex")
    answer = clients.install(computer.config(), scope="project", server=computer.server)
    assert answer.ok
    assert (computer.work / ".mcp.json").exists()
    assert (computer.work / ".codex/config.toml").exists()
    assert not computer.claude_file.exists()
    assert {note.code for row in answer.results for note in row.notes} == {"last_step"}
    again = clients.install(computer.config(), scope="project", server=computer.server)
    assert set(states(again).values()) == {"already_installed"}


def test_registration_of_a_project_is_named(computer):
    """A registration of ours that one project has of its own is named, with the command that removes it."""
    computer.have("claude")
    computer.write_claude({}, projects={"/p": {"mcpServers": {"mesh_mem": OLD}}, "/q": {"mcpServers": {"o": OTHER}}})
    (row,) = clients.install(computer.config(), server=computer.server).results
    assert [note.code for note in row.notes] == ["project_registration"]
    assert "/p" in row.notes[0].message
    assert "claude mcp remove -s local mesh_mem" in row.notes[0].message


def test_folder_of_this_shell_is_named(computer):
    """A state directory set in this shell only is named: clients do not hand it on."""
    computer.have("claude")
    config = computer.config(KIOKU_MESH_STATE_DIR="/data/k")
    (row,) = clients.install(config, server=computer.server, dry_run=True).results
    assert [note.code for note in row.notes] == ["not_handed_on"]
    given = {"KIOKU_MESH_STATE_DIR": "/data/k"}
    (row,) = clients.install(config, server=computer.server, environment=given, dry_run=True).results
    assert row.notes == ()


@pytest.mark.parametrize(
    "wrong",
    [{"name": "a b"}, {"name": ""}, {"environment": {"A-B": "x"}}, {"scope": "world"}, {"names": ["emacs"]}],
)
def test_bad_requests(computer, wrong):
    """Names, variables, scopes and clients that no client takes are bad input, not a client's failure."""
    computer.have("claude")
    names = wrong.pop("names", None)
    with pytest.raises(BadInput):
        clients.install(computer.config(), names, server=computer.server, **wrong)
    assert computer.calls() == []


def test_only_the_newest_copies_are_kept(computer):
    """Copies of a client's file do not pile up."""
    computer.have("claude")
    config = computer.config()
    for _ in range(6):
        clients.install(config, server=computer.server)
        clients.uninstall(config)
    assert len(computer.copies("claude-code", "claude.json")) == 10


def test_plain_json(computer):
    """The answer is plain JSON."""
    computer.have("claude")
    answer = clients.install(computer.config(), server=computer.server)
    plain = json.loads(json.dumps(as_plain(answer)))
    assert plain["server"] == computer.server
    assert plain["results"][0]["state"] == "installed"
    assert plain["dry_run"] is False
