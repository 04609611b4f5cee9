"""claude-mem: its database of what it observed in sessions, and of their summaries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..errors import BadInput
from . import databases, files
from .databases import Database
from .entries import Bad, Entry, Passed, Said, moment, text, texts

EXPECTED = "claude-mem.db, or the folder that has it (~/.claude-mem)"
TYPES = {
    "bugfix": "bug", "discovery": "fact", "feature": "result", "refactor": "result", "change": "result",
    "session summary": "summary",
}  # fmt: skip

_OBSERVATION = (
    "id", "memory_session_id", "project", "merged_into_project", "text", "type", "title", "subtitle", "facts",
    "narrative", "concepts", "files_read", "files_modified", "created_at_epoch",
)  # fmt: skip
_PARTS = ("request", "investigated", "learned", "completed", "next_steps", "notes")
_SUMMARY = (
    "id", "memory_session_id", "project", "merged_into_project", *_PARTS, "files_read", "files_edited",
    "created_at_epoch",
)  # fmt: skip
_OTHERS = {
    "user_prompts": "prompts, which are no memories",
    "tool_uses": "calls of tools, which are no memories",
    "pending_messages": "waiting for claude-mem to look at them",
}
Sessions = dict[str, tuple[str, str]]  # of each session of its own: that of the client, and who that is


def read(path: str, home: str) -> Iterator[Entry]:
    """Raises NotFound, and BadInput for another database."""
    del home
    file = files.inside(path, "claude-mem.db", expected=EXPECTED)
    with databases.opened(file, f"name {EXPECTED}") as db:
        if "sdk_sessions" not in db.tables or not {"memory_session_id", "type"} <= db.columns("observations"):
            raise files.foreign(file, "a database of claude-mem")
        sessions = _sessions(db)
        for row in db.rows("observations", _OBSERVATION):
            yield row if isinstance(row, Bad) else _observation(row, sessions)
        if "session_summaries" in db.tables:
            for row in db.rows("session_summaries", _SUMMARY):
                yield row if isinstance(row, Bad) else _summary(row, sessions)
        for table, why in _OTHERS.items():
            if number := db.count(table):
                yield Passed(why, number)


def _sessions(db: Database) -> Sessions:
    found: Sessions = {}
    for row in db.rows("sdk_sessions", ("memory_session_id", "content_session_id", "platform_source")):
        if not isinstance(row, Bad):
            found[text(row["memory_session_id"])] = text(row["content_session_id"]), text(row["platform_source"])
    return found


def _observation(row: dict[str, Any], sessions: Sessions) -> Entry:
    facts = [f"- {fact}" for fact in _listed(row["facts"])]
    body = [text(row["narrative"]) or text(row["text"]), "\n".join(facts)]
    touched = (*_listed(row["files_modified"]), *_listed(row["files_read"]))
    said = Said(
        str(row["id"]), _joined(body), title=text(row["title"]), summary=text(row["subtitle"]), type=text(row["type"]),
        tags=_listed(row["concepts"]), files=touched, single=True,
    )  # fmt: skip
    return _placed(said, row, sessions)


def _summary(row: dict[str, Any], sessions: Sessions) -> Entry:
    told = [(part.replace("_", " "), text(row[part]).strip()) for part in _PARTS]
    content = _joined([f"{name[:1].upper()}{name[1:]}: {what}" for name, what in told if what])
    touched = (*_listed(row["files_edited"]), *_listed(row["files_read"]))
    said = Said(f"summary {row['id']}", content, type="session summary", files=touched, single=True)
    return _placed(said, row, sessions)


def _placed(said: Said, row: dict[str, Any], sessions: Sessions) -> Entry:
    """With its session and project. The numbers of rows are counted anew in each database, so they belong to a session."""
    if not (said.content + said.title + said.summary).strip():
        return Bad(said.key, BadInput("it has no content"))
    own = text(row["memory_session_id"])
    session, agent = sessions.get(own, (own, ""))
    project = text(row["merged_into_project"]) or text(row["project"])
    created = moment(row["created_at_epoch"])
    return said._replace(within=session or own, project=project, session=session, agent=agent, created=created)


def _listed(value: Any) -> tuple[str, ...]:
    """A list of texts, which a database has as JSON."""
    try:
        return texts(json.loads(value)) if isinstance(value, str) and value else ()
    except (ValueError, RecursionError):
        return texts(value)


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part.strip() for part in parts if part.strip())
