"""The plugin that stands in for hooks, on request."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from kioku_mesh import clients, doctor
from kioku_mesh.clients import plugin
from kioku_mesh.errors import BadInput
from support import needs

pytestmark = needs("posix")

OPENCODE = ["opencode"]


def install(computer, names=OPENCODE, **how):
    (row,) = clients.install(computer.config(), names, server=computer.server, **how).results
    return row


def uninstall(computer, **how):
    (row,) = clients.uninstall(computer.config(), OPENCODE, **how).results
    return row


def status(computer):
    (row,) = clients.status(computer.config(), OPENCODE, scope="user").results
    return row


def file_of(computer):
    return computer.home / ".config/opencode/plugin/kioku-mesh.js"


def test_only_on_request(computer):
    """Without being asked for it is not written, not missed, and not looked for again after it was taken out."""
    assert install(computer).hooks is None
    assert status(computer).hooks is None
    assert not file_of(computer).parent.exists()
    assert uninstall(computer).hooks is None


@pytest.mark.parametrize("scope", ["user", "project"])
def test_written_and_taken_back(computer, scope):
    """The dry run shows it, a second install changes nothing, and with it goes every folder that was made for it."""
    before = computer.tree()
    planned = install(computer, plugin=True, scope=scope, dry_run=True)
    assert f'+const PROGRAM = "{computer.kioku_mesh}"' in planned.hooks.diff
    assert computer.tree() == before
    done = install(computer, plugin=True, scope=scope)
    top = computer.home / ".config/opencode" if scope == "user" else computer.work / ".opencode"
    assert (done.hooks.state, done.hooks.file) == ("installed", str(top / "plugin/kioku-mesh.js"))
    made = computer.tree()
    for again in (True, False):
        assert install(computer, plugin=again, scope=scope).hooks.state == "already_installed"
        assert computer.tree() == made
    assert uninstall(computer, scope=scope).hooks.state == "removed"
    assert computer.tree() == before


def test_what_stood_there_stays(computer):
    """What somebody else wrote into the file, and other plugins beside it, are there again to the byte."""
    file_of(computer).parent.mkdir(parents=True)
    file_of(computer).write_text("// mine\r\nexport const Mine = async () => ({})\r\n")
    (file_of(computer).parent / "other.js").write_text("x")
    before = computer.tree()
    assert install(computer, plugin=True).hooks.state == "installed"
    assert "// mine" in file_of(computer).read_text()
    uninstall(computer)
    assert computer.tree() == before


def test_status(computer):
    """Current, of another release, calling what is gone, missing where it was written; the hint writes it anew."""
    install(computer, plugin=True)
    assert status(computer).hooks.state == "current"
    text = file_of(computer).read_text()
    file_of(computer).write_text(text.replace("2000", "9000"))
    assert (status(computer).hooks.state, status(computer).ok) == ("outdated", False)
    assert install(computer).hooks.state == "replaced"
    assert file_of(computer).read_text() == text
    file_of(computer).write_text(text.replace(str(computer.bin), "/gone"))
    assert (status(computer).hooks.state, status(computer).ok) == ("broken", False)
    file_of(computer).write_text(text.replace("kioku-mesh:end", ""))
    assert status(computer).hooks.state == "unreadable"
    file_of(computer).unlink()
    assert (status(computer).hooks.state, status(computer).ok) == ("missing", True)
    assert "--client opencode --scope user --plugin" in status(computer).hooks.hint
    (check,) = doctor.examine(computer.config(), only=["clients"]).checks
    assert "--plugin" in check.summary
    uninstall(computer)
    install(computer)
    assert status(computer).hooks is None


def test_left_in_when_not_wanted(computer):
    """Uninstalling without hooks leaves it."""
    install(computer, plugin=True)
    assert uninstall(computer, hooks=False).hooks is None
    assert file_of(computer).exists()


def test_asked_for_in_vain(computer):
    """With clients that have none, or without hooks, asking for it is an error before anything changes."""
    for names, hooks in ((["codex-cli"], True), (OPENCODE, False)):
        with pytest.raises(BadInput, match="plugin"):
            install(computer, names, plugin=True, hooks=hooks)
    assert not (computer.home / ".codex").exists()
    done = clients.install(computer.config(), ["codex-cli", *OPENCODE], server=computer.server, plugin=True)
    assert [row.hooks.file.rpartition("/")[2] for row in done.results] == ["hooks.json", "kioku-mesh.js"]


def run(computer, program, script):
    """Run a script that has the plugin as `plugin`, with an environment of nothing; what it wrote as JSON."""
    node = shutil.which("node")
    if not node:
        pytest.skip("needs node")
    text = plugin.change(str(program), "opencode").value
    file = computer.work / "run.mjs"
    file.write_text(
        f"{text}\nconst plugin = await KiokuMesh({{ directory: {json.dumps(str(computer.work))} }})\n{script}"
    )
    done = subprocess.run([node, file], capture_output=True, text=True, timeout=60, check=True, env={})
    return json.loads(done.stdout)


TOLD = """
const system = [], parts = [{ id: "prt_1", type: "text", text: 'say "hé"\\n' }, { id: "prt_2", type: "file" }]
for (let n = 0; n < 2; n++) await plugin["experimental.chat.system.transform"]({ sessionID: "s" }, { system })
await plugin["experimental.chat.system.transform"]({}, { system })
await plugin["chat.message"]({ sessionID: "s" }, { message: { id: "m" }, parts })
await plugin["chat.message"](undefined, undefined)
console.log(JSON.stringify({ system, added: parts.slice(2) }))
"""

ANSWERING = """
import json, os, sys
told = json.load(sys.stdin)
said = json.dumps([sys.argv[1:], told])
print(json.dumps({"hookSpecificOutput": {"additionalContext": said}}))
open(os.path.join(told["cwd"], "calls"), "a").write(sys.argv[2] + "\\n")
"""


def test_what_it_tells(computer):
    """The brief, asked for once, stands in every request of its session, and the reminder is a part of the message."""
    told = run(computer, computer.program("answering", ANSWERING), TOLD)
    brief, again = map(json.loads, told["system"])
    folder = str(computer.work)
    assert brief == again == [["hook", "session-start", "--client", "opencode"], {"session_id": "s", "cwd": folder}]
    assert (computer.work / "calls").read_text().split() == ["session-start", "prompt"]
    (part,) = told["added"]
    assert json.loads(part.pop("text"))[1] == {"session_id": "s", "cwd": folder, "prompt": 'say "hé"\n'}
    assert part == {"id": "prt_2k", "sessionID": "s", "messageID": "m", "type": "text", "synthetic": True}


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.sleep(200)",
        "raise SystemExit(1)",
        "print('no JSON')",
        "print('{}')",
        "import os\nos.close(0)",
        None,
    ],
)
def test_it_never_fails_its_client(computer, code):
    """Whatever our command does, or where it is gone, the client gets nothing and goes on."""
    program = computer.program("odd", code) if code else "/gone/kioku-mesh"
    assert run(computer, program, TOLD) == {"system": [], "added": []}
