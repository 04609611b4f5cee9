"""Checks of the store itself: is it whole, is what is shown what the log says, is there a backup?"""

from __future__ import annotations

from ..clock import DAY, MINUTE, SECOND, ago, to_iso
from ..errors import KiokuError, StoreError
from ..store import backup, compare, inspect, repair
from ..store.meaning import Fault
from .case import Case, failed, passed, warned
from .results import Check, plural

_FIX = "mend it with `kioku-mesh doctor --fix`"
_REINSTALL = "install kioku-mesh again, as it is on PyPI: the table and the package sqlite-vec come with it"
_MANY_BIRTHS = 5  # a day
_AHEAD = 5 * MINUTE  # stamps further in the future are not the usual drift of clocks
_BACKUP_AGE = 14 * DAY
_BACKUP_DUE = 2 * DAY  # of a store that has none yet


def versions(case: Case) -> Check:
    """Can this release write the file, and does its SQLite keep what it acknowledges?"""
    library = inspect.sqlite_version()
    shown = ".".join(map(str, library))
    found, known = inspect.schema_versions(case.store)
    if inspect.can_lose_commits(library):
        return warned(
            f"SQLite {shown} can lose commits when several programs write at once",
            "reinstall kioku-mesh so that the package apsw comes in version 3.51.3 or newer",
            sqlite=shown,
        )
    older = f", written as {found}, upgraded by the next save" if found < known else ""
    return passed(f"schema {known}{older}, SQLite {shown}", sqlite=shown, schema=found)


def lock(case: Case) -> Check:
    """Does somebody hold the write lock for ever?"""
    with case.store.locked():
        return passed("nobody keeps the write lock")


def database(case: Case) -> Check:
    """Is every page and every record whole, and nothing of what was acknowledged gone?"""
    try:
        if not case.store.exists():
            return passed("nothing has been saved yet")
        pages = inspect.damaged_pages(case.store, case.deep)
        looked, records = inspect.damaged_records(case.store, case.deep)
        missing = inspect.missing(case.store)
    except KiokuError as error:
        case.broken = error.message
        return failed(error.message, _FIX if type(error) is StoreError else error.hint, **error.details)
    if pages or records:
        return failed(f"{case.store.path} is damaged: {(pages + records)[0]}", _FIX, pages=pages, records=records)
    if missing.records:
        return failed(f"{plural(missing.records, 'record')} of this machine is gone from the log", _FIX)
    if missing.behind:
        return warned(
            f"the database is older than the last save: {plural(missing.behind, 'acknowledged record')} are not in it",
            "if an old file was copied over it, bring the newer one back; else save once and this is settled",
            behind=missing.behind,
        )
    return passed(f"whole: {plural(looked, 'record')} and every page looked at", records=looked)


def mend_database(case: Case) -> list[str]:
    """Mend the store; says what was done and what is missing."""
    done = repair.mend(case.store)
    case.broken = ""
    said = [f"{done.how}: {plural(done.records, 'record')} in the store"]
    if done.backup:
        said.append(f"put back the backup of {to_iso(done.backup.created_at)}: {plural(done.backup.records, 'record')}")
    if done.saved:
        said.append(f"took over {plural(done.saved, 'record')} from what was there")
    if done.kept:
        said.append(f"kept the damaged file as {done.kept}")
    if done.lost:
        said.append(f"missing: {plural(done.lost, 'record')} that had been acknowledged")
    return said


def projections(case: Case) -> Check:
    """Is what readers see what the log says?"""
    untrue = inspect.untrue_projections(case.store)
    if not untrue and case.deep:
        untrue = compare.differences(case.store)
    if untrue:
        return failed(f"what is shown differs from the log: {untrue[0]}", _FIX, differences=untrue)
    return passed("what is shown is what the log says" + ("" if case.deep else " (a sample)"))


def rebuild(case: Case) -> list[str]:
    """Make everything derived anew; says from how many records."""
    return [f"rebuilt from {plural(repair.rebuild_derived(case.store).records, 'record')}"]


