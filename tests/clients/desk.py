"""A throw-away home with real clients in it, and how to have one of them call one tool of ours, offline."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from support import Home, command

from . import pins
from .drivers import DRIVERS, SERVER, Driver
from .model import ScriptedModel, strings
from .wall import Wall

PATIENCE_S = 120  # a client takes one to six seconds
QUIET = {
    "NO_COLOR": "1", "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1",
}  # fmt: skip
TRUSTED = {"GEMINI_CLI_TRUST_WORKSPACE": "true"}
OURS = ("bin", "tmp", ".local/share/kioku-mesh", ".config/kioku-mesh")

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_OF_OURS = re.compile(rf"\W*{SERVER}(?![\w-])")


def require(*clients: str) -> None:
    """Skip the test on a machine without npm; one that has it must have the clients."""
    missing = pins.missing(os.environ, clients)
    if missing and not shutil.which("npm"):
        pytest.skip("needs npm")
    assert not missing, f"not installed: {', '.join(missing)}; run tests/clients/prepare"


class Desk:
    """`env` is the environment of everything that runs here: clients first on PATH, then our commands, then the rest.
    `requests`: what the last prompt had the client send to its model."""

    def __init__(self, home: Home, *clients: str) -> None:
        self.home = home
        self.requests: list[dict[str, Any]] = []
        self.bin = home.folder / "bin"
        self.bin.mkdir()
        for name in ("kioku-mesh", "kioku-mesh-mcp"):
            self._link(name)
        self._temporary = home.folder / "tmp"
        self._temporary.mkdir()
        self._wall = Wall()
        env = home.env(state_dir=None, config_dir=None)  # Codex hands on no variables of ours
        found = [pins.programs(pins.folder(client, os.environ)) for client in clients]
        path = [*map(str, found), str(pins.node(pins.node_folder(os.environ))), str(self.bin), env["PATH"]]
        self.env = env | self._wall.environment | QUIET | TRUSTED
        self.env |= {"PATH": os.pathsep.join(path), "TMPDIR": str(self._temporary), "PWD": str(home.work)}

    def run(self, *words: str, env: Mapping[str, str] | None = None, status: int = 0) -> str:
        """Run a program, which must exit so; what it wrote."""
        done = subprocess.run(
            words, env=dict(env or self.env), cwd=self.home.work, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode == status, f"{words} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout or done.stderr

    def ours(self, *words: str) -> Any:
        """Run a command of ours with --json; the object it printed."""
        return json.loads(self.run("kioku-mesh", *words, "--json"))

    def ask(self, client: str, tool: str, *, prompt: str = "call the tool", **arguments: Any) -> str:
        """Have a client call a tool; what this answered, as the client handed it to its model."""
        _, found, answer = self.tell(client, prompt, tool, **arguments).partition("ANSWER ")
        assert found, f"{client} did not get an answer to its model"
        return answer

    def tell(self, client: str, prompt: str, tool: str = "none", options: Sequence[str] = (), **arguments: Any) -> str:
        """Write a prompt to a client; the words of the model, which calls the tool first if it is offered to it."""
        driver = DRIVERS[client]
        with ScriptedModel(tool, arguments, SERVER) as model:
            env = self.env | driver.environment(model.url) | self._file(driver, model.url)
            out = self.run(*driver.ask(prompt, tool, model.url), *options, env=env)
        self.requests = model.requests
        return driver.said(out)

    @property
    def sent(self) -> str:
        """Every text of the last requests."""
        return "\n".join(strings(self.requests))

    def listed(self, client: str, env: Mapping[str, str] | None = None) -> str:
        """What the client's own list says of our server, "" if it is not in it."""
        lines = _COLOUR.sub("", self.run(*DRIVERS[client].servers, env=env)).splitlines()
        return next((line.strip() for line in lines if _OF_OURS.match(line)), "")

    def add_other(self, client: str) -> None:
        """Have the client register a server that is none of ours."""
        self.run(*DRIVERS[client].add("other", "true"))

    def files(self) -> dict[str, bytes]:
        """Every file at home but for our own."""
        self._end_processes()
        found = {}
        for path in self.home.folder.rglob("*"):
            name = path.relative_to(self.home.folder).as_posix()
            if path.is_file() and not path.is_symlink() and not f"{name}/".startswith(tuple(f"{own}/" for own in OURS)):
                found[name] = path.read_bytes()
        return found

    def close(self) -> None:
        self._end_processes()
        self._wall.close()

    def _end_processes(self) -> None:
        """End what clients have left in the background (Cline keeps a hub): what has this home."""
        home = f"HOME={self.home.folder}".encode()
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if home in (process / "environ").read_bytes().split(b"\0"):
                    os.kill(int(process.name), signal.SIGKILL)

    def _file(self, driver: Driver, url: str) -> dict[str, str]:
        """The settings that a client takes only from a file, outside of what it keeps itself."""
        if not driver.file:
            return {}
        variable, content = driver.file
        path = self._temporary / f"{variable}.json"
        path.write_text(json.dumps(content(url)))
        return {variable: str(path)}

    def _link(self, name: str) -> None:
        """Put a command of ours into `bin`, installed or not."""
        words = command(name)
        script = self.bin / name
        if len(words) == 1:
            script.symlink_to(words[0])
        else:
            interpreter, _, program = words
            path = f"import sys; sys.path.insert(0, {self.home.env()['PYTHONPATH']!r})"
            script.write_text(f"#!{interpreter}\n{path}\n{program}\n")
            script.chmod(0o755)
