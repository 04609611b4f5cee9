"""Starting is cheap: what a command really imports, as the interpreter reports it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support import Home

from .rules import is_heavy

# What a start may import anyway, because these libraries do.
FLOOR = "import apsw, click, hashlib, json"
COMMANDS = {
    "version": ["--version"],
    "help": ["--help"],  # click looks up the width of the terminal: shutil
    "save": ["save", "a memory", "--json"],
    "search": ["search", "memory", "--json"],
    "list": ["list", "--json"],
}


def imported(program: str, *arguments: str, home: Home) -> set[str]:
    """The modules that a program has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=home.env(),
        cwd=home.work,
        check=False,
        timeout=60,
    )
    lines = done.stderr.decode(errors="replace").splitlines()
    timed = [line for line in lines if line.startswith("import time:")]
    assert done.returncode == 0, "\n".join(line for line in lines if line not in timed)
    return {line.rpartition("|")[2].strip() for line in timed[1:]}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_command_imports_nothing_heavy(home: Home, arguments: list[str]) -> None:
    """An everyday command imports no library that costs start-up time and that its own libraries do without."""
    program = "import sys; sys.argv[0] = 'kioku-mesh'; from kioku_mesh.cli.main import main; sys.exit(main())"
    floor = FLOOR + ", shutil" * ("--help" in arguments)
    extra = imported(program, *arguments, home=home) - imported(floor, home=home)
    assert [name for name in extra if is_heavy(name)] == []
    chosen = ("kioku_mesh.embedders", "kioku_mesh.service.choosing", "numpy", "onnxruntime", "tokenizers", "socket")
    assert [name for name in extra if name.startswith(chosen)] == [], "nobody chose another embedder"


def test_a_machine_in_a_mesh_starts_as_fast(home: Home) -> None:
    """Commands read what the resident process noted down; they import neither it nor the network."""
    (home.config / "config.toml").write_text('mode = "spoke"\nconnect = "10.0.0.1"\n')
    program = "import sys; sys.argv[0] = 'kioku-mesh'; from kioku_mesh.cli.main import main; sys.exit(main())"
    floor = imported(FLOOR, home=home)
    for arguments in (*COMMANDS.values(), ["status"]):
        extra = imported(program, *arguments, home=home) - floor
        assert [name for name in extra if is_heavy(name) and name != "shutil"] == []
        parts = {name.split(".")[1] for name in extra if name.startswith("kioku_mesh.")}
        assert not parts & {"mesh", "serve"}
        assert not [name for name in extra if name.split(".")[0] in ("zenoh", "socket")]


def test_the_server_starts_without_anything_heavy(home: Home) -> None:
    """What stands between the start of the MCP server and its handshake needs neither the store nor a heavy library."""
    extra = imported("import kioku_mesh.mcp.main", home=home) - imported("import json, threading", home=home)
    assert [name for name in extra if is_heavy(name)] == []
    assert [name for name in extra if name.split(".")[0] in ("apsw", "click", "yaml")] == []


def test_a_start_has_no_side_effect(home: Home) -> None:
    """A client that starts the server, lists the tools and ends it leaves no trace: some do it as a health check."""
    with home.agent() as agent:
        assert agent.tools()
    assert agent.process.returncode == 0
    assert not home.state.exists()
