"""The rules block and the hooks that come with a registration."""

from __future__ import annotations

import json

import pytest

from kioku_mesh import clients, doctor
from kioku_mesh.clients import CLIENTS, hooks, rules
from kioku_mesh.errors import KiokuError
from kioku_mesh.text.budget import token_bound
from support import needs

pytestmark = needs("posix")

CODEX = ["codex-cli"]
OTHERS = {"matcher": "startup", "hooks": [{"type": "command", "command": "date"}]}


@pytest.fixture
def codex(computer):
    computer.write_codex("")
    return computer


def install(computer, names=CODEX, **how):
    return clients.install(computer.config(), names, server=computer.server, **how)


def row_of(answer):
    (row,) = answer.results
    return row


def hooks_file(computer):
    return computer.home / ".codex" / "hooks.json"


def rules_file(computer):
    return computer.home / ".codex" / "AGENTS.md"


def test_the_block_is_short():
    """The block is under 200 tokens in any tokenizer and at most twelve lines, with its marks."""
    text = f"<!-- kioku-mesh:begin -->\n{rules.BLOCK}\n<!-- kioku-mesh:end -->\n"
    assert token_bound(text) < 200
    assert len(text.splitlines()) <= 12


def test_the_block_says_what_it_must():
    """When to recall, when to save, what never to save, revising, and that memories are data."""
    for word in ("recall_context", "Save at once", "Never save secrets", "supersedes", "data"):
        assert word in rules.BLOCK


def test_nothing_is_hooked_to_the_end_of_a_turn():
    """No client has a hook of ours where what is said makes it go on, nor before every call of its model."""
    events = {theirs for client in CLIENTS.values() if client.hooks for theirs, _ in client.hooks.events}
    assert not events & {"Stop", "SubagentStop", "AfterAgent", "agentStop", "stop", "PreCompress", "BeforeModel"}


def test_left_out_when_not_wanted(codex):
    """Without rules and hooks only the server is registered."""
    row = row_of(install(codex, rules=False, hooks=False))
    assert (row.state, row.rules, row.hooks) == ("installed", None, None)
    assert not rules_file(codex).exists()
    assert not hooks_file(codex).exists()


def test_added_later(codex):
    """What was left out comes with a second install, which says that the server is there already."""
    install(codex, rules=False, hooks=False)
    row = row_of(install(codex))
    assert (row.state, row.rules.state, row.hooks.state) == ("already_installed", "installed", "installed")
    row = row_of(install(codex))
    assert (row.rules.state, row.hooks.state) == ("already_installed", "already_installed")


def test_left_in_when_not_wanted(codex):
    """Uninstalling without rules and hooks leaves those."""
    install(codex)
    row = row_of(clients.uninstall(codex.config(), CODEX, rules=False, hooks=False))
    assert (row.state, row.rules, row.hooks) == ("removed", None, None)
    assert rules_file(codex).exists()
    assert hooks_file(codex).exists()


def test_dry_run_shows_them(codex):
    """A dry run shows the diff of every file and writes nothing."""
    before = codex.tree()
    row = row_of(install(codex, dry_run=True))
    assert "+- Before work: recall_context" in row.rules.diff
    assert f'+            "command": "{codex.kioku_mesh} hook session-start --client codex-cli"' in row.hooks.diff
    assert codex.tree() == before


def test_a_block_of_another_release_is_replaced(codex):
    """The block of another release becomes the present one, in its place; what is around it stays."""
    rules_file(codex).write_text("# Mine\n\n<!-- kioku-mesh:begin -->\nold words\n<!-- kioku-mesh:end -->\n\nmore\n")
    assert row_of(install(codex)).rules.state == "replaced"
    assert (
        rules_file(codex).read_text()
        == f"# Mine\n\n<!-- kioku-mesh:begin -->\n{rules.BLOCK}\n<!-- kioku-mesh:end -->\n\nmore\n"
    )
    clients.uninstall(codex.config(), CODEX)
    assert rules_file(codex).read_text() == "# Mine\n\nmore\n"