def meaning(case: Case) -> Check:
    """Is the table of meanings what was shipped, and has every memory its vector?"""
    model = case.store.model()
    try:
        model.check()
        if case.deep:
            model.verify()
    except Fault as problem:
        return warned(f"memories are found by their words alone: {problem}", _REINSTALL, path=model.path)
    with case.store.read() as snapshot:
        waiting = snapshot.understood().waiting
    if waiting:
        return passed(f"found by meaning, but for {plural(waiting, 'memory')} without a vector yet", waiting=waiting)
    return passed("every memory is found by its meaning")


def unread(case: Case) -> Check:
    """Is something kept that this release cannot show?"""
    found = inspect.unread(case.store)
    details = {"bodies": found.bodies, "kinds": found.kinds, "lost": found.lost}
    if found.bodies or found.kinds:
        count = found.bodies + sum(found.kinds.values())
        hint = "update kioku-mesh: they are kept, and shown by a release that knows them"
        return warned(f"{plural(count, 'record')} cannot be read by this release", hint, **details)
    if found.lost:
        hint = "put a backup that has them back with `kioku-mesh restore-backup FILE`"
        return warned(f"the text of {plural(found.lost, 'memory')} is lost", hint, **details)
    return passed("every memory can be read")


def clock(case: Case) -> Check:
    """Was something saved in the future, here or on another machine?"""
    ahead = inspect.future_stamps(case.store, case.now + _AHEAD)
    if not ahead:
        return passed("no memory is from the future")
    node = inspect.node_of(case.store)
    machines = {origin.rpartition(".")[0]: newest for origin, _, newest in reversed(ahead)}
    name, newest = next(reversed(machines.items()))
    count = sum(number for _, number, _ in ahead)
    details = {"memories": count, "machines": {machine: to_iso(at) for machine, at in machines.items()}}
    where = "this machine" if name == node else f"the machine {name}"
    since = to_iso((case.now + _AHEAD) // SECOND * SECOND)
    return warned(
        f"{plural(count, 'memory')} from the future, saved or imported on {where}, the newest at {to_iso(newest)}",
        f"if the clock of {where} is wrong, set it; if it is right, they were imported or saved with a wrong time: "
        f"`kioku-mesh list --since {since}` shows them, delete them and save anew what is true. Until then they are listed "
        "first, and nothing is lost",
        **details,
    )


def incarnations(case: Case) -> Check:
    """Does the store believe again and again that it was copied?"""
    reasons = inspect.births(case.store, case.now - DAY)
    if len(reasons) <= _MANY_BIRTHS:
        return passed(f"{plural(len(reasons), 'new incarnation')} in a day", reasons=reasons)
    often = max(sorted(set(reasons)), key=reasons.count)
    return warned(
        f"the store began {len(reasons)} new incarnations in a day, mostly because {often}",
        "its file system seems to renumber files: move it to a local disk with KIOKU_MESH_STATE_DIR",
        reasons=reasons,
    )


def backups(case: Case) -> Check:
    """Is there a backup that is whole and not too old?"""
    if not case.config.get("backup.keep"):
        return passed("automatic backups are turned off by the setting backup.keep")
    found = backup.managed(case.store)
    if not found:
        _, first, _ = inspect.extent(case.store)
        if case.now - first < _BACKUP_DUE:
            return passed("none yet: the store is new")
        return warned("there is no backup", "make one with `kioku-mesh backup`")
    newest = found[0]
    age = ago(newest.created_at, case.now)
    if case.deep:
        backup.verify(newest.path)
    details = {"path": newest.path, "records": newest.records, "made": to_iso(newest.created_at), "count": len(found)}
    if case.now - newest.created_at > _BACKUP_AGE:
        return warned(f"the newest backup was made {age}", "make one with `kioku-mesh backup`", **details)
    return passed(f"the newest was made {age}" + (", and is whole" if case.deep else ""), **details)


def make_backup(case: Case) -> list[str]:
    """Make a backup."""
    made = backup.make_automatic(case.store, case.config.get("backup.keep"))
    return [f"made {made.path}", *(f"removed {path}" for path in made.removed)]
