"""The program `kioku-mesh-mcp`: options, the two streams, and everything that waits until it is needed."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO

from .. import __version__
from ..errors import BadInput
from ..values import NamedTuple
from . import instructions, resources, tools
from .connection import Connection, Offer
from .protocol import Request
from .wire import Outbox, read_lines

PROGRAM = "kioku-mesh-mcp"
FINISH_SECONDS = 10  # for calls that still run when the client has gone
WARM_AFTER = 0.2  # seconds after the tools were listed: a client that only checks our health is gone by then

HELP = f"""\
usage: {PROGRAM} [--profile default|full] [--read-only] [--only-project NAME]

The memory as an MCP server on standard input and output. Agents start it; nothing happens before they call a tool.

  --profile default|full  which tools are offered (else the setting mcp_profile, else default)
  --read-only             leave out the tools that write
  --only-project NAME     read and write in this project alone
  --version               print the version
  --help                  print this text

exit status: 0 done, 2 bad usage, 130 interrupted
"""
GUIDANCE = f"""\
error: {PROGRAM} talks to a program, not to a person: standard input is a terminal
hint: register it with your agents: kioku-mesh mcp install
"""


class Options(NamedTuple):
    profile: str | None = None
    read_only: bool = False
    only_project: str | None = None
    show: str | None = None  # what to print instead of serving


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until standard input ends; returns the exit status."""
    try:
        options = read_options(sys.argv[1:] if arguments is None else arguments)
    except BadInput as error:
        sys.stderr.write(f"error: {error.message}\nhint: {error.hint}\n")
        return error.exit_status
    if options.show is not None:
        sys.stdout.write(options.show)
        return 0
    if sys.stdin is None:
        return 0
    if sys.stdin.isatty():
        sys.stderr.write(GUIDANCE)
        return 2
    try:
        serve(options, sys.stdin.buffer, _private_stdout())
    except KeyboardInterrupt:
        return 130
    return 0


def read_options(arguments: Sequence[str]) -> Options:
    """Raises BadInput."""
    given: dict[str, Any] = {}
    rest = [part for each in arguments for part in (each.split("=", 1) if each.startswith("--") else [each])]
    while rest:
        name = rest.pop(0)
        if name in ("--help", "-h"):
            return Options(show=HELP)
        if name == "--version":
            return Options(show=f"{PROGRAM} {__version__}\n")
        if name == "--read-only":
            given["read_only"] = True
        elif name in ("--profile", "--only-project"):
            if not rest or not rest[0].strip():
                raise BadInput(f"{name} needs a value", f"{PROGRAM} --help lists the options")
            given[name[2:].replace("-", "_")] = rest.pop(0)
        else:
            raise BadInput(f"no such option: {name[:60]}", f"{PROGRAM} --help lists the options")
    if given.get("profile", "full") not in ("default", "full"):
        raise BadInput(f"no such profile: {given['profile'][:60]}", "choose default or full")
    return Options(**given)


def serve(options: Options, inbox: BinaryIO, stdout: BinaryIO) -> None:
    """Answer until the input ends or nobody reads the answers; calls that still run are finished."""
    outbox = Outbox(stdout)
    server = Server(options)
    told = instructions.READ_ONLY if options.read_only else instructions.TEXT
    offer = Offer(told, server.tools, resources.RESOURCES, resources.TEMPLATES)
    connection = Connection(offer, outbox.send, server.run, server.warm)
    for line in read_lines(inbox):
        connection.receive(line)
        if outbox.closed:
            break
    server.stop_warming()
    if connection.finish(FINISH_SECONDS):
        server.close()


class Server:
    """What the answers need beyond the protocol, each part imported and made when it is first needed."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._settings: Any = None
        self._tools: tuple[dict[str, Any], ...] = ()
        self._sessions: Any = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._warming = False

    def tools(self) -> tuple[dict[str, Any], ...]:
        """The tools to offer. Only this needs a setting before the first call."""
        if not self._tools:
            profile = self._options.profile or self._config().get("mcp_profile")
            self._tools = tools.offered(profile, self._options.read_only)
        return self._tools

    def run(self, request: Request, roots: Callable[[], tuple[str, ...]]) -> dict[str, Any]:
        with self._lock:
            if self._sessions is None:
                module = late("mcp.sessions")
                environ = self._config().environ
                named = {tool["name"]: tool for tool in self.tools()}
                opener = module.opener(environ, self._options.only_project)
                starter = late("mcp.autostart").Autostart(partial(_ensure_resident, environ))
                self._sessions = module.Sessions(named, opener, environ, self._config().cwd, starter.touch)
        result: dict[str, Any] = self._sessions.run(request, roots)
        return result

    def warm(self) -> None:
        """Import what the first call will need, in the background; nothing is opened."""
        if not self._warming:
            self._warming = True
            threading.Thread(target=self._warm, daemon=True).start()

    def stop_warming(self) -> None:
        self._over.set()

    def close(self) -> None:
        if self._sessions is not None:
            self._sessions.close()

    def _warm(self) -> None:
        if not self._over.wait(WARM_AFTER):
            late("mcp.sessions")

    def _config(self) -> Any:
        """The settings as far as they can be read: what is wrong with them is told when a memory is opened."""
        if self._settings is None:
            self._settings = late("config").load(tolerant=True)
        return self._settings


def _ensure_resident(environ: Mapping[str, str]) -> bool:
    """Was it started just now? The settings are read anew: they may have been changed meanwhile. Raises KiokuError."""
    settings = late("config").load(environ, tolerant=True)
    wanted = settings.get("mode") != "local" and settings.get("autostart") == "on"
    return bool(wanted and late("serve.control").ensure(settings))


def late(module: str) -> Any:
    """A module of ours that the handshake and the list of tools must not wait for."""
    return importlib.import_module(f"kioku_mesh.{module}")


def _private_stdout() -> BinaryIO:
    """Standard output for the protocol alone: whatever else prints goes to standard error."""
    private = os.fdopen(os.dup(1), "wb")
    try:
        os.dup2(2, 1)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return private


if __name__ == "__main__":
    sys.exit(main())