def test_a_broken_block_is_left_alone(codex):
    """Marks that do not match are that file's failure; server and hooks are there all the same."""
    rules_file(codex).write_text("<!-- kioku-mesh:begin -->\nno end\n")
    answer = install(codex)
    row = row_of(answer)
    assert (row.state, row.rules.state, row.hooks.state) == ("installed", "failed", "installed")
    assert "line 1" in row.rules.error["message"]
    assert not answer.ok
    assert rules_file(codex).read_text() == "<!-- kioku-mesh:begin -->\nno end\n"


def test_hooks_of_others_stay(codex):
    """Other entries of an event stay in their places, and stay when ours go."""
    before = json.dumps({"hooks": {"SessionStart": [OTHERS], "Stop": [OTHERS]}}, indent=4)
    hooks_file(codex).write_text(before)
    install(codex)
    data = json.loads(hooks_file(codex).read_text())
    assert data["hooks"]["SessionStart"][0] == OTHERS
    assert len(data["hooks"]["SessionStart"]) == 2
    assert data["hooks"]["Stop"] == [OTHERS]
    clients.uninstall(codex.config(), CODEX)
    assert hooks_file(codex).read_text() == before


def test_hooks_of_another_place_are_replaced(codex):
    """Hooks that call a kioku-mesh elsewhere, or at events that are no longer ours, are replaced and not doubled."""
    old = {"hooks": [{"type": "command", "command": "'/old place/kioku-mesh' hook prompt --client codex-cli"}]}
    hooks_file(codex).write_text(json.dumps({"hooks": {"UserPromptSubmit": [old], "Stop": [OTHERS, old]}}))
    assert row_of(install(codex)).hooks.state == "replaced"
    found = json.loads(hooks_file(codex).read_text())["hooks"]
    assert found["Stop"] == [OTHERS]
    assert [hooks.program_of(entry) for entry in found["UserPromptSubmit"]] == [codex.kioku_mesh]


def test_an_entry_that_is_not_ours_alone(codex):
    """An entry that calls us and something else is nobody's to replace: the file is left alone."""
    mixed = {
        "hooks": [{"type": "command", "command": "/x/kioku-mesh hook prompt --client codex-cli"}, OTHERS["hooks"][0]]
    }
    before = json.dumps({"hooks": {"UserPromptSubmit": [mixed]}})
    hooks_file(codex).write_text(before)
    row = row_of(install(codex))
    assert row.hooks.error["code"] == "refused"
    assert row_of(clients.uninstall(codex.config(), CODEX)).hooks.error["code"] == "refused"
    assert hooks_file(codex).read_text() == before


def test_no_hooks_that_would_fail(codex):
    """A kioku-mesh that knows no `hook` is not hooked in: a failing hook can stop a client."""
    codex.program("kioku-mesh", "raise SystemExit(2)")
    row = row_of(install(codex))
    assert (row.state, row.hooks) == ("installed", None)
    assert "no_hooks" in {note.code for note in row.notes}
    assert not hooks_file(codex).exists()


def test_nothing_without_the_server(codex):
    """Where the server is not registered, neither rules nor hooks are written."""
    codex.write_codex('[mcp_servers.kioku-mesh]\ncommand = "/bin/other"\n')
    row = row_of(install(codex))
    assert (row.state, row.rules, row.hooks) == ("needs_force", None, None)
    assert not rules_file(codex).exists()


def test_review_of_hooks_is_told(codex):
    """That Codex waits for a review is said when hooks were written, and only then."""
    assert any("/hooks" in note.message for note in row_of(install(codex)).notes)
    assert not any("/hooks" in note.message for note in row_of(install(codex)).notes)


