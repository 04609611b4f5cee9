"""Are the coding agents' registrations of our server alive?"""

from __future__ import annotations

from .. import clients
from .case import Case, not_checked, passed, warned
from .results import Check

_FINE = ("ok", "not_installed", "differs", "disabled")


def registrations(case: Case) -> Check:
    """Every registered command exists, can be started and answers."""
    if not case.config.home:
        return not_checked("there is no home directory to look in")
    rows = clients.status(case.config).results
    states = {f"{row.client} ({row.scope})": row.state for row in rows}
    bad = [row for row in rows if row.state not in _FINE]
    if bad:
        said = "; ".join(f"{row.title}: {row.message}" for row in bad)
        return warned(said, "; ".join(dict.fromkeys(row.hint for row in bad)), clients=states)
    there = [row.title for row in rows if row.state == "ok"]
    missing = [row.title for row in rows if row.state in ("not_installed", "differs")]
    said = f"registered with {', '.join(dict.fromkeys(there))}" if there else "not registered with any agent"
    return passed(said + (f"; not with {', '.join(missing)}" if there and missing else ""), clients=states)
