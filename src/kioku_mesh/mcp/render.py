"""The answer to each kind of call: text, and structured content where the answer is more than prose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import clock
from ..model import Found, Notice, Saved, as_plain
from ..results import Deleted, Got, Project, Recalled, Resident, Restored, Status
from ..service.packing import harmless
from ..values import NamedTuple
from . import rows
from .rows import Around, Room, lean

NAMES_MAX = 10  # of one dimension of the status, the most frequent first


class Answer(NamedTuple):
    """`data` is the structured content, None for prose."""

    text: str
    data: dict[str, Any] | None = None


def saved(result: Saved) -> Answer:
    project = f", project={result.project}" if result.project else ""
    lines = [f"{result.status.replace('_', ' ')}: {result.observation_id} (visibility={result.visibility}{project})"]
    lines.append(f"subject: {result.subject}")
    lines += filter(None, [result.stored.told()])
    lines += [f"warning: {warning.message}" for warning in result.warnings]
    for other in result.similar:
        relation = other.relation.replace("_", " ")
        when = clock.ago(other.created_at)
        lines.append(f"similar ({relation}, {when}): {other.observation_id} {other.subject}")
    if result.similar:
        lines.append("If the new one replaces one of them, delete that one or save with supersedes.")
    data = as_plain(result)
    if not result.stored.mesh:
        data["stored"] = {"here": result.stored.here}
    return _answer(lines, data)


def found(result: Found, offset: int, room: Room, cursor: bool = True) -> Answer:
    """A page of results. `offset` is the number of those before it."""
    hits = result.results
    fields = [rows.short(hit.observation) | _why(hit.why, hit.explain) for hit in hits]

    def frame(shown: int, end: int | None) -> Around:
        more = end is not None or result.more or shown < len(hits)
        about: dict[str, Any] = {"count": shown, "more": more}
        if result.verdict:
            about["verdict"] = result.verdict
        lines = []
        if more and cursor and (shown or not hits):
            about["cursor"] = str(offset + shown)
            lines.append(f'more: the same search with cursor="{about["cursor"]}"')
        if end is not None:
            lines.append("the text is cut: get_memory reads it whole")
        if not hits:
            about["looked_in"] = as_plain(result.looked_in)
            lines.append(f"nothing found (looked in {_places(result.looked_in)})")
        return _with_notes(about, lines, result.notes, result.why_not)

    return Answer(*rows.page([hit.observation for hit in hits], fields, frame, room))


def got(result: Got, first: int, start: int, room: Room) -> Answer:
    """Memories from number `first` on, that one from character `start` on."""
    wanted = result.results[first:]
    fields = [rows.full(each) for each in wanted]

    def frame(shown: int, end: int | None) -> Around:
        about: dict[str, Any] = {"missing": list(result.missing)} if result.missing else {}
        lines = [f"no such memory: {', '.join(result.missing)}"] if result.missing else []
        if end is not None:
            about["cursor"] = f"{first + shown - 1}:{end}"
        elif 0 < shown < len(wanted):
            about["cursor"] = str(first + shown)
        if "cursor" in about:
            lines.append(f'more: the same call with cursor="{about["cursor"]}"')
        return _with_notes(about, lines, result.notes)

    return Answer(*rows.page(wanted, fields, frame, room, start))


def recalled(result: Recalled) -> Answer:
    return Answer(result.text or "nothing found")


def deleted(result: Deleted) -> Answer:
    lines = [f"deleted: {each}" for each in result.deleted]
    lines += [f"already deleted: {each}" for each in result.already_deleted]
    lines += [f"live again, as what replaced it is gone: {each}" for each in result.live_again]
    if result.erased_after is not None:
        lines.append(f"can be restored until {clock.to_iso(result.erased_after)[:10]}")
    data = as_plain(result)
    return _answer(lines, {k: data[k] for k in ("deleted", "already_deleted", "live_again", "erased_after")})


def restored(result: Restored) -> Answer:
    how = {"undone": "restored", "saved_again": "saved again as", "already_live": "already live"}
    return _answer([f"{how.get(result.how, result.how)}: {result.observation_id} {result.subject}"], as_plain(result))


def projects(result: Sequence[Project]) -> Answer:
    lines = []
    for each in result:
        also = f", also called {', '.join(each.aliases)}" if each.aliases else ""
        when = f", last saved {clock.ago(each.last_saved)}" if each.last_saved is not None else ""
        lines.append(f"{each.name}: {each.live} live of {each.total}{also}{when}")
    return _answer(lines or ["no projects yet"], {"projects": as_plain(tuple(result))})


def status(result: Status) -> Answer:
    """The values without where each comes from, and of every count the most frequent names."""
    values = {
        "identity": {name: entry["value"] for name, entry in result.identity.items()},
        "settings": {name: entry["value"] for name, entry in result.settings.items() if name != "mode"},
        "counts": {name: _top(names) for name, names in result.counts.items()},
    }
    data = lean(as_plain(result) | values)
    if not result.stored.mesh:
        data.pop("stored")
    lines = [f"kioku-mesh {result.version}, mode {result.mode}, store {result.store}: {result.state_dir}"]
    if result.mesh:
        data["mesh"] = lean(as_plain(result.mesh._replace(peers=result.mesh.peers[:NAMES_MAX])))
        lines.append(f"mesh: {result.mesh.summary}; admission {result.mesh.admission}")
    shown = {"you": data.get("identity"), "settings": data.get("settings"), **data.get("counts", {})}
    lines += [f"{name}: {_pairs(pairs)}" for name, pairs in shown.items() if pairs]
    if result.meaning.waiting or result.meaning.fault:
        lines.append(f"found by meaning: {result.meaning.fault or f'all but {result.meaning.waiting}'}")
    if result.meaning.embedder:
        found = result.meaning.embedder
        lines.append(f"embedder {found.name}: {found.made} of {found.of} memories; {found.fault or 'no error'}")
    lines.append(f"saved in this session: {result.session_saves}; {result.bytes} bytes")
    if result.mode != "local":
        lines.append(f"resident process: {_resident(result.serve)}")
    lines += [f"note: {note.message}" for note in result.notes]
    return _answer(lines, data)


def _resident(found: Resident | None) -> str:
    how = "runs" if found and found.running else "does not run"
    return f"{how}; {found.error}" if found and found.error else how


def _answer(lines: Sequence[str], data: dict[str, Any]) -> Answer:
    return Answer(harmless("\n".join(lines)), lean(data))


def _with_notes(about: dict[str, Any], lines: list[str], notes: Sequence[Notice], why_not: str | None = None) -> Around:
    if why_not:
        about["why_not"] = harmless(why_not)
        lines.append(f"why not: {about['why_not']}")
    if notes:
        about["notes"] = [harmless(note.message) for note in notes]
        lines += [f"note: {note}" for note in about["notes"]]
    return Around(about, lines)


def _why(why: str, explain: dict[str, Any] | None) -> dict[str, Any]:
    """Only where it was asked for: models do not need it to use a result."""
    return {} if explain is None else lean({"why": why, "explain": as_plain(explain)})


def _places(looked_in: dict[str, Any]) -> str:
    return "; ".join(
        f"{name}: {', '.join(map(str, value)) if isinstance(value, (list, tuple)) else value}"
        for name, value in looked_in.items()
        if value
    )


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _top(names: dict[str, int]) -> dict[str, int]:
    ranked = sorted(names.items(), key=lambda item: -item[1])
    rest = sum(count for _, count in ranked[NAMES_MAX:])
    return dict(ranked[:NAMES_MAX]) | ({"(others)": rest} if rest else {})