def test_shared_rules_stay_for_the_others(computer):
    """In a project clients share AGENTS.md: the block stays until the last of them goes."""
    names = ["codex-cli", "opencode"]
    install(computer, names, scope="project")
    file = computer.work / "AGENTS.md"
    assert file.read_text().count("kioku-mesh:begin") == 1
    row = row_of(clients.uninstall(computer.config(), CODEX, scope="project"))
    assert (row.state, row.rules.state) == ("removed", "kept")
    assert any("OpenCode" in note.message for note in row.notes)
    assert file.exists()
    row = row_of(clients.uninstall(computer.config(), ["opencode"], scope="project"))
    assert row.rules.state == "removed"
    assert not file.exists()


def test_both_at_once(computer):
    """Clients that share a file and go together take the block with them."""
    names = ["codex-cli", "opencode"]
    before = computer.tree()
    install(computer, names, scope="project")
    clients.uninstall(computer.config(), names, scope="project")
    assert computer.tree() == before


def test_another_registration_of_ours_keeps_them(codex):
    """With a second registration of ours left in the client, rules and hooks stay."""
    install(codex)
    install(codex, name="work")
    row = row_of(clients.uninstall(codex.config(), CODEX, name="work"))
    assert (row.state, row.rules, row.hooks) == ("removed", None, None)
    assert rules_file(codex).exists()


@pytest.mark.parametrize(
    ("platform", "program", "line"),
    [
        ("linux", "/opt/kioku-mesh", "/opt/kioku-mesh hook prompt --client x"),
        ("linux", "/o p/it's/kioku-mesh", "'/o p/it'\"'\"'s/kioku-mesh' hook prompt --client x"),
        ("win32", "C:\\bin\\kioku-mesh.exe", "C:/bin/kioku-mesh.exe hook prompt --client x"),
        ("win32", "C:\\Program Files\\kioku-mesh.exe", '"C:/Program Files/kioku-mesh.exe" hook prompt --client x'),
    ],
)
@pytest.mark.parametrize("kind", ["nested", "flat", "paired"])
def test_the_command_line(platform, program, line, kind):
    """Paths with blanks are quoted for the platform's shells, and are found again in the entry."""
    assert hooks.command_line(program, "prompt", "x", platform) == line
    entry = hooks.entry(kind, program, "prompt", "x", platform, 5)
    assert hooks.is_ours(entry)
    assert not hooks.is_shared(entry)
    assert hooks.program_of(entry).replace("/", "\\") == program.replace("/", "\\")


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "kioku-mesh status"},
        {"command": "echo hook"},
        {"hooks": [{"command": "date"}]},
        {},
        "x",
        None,
        {"hooks": None},
    ],
)
def test_hooks_of_others_are_known(entry):
    """What does not call our hook is not ours."""
    assert not hooks.is_ours(entry)


def test_a_displaced_server_comes_back(codex):
    """Another server under our name that was replaced by force is there again, to the byte, after uninstalling."""
    before = codex.write_codex('[mcp_servers.kioku-mesh] # theirs\ncommand = "/bin/other"\n')
    install(codex, force=True)
    assert codex.codex_file.read_bytes() != before
    clients.uninstall(codex.config(), CODEX)
    assert codex.codex_file.read_bytes() == before


def test_an_older_registration_does_not_come_back(codex):
    """A registration of an older release that was replaced stays away after uninstalling."""
    codex.write_codex(
        'a = 1\n\n[mcp_servers.mesh_mem]\ncommand = "/old/mesh-mem-mcp"\n\n[mcp_servers.x]\ncommand = "y"\n'
    )
    install(codex, force=True)
    clients.uninstall(codex.config(), CODEX)
    assert codex.codex_file.read_text() == 'a = 1\n\n[mcp_servers.x]\ncommand = "y"\n'


