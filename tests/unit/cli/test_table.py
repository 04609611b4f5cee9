"""The table of commands, the help, and the options that scripts rely on."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import click
import pytest

import kioku_mesh
from kioku_mesh.cli import pages, table
from kioku_mesh.cli.group import cli as group

SAVE = {
    "--project", "--memory-type", "--type", "--importance", "--subject", "--summary", "--tags", "--source-files", "--file",
    "--references", "--ref", "--supersedes", "--visibility", "--local-only", "--expires-at", "--ttl", "--allow-secret", "--wait",
    "--timeout",
}  # fmt: skip
FILTER = {
    "--project", "--memory-type", "--type", "--tags", "--source-files", "--file", "--references", "--ref", "--agent-family",
    "--client-id", "--session-id", "--pc-id", "--here", "--since", "--until",
}  # fmt: skip
SERVER = {"--client", "--scope", "--name", "--rules", "--hooks", "--dry-run", "--force"}
OPTIONS = {
    "save": SAVE,
    "search": FILTER | {
        "--include", "--limit", "--offset", "--mode", "--format", "--explain", "--why-not",
    },
    "recall": FILTER | {"--budget", "--only-clear"},
    "brief": {"--project", "--budget"},
    "list": FILTER | {"--include", "--limit", "--offset"},
    "get-memory": {"--history"},
    "revise": SAVE,
    "delete": FILTER | {"--reason", "--dry-run", "--yes"},
    "restore": set(),
    "purge": {"--dry-run", "--yes", "--chain", "--unknown", "--visibility", "--wait", "--timeout"},
    "tidy": {"--project", "--kind", "--keep", "--plan", "--yes"},
    "mesh status": set(),
    "mesh peers": set(),
    "mesh forget": set(),
    "mesh start": {"--share-existing"},
    "mesh join": {"--share-existing"},
    "mesh sync": {"--timeout"},
    "share": {"--project", "--memory-type", "--type", "--dry-run", "--yes"},
    "projects list": set(),
    "projects stats": set(),
    "projects rename": {"--dry-run", "--yes"},
    "projects alias": {"--dry-run", "--yes"},
    "projects delete": {"--dry-run", "--yes"},
    "export": {"--project", "--since", "--include-local", "--force"},
    "import": {"--from", "--connect", "--project", "--dry-run", "--all-or-nothing"},
    "migrate-visibility": {"--from", "--to", "--connect", "--dry-run", "--yes"},
    "backup": {"--list", "--keep"},
    "restore-backup": {"--list"},
    "init": {
        "--mode", "--engine", "--listen", "--connect", "--node", "--share-existing", "--user-id", "--team-id",
        "--install-systemd", "--print", "--force", "--yes",
    },
    "hook": {"--client"},
    "review": {"--accept", "--drop", "--all", "--visibility"},
    "stats": {"--forget"},
    "mcp install": SERVER | {"-e", "--plugin", "--yes"},
    "mcp uninstall": SERVER,
    "mcp status": {"--client", "--scope"},
    "mcp clients": set(),
    "config list": set(),
    "config get": set(),
    "config set": set(),
    "config unset": set(),
    "config path": set(),
    "serve": {"--foreground", "--stop", "--status"},
    "status": set(),
    "doctor": {"--fix", "--deep", "--check", "--check-legacy-namespace"},
    "gc": {"--dry-run", "--yes"},
    "rebuild": {"--vectors"},
    "zenohd install": {"--version", "--bin-dir", "--from", "--sha256"},
    "zenohd config": {"--scope", "--drop", "--print", "--unit", "--force"},
    "zenohd status": {"--bin-dir"},
    "zenohd docker": {"--scope", "--force"},
    "completion": set(),
}  # fmt: skip
NO_ANSWER = {"hook", "completion", "mesh start", "mesh join"}  # a script; until somebody ends it
SHORT = {"-p", "-s", "-t", "-n", "-r", "-y"}


def leaves() -> dict[str, click.Command]:
    """Every command that does something, by its whole name."""
    found: dict[str, click.Command] = {}
    for name in table.ENTRIES:
        command = table.command(name)
        if isinstance(command, click.Group):
            found |= {f"{name} {below}": one for below, one in command.commands.items()}
        else:
            found[name] = command
    return found


def options(command: click.Command) -> set[str]:
    return {name for p in command.params if isinstance(p, click.Option) and not p.hidden for name in p.opts}


def test_the_commands_and_their_options_are_these() -> None:
    """No command or option appears or vanishes unnoticed; each that answers takes --json."""
    found = {name: options(command) - SHORT - {"--tag"} for name, command in leaves().items()}
    assert found == {name: names | ({"--json"} if name not in NO_ANSWER else set()) for name, names in OPTIONS.items()}


@pytest.mark.parametrize("name", table.ENTRIES)
def test_an_entry_is_the_command_it_describes(name: str) -> None:
    """The name and the one-line help of the table are those of the command itself."""
    command = table.command(name)
    assert command.name == name
    assert command.help.split("\n")[0] == table.ENTRIES[name].help


def test_aliases_lead_to_commands() -> None:
    """`get` and `show` are `get-memory`."""
    assert {name: table.command(name).name for name in table.ALIASES} == {"get": "get-memory", "show": "get-memory"}
    assert table.command("nothing") is None


@pytest.mark.parametrize("name", leaves())
def test_every_command_and_option_explains_itself(cli: Any, name: str) -> None:
    """`--help` of each command works, and no option is without a word."""
    ran = cli(*name.split(), "--help")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: kioku-mesh {name}")
    for parameter in leaves()[name].params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, f"{name} {parameter.opts}"


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_lists_commands_and_exit_statuses(cli: Any, option: str) -> None:
    """All commands in sections, and what each exit status means."""
    ran = cli(option)
    assert (ran.status, ran.err) == (0, "")
    for name, entry in table.ENTRIES.items():
        assert f"  {name} " in ran.out
        assert entry.help in ran.out
    for status in ("0 ", "1 ", "2 ", "3 ", "130 "):
        assert f"\n  {status}" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_click_and_the_page_agree() -> None:
    """The help that is answered without click is the one that click would show."""
    assert group.get_help(click.Context(group)) == pages.help_page().rstrip()


def test_a_bare_command_shows_examples(cli: Any) -> None:
    """Worked examples, each of a command that exists, and status 0."""
    ran = cli()
    assert ran.status == 0
    shown = [line.split("kioku-mesh ")[1].split()[0] for line in ran.out.splitlines() if "  kioku-mesh " in line]
    assert len(shown) >= 4
    assert set(shown) <= set(table.ENTRIES)


def test_the_version_is_told(cli: Any) -> None:
    """`--version` prints name and version."""
    assert cli("--version").out == f"kioku-mesh {kioku_mesh.__version__}\n"


def test_help_imports_no_command_and_no_library() -> None:
    """What the program says about itself costs no start-up time."""
    program = (
        "import sys\nfrom kioku_mesh.cli.main import run\nrun(['--help'])\n"
        "print([name for name in sys.modules if name in ('click', 'apsw', 'json') or '.commands' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"
