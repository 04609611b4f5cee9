"""engram for coding agents (Gentleman-Programming): what `engram export` wrote, or its database, which has the same fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..clock import now as read_clock
from ..errors import BadInput
from . import databases, files
from .entries import Bad, Entry, Passed, Said, moment, text

EXPECTED = "what `engram export` wrote (JSON with sessions and observations), or engram.db"
TYPES = {
    "architecture": "decision", "bugfix": "bug", "discovery": "fact", "learning": "fact", "session_summary": "summary",
}  # fmt: skip

_TABLES = {
    "sessions": ("id", "project", "started_at", "ended_at", "summary"),
    "observations": (
        "id", "sync_id", "session_id", "type", "title", "content", "project", "scope", "topic_key", "created_at",
        "updated_at", "deleted_at", "expires_at",
    ),
    "relations": ("source_id", "target_id", "relation", "judgment_status"),
    "prompts": ("id",),
}  # fmt: skip
_NAMED = {"relations": "memory_relations", "prompts": "user_prompts"}  # what the database calls them

Rows = dict[str, list[dict[str, Any]]]


def read(path: str, home: str) -> Iterator[Entry]:
    """Raises NotFound, and BadInput for a file of something else."""
    del home
    file = files.inside(path, "engram.db", "engram-export.json", expected=EXPECTED)
    rows: Rows = {}
    for name, found in _database(file) if files.is_database(file) else _export(file):
        if isinstance(found, Bad):
            yield found
        else:
            rows.setdefault(name, []).append(found)
    yield from _entries(rows)


def _database(file: str) -> Iterator[tuple[str, dict[str, Any] | Bad]]:
    with databases.opened(file, f"name {EXPECTED}") as db:
        if not {"session_id", "title", "content"} <= db.columns("observations") or "sdk_sessions" in db.tables:
            raise files.foreign(file, "a database of engram")
        for name, columns in _TABLES.items():
            table = _NAMED.get(name, name)
            if table in db.tables:
                yield from ((name, row) for row in db.rows(table, columns))


def _export(file: str) -> Iterator[tuple[str, dict[str, Any] | Bad]]:
    data = files.parsed(file, EXPECTED)
    if not isinstance(data, dict) or "sessions" not in data or "observations" not in data:
        raise files.foreign(file, EXPECTED)
    for name in _TABLES:
        listed = data.get(name)
        for number, item in enumerate(listed if isinstance(listed, list) else [], 1):
            bad = Bad(f"{name} {number}", BadInput("not a JSON object"))
            yield name, item if isinstance(item, dict) else bad


def _entries(rows: Rows) -> Iterator[Entry]:
    projects = {text(row.get("id")): text(row.get("project")) for row in rows.get("sessions", [])}
    said: dict[str, Said] = {}
    for row in rows.get("observations", []):
        entry = _observation(row, projects)
        if isinstance(entry, Said):
            said[entry.key] = entry
        else:
            yield entry
    yield from _related(said, rows.get("relations", []))
    told = {(each.session, each.content.strip()) for each in said.values()}
    for row in rows.get("sessions", []):
        own, summary = text(row.get("id")), text(row.get("summary"))
        if summary.strip() and (own, summary.strip()) not in told:
            created = moment(row.get("ended_at")) or moment(row.get("started_at"))
            yield Said(
                own, summary, "session", type="session_summary", project=text(row.get("project")), session=own,
                created=created, single=True,
            )  # fmt: skip
    if rows.get("prompts"):
        yield Passed("prompts, which are no memories", len(rows["prompts"]))


def _observation(row: dict[str, Any], projects: dict[str, str]) -> Entry:
    session, title, content = text(row.get("session_id")), text(row.get("title")), text(row.get("content"))
    number, shared = row.get("id"), text(row.get("sync_id"))
    if not (shared or isinstance(number, int)) or not (title + content).strip():
        return Bad(shared or f"observation {number}", BadInput("it has no id or no content"))
    if row.get("deleted_at"):
        return Passed("deleted there")
    expires = moment(row.get("expires_at"))
    if expires is not None and expires <= read_clock():
        return Passed("past their time")
    topic, scope = text(row.get("topic_key")), text(row.get("scope"))
    return Said(
        shared or str(number), content, "" if shared else session, title=title, type=text(row.get("type")),
        tags=(topic, *([scope] if scope == "personal" else [])), project=text(row.get("project")) or projects.get(session),
        session=session, created=moment(row.get("created_at")), changed=moment(row.get("updated_at")), expires=expires,
        single=True,
    )  # fmt: skip


def _related(said: dict[str, Said], relations: Iterable[dict[str, Any]]) -> Iterator[Said]:
    """With what they supersede, which comes first."""
    before: dict[str, list[Said]] = {}
    for row in relations:
        newer, older = text(row.get("source_id")), text(row.get("target_id"))
        judged = row.get("relation") == "supersedes" and row.get("judgment_status") == "judged"
        if judged and newer in said and older in said and newer != older:
            before.setdefault(newer, []).append(said[older])
    for key, each in sorted(said.items(), key=lambda pair: (pair[0] in before, pair[1].created or 0)):
        yield each._replace(replaces=tuple(before.get(key, ())))
