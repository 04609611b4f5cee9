"""Are the coding agents' registrations of our server alive?"""

from __future__ import annotations

from .. import clients
from .case import Case, not_checked, passed, warned
from .results import Check


def registrations(case: Case) -> Check:
    """Every registered command exists, can be started and answers; what comes with it is of this release and works."""
    if not case.config.home:
        return not_checked("there is no home directory to look in")
    rows = clients.status(case.config).results
    states = {f"{row.client} ({row.scope})": row.state for row in rows}
    bad = [(row.title, part) for row in rows for part in _faults(row)]
    if bad:
        said = "; ".join(f"{title}: {part.message}" for title, part in bad)
        return warned(said, "; ".join(dict.fromkeys(part.hint for _, part in bad)), clients=states)
    there = [row.title for row in rows if row.state == "ok"]
    missing = [row.title for row in rows if row.state in ("not_installed", "differs")]
    said = f"registered with {', '.join(dict.fromkeys(there))}" if there else "not registered with any agent"
    said += f"; not with {', '.join(missing)}" if there and missing else ""
    notes = [note.message for row in rows for note in row.notes]
    lacks = [
        f"{part.message} ({part.hint})"
        for row in rows
        for part in (row.rules, row.hooks)
        if part and part.state in ("missing", "unreviewed")
    ]
    return passed("; ".join([said, *notes, *lacks]), clients=states)


def _faults(row: clients.Health) -> list[clients.Health | clients.Presence]:
    own = [] if row.state in ("ok", "not_installed", "differs", "disabled") else [row]
    return [*own, *(part for part in (row.rules, row.hooks) if part and not part.ok)]
