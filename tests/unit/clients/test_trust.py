"""Hooks that nobody has reviewed, and folders that a client does not trust."""

from __future__ import annotations

import json

import pytest

from kioku_mesh import clients, doctor
from kioku_mesh.clients.rows.trust import trusted_by_gemini
from support import needs

pytestmark = needs("posix")

CODEX, GEMINI = ["codex-cli"], ["gemini-cli"]
EVENTS = ("session_start", "user_prompt_submit", "pre_compact", "session_end")


@pytest.fixture
def codex(computer):
    computer.write_codex("")
    clients.install(computer.config(), CODEX, server=computer.server)
    return computer


def review(computer, *places, **note):
    """What Codex notes for hooks at these places when they were reviewed."""
    state = "".join(
        f'[hooks.state."{computer.home}/.codex/hooks.json:{place}"]\n'
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in note.items())
        for place in places
    )
    computer.write_codex(computer.codex_file.read_text() + state)


def hooks_of(computer):
    (row,) = clients.status(computer.config(), CODEX).results
    assert row.ok
    return row.hooks.state


def test_reviewed_hooks(codex):
    """Hooks are current only when Codex notes each of them; the doctor says what to do as well, and does not warn."""
    assert hooks_of(codex) == "unreviewed"
    (check,) = doctor.examine(codex.config(), only=["clients"]).checks
    assert check.status == "pass"
    assert "not reviewed yet (Codex" in check.summary
    assert "/hooks" in check.summary
    review(codex, *(f"{event}:0:0" for event in EVENTS[1:]), trusted_hash="sha256:1")
    assert hooks_of(codex) == "unreviewed"
    review(codex, "session_start:0:0", trusted_hash="sha256:1")
    assert hooks_of(codex) == "current"


def test_review_of_others(codex):
    """What was reviewed of others, or was only switched off, is no review of ours; entries of others before ours count."""
    review(codex, *(f"{event}:0:0" for event in EVENTS), enabled=False)
    assert hooks_of(codex) == "unreviewed"
    file = codex.home / ".codex" / "hooks.json"
    data = json.loads(file.read_text())
    for entries in data["hooks"].values():
        entries.insert(0, {"hooks": [{"type": "command", "command": "date"}]})
    file.write_text(json.dumps(data))
    review(codex, *(f"{event}:1:0" for event in EVENTS), trusted_hash="sha256:1")
    assert hooks_of(codex) == "current"


@pytest.fixture
def gemini(computer):
    (computer.home / ".gemini").mkdir()
    return computer


def levels(computer, text):
    text = text.replace("WORK", str(computer.work))
    (computer.home / ".gemini" / "trustedFolders.json").write_text(text)


@pytest.mark.parametrize(
    ("text", "environ", "trusted"),
    [
        ("{}", {}, False),
        ('{"WORK": "TRUST_FOLDER"} // mine', {}, True),
        ('{"WORK/": "TRUST_FOLDER"}', {}, True),
        ('{"/": "TRUST_FOLDER", "WORK/x/..": "DO_NOT_TRUST"}', {}, False),
        ('{"WORK": "DO_NOT_TRUST", "/": "TRUST_FOLDER"}', {}, False),
        ('{"/": "TRUST_FOLDER"}', {}, True),
        ('{"WORK2": "TRUST_FOLDER"}', {}, False),
        ('{"WORK/x": "TRUST_PARENT"}', {}, True),
        ("{}", {"GEMINI_CLI_TRUST_WORKSPACE": "true"}, True),
        ('{"/": "TRUST_FOLDER"}', {"GEMINI_CLI_TRUST_WORKSPACE": "false"}, False),
        ('{"/": "TRUST_FOLDER"}', {"GEMINI_CLI_TRUST_WORKSPACE": "true", "GEMINI_RESTRICTED_MODE": "true"}, False),
        ("{}", {"GEMINI_CLI_IDE_SERVER_PORT": "1"}, None),
        ('{"WORK": "yes"}', {}, None),
        ('{"WORK": ["TRUST_FOLDER"]}', {}, None),
        ("[]", {}, None),
        ("{", {}, None),
    ],
)
def test_trusted_folders(gemini, text, environ, trusted):
    """By the longest path that the folder lies in, unless the environment says it; not told where it cannot be known."""
    levels(gemini, text)
    assert trusted_by_gemini(gemini.config(**environ)) is trusted


@pytest.mark.parametrize(("own", "system", "trusted"), [(False, None, True), (False, True, False), (True, False, True)])
def test_trust_that_is_switched_off(gemini, own, system, trusted):
    """Where folders need no trust all are trusted; the settings of the system win over the user's."""

    def written(enabled):
        return json.dumps({} if enabled is None else {"security": {"folderTrust": {"enabled": enabled}}})

    (gemini.home / ".gemini" / "settings.json").write_text(written(own))
    file = gemini.home / "system.json"
    file.write_text(written(system))
    assert trusted_by_gemini(gemini.config(GEMINI_CLI_SYSTEM_SETTINGS_PATH=str(file))) is trusted


def test_an_untrusted_folder_is_told(gemini):
    """Where our server is registered, with what to do; and it is no failure."""

    def told():
        checked = clients.status(gemini.config(), GEMINI)
        assert checked.ok
        return [note.message for row in checked.results for note in row.notes]

    assert told() == []
    clients.install(gemini.config(), GEMINI, server=gemini.server)
    (message,) = told()
    assert str(gemini.work) in message
    assert "/permissions" in message
    levels(gemini, '{"WORK": "TRUST_FOLDER"}')
    assert told() == []
