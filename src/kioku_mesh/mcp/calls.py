"""Each tool as one call on the service: arguments in, answer out. Imported only when the first call comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import clock
from ..errors import BadInput
from ..model import Draft, Filter, Query
from ..service.memory import Memory
from . import render
from .render import Answer
from .rows import Room
from .tools import DEFAULT_TOKENS

CHARACTERS = 7_000  # several clients cut longer results in the middle
BRIEF_TOKENS = 600
INSPECT_COUNT = 20
MESH_COUNT = 5
SEARCH_LIMIT = 8

Arguments = Mapping[str, Any]


def call(memory: Memory, tool: str, arguments: Arguments) -> Answer:
    """Do it. `arguments` are checked against the schema of the tool. Raises KiokuError."""
    return TOOLS[tool](memory, arguments)


def save_observation(memory: Memory, given: Arguments) -> Answer:
    return render.saved(memory.save(_draft(given)))


def revise_memory(memory: Memory, given: Arguments) -> Answer:
    return render.saved(memory.revise(given["observation_id"], _draft(given)))


def search_memory(memory: Memory, given: Arguments) -> Answer:
    states = ("live", *given.get("include", ()))
    where = _filter(given)._replace(states=tuple(dict.fromkeys(states)), here=given.get("here_only", False))
    offset = _offset(given)
    query = Query(
        given.get("query", ""),
        where,
        given.get("mode", "auto"),
        given.get("limit", SEARCH_LIMIT),
        offset,
        given.get("explain", False),
        given.get("why_not"),
    )
    return render.found(memory.search(query), offset, _room(given))


def recall_context(memory: Memory, given: Arguments) -> Answer:
    where = Filter(
        project=given.get("project"),
        memory_types=given.get("memory_types", ()),
        source_files=given.get("source_files", ()),
        references=given.get("references", ()),
    )
    room = _room(given)
    answer = render.recalled(memory.recall(given["task"], where, room.tokens))
    if room.characters is not None and len(answer.text) > room.characters:
        fewer = room.tokens * room.characters // (len(answer.text) + 1) * 9 // 10
        answer = render.recalled(memory.recall(given["task"], where, fewer))
    return answer


def get_memory(memory: Memory, given: Arguments) -> Answer:
    first, _, start = given.get("cursor", "0").partition(":")
    got = memory.get(given["observation_ids"], prefixes=True)
    return render.got(got, _place(first, len(got.results)), _place(start or "0", None), _room(given))


def delete_memory(memory: Memory, given: Arguments) -> Answer:
    return render.deleted(memory.delete([given["observation_id"]], given.get("reason")))


def restore_memory(memory: Memory, given: Arguments) -> Answer:
    return render.restored(memory.restore(given["observation_id"]))


def get_memory_status(memory: Memory, _: Arguments) -> Answer:
    return render.status(memory.status())


def list_projects(memory: Memory, _: Arguments) -> Answer:
    return render.projects(memory.projects())


def mesh_learn(memory: Memory, given: Arguments) -> Answer:
    return render.saved(memory.save(_draft(given)._replace(project=given.get("namespace"))))


def mesh_recall(memory: Memory, given: Arguments) -> Answer:
    query = Query(given["query"], Filter(project=given.get("namespace")), limit=given.get("count", MESH_COUNT))
    return render.found(memory.search(query), 0, _room(given), cursor=False)


def mesh_context(memory: Memory, given: Arguments) -> Answer:
    return Answer(mesh_recall(memory, given).text)


def mesh_forget(memory: Memory, given: Arguments) -> Answer:
    return render.deleted(memory.delete([given["memory_id"]], given.get("reason")))


def mesh_inspect(memory: Memory, given: Arguments) -> Answer:
    where = _filter(given)._replace(project=given.get("namespace"), client_id=given.get("agent_id"))
    offset = _offset(given)
    found = memory.search(Query(where=where, limit=given.get("count", INSPECT_COUNT), offset=offset))
    return render.found(found, offset, _room(given))


def brief(memory: Memory) -> str:
    return render.recalled(memory.brief(budget=BRIEF_TOKENS)).text


def read(memory: Memory, observation_id: str) -> str:
    """One memory whole, as text. Raises NotFound, Ambiguous, BadInput."""
    got = memory.get([observation_id], prefixes=True)
    return render.got(got, 0, 0, Room(1 << 30, None)).text


TOOLS: dict[str, Callable[[Memory, Arguments], Answer]] = {
    function.__name__: function
    for function in (
        save_observation, search_memory, recall_context, get_memory, delete_memory, get_memory_status, revise_memory,
        list_projects, restore_memory, mesh_learn, mesh_recall, mesh_forget, mesh_inspect, mesh_context,
    )
}  # fmt: skip


def _draft(given: Arguments) -> Draft:
    fields = {name: given[name] for name in _DRAFT if name in given}
    return Draft(**{"content": "", **fields}, expires_at=_expiry(given))


_DRAFT = frozenset(Draft._fields) - {"expires_at", "allow_secret"}


def _expiry(given: Arguments) -> int | None:
    if "ttl_sec" in given and "expires_at" in given:
        raise BadInput("ttl_sec and expires_at are both given", "pass one of them")
    if "ttl_sec" in given:
        return clock.now() + int(given["ttl_sec"]) * clock.SECOND
    if "expires_at" not in given:
        return None
    return clock.parse_point(given["expires_at"], "how long from now, in seconds: ttl_sec", local=False)


def _filter(given: Arguments) -> Filter:
    return Filter(
        project=given.get("project"),
        memory_types=(given["memory_type"],) if "memory_type" in given else (),
        tags=given.get("tags", ()),
        source_files=given.get("source_files", ()),
        since=clock.parse_time(given["since"], local=False) if "since" in given else None,
        until=clock.parse_time(given["until"], local=False) if "until" in given else None,
    )


def _room(given: Arguments) -> Room:
    tokens = given.get("max_tokens", DEFAULT_TOKENS)
    return Room(tokens, CHARACTERS if tokens <= DEFAULT_TOKENS else None)


def _offset(given: Arguments) -> int:
    return _place(given.get("cursor", "0"), None)


def _place(text: str, end: int | None) -> int:
    """A number of a cursor. Raises BadInput for one that no reply of ours contained."""
    if not (text.isascii() and text.isdigit() and len(text) < 10) or (end is not None and int(text) >= max(end, 1)):
        raise BadInput(f"not a cursor: {text[:40]!r}", "pass the cursor of the last reply, or none to begin anew")
    return int(text)
