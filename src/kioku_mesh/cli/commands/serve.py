"""`serve`."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from ... import app, config
from ...clock import ago
from ...errors import BadInput
from ...results import Resident
from ...serve import control, log
from ...service import residence
from .. import options, output

NOT_FOUND = 3


@click.command()
@click.option("--foreground", is_flag=True, help="Stay here, and show what happens.")
@click.option("--stop", "stopping", is_flag=True, help="End the one that runs.")
@click.option("--status", "asking", is_flag=True, help="Only say whether it runs (exit status 3 if not).")
@options.as_json
def serve(foreground: bool, stopping: bool, asking: bool, as_json: bool) -> int:
    """Start, stop and look at the resident process.

    Without an option it is started in the background. There is one for a state directory. It keeps memories in step
    with other machines, and does what the store leaves for later: erasing what is past its time, backups. Saving and
    searching never need it.
    """
    if foreground + stopping + asking > 1:
        raise BadInput("--foreground, --stop and --status exclude each other", "choose one of them")
    loaded = config.load()
    if foreground:
        return app.serve(loaded, echo=sys.stderr)
    answer: dict[str, Any] = {"started": False, "stopped": False}
    if stopping:
        answer["stopped"] = control.stop(loaded)
    elif not asking:
        answer["started"] = control.ensure(loaded)
    row = control.state(loaded)
    found = residence.shown(row) if row else None
    answer |= {"running": row is not None, "serve": found, "log": os.path.join(loaded.state_dir, log.FILE)}
    output.show(answer, as_json, text)
    return NOT_FOUND if asking and row is None else 0


def text(answer: dict[str, Any]) -> str:
    if answer["stopped"]:
        return "stopped" if not answer["running"] else "stopped, and another one runs: " + told(answer["serve"])
    if not answer["running"]:
        return "the resident process does not run"
    how = "started" if answer["started"] else "runs"
    return f"{how}: {told(answer['serve'])}\nlog: {answer['log']}"


def told(found: Resident) -> str:
    """Process, version, since when, and what keeps it from its work."""
    parts = [f"process {found.pid}", f"version {found.version}", f"mode {found.mode}", f"since {ago(found.since)}"]
    if not found.version:
        parts[1:3] = ["nothing heard of it yet"]
    elif not found.running:
        parts.append(f"last sign of life {ago(found.last_seen)}" if found.last_seen else "no sign of life")
    listens = f"; reached at {', '.join(found.addresses)}" if found.addresses else ""
    error = f"; error: {output.one_line(found.error)}" if found.error else ""
    return ", ".join(parts) + listens + error
