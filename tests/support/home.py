"""A throw-away home: the commands as a person or an agent starts them, in real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import kioku_mesh
from mcp_client import Agent

SOURCE = str(Path(kioku_mesh.__file__).parent.parent)  # the code under test, installed or not
MODULES = {"kioku-mesh": "kioku_mesh.cli.main", "kioku-mesh-mcp": "kioku_mesh.mcp.main"}
KEPT = ("PATH", "LANG", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "PATHEXT", "COMSPEC", "NUMBER_OF_PROCESSORS")


def command(name: str) -> list[str]:
    """How to start an entry point: the installed script, or the same through the interpreter."""
    script = Path(sys.executable).with_name(name + (".exe" if os.name == "nt" else ""))
    if script.exists():
        return [str(script)]
    program = f"import sys; from {MODULES[name]} import main; sys.argv[0] = {name!r}; sys.exit(main())"
    return [sys.executable, "-c", program]


class Result(NamedTuple):
    """How a command ended. Bytes that are not UTF-8 are shown as replacement characters."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    def error(self) -> dict[str, Any]:
        """The error object at the end of standard error, of a command called with --json."""
        return dict(json.loads(self.err.splitlines()[-1])["error"])


class Home:
    """A person's home folder with a state directory, a config directory and a folder to work in."""

    prefix: tuple[str, ...] = ()  # what the commands are started by, such as another host's `ip netns exec`

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.config = folder / "config"
        self.work = folder / "work"
        for path in (self.config, self.work):
            path.mkdir(parents=True, exist_ok=True)

    @property
    def database(self) -> Path:
        return self.state / "memory.db"

    def env(self, **settings: str | None) -> dict[str, str]:
        """The environment of a command: nothing of the machine's own kioku-mesh. `user_id="kim"` sets KIOKU_MESH_USER_ID."""
        env = {name: os.environ[name] for name in KEPT if name in os.environ}
        env |= {"HOME": str(self.folder), "USERPROFILE": str(self.folder), "PYTHONPATH": SOURCE, "PYTHONUTF8": "1"}
        env |= {"KIOKU_MESH_STATE_DIR": str(self.state), "KIOKU_MESH_CONFIG_DIR": str(self.config)}
        for name, value in settings.items():
            variable = name if name.isupper() else f"KIOKU_MESH_{name.upper()}"
            env.pop(variable, None)
            if value is not None:
                env[variable] = value
        return env

    def start(
        self, *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None, **popen: Any
    ) -> subprocess.Popen[bytes]:
        """The CLI as a running process, for tests that kill it or run several at once."""
        popen = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | popen
        whole = [*self.prefix, *command("kioku-mesh"), *arguments]
        return subprocess.Popen(whole, cwd=cwd or self.work, env=env or self.env(), **popen)

    def run(
        self,
        *arguments: str,
        input: str | bytes | None = None,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        timeout: float = 60,
        status: int | None = None,
    ) -> Result:
        """Run the CLI to its end. `status`: what it must exit with, else the test fails showing what it said."""
        done = subprocess.run(
            [*self.prefix, *command("kioku-mesh"), *arguments],
            input=(input.encode() if isinstance(input, str) else input) or b"",
            capture_output=True,
            cwd=cwd or self.work,
            env=env or self.env(),
            timeout=timeout,
            check=False,
        )
        result = Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
        if status is not None:
            assert result.status == status, f"{arguments} exited {result.status}\n{result.out}\n{result.err}"
        return result

    def ok(self, *arguments: str, **options: Any) -> Result:
        """Run the CLI, which must exit 0."""
        return self.run(*arguments, status=0, **options)

    def json(self, *arguments: str, **options: Any) -> Any:
        """Run the CLI with --json, which must exit 0; returns the object it printed."""
        return self.ok(*arguments, "--json", **options).json()

    def save(self, text: str, *arguments: str, **options: Any) -> str:
        """Save through the CLI; returns the id."""
        return str(self.json("save", *arguments, "-", input=text, **options)["observation_id"])

    def agent(
        self,
        *arguments: str,
        name: str = "claude-code",
        greet: bool = True,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> Agent:
        """An agent with an MCP server of its own, greeted unless told otherwise. Close it, or use it in a `with`."""
        whole = [*self.prefix, *command("kioku-mesh-mcp"), *arguments]
        agent = Agent(whole, env=env or self.env(), cwd=str(cwd or self.work), name=name)
        if greet:
            agent.greet()
        return agent
