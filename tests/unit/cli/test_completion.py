"""Completion: commands, fixed words, and what is stored."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from click.shell_completion import BashComplete

from kioku_mesh.cli.group import cli as group
from kioku_mesh.errors import StoreError

from .conftest import IDS, Asked

KNOWN = {
    "project": ("shop", "shelf"),
    "tag": ("alpha", "beta"),
    "id": (IDS[0],),
    "client": ("codex-cli",),
    "hidden": (IDS[1],),
}


def completed(*words: str, memory: Asked | None = None) -> list[str]:
    """What a shell would offer for the last of the words."""
    asked = memory or Asked(known=lambda kind, prefix: tuple(w for w in KNOWN.get(kind, ()) if w.startswith(prefix)))
    complete = BashComplete(group, {"obj": lambda: asked}, "kioku-mesh", "_KIOKU_MESH_COMPLETE")
    return [item.value for item in complete.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["re"], ["recall", "revise", "restore", "restore-backup", "review", "rebuild"]),
        (["projects", "de"], ["delete"]),
        (["search", "-p", "sh"], ["shop", "shelf"]),
        (["search", "--project=sho"], ["shop"]),
        (["save", "-t", ""], ["alpha", "beta"]),
        (["save", "-t", "alpha,b"], ["alpha,beta"]),
        (["save", "--type", "de"], ["decision"]),
        (["search", "--include", "superseded,d"], ["superseded,deleted"]),
        (["search", "--include", "superseded,"], ["superseded,expired", "superseded,deleted"]),
        (["save", "-t", "alpha,"], ["alpha,beta"]),
        (["config", "set", "save.secrets", ""], ["warn", "block"]),
        (["config", "set", "user_id", ""], []),
        (["search", "--mode", "and"], ["and", "and_or"]),
        (["search", "--format", ""], ["text", "markdown", "json"]),
        (["list", "--client-id", "co"], ["codex-cli"]),
        (["get", "1111"], [IDS[0]]),
        (["delete", "111"], [IDS[0]]),
        (["revise", "111"], [IDS[0]]),
        (["restore", ""], [IDS[1]]),
        (["save", "--supersedes", "111"], [IDS[0]]),
        (["purge", "111"], []),
        (["config", "get", "team"], ["team_id", "teams"]),
        (["config", "set", "user"], ["user_id"]),
        (["completion", "z"], ["zsh"]),
        (["mcp", "install", "--scope", "u"], ["user"]),
        (["list", "--lim"], ["--limit"]),
    ],
)
def test_words_are_completed(words: list[str], offered: list[str]) -> None:
    """Commands, options, fixed choices and stored values are offered where they fit."""
    assert completed(*words) == offered


def test_a_broken_store_completes_nothing() -> None:
    """A shell gets no error message in the middle of a line."""
    assert completed("search", "-p", "s", memory=Asked(known=StoreError("broken"))) == []


def test_names_of_commands_are_completed_without_importing_them() -> None:
    """The first Tab is fast."""
    program = (
        "import sys\nfrom click.shell_completion import BashComplete\nfrom kioku_mesh.cli.group import cli\n"
        "BashComplete(cli, {}, 'kioku-mesh', 'X').get_completions([], 're')\n"
        "print([name for name in sys.modules if name == 'apsw' or '.commands' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(cli: Any, shell: str) -> None:
    """The script asks the program through the variable that the program listens to."""
    ran = cli("completion", shell)
    assert (ran.status, ran.err) == (0, "")
    assert f"_KIOKU_MESH_COMPLETE={shell}_complete" in ran.out


def test_other_shells_are_refused(cli: Any) -> None:
    """With the names of those there are."""
    ran = cli("completion", "tcsh")
    assert ran.status == 2
    assert "'bash', 'zsh', 'fish'" in ran.err
    ran = cli("completion")
    assert (ran.status, ran.err.splitlines()[0]) == (
        2,
        "error: missing argument '{bash|zsh|fish}'. Choose from: bash, zsh, fish",
    )
