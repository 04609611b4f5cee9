"""Checks of how this machine is set up: settings, environment, what older versions and broken-off work left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ..clock import HOUR
from ..options import EMBEDDER_KEY, OPTIONS
from ..store import backup, compare, repair
from ..store.connection import BIRTH, DATABASE, LOCK
from ..transfer import kioku_mesh_files
from .case import Case, failed, passed, warned
from .results import Check, plural

_PREFIX, _OLD_PREFIX = "KIOKU_MESH_", "MESH_MEM_"
_SUCCESSORS = {
    "BACKEND": "the setting `mode` (`kioku-mesh config get mode`)",
    "FORCE_REBUILD": "`kioku-mesh rebuild`",
    "SKIP_REBUILD": "`kioku-mesh rebuild`",
    "DISABLE_INDEX": "`kioku-mesh rebuild`",
    "INDEX_DB": "KIOKU_MESH_STATE_DIR",
    "LEGACY_WRITE_EMERGENCY": "KIOKU_MESH_DEFAULT_VISIBILITY",
    "LEGACY_READ_FALLBACK": "",
}
# What kioku-mesh up to 1.2 keeps in the same two folders.
_OLD_FILES = (
    "pc_id", "index.db", "local", "bin", "rocksdb", "zenoh", "zenohd", "mailbox", "messages", "pending", "spool", "tls",
    "config.yaml", "realign", "logs", "storage",
)  # fmt: skip
_TEMPORARY = (".tmp", ".part")
_OURS = (DATABASE, LOCK, BIRTH, backup.FOLDER, "run.db", "config.toml", compare.COPY, repair.SEED)


def settings(case: Case) -> Check:
    """Do the settings files parse, and can every value be used?"""
    config = case.config
    if config.problems:
        first = config.problems[0]
        return failed(first.message, first.hint, problems=[problem.message for problem in config.problems])
    needs = {"user": "user_id", "team": "team_id"}.get(config.get("default_visibility"))
    if needs and config.get(needs) is None:
        return failed(
            f"saves go to the visibility {config.get('default_visibility')}, but there is no {needs}, so they fail",
            f"give it one with `kioku-mesh config set {needs} NAME`",
            source=config.source("default_visibility"),
        )
    if config.notices:
        notice = config.notices[0]
        where = "in_project" if config.project_file and notice.message.startswith(config.project_file) else "in_config"
        valid = ", ".join(key for key, option in OPTIONS.items() if getattr(option, where))
        empty = f"write `project: NAME` into it, or remove it; what may stand there: {valid}"
        return warned(
            notice.message,
            empty if notice.code == "empty_file" else f"correct the name or remove it; what may stand there: {valid}",
            unknown=[notice.message for notice in config.notices],
        )
    files = [path for path in (config.file, config.project_file) if path and os.path.isfile(path)]
    return passed(f"{', '.join(files)} can be read" if files else "no settings file, every setting has its default")


def environment(case: Case) -> Check:
    """Are variables set that nothing reads: those of older versions, or mistyped ones?"""
    unread = {name: _successor(name) for name in sorted(case.config.environ) if _is_unread(name)}
    if not unread:
        return passed("no variable is set that nothing reads")
    first, more = next(iter(unread)), len(unread) - 1
    what = (
        f"variables {first} and {more} more are set and nothing reads them"
        if more
        else (f"variable {first} is set and nothing reads it")
    )
    steps = [f"unset {name}" + (f" and use {instead}" if instead else "") for name, instead in unread.items()]
    return warned(f"the {what}", "; ".join(steps), variables=unread)


def _is_unread(name: str) -> bool:
    return name.startswith((_PREFIX, _OLD_PREFIX)) and name not in _variables()


def _successor(name: str) -> str:
    """What to use in place of a variable that nothing reads; empty when nothing replaces it."""
    rest = name.removeprefix(_OLD_PREFIX).removeprefix(_PREFIX)
    if _PREFIX + rest in _variables():
        return _PREFIX + rest
    if rest in _SUCCESSORS:
        return _SUCCESSORS[rest]
    import difflib

    ends = [name.removeprefix(_PREFIX) for name in _variables()]
    return "".join(_PREFIX + near for near in difflib.get_close_matches(rest, ends, 1, 0.75))


def _variables() -> set[str]:
    return {option.environment for option in OPTIONS.values() if option.environment} | {EMBEDDER_KEY}


def leftovers(case: Case) -> Check:
    """Files of work that was broken off, and files of older versions, which stay as they are."""
    stale = [path for path in _listed(case) if path.endswith(_TEMPORARY) and _is_old(case, path)]
    old = [path for path in _listed(case) if os.path.basename(path).startswith(_OLD_FILES)]
    orphan = case.store.path + "-wal"
    if not os.path.exists(case.store.path) and os.path.exists(orphan):
        return failed(
            f"{orphan} is there, but the database that it belongs to is not",
            f"if you moved {DATABASE}, bring it back beside it; else run `kioku-mesh doctor --fix --check database`",
        )
    if stale:
        return warned(
            f"{plural(len(stale), 'file')} of work that was broken off",
            "remove them with `kioku-mesh doctor --fix`",
            stale=stale,
        )
    if old:
        said = f"{plural(len(old), 'file')} of an older kioku-mesh, left untouched and not read"
        readable = any(kioku_mesh_files.present(case.store.directory))
        return passed(
            said + ("; `kioku-mesh import --from kioku-mesh` reads its memories" if readable else ""), older=old
        )
    return passed("nothing is left behind")


def _listed(case: Case) -> Iterator[str]:
    folders = dict.fromkeys((case.store.directory, backup.folder(case.store), case.config.config_dir))
    for folder in folders:
        if os.path.isdir(folder):
            yield from (os.path.join(folder, name) for name in sorted(os.listdir(folder)))


def _is_old(case: Case, path: str) -> bool:
    name = os.path.basename(path)
    ours = name.startswith(_OURS) or os.path.dirname(path) == backup.folder(case.store)
    return ours and os.stat(path).st_mtime_ns // 1000 < case.now - HOUR


def remove_stale(case: Case) -> list[str]:
    """Remove our own temporary files that nothing has touched for an hour; says which."""
    done = []
    for path in [path for path in _listed(case) if path.endswith(_TEMPORARY) and _is_old(case, path)]:
        os.unlink(path)
        done.append(f"removed {path}")
    return done
