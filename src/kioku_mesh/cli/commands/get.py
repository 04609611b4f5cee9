"""`get-memory`."""

from __future__ import annotations

import click

from ...clock import ago, to_iso
from ...errors import NotFound
from ...model import Observation
from ...results import Got
from ...service.memory import Memory
from ...service.packing import harmless
from .. import options, output
from ..opening import known, with_memory

_COMMIT_SHOWN = 12  # digits of a commit; git takes them for the whole


@click.command("get-memory")
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=known("id"))
@click.option("--history", is_flag=True, help="Also the chain of revisions, oldest first.")
@options.as_json
@with_memory
def get_memory(memory: Memory, ids: tuple[str, ...], history: bool, as_json: bool) -> int:
    """Every field of memories, by id (also: get, show).

    The first 8 or more digits of an id are enough.
    """
    got = memory.get(ids, history=history, prefixes=True)
    if got.missing and not got.results:
        raise NotFound(
            f"no such memory: {', '.join(got.missing)}", "kioku-mesh list shows the ids", missing=got.missing
        )
    output.show(got, as_json, text)
    if not as_json:
        output.notes(got.notes)
        for missing in got.missing:
            output.note(f"no such memory: {missing}")
    return NotFound.exit_status if got.missing else 0


def text(got: Got) -> str:
    shown = [whole(observation) for observation in got.results]
    if got.history:
        shown.append("history, oldest first:\n" + output.rows(map(revision, got.history)))
    return "\n\n".join(shown)


def revision(o: Observation) -> tuple[str, ...]:
    state = "purged" if o.purged else o.state
    return "  " + o.observation_id, to_iso(o.created_at), state, output.one_line(o.subject)


def whole(o: Observation) -> str:
    """All fields that say something, then the content."""
    table = output.rows((f"{name}:", output.one_line(value)) for name, value in fields(o) if value)
    content = harmless(o.content) if o.content else f"(the text was {'purged' if o.purged else 'erased'})"
    return f"{table}\n\n{output.indent(content)}"


def freshness(o: Observation) -> str:
    """What has become of the files: `changed: a.py; gone: b.py, c.py`."""
    told = [
        f"{state}: {', '.join(files)}"
        for state, files in (("changed", o.changed_files), ("gone", o.gone_files))
        if files
    ]
    return "; ".join(told) or o.freshness or ""


def fields(o: Observation) -> list[tuple[str, str]]:
    def derived(name: str, value: str) -> str:
        return f"{value} (derived)" if name in o.derived else value

    summary = o.summary if o.summary not in (o.subject, o.content) else ""
    return [
        ("id", o.observation_id),
        ("subject", derived("subject", o.subject)),
        ("summary", summary and derived("summary", summary)),
        ("state", "deleted, purged" if o.purged else o.state),
        ("deleted", f"{to_iso(o.deleted_at)} ({ago(o.deleted_at)})" if o.deleted_at is not None else ""),
        ("deleted by", o.deleted_by or ""),
        ("reason", o.deleted_reason or ""),
        ("type", o.memory_type),
        ("importance", str(o.importance)),
        ("project", o.project or ""),
        ("tags", ", ".join(o.tags)),
        ("files", ", ".join(o.source_files)),
        ("commit", (o.commit or "")[:_COMMIT_SHOWN]),
        ("freshness", freshness(o)),
        ("references", ", ".join(o.references)),
        ("supersedes", ", ".join(o.supersedes)),
        ("superseded by", ", ".join(o.superseded_by)),
        ("conflicts with", ", ".join(o.conflicts_with)),
        ("visibility", o.visibility),
        ("saved", f"{to_iso(o.created_at)} ({ago(o.created_at)})"),
        ("expires", f"{to_iso(o.expires_at)} ({ago(o.expires_at)})" if o.expires_at else ""),
        ("by", "/".join(filter(None, (o.agent_family, o.client_id)))),
        ("session", o.session_id or ""),
        ("on", o.pc_id + (f" ({o.host})" if o.host else "") + (", here" if o.origin_here else "")),
        ("where", o.stored.told() if o.stored else ""),
        ("stamp", o.stamp),
    ]
