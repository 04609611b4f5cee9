"""The check of a machine whose mesh is carried by a zenohd of its own."""

from __future__ import annotations

from ..zenohd import proof, status
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
    if found.persists is False:
        said = "; ".join(found.problems) or "zenohd forgets what it is given when it is restarted"
        return failed(said, "kioku-mesh zenohd status; its log says more", problems=list(found.problems))
    if found.problems:
        return warned(found.problems[0], "kioku-mesh zenohd status", problems=list(found.problems))
    return _kept(f"version {found.router_version or found.version} runs", proof.prove(found))


def _kept(runs: str, tried: proof.Proof | None) -> Check:
    """Whether it keeps what it is given, as far as it can be tried without stopping it."""
    if tried is None:
        return passed(f"{runs}; whether it keeps what it is given could not be tried")
    if not tried.stored:
        return failed(f"{runs}, but what is written to it cannot be read back", "restart it, and look at its log")
    if tried.on_disk is None:
        return passed(f"{runs} and stores what it is given; its files cannot be looked at from here")
    if not tried.on_disk:
        return failed(
            f"{runs}, but what is written to it is not in the files of its storage",
            "does it run with another configuration? kioku-mesh zenohd status",
        )
    return passed(f"{runs}; what was written to it was read back and is on its disk")
