"""Finding, starting and ending other programs; the only module here that does."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..config import Config
from ..errors import NotAvailable, Timeout
from ..patterns import pattern
from ..values import NamedTuple
from .table import Client

if TYPE_CHECKING:
    import subprocess

SERVER = "kioku-mesh-mcp"
PROGRAM = "kioku-mesh"
COMMAND_S = 60.0  # a client's own command takes half a second, from a cold and slow disk some seconds
LEAVE_S = 1.0

# environments that `uvx` and `pipx run` throw away again
_PASSING = pattern(r"/(archive|environments|builds)-v\d+/|/\.cache/pipx/|/pipx/\.cache/")
_STAY = "install it to stay (uv tool install kioku-mesh, or pipx install kioku-mesh), then run this again"


class Ran(NamedTuple):
    status: int
    output: str
    errors: str


def find(program: str, path: str) -> str | None:
    """The absolute path of a program in the folders of `path`, None if it is in none of them."""
    import shutil

    found = shutil.which(program, path=path)
    return os.path.abspath(found) if found else None


def find_client(client: Client, config: Config) -> str | None:
    """The client's own program, None if it is not found or has none."""
    if not client.program:
        return None
    folders = [config.environ.get("PATH", ""), *(os.path.join(config.home, folder) for folder in client.elsewhere)]
    return find(client.program, os.pathsep.join(filter(None, folders)))


def find_server(config: Config, executable: str) -> str:
    """The absolute path of `kioku-mesh-mcp`, beside the Python that runs us (`executable`) or on PATH.

    It must last: clients start it for as long as it is registered. Raises NotAvailable.
    """
    beside = os.path.dirname(os.path.abspath(executable))
    found = [path for folders in (beside, config.environ.get("PATH", "")) if (path := find(SERVER, folders))]
    lasting = next((path for path in found if not passing(path, config.environ)), None)
    if lasting:
        return lasting
    if found:
        raise NotAvailable(f"{found[0]} is in a temporary environment, and clients would lose it", _STAY)
    raise NotAvailable(f"{SERVER} is neither beside {executable} nor on PATH", _STAY)


def find_program(server: str, config: Config) -> str:
    """The absolute path of `kioku-mesh` beside the server, if its `hook` answers: a hook that fails can stop a client.

    Raises NotAvailable.
    """
    found = find(PROGRAM, os.path.dirname(server))
    if not found:
        raise NotAvailable(f"there is no {PROGRAM} beside {server}", _STAY)
    if run((found, "hook", "--help"), config.environ, config.cwd, LEAVE_S * 10).status:
        raise NotAvailable(f"{found} has no command `hook`", "install a newer release of kioku-mesh")
    return found


def passing(path: str, environ: Mapping[str, str]) -> bool:
    """Does the path lie where things are deleted without asking?"""
    real = os.path.realpath(path)
    named = [environ[key] for key in ("TMPDIR", "TEMP", "TMP", "UV_CACHE_DIR") if environ.get(key)]
    folders = [os.path.realpath(folder) for folder in named or ["/tmp"]]
    return (
        any(real.startswith(folder + os.sep) for folder in folders)
        or _PASSING.search(real.replace(os.sep, "/")) is not None
    )


def run(command: Sequence[str], environ: Mapping[str, str], cwd: str, timeout_s: float = COMMAND_S) -> Ran:
    """Run a command to its end, without input. Raises Timeout, NotAvailable if it cannot be started."""
    import subprocess

    process = start(command, environ, cwd, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        output, errors = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        kill(process)
        raise Timeout(f"{command[0]} did not end within {timeout_s:g} seconds", "run it by hand to see why") from None
    return Ran(process.returncode, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))


def converse(command: Sequence[str], environ: Mapping[str, str], cwd: str) -> subprocess.Popen[bytes]:
    """Start a program to talk to over its stdin and stdout; end it with `leave`. Raises NotAvailable."""
    import subprocess

    return start(command, environ, cwd, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)


def start(
    command: Sequence[str], environ: Mapping[str, str], cwd: str, *, stdin: int, stderr: int
) -> subprocess.Popen[bytes]:
    import subprocess

    try:
        # a session of its own: clients start further processes, which have to end with them
        return subprocess.Popen(
            list(command), env=dict(environ), cwd=cwd or None, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise NotAvailable(f"{command[0]} cannot be started: {error.strerror}", "run it by hand to see why") from None


def leave(process: subprocess.Popen[bytes]) -> None:
    """Close the conversation: the program should end by itself, and is ended if it does not."""
    import subprocess

    for pipe in (process.stdin, process.stdout):
        try:
            if pipe:
                pipe.close()
        except OSError:
            pass  # it ended before it had read everything
    try:
        process.wait(LEAVE_S)
    except subprocess.TimeoutExpired:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and, where the platform can, whatever it started."""
    if sys.platform == "win32":
        process.kill()
    else:
        import signal
        from contextlib import suppress

        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
