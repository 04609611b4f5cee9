"""Seven real clients, each alone in a home, against a scripted model: server, rules and hooks as we register them."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients import pins
from clients.desk import DRIVERS, Desk
from kioku_mesh import clients, config
from kioku_mesh.clients import CLIENTS, rules
from support import Home

pytestmark = [pytest.mark.referee, pytest.mark.timeout(600)]

REQUIRED = "KIOKU_MESH_REQUIRE_REFEREES"
# what a home needs before a client answers without a person; theirs, and it must stay as it is
BEFORE = {
    "gemini-cli": {
        ".gemini/settings.json": '{\n  // how to sign in\n  "security": {"auth": {"selectedType": "gemini-api-key"}}\n}\n'
    }
}
# files that we make and that the client then makes its own: it writes into them when it starts
WRITTEN_INTO = {
    "claude-code": ".claude.json",
    "qwen-code": ".qwen/settings.json",
    "opencode": ".config/opencode/opencode.jsonc",
}
LOGS = (".cache/claude-cli-nodejs/", ".claude/backups/")
NOT_HEADLESS = {("qwen-code", "session-end")}  # events that the client tells of at a terminal alone
# answers an event in the client's own form, and writes down that it was called
STUB = """
import json, sys
from pathlib import Path
if "--help" in sys.argv:
    sys.exit()
event, client = sys.argv[2], sys.argv[4]
got = json.loads(sys.stdin.read() or "{}")
with open(Path(__file__).with_name("events"), "a") as events:
    events.write(f"{event} {client}\\n")
said = f"CONTEXT-OF-{event}"
if client == "copilot-cli":
    print(json.dumps({"additionalContext": said}))
elif event in ("session-start", "prompt"):
    print(json.dumps({"hookSpecificOutput": {"hookEventName": got["hook_event_name"], "additionalContext": said}}))
"""


@pytest.fixture
def desk(home: Home, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A home with one client. Without it the test is skipped, or fails where it is required."""
    if not pins.complete(pins.folder(os.environ)):
        missing = "needs npm" if not shutil.which("npm") else "the clients are not installed: run tests/clients/prepare"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    made = Desk(home, [CLIENTS[request.getfixturevalue("client")].program])
    for name, text in BEFORE.get(request.getfixturevalue("client"), {}).items():
        (home.folder / name).parent.mkdir(parents=True)
        (home.folder / name).write_text(text)
    yield made
    made.close()


@pytest.fixture(params=DRIVERS)
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_everything_reaches_the_client(desk: Desk, client: str) -> None:
    """With nothing but `mcp install` a client calls our tool and reads our rules; a second install changes nothing; after
    uninstalling every file that was there is what it was, and none of ours is left."""
    before = desk.files()
    desk.run("kioku-mesh", "mcp", "install", "--client", client)
    ours = {name for name, content in desk.files().items() if before.get(name) != content}
    fact = "The staging database listens on port 5433.\n\nIt moved to a host of its own in May."
    saved = json.loads(desk.run("kioku-mesh", "save", fact, "--json"))["observation_id"]
    answer = desk.ask(client, "search_memory", query="which port has staging?")
    assert "5433" in answer
    assert saved[:8] in answer
    assert rules.BLOCK.splitlines()[-1] in heard(desk)
    settled = desk.files()
    assert "installed already" in desk.run("kioku-mesh", "mcp", "install", "--client", client)
    again = desk.files()
    assert {name: again.get(name) for name in ours} == {name: settled.get(name) for name in ours}
    assert '"state": "ok"' in desk.run("kioku-mesh", "mcp", "status", "--client", client, "--json")
    desk.run("kioku-mesh", "mcp", "uninstall", "--client", client)
    after = desk.files()
    assert {name: after.get(name) for name in before} == before
    left = {name for name in ours - before.keys() if name in after and not name.startswith(LOGS)}
    assert left <= {WRITTEN_INTO.get(client)}, left
    assert not any("kioku" in after[name].decode() for name in left)


@pytest.mark.parametrize("client", [name for name in DRIVERS if CLIENTS[name].hooks])
def test_hooks_are_called_and_heard(desk: Desk, client: str, tmp_path: Path) -> None:
    """A client runs the hooks that we register, and what they say at the start and beside a prompt reaches its model; the
    path of the program may have blanks."""
    folder = tmp_path / "with blanks"
    folder.mkdir()
    shutil.copy(desk.bin / "kioku-mesh-mcp", folder)
    program = folder / "kioku-mesh"
    program.write_text(f"#!{sys.executable}\n{STUB}")
    program.chmod(0o755)
    settings = config.load({**desk.env, "CODEX_HOME": ""}, str(desk.home.work))
    done = clients.install(settings, [client], server=str(folder / "kioku-mesh-mcp"))
    assert done.ok, done
    desk.ask(client, "search_memory", query="x")
    calls = (folder / "events").read_text().split("\n")
    said = heard(desk)
    hooks = CLIENTS[client].hooks
    assert hooks
    for event in {ours for _, ours in hooks.events} - {"compact"}:
        assert f"{event} {client}" in calls or (client, event) in NOT_HEADLESS
    for event in ("session-start", "prompt"):
        assert f"CONTEXT-OF-{event}" in said, event


def heard(desk: Desk) -> str:
    """Everything that the model was sent."""
    return re.sub(r"\\n", "\n", json.dumps(desk.requests, ensure_ascii=False))
