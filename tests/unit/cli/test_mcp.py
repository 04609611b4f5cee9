"""`mcp install`, `uninstall`, `status` and `clients` as somebody types them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from support import needs

pytestmark = needs("posix")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with Goose and Windsurf in it, and nothing else on PATH; our programs lie where they may stay."""
    folder = tmp_path / "home"
    for name in (".config/goose", ".codeium/windsurf"):
        (folder / name).mkdir(parents=True)
    for name, value in {
        "HOME": str(folder), "PATH": "/nowhere", "TMPDIR": str(tmp_path / "tmp"),
        "KIOKU_MESH_STATE_DIR": str(tmp_path / "state"), "KIOKU_MESH_CONFIG_DIR": str(tmp_path / "config"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return folder


def written(home: Path) -> set[str]:
    return {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}


FILES = {
    ".config/goose/config.yaml",
    ".config/goose/.goosehints",
    ".codeium/windsurf/mcp_config.json",
    ".codeium/windsurf/memories/global_rules.md",
}


def test_at_a_terminal_it_asks_once(cli, home):
    """Without --client the changes of all clients are shown before anything is written, and one answer is for all."""
    ran = cli("mcp", "install", typed="n\n")
    assert ran.status == 1
    assert "register the server with Goose, Windsurf? [y/N]" in ran.err
    assert "+  kioku-mesh:" in ran.err
    assert written(home) == set()
    ran = cli("mcp", "install", typed="y\n")
    assert (ran.status, ran.out.count(": installed (user:")) == (0, 2)
    assert written(home) == FILES


@pytest.mark.parametrize("arguments", [("--yes",), ("--client", "goose,windsurf")])
def test_it_need_not_ask(cli, home, arguments):
    """With --yes, and for clients that are named, nobody is asked."""
    ran = cli("mcp", "install", *arguments, typed="n\n")
    assert ran.status == 0
    assert "[y/N]" not in ran.err
    assert written(home) == FILES


def test_in_a_script_it_goes_on(cli, home):
    """Off a terminal the clients are listed on stderr, and installing goes on as scripts expect."""
    ran = cli("mcp", "install", "--json")
    assert ran.status == 0
    assert ran.err == "note: clients found here: Goose, Windsurf\n"
    first = ran.json()["results"][0]
    assert (first["client"], first["state"], first["rules"]["state"], first["hooks"]) == (
        "goose",
        "installed",
        "installed",
        None,
    )
    assert first["rules"]["file"].endswith(".goosehints")
    assert written(home) == FILES


def test_parts_are_told(cli, home):
    """What was done to each file is a line of its own; a second time it is there; then it is gone."""
    ran = cli("mcp", "install", "--client", "goose")
    assert "    rules: installed (" in ran.out
    assert "installed already" in (again := cli("mcp", "install", "--client", "goose").out)
    assert "    rules: there (" in again
    shown = cli("mcp", "status", "--client", "goose").out
    assert "Goose: ok (user:" in shown
    assert "    rules: current (" in shown
    ran = cli("mcp", "uninstall", "--client", "goose")
    assert "    rules: removed (" in ran.out
    assert written(home) == set()


def test_dry_run_shows_every_file(cli, home):
    """A dry run says what would be, with the diff of each file, and writes nothing."""
    ran = cli("mcp", "install", "--client", "goose", "--dry-run")
    assert "Goose: would be installed" in ran.out
    assert "    rules: would be installed" in ran.out
    assert "    +++ " in ran.out
    assert written(home) == set()


def test_a_damaged_file_is_named_with_its_line(cli, home):
    """A named client whose file is damaged is an error with file and line; nothing is written."""
    (home / ".config/goose/config.yaml").write_text("a: 1\nb: [\n")
    ran = cli("mcp", "install", "--client", "goose", "--json")
    assert ran.status == 2
    assert "config.yaml is damaged: line 3" in ran.error()["message"]
    assert written(home) == {".config/goose/config.yaml"}


@pytest.mark.parametrize(("form", "begin"), [("json", '{\n  "mcpServers": {'), ("toml", "[mcp_servers.kioku-mesh]\n")])
def test_what_to_paste(cli, home, form, begin):
    """`--client json` and `toml` print what to paste, advice on stderr, and change nothing."""
    ran = cli("mcp", "install", "--client", form, "-e", "A=1")
    assert ran.status == 0
    assert ran.out.startswith(begin)
    assert str(Path(sys.executable).parent) in ran.out
    assert "ChatGPT" in ran.err
    assert written(home) == set()
    shown = cli("mcp", "install", "--client", form, "--json")
    assert json.loads(shown.out)["text"].startswith(begin)
    assert cli("mcp", "install", "--client", f"{form},goose").status == 2


def test_no_client_at_all(cli, home):
    """Where no client is found, install fails and says which there are; uninstall has nothing to do."""
    for name in (".config/goose", ".codeium/windsurf"):
        (home / name).rmdir()
    (home / ".codeium").rmdir()
    assert "Windsurf (windsurf)" in cli("mcp", "install").err
    assert cli("mcp", "uninstall").status == 0


@pytest.mark.usefixtures("home")
def test_the_list_of_clients(cli):
    """Every client of the table, and which are here."""
    shown = cli("mcp", "clients", "--json").json()["clients"]
    assert len(shown) >= 17
    assert {one["name"] for one in shown if one["detected"]} == {"goose", "windsurf"}
