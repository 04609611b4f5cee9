"""The check of a machine whose mesh is carried by a zenohd of its own."""

from __future__ import annotations

from ..zenohd import status
from .case import Case, failed, passed, warned
from .results import Check


def zenohd(case: Case) -> Check:
    """Is it here, does it run as it is configured, and does it keep what it is given over a restart?"""
    if case.config.get("engine") != "zenohd":
        return passed("not needed: our own process carries the mesh (engine embedded)")
    found = status.status(case.config)
    if not found.installed:
        return failed(f"no zenohd in {found.folder}", "kioku-mesh zenohd install")
    if found.config_state == "absent":
        return failed(f"{found.config} is not there", "kioku-mesh zenohd config")
    if not found.running:
        return failed(f"zenohd does not answer at {', '.join(found.listen)}", f"start it: zenohd -c {found.config}")
    if found.problems:
        return warned(found.problems[0], "kioku-mesh zenohd status", problems=list(found.problems))
    if found.persists is False:
        return failed(
            "zenohd forgets what it is given when it is restarted", "kioku-mesh zenohd config, then restart it"
        )
    kept = "keeps" if found.persists else "may keep"
    return passed(f"version {found.router_version or found.version} runs and {kept} what it is given")
