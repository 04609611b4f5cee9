"""Every client of the table on a sample of its files: what is written, where, and that it goes again without a trace."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kioku_mesh import clients, config
from kioku_mesh.clients import CLIENTS, edit, entries, shapes, table
from support import needs

pytestmark = needs("posix")

FOLDER = Path(__file__).parents[2] / "golden" / "clients" / "samples"
PLATFORM = {"claude-desktop": "darwin"}  # where it runs; Linux for all others


def place(computer, client: str) -> config.Config:
    """The sample's files at home, and the settings of a process there."""
    shutil.copytree(FOLDER / client / "before", computer.home, dirs_exist_ok=True)
    computer.have("claude")
    environ = {
        "HOME": str(computer.home), "PATH": str(computer.bin), "TMPDIR": "/nowhere", "CALLS": str(computer.calls_file),
        "KIOKU_MESH_STATE_DIR": str(computer.home / ".local/share/kioku-mesh"),
    }  # fmt: skip
    return config.load(environ, str(computer.work), platform=PLATFORM.get(client, "linux"))


def files_of(top: Path, bin: str = "") -> dict[str, str]:
    """What is in the files below a folder, by their paths, without our own; `bin` is written as {bin}."""
    found = [path for path in top.rglob("*") if path.is_file()]
    named = {path.relative_to(top).as_posix(): path.read_bytes().decode() for path in found}
    return {
        name: text.replace(bin, "{bin}") if bin else text
        for name, text in named.items()
        if not name.startswith(".local/")
    }


def hooked(client: table.Client) -> str | None:
    """What `status` says of hooks that were just written."""
    if client.hooks is None:
        return None
    return "unreviewed" if client.hooks.reviewed else "current"


def test_every_client_has_a_sample():
    """A row of the table without a sample is noticed."""
    assert {path.name for path in FOLDER.iterdir()} == set(CLIENTS)


@pytest.mark.parametrize("client", CLIENTS.values(), ids=lambda client: client.name)
def test_a_row_says_nothing_in_vain(client):
    """Rules and hooks stand in a row only for scopes in which the client keeps servers; its form is one we can edit."""
    scopes = {place.scope for place in client.places}
    assert {rules.scope for rules in client.rules} <= scopes
    assert {scope for scope, _ in (client.hooks.places if client.hooks else ())} <= scopes
    assert client.form in edit.FORMATS
    assert client.hooks is None or client.hooks.form in edit.FORMATS


@pytest.mark.parametrize("client", CLIENTS)
def test_written_as_in_the_sample(computer, client):
    """The files after installing are those of the sample, and the client is found by the files before."""
    settings = place(computer, client)
    assert client in {known.name for known in clients.clients(settings) if known.detected}
    done = clients.install(settings, [client], server=computer.server)
    assert done.ok, done
    assert files_of(computer.home, str(computer.bin)) == files_of(FOLDER / client / "after")


@pytest.mark.parametrize("client", CLIENTS)
def test_gone_without_a_trace(computer, client):
    """After uninstalling every file and folder is what it was; of what the client's own command changed, what it says."""
    settings = place(computer, client)
    before = computer.tree()
    clients.install(settings, [client], server=computer.server)
    assert computer.tree() != before
    assert clients.uninstall(settings, [client]).ok
    after = computer.tree()
    if CLIENTS[client].own:
        file = str(computer.claude_file)
        assert clients.entries.entries_of(
            CLIENTS[client], table.place_of(CLIENTS[client], "user", settings)
        ).keys() == {"github"}
        before.pop(file), after.pop(file)
    assert after == before


@pytest.mark.parametrize("client", CLIENTS)
def test_into_an_empty_home(computer, client):
    """Where the client has no file yet, its file is made, says our server, answers to `status`, and goes again."""
    settings = place(computer, client)
    shutil.rmtree(computer.home)
    computer.home.mkdir()
    done = clients.install(settings, [client], server=computer.server)
    assert [row.state for row in done.results] == ["installed"], done
    found = entries.entries_of(CLIENTS[client], table.place_of(CLIENTS[client], "user", settings))
    assert shapes.command_of(found["kioku-mesh"]) == (computer.server,)
    (health,) = clients.status(settings, [client], scope="user").results
    assert (health.state, health.rules and health.rules.state, health.hooks and health.hooks.state) == (
        "ok", table.rules_of(CLIENTS[client], "user", settings) and "current", hooked(CLIENTS[client])
    )  # fmt: skip
    assert [row.state for row in clients.install(settings, [client], server=computer.server).results] == [
        "already_installed"
    ]
    clients.uninstall(settings, [client])
    left = {"." + name.partition("/.")[2] for name in computer.tree()} - {".claude.json"}
    assert left <= {".", ".claude"} if CLIENTS[client].own else left == set(), computer.tree()


@pytest.mark.parametrize("client", [name for name, client in CLIENTS.items() if len(client.places) > 1])
def test_into_a_project(computer, client):
    """In the scope of the project everything is written below the working directory, readable for others, and goes again."""
    settings = place(computer, client)
    before = computer.tree()
    done = clients.install(settings, [client], scope="project", server=computer.server)
    assert [row.state for row in done.results] == ["installed"], done
    new = {path for path, content in computer.tree().items() if path not in before and content is not None}
    assert new
    assert all(path.startswith(str(computer.work)) for path in new)
    assert all(Path(path).stat().st_mode & 0o044 == 0o044 for path in new if not path.endswith(".mcp.json"))
    clients.uninstall(settings, [client], scope="project")
    assert {path for path in computer.tree() if path not in before} <= {str(computer.work / ".mcp.json")}


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("client", CLIENTS)
def test_paths_of_each_platform(tmp_path, client, platform):
    """On each platform a client has whole paths below home or the working directory, or does not run there."""
    home, work = str(tmp_path / "home"), str(tmp_path / "work")
    settings = config.load({"HOME": home, "USERPROFILE": home}, work, platform=platform)
    places = table.places_of(CLIENTS[client], settings)
    assert places or (client, platform) == ("claude-desktop", "linux")
    for one in places:
        files = [
            one.file,
            table.hooks_of(CLIENTS[client], one.scope, settings),
            (table.rules_of(CLIENTS[client], one.scope, settings) or [""])[0],
        ]
        top = home if one.scope == "user" else work
        assert all(file.startswith(top) for file in files if file), files
        assert not any("{" in file or "|" in file for file in files)
