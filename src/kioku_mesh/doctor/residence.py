"""Does the resident process run, and can it do its work?"""

from __future__ import annotations

import os

from .. import __version__
from ..clock import ago
from ..serve import control, log
from ..serve.installed import is_newer
from ..service import residence
from .case import Case, passed, warned
from .results import Check


def serve(case: Case) -> Check:
    """Is there one, alive, of this version, and without an error?"""
    row = control.state(case.config)
    if row is None:
        return _absent(case)
    found = residence.shown(row)
    details = {"pid": found.pid, "version": found.version, "addresses": list(found.addresses), "error": found.error}
    see = f"{os.path.join(case.config.state_dir, log.FILE)} has more"
    if not found.running:
        since = f" since {ago(found.last_seen)}" if found.last_seen else ""
        return warned(
            f"the resident process {found.pid} gives no sign of life{since}",
            f"end it with `kioku-mesh serve --stop`, or by hand, then `kioku-mesh serve`; {see}",
            **details,
        )
    if is_newer(__version__, found.version):
        return warned(
            f"the resident process is of version {found.version}, this program of {__version__}",
            "replace it with `kioku-mesh serve`",
            **details,
        )
    if found.error:
        return warned(f"the resident process runs, but {found.error}", see, **details)
    return passed(f"runs since {ago(found.since)}, version {found.version}", **details)


def _absent(case: Case) -> Check:
    if case.config.get("mode") == "local":
        return passed("does not run, and does not need to on a machine that shares nothing")
    last = residence.resident(case.config.state_dir)
    why = f"; the last one ended: {last.error}" if last and last.error else ""
    return warned(
        f"the resident process does not run, so nothing is exchanged with other machines{why}",
        "start it with `kioku-mesh serve`",
        error=last.error if last else "",
    )


def start(case: Case) -> list[str]:
    """Start it, or replace an older one; says so. One that hangs is left to a person."""
    return ["started the resident process"] if control.ensure(case.config) else []
