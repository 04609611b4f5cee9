"""Records of kioku-mesh up to 1.2, as lines of our import format. Pure: nothing is read or written here.

What it keeps is JSON under keys that say whose it is (`KINDS` and `place`); `docs/migration.md` describes both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import ids, wire
from ..clock import DAY, parse_time, to_iso
from ..errors import BadInput
from ..model import MEMORY_TYPES
from ..service.checking import ENTRY_MAX, LABEL_MAX, LIST_MAX, REASON_MAX, SUBJECT_MAX, SUMMARY_MAX
from ..text.derive import is_placeholder
from ..values import NamedTuple

KINDS = ("tomb", "obs")  # in this order, so that a deletion is never read without having been looked for first
STEMS = tuple(f"mem/**/{kind}/*/*/*/*" for kind in KINDS)
UNTIERED = ""  # the scope of what was written before there were visibilities
OURS = frozenset(("log", "vv", "sync", "alive"))  # second chunk of our own keys

_LABELS = ("agent_family", "client_id", "pc_id", "session_id")  # as they follow each other in a key
_LISTS = ("tags", "source_files", "references")
_FIELDS = frozenset((
    "content", *_LABELS, "project", *_LISTS, "observation_id", "created_at", "memory_type", "importance", "subject",
    "summary", "supersedes", "visibility", "scope_id", "expires_at", "reason", "deleted_at", "_raw_memory_type",
))  # fmt: skip
_PROJECT_MAX = 200
RETENTION = 30 * DAY  # how long the old store kept what was deleted


class Place(NamedTuple):
    """What a key says. `scope` is as we name it, or UNTIERED."""

    scope: str
    deletes: bool
    labels: dict[str, str]
    id: str


class Item(NamedTuple):
    """One record of the old store. `when`: microseconds; `line`: of an observation; None for a deletion."""

    key: str
    id: str
    scope: str
    when: int
    line: dict[str, Any] | None
    names: tuple[str, ...] = ()
    reason: str = ""
    adjusted: tuple[str, ...] = ()
    foreign: frozenset[str] = frozenset()


def is_ours(key: str) -> bool:
    """Whether a key below `mem/` is one of our own mesh, which may share a zenohd with the old one."""
    chunks = key.split("/", 2)
    return len(chunks) > 1 and chunks[1] in OURS


def place(key: str) -> Place:
    """What a key of the old store says. Raises BadInput for a key that has none of its shapes."""
    chunks = key.split("/")
    tiers = {"user": 3, "team": 3, "mesh": 2}
    at = tiers.get(chunks[1], 1) if len(chunks) > 1 else 0
    fits = chunks[0] == "mem" and len(chunks) == at + 6 and chunks[at] in KINDS and ids.is_id(chunks[-1])
    if not fits or not at:
        raise BadInput("not a key of a memory or of its deletion")
    scope = UNTIERED if at == 1 else _scope(*chunks[1:at])
    return Place(scope, chunks[at] == "tomb", dict(zip(_LABELS, chunks[at + 1 : -1], strict=True)), chunks[-1])


def _scope(tier: str, name: str = "") -> str:
    """Our name of a visibility. Names of people and teams have no capitals here."""
    scope = f"{tier}/{name.lower()}" if name else tier
    if tier == "local" or not wire.is_scope(scope):
        raise BadInput(f"not a visibility: {scope[:40]!r}")
    return scope


def parse(key: str, payload: bytes | None, time: int | None) -> Item:
    """The record that stood under `key` and was written at `time`. Raises BadInput with what is wrong with it."""
    if payload is None:
        raise BadInput("too large")
    return _item(key, place(key), _object(payload), time)


def loose(key: str, deletes: bool, payload: bytes, time: int | None) -> Item:
    """The same for a record that was kept without its key: `key` only says where it was found."""
    said = _object(payload)
    tier, name = said.get("visibility") or "", said.get("scope_id") or ""
    if not (isinstance(tier, str) and isinstance(name, str)):
        raise BadInput("visibility is not a text")
    scope = _scope(tier, name if tier in ("user", "team") else "") if tier else UNTIERED
    own = said.get("observation_id")
    if not (isinstance(own, str) and ids.is_id(own)):
        raise BadInput("it has no id")
    return _item(key, Place(scope, deletes, {}, own), said, time)


def deletion(key: str, own: str, deleted_at: str) -> Item:
    """A deletion of which only the time is left."""
    if not ids.is_id(own):
        raise BadInput("it has no id")
    return _item(key, Place(UNTIERED, True, {}, own), {"deleted_at": deleted_at}, None)


def _object(payload: bytes) -> dict[str, Any]:
    try:
        said = json.loads(payload.decode())
    except (ValueError, RecursionError):
        raise BadInput("not JSON in UTF-8") from None
    if not isinstance(said, dict):
        raise BadInput("not a JSON object")
    return said


def _item(key: str, where: Place, said: dict[str, Any], time: int | None) -> Item:
    if said.get("observation_id", where.id) != where.id:
        raise BadInput("the id inside is another one than that of its key")
    when = _time(said.get("deleted_at" if where.deletes else "created_at"))
    when = time if when is None else when
    if when is None:
        raise BadInput("it does not say when it was written")
    foreign = frozenset(name for name in said if name not in _FIELDS)
    if where.deletes:
        return Item(key, where.id, where.scope, when, None, (where.id,), _reason(said.get("reason")), (), foreign)
    return _observation(Item(key, where.id, where.scope, when, {}, foreign=foreign), where, said)


def _observation(bare: Item, where: Place, said: dict[str, Any]) -> Item:
    if not isinstance(said.get("content"), str):
        raise BadInput("it has no content")
    fields = _Fields(said)
    line: dict[str, Any] = {"observation_id": where.id, "content": said["content"]}
    subject, project = fields.line("subject", SUBJECT_MAX), fields.line("project", _PROJECT_MAX)
    line |= {"subject": subject, "summary": fields.summary(), "project": project}
    line |= {name: fields.entries(name) for name in _LISTS}
    line |= {name: fields.label(name) or where.labels.get(name) for name in _LABELS}
    line |= {"memory_type": fields.memory_type(), "importance": fields.importance()}
    line["expires_at"] = fields.expiry()
    names = fields.names(where.id)
    return bare._replace(line=line, names=names, adjusted=tuple(fields.adjusted))


class _Fields:
    """The fields of an observation as we can keep them; `adjusted` names those that had to be changed for it.

    What has a wrong type is passed on as it is: the import says so.
    """

    def __init__(self, said: dict[str, Any]) -> None:
        self._said = said
        self.adjusted: list[str] = []

    def line(self, name: str, limit: int) -> Any:
        """One line; what only fills the field is nothing."""
        value = self._said.get(name)
        if not isinstance(value, str):
            return value
        text = " ".join(value.split())
        return None if is_placeholder(text) else self._cut(name, text, limit)

    def summary(self) -> Any:
        value = self._said.get("summary")
        if not isinstance(value, str):
            return value
        subject = self._said.get("subject")
        if is_placeholder(value):  # a subject that is too long is kept here
            value = subject if isinstance(subject, str) and len(subject) > SUBJECT_MAX else ""
        return self._cut("summary", value.strip(), SUMMARY_MAX) or None

    def entries(self, name: str) -> Any:
        values = self._said.get(name)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            return values
        texts = [" ".join(value.split()) for value in values]
        kept = [self._cut(name, text, ENTRY_MAX) for text in texts if not is_placeholder(text)]
        kept = list(dict.fromkeys(kept))
        if len(kept) > LIST_MAX:
            self.adjusted.append(name)
        return kept[:LIST_MAX]

    def label(self, name: str) -> Any:
        value = self._said.get(name)
        return self._cut(name, value, LABEL_MAX) if isinstance(value, str) else value

    def memory_type(self) -> Any:
        value = self._said.get("memory_type")
        if not isinstance(value, str) or value in MEMORY_TYPES or not value:
            return value or None
        self.adjusted.append("memory_type")
        return None

    def importance(self) -> Any:
        value = self._said.get("importance")
        return min(max(value, 1), 5) if type(value) is int else value

    def expiry(self) -> str | None:
        value = self._said.get("expires_at")
        if value and _time(value) is None:
            self.adjusted.append("expires_at")
            return None
        return value or None

    def names(self, own: str) -> tuple[str, ...]:
        """What it supersedes; other texts than ids, and itself, had no effect."""
        values = self._said.get("supersedes") or []
        if not isinstance(values, list):
            raise BadInput("supersedes is not a list")
        names = [name for name in values if isinstance(name, str) and ids.is_id(name) and name != own]
        if len(names) < len(values):
            self.adjusted.append("supersedes")
        return tuple(dict.fromkeys(names))

    def _cut(self, name: str, text: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        self.adjusted.append(name)
        return text[: limit - 1] + "…"


def _reason(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    return text if len(text) <= REASON_MAX else text[: REASON_MAX - 1] + "…"


def _time(value: Any) -> int | None:
    """None for what is no point in time."""
    if not isinstance(value, str) or "-" not in value:
        return None
    try:
        return parse_time(value, local=False)
    except BadInput:
        return None


Named = tuple[str, str]  # scope and id


def lines(items: Iterable[Item]) -> list[tuple[str, dict[str, Any]]]:
    """What the import takes in for these records, each with its key. The same records give the same lines in any order.

    A deletion holds in its own visibility and wherever its memory was found: it hid by the id alone.
    """
    kept = _once(items)
    observations: dict[Named, list[Item]] = {}
    for each in kept:
        if each.line is not None:
            observations.setdefault((each.scope, each.id), []).append(each)
    stamps = _stamps(observations)
    scopes: dict[str, set[str]] = {}
    for scope, own in observations:
        scopes.setdefault(own, set()).add(scope)
    found = [(each.key, _observation_line(each, stamps[each.scope, each.id])) for each in kept if each.line is not None]
    deletions: dict[Named, tuple[str, dict[str, Any]]] = {}
    for each in kept:
        if each.line is None:
            for scope in sorted({each.scope} | scopes.get(each.id, set())):
                line = _deletion_line(each, scope, max(each.when, stamps.get((scope, each.id), 0) + 1))
                deletions.setdefault((scope, each.id), (each.key, line))
    return sorted((*found, *deletions.values()), key=lambda pair: (int(pair[1]["stamp"]), pair[0]))


def _once(items: Iterable[Item]) -> list[Item]:
    """The records, each once: a store that was migrated half-way has some under two keys."""
    kept: dict[tuple[Any, ...], Item] = {}
    for each in sorted(items, key=lambda each: (not each.reason, each.when, each.key)):
        content = None if each.line is None else each.line["content"]
        kept.setdefault((each.scope, each.id, each.line is None, content), each)
    return list(kept.values())


def _stamps(observations: Mapping[Named, Sequence[Item]]) -> dict[Named, int]:
    """When each was saved, but later than what it supersedes, whatever the clocks of its time said.

    In a ring the newest wins.
    """
    stamps: dict[Named, int] = {}
    begun: set[Named] = set()
    for start in sorted(observations, key=lambda named: (observations[named][0].when, named), reverse=True):
        stack = [(start, False)]
        while stack:
            named, ready = stack.pop()
            before = {(named[0], name) for each in observations[named] for name in each.names} & observations.keys()
            if ready:
                own = max(each.when for each in observations[named])
                stamps[named] = max([own, *(stamps[other] + 1 for other in before if other in stamps)])
            elif named not in begun:
                begun.add(named)
                stack.append((named, True))
                stack.extend((other, False) for other in sorted(before - begun))
    return stamps


def _observation_line(each: Item, stamp: int) -> dict[str, Any]:
    assert each.line is not None
    line = {**each.line, "supersedes": list(each.names), "visibility": each.scope}
    line |= {"created_at": to_iso(each.when), "stamp": str(stamp)}
    return {name: value for name, value in line.items() if value is not None}


def _deletion_line(each: Item, scope: str, stamp: int) -> dict[str, Any]:
    """Its id is made of what it deletes, so that every machine makes the same."""
    own = hashlib.sha256(f"kioku-mesh 1.2 deletion\0{scope}\0{each.id}".encode()).hexdigest()[: ids.ID_LENGTH]
    line = {"kind": wire.TOMBSTONE, "id": own, "names": [each.id], "visibility": scope, "stamp": str(stamp)}
    line["until"] = to_iso(each.when + RETENTION)
    return line | ({"reason": each.reason} if each.reason else {})
