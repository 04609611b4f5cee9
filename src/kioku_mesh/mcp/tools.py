"""The tools as clients list them: names, descriptions, JSON schemas, annotations. Lean: models pay for each word.

No `required` in an output schema: an error of the same tool has other fields, and some clients hold both to the schema.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

# the words of model.py, whose import would delay the list; a test keeps them equal
MEMORY_TYPES = (
    "note", "decision", "bug", "pattern", "config", "summary",
    "fact", "preference", "context", "result", "instruction", "process",
)  # fmt: skip
VISIBILITIES = ("mesh", "user", "team", "local")
HIDDEN_STATES = ("superseded", "expired", "deleted")
MODES = ("auto", "and", "or", "and_or", "exact")

DEFAULT_TOKENS = 1500
TOKENS_MAX = 50_000

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
WHOLE: Schema = {"type": "integer"}
TEXTS: Schema = {"type": "array", "items": TEXT}


def _about(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def _one_of(values: tuple[str, ...]) -> Schema:
    return {"type": "string", "enum": values}


def _some_of(values: tuple[str, ...]) -> Schema:
    return {"type": "array", "items": _one_of(values)}


def _number(least: int, most: int, default: int | None = None) -> Schema:
    schema = {"type": "integer", "minimum": least, "maximum": most}
    return schema if default is None else {**schema, "default": default}


def _object(properties: dict[str, Schema], *required: str) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _reply(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _hints(*, reads: bool = False, destroys: bool = False) -> dict[str, bool]:
    return {"readOnlyHint": reads, "destructiveHint": destroys, "idempotentHint": True, "openWorldHint": False}


READS, WRITES, DESTROYS = _hints(reads=True), _hints(), _hints(destroys=True)


def _tool(
    name: str, description: str, takes: Schema, gives: Schema | None = None, hints: dict[str, bool] = READS
) -> dict[str, Any]:
    tool = {"name": name, "description": description, "inputSchema": takes, "annotations": hints}
    return tool if gives is None else {**tool, "outputSchema": gives}


_TOKENS = _number(100, TOKENS_MAX, DEFAULT_TOKENS)
_CURSOR = _about(TEXT, "from the last reply")
_WHEN = _about(TEXT, "ISO time or 7d, 12h")
_TYPE = _one_of(MEMORY_TYPES)
_TYPES = _some_of(MEMORY_TYPES)
_ROWS = {"type": "array", "items": {"type": "object"}}
_FIELDS = {
    "subject": TEXT,
    "summary": TEXT,
    "memory_type": _TYPE,
    "importance": _number(1, 5, 2),
    "project": _about(TEXT, "default: the current one"),
    "tags": TEXTS,
    "source_files": TEXTS,
    "references": _about(TEXTS, "issues, commits, URLs"),
}
_LIFE = {
    "visibility": _one_of(VISIBILITIES),
    "ttl_sec": _number(1, 3_000_000_000),
    "expires_at": _about(TEXT, "ISO time"),
}

DEFAULT = (
    _tool(
        "save_observation",
        "Remember something in memory for all future sessions: a decision and why, a bug's root cause, a convention, a "
        "preference.",
        _object({"content": TEXT, **_FIELDS, "supersedes": _about(TEXTS, "ids this replaces"), **_LIFE}, "content"),
        _reply(observation_id=TEXT, status=TEXT),
        WRITES,
    ),
    _tool(
        "search_memory",
        "Search memory for past decisions, bugs and notes: by meaning, words, names, paths or error texts. Without "
        "query: the newest.",
        _object(
            {
                "query": TEXT,
                "project": _about(TEXT, "only this one"),
                "memory_type": _TYPE,
                "tags": TEXTS,
                "source_files": TEXTS,
                "since": _WHEN,
                "until": _WHEN,
                "here_only": _about(FLAG, "saved on this machine"),
                "include": _some_of(HIDDEN_STATES),
                "mode": _one_of(MODES),
                "explain": FLAG,
                "why_not": _about(TEXT, "id that should be found"),
                "limit": _number(1, 100, 8),
                "max_tokens": _TOKENS,
                "cursor": _CURSOR,
            }
        ),
        _reply(results=_ROWS, count=WHOLE, more=FLAG, cursor=TEXT),
    ),
    _tool(
        "recall_context",
        "Recall from memory all that matters for a task, as one text: past decisions, rules, pitfalls. Call it before "
        "starting.",
        _object(
            {
                "task": TEXT,
                "project": _about(TEXT, "only this one"),
                "memory_types": _TYPES,
                "source_files": TEXTS,
                "references": TEXTS,
                "max_tokens": _TOKENS,
            },
            "task",
        ),
    ),
    _tool(
        "get_memory",
        "Read memories whole, by id: every field, and what replaced a past decision.",
        _object(
            {
                "observation_ids": {**TEXTS, "minItems": 1, "maxItems": 20},
                "max_tokens": _TOKENS,
                "cursor": _CURSOR,
            },
            "observation_ids",
        ),
        _reply(results=_ROWS, missing=TEXTS, cursor=TEXT),
    ),
    _tool(
        "delete_memory",
        "Forget a memory: hide what is wrong or no longer wanted. Can be undone for a while.",
        _object({"observation_id": TEXT, "reason": TEXT}, "observation_id"),
        hints=DESTROYS,
    ),
    _tool(
        "get_memory_status",
        "Status of the memory: what is remembered, where, for which project and as whom.",
        _object({}),
        _reply(version=TEXT, store=TEXT, counts={"type": "object"}),
    ),
)

_NAMESPACE = _about(TEXT, "a project")
_COUNT = _number(1, 100, 5)

ADDED = (
    _tool(
        "revise_memory",
        "Revise a memory: save a new version that replaces it and keeps every field not given.",
        _object({"observation_id": TEXT, "content": TEXT, **_FIELDS, **_LIFE}, "observation_id"),
        hints=WRITES,
    ),
    _tool("list_projects", "List the projects in memory, with how many memories each has.", _object({})),
    _tool(
        "restore_memory",
        "Restore a deleted memory.",
        _object({"observation_id": TEXT}, "observation_id"),
        hints=WRITES,
    ),
    _tool(
        "mesh_learn",
        "Remember something in memory.",
        _object({"content": TEXT, "memory_type": _TYPE, "tags": TEXTS, "namespace": _NAMESPACE}, "content"),
        hints=WRITES,
    ),
    _tool(
        "mesh_recall",
        "Recall memories that fit a query.",
        _object({"query": TEXT, "count": _COUNT, "namespace": _NAMESPACE}, "query"),
    ),
    _tool(
        "mesh_forget",
        "Forget a memory.",
        _object({"memory_id": TEXT, "reason": TEXT}, "memory_id"),
        hints=DESTROYS,
    ),
    _tool(
        "mesh_inspect",
        "List memories, newest first.",
        _object(
            {
                "namespace": _NAMESPACE,
                "memory_type": _TYPE,
                "tags": TEXTS,
                "agent_id": TEXT,
                "since": _WHEN,
                "until": _WHEN,
                "count": _number(1, 100, 20),
                "cursor": _CURSOR,
            }
        ),
    ),
    _tool(
        "mesh_context",
        "Recall memories that fit a query, as one text for a prompt.",
        _object({"query": TEXT, "count": _COUNT, "namespace": _NAMESPACE}, "query"),
    ),
)


def offered(profile: str, read_only: bool) -> tuple[dict[str, Any], ...]:
    """The tools of a profile ("default" or "full"); `read_only` leaves out what writes."""
    tools = DEFAULT + ADDED if profile == "full" else DEFAULT
    return tuple(tool for tool in tools if not read_only or tool["annotations"]["readOnlyHint"])