def test_options_of_our_entry_stay(codex):
    """What else our entry says, such as time-outs and approvals, survives a change of its command."""
    codex.write_codex(
        '[mcp_servers.kioku-mesh]\ncommand = "/old/kioku-mesh-mcp"\nstartup_timeout_sec = 9\n\n'
        '[mcp_servers.kioku-mesh.tools.search_memory]\napproval_mode = "approve"\n'
    )
    install(codex, force=True)
    text = codex.codex_file.read_text()
    assert f'command = "{codex.server}"' in text
    assert "startup_timeout_sec = 9" in text
    assert '[mcp_servers.kioku-mesh.tools.search_memory]\napproval_mode = "approve"' in text


def status_of(computer, names=CODEX):
    return clients.status(computer.config(), names).results


def test_status_of_companions(codex):
    """Missing is said and is no failure; of another release, or calling what is gone, is one."""
    install(codex, rules=False, hooks=False)
    (row,) = status_of(codex)
    assert (row.rules.state, row.hooks.state, row.ok) == ("missing", "missing", True)
    assert "mcp install --client codex-cli" in row.rules.hint
    install(codex)
    (row,) = status_of(codex)
    assert (row.rules.state, row.hooks.state, row.ok) == ("current", "unreviewed", True)
    rules_file(codex).write_text(rules_file(codex).read_text().replace("Before work", "Sometimes"))
    hooks_file(codex).write_text(hooks_file(codex).read_text().replace("hook prompt", "hook session-end"))
    (row,) = status_of(codex)
    assert (row.rules.state, row.hooks.state, row.ok) == ("outdated", "outdated", False)
    hooks_file(codex).write_text(hooks_file(codex).read_text().replace(str(codex.bin), "/gone"))
    (row,) = status_of(codex)
    assert row.hooks.state == "broken"
    assert "/gone/kioku-mesh" in row.hooks.message
    hooks_file(codex).write_text("{")
    (row,) = status_of(codex)
    assert row.hooks.state == "unreadable"


def test_status_names_what_is_twice(codex):
    """Two registrations in one file, a project's that wins over the user's, and files of others that a client reads too."""
    install(codex)
    install(codex, name="work")
    install(codex, scope="project")
    notes = {note.code: note.message for row in status_of(codex) for note in row.notes}
    assert "kioku-mesh, work" in notes["registered_twice"]
    assert "wins over the user's" in notes["shadows"]
    install(codex, ["copilot-cli", "vscode"])
    rows = status_of(codex, ["vscode"])
    assert "mcp-config.json" in rows[0].notes[0].message


@pytest.mark.parametrize("scope", ["user", "project"])
def test_a_client_without_a_place(computer, scope):
    """A client that has no place in a scope or on this platform says where it has one."""
    name = "windsurf" if scope == "project" else "claude-desktop"
    with pytest.raises(KiokuError) as caught:
        install(computer, [name], scope=scope)
    assert ("user" in caught.value.hint) == (scope == "project")


@pytest.mark.parametrize("form", clients.PASTED)
def test_for_any_other_client(computer, form):
    """The registration as text to paste, whole and parseable, with what is true of the rest."""
    text, advice = clients.pasted(computer.config(), form, environment={"A": "b"}, server=computer.server)
    key = {"json": "mcpServers", "toml": "mcp_servers"}[form]
    assert clients.entries.entries_at(clients.paste.edit.parse(form, text), (key,)) == {
        "kioku-mesh": {"command": computer.server, "env": {"A": "b"}}
    }
    assert any("ChatGPT" in line for line in advice)


def test_doctor_looks_at_the_same(codex):
    """The doctor names what is missing with what writes it, and warns of what is of another release."""

    def check():
        return doctor.examine(codex.config(), only=["clients"]).checks[0]

    install(codex, rules=False)
    assert check().status == "pass"
    assert "the rules block missing" in check().summary
    assert "mcp install --client codex-cli" in check().summary
    rules_file(codex).write_text("<!-- kioku-mesh:begin -->\nold\n<!-- kioku-mesh:end -->\n")
    assert check().status == "warn"
    assert "from another release" in check().summary
    assert "mcp install --client codex-cli" in check().hint
