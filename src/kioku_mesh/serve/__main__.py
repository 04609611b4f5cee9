"""`python -m kioku_mesh.serve`: the resident process, as the platform or `control` starts it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .. import app, config
from ..errors import BadInput, Internal, KiokuError
from . import control


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0 when asked to end.

    --state-dir DIR, --config-dir DIR; --detached: outlive whoever started it, and tell that one in a line of JSON how
    the start went; --replace: end the one that runs already, for a service manager that looks after this one.
    """
    tell: Callable[[dict[str, Any]], None] = _tell_person
    try:
        given, flags = _read(arguments)
        if "--detached" in flags:
            tell = _tell_starter
            _leave_family()
        loaded = config.load(arguments=given, cwd=os.path.abspath(os.sep))
        if "--replace" in flags:
            control.stop(loaded)
        return app.serve(loaded, ready=lambda: tell({"started": True}))
    except KiokuError as error:
        tell({"error": error.as_json()})
        return error.exit_status
    except Exception as error:
        tell({"error": Internal(f"internal: {type(error).__name__}: {error}").as_json()})
        raise


def _read(arguments: Sequence[str]) -> tuple[dict[str, str], set[str]]:
    given: dict[str, str] = {}
    flags: set[str] = set()
    rest = list(arguments)
    while rest:
        name = rest.pop(0)
        if name in ("--state-dir", "--config-dir") and rest:
            given[name[2:].replace("-", "_")] = rest.pop(0)
        elif name in ("--detached", "--replace"):
            flags.add(name)
        else:
            raise BadInput(f"no such option: {name[:60]}", "use `kioku-mesh serve`")
    return given, flags


def _leave_family() -> None:
    """Be nobody's child: an agent that ends takes its children and theirs with it, and never asks how they ended."""
    if hasattr(os, "fork") and os.fork():
        os._exit(0)


def _tell_person(said: dict[str, Any]) -> None:
    if "error" in said and sys.stderr:  # a task of Windows has none
        sys.stderr.write(f"error: {said['error']['message']}\nhint: {said['error']['hint']}\n")


def _tell_starter(said: dict[str, Any]) -> None:
    """One line, and then nothing any more: whoever listens is free to go."""
    try:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
    except OSError:
        pass  # gone already
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


def run() -> NoReturn:
    """Threads of parts that do not end in time are left behind."""
    status = 1
    try:
        status = main(sys.argv[1:])
    except Exception:  # noqa: BLE001  the edge of the process
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


if __name__ == "__main__":
    run()
