"""The doctor: one function a check, one table of all of them, and what `--fix` may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .. import __version__
from ..clock import now as read_clock
from ..config import Config
from ..errors import BadInput, KiokuError
from ..options import SHARING
from ..store.store import Store
from ..values import NamedTuple
from . import agents, contents, embedder, hooks, network, older, residence, router, setup, surroundings
from .case import Case, failed, not_checked, passed
from .results import FAIL, WARN, Check, Report, report

__all__ = ["NAMES", "Check", "Report", "examine"]

MESHED = SHARING[1:]
_WAIT_S = 3.0  # for the write lock: whoever holds it longer is worth a finding


class Entry(NamedTuple):
    """A check. `mend` is what `--fix` does about it and answers what was done; `stored`: needs a store that is there."""

    name: str
    check: Callable[[Case], Check]
    mend: Callable[[Case], list[str]] | None = None
    stored: bool = False
    modes: tuple[str, ...] = SHARING
    asked_for: bool = False  # made only when named


# In this order: whatever others rest upon comes first.
_TABLE = (
    Entry("state_directory", surroundings.state_directory, surroundings.make_private),
    Entry("place", surroundings.place),
    Entry("disk", surroundings.disk),
    Entry("system_clock", surroundings.system_clock),
    Entry("config", setup.settings),
    Entry("environment", setup.environment),
    Entry("leftovers", setup.leftovers, setup.remove_stale),
    Entry("database", contents.database, contents.mend_database, stored=True),
    Entry("lock", contents.lock, stored=True),
    Entry("version", contents.versions, stored=True),
    Entry("projections", contents.projections, contents.rebuild, stored=True),
    Entry("meaning", contents.meaning, stored=True),
    Entry("embedder", embedder.embedder),
    Entry("unread", contents.unread, stored=True),
    Entry("clock", contents.clock, stored=True),
    Entry("incarnations", contents.incarnations, stored=True),
    Entry("backups", contents.backups, contents.make_backup, stored=True),
    Entry("serve", residence.serve, residence.start, modes=MESHED),
    Entry("peers", network.peers, modes=MESHED),
    Entry("peer_clocks", network.peer_clocks, modes=MESHED),
    Entry("peer_versions", network.peer_versions, modes=MESHED),
    Entry("node_names", network.node_names, modes=MESHED),
    Entry("hubs", network.hubs, modes=MESHED),
    Entry("ports", network.ports, modes=MESHED),
    Entry("sharing", network.sharing, modes=MESHED),
    Entry("zenohd", router.zenohd, modes=MESHED),
    Entry("admission", network.admission, modes=MESHED),
    Entry("clients", agents.registrations),
    Entry("hooks", hooks.failures),
    Entry("legacy_namespace", older.legacy_namespace, asked_for=True),
)
NAMES = tuple(entry.name for entry in _TABLE)


def examine(config: Config, fix: bool = False, deep: bool = False, only: Sequence[str] = ()) -> Report:
    """Make the checks (all of this mode, or those named in `only`), mending what can be mended with `fix`.

    `deep` reads everything instead of samples. Raises BadInput for a name that is no check.
    """
    unknown = [name for name in only if name not in NAMES]
    if unknown:
        raise BadInput(f"there is no check {unknown[0][:60]!r}", f"checks are: {', '.join(NAMES)}")
    store = Store(config.state_dir, host=config.identity().host, wait_s=_WAIT_S)
    case = Case(config, store, deep=deep, now=read_clock())
    try:
        return report(__version__, tuple(_examined(case, entry, fix) for entry in _chosen(case, only)))
    finally:
        store.close()


def _chosen(case: Case, only: Sequence[str]) -> list[Entry]:
    if only:
        return [entry for entry in _TABLE if entry.name in only]
    return [entry for entry in _TABLE if case.config.get("mode") in entry.modes and not entry.asked_for]


def _examined(case: Case, entry: Entry, fix: bool) -> Check:
    check = _made(case, entry)
    if not (fix and entry.mend and check.status in (WARN, FAIL)):
        return check._replace(name=entry.name)
    try:
        done = entry.mend(case)
    except (KiokuError, OSError) as error:
        why = error.message if isinstance(error, KiokuError) else f"{error.filename}: {error.strerror}"
        hint = error.hint if isinstance(error, KiokuError) and error.hint else check.hint
        return check._replace(name=entry.name, hint=hint, details={**check.details, "not_fixed": why})
    if not done:
        return check._replace(name=entry.name)
    again = _made(case, entry)
    return again._replace(name=entry.name, details={**again.details, "fixed": done})


def _made(case: Case, entry: Entry) -> Check:
    """A check that cannot be made is a finding of its own, never an exception."""
    try:
        if case.config.get("mode") not in entry.modes:
            return not_checked(f"of no use in mode {case.config.get('mode')}")
        if entry.stored and case.broken:
            return not_checked("the database cannot be read")
        if entry.stored and entry.name != "database" and not _saved(case):
            return passed("nothing has been saved yet")
        return entry.check(case)
    except KiokuError as error:
        return failed(error.message, error.hint, **error.details)
    except OSError as error:
        return failed(f"{error.filename or case.store.directory}: {error.strerror}", "look at its permissions")


def _saved(case: Case) -> bool:
    return case.store.exists()
