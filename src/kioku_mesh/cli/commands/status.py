"""`status`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from ...clock import ago
from ...results import Chosen, Meaning, MeshStatus, Resident, Status, Week
from ...service.memory import Memory
from .. import options, output
from ..opening import with_memory

NAMES_SHOWN = 10
_ONE = {"searches": "search"}
STORES = {"ok": "", "empty": "nothing saved yet", "read_only": "read only"}


@click.command()
@options.as_json
@with_memory
def status(memory: Memory, as_json: bool) -> None:
    """What is here, where, and who you are."""
    shown = memory.status()
    output.show(shown, as_json, text)
    if not as_json:
        output.notes(shown.notes)


def text(status: Status) -> str:
    state = STORES[status.store]
    head = [
        ("version", status.version),
        ("mode", f"{status.mode}, engine {status.mesh.engine}" if status.mesh else status.mode),
        *shared(status.mesh),
        ("memories in", status.state_dir + (f" ({state})" if state else "")),
        ("settings in", status.config_dir),
        ("size", f"{status.bytes:,} bytes"),
        ("found by meaning", meant(status.meaning)),
        *chosen(status.meaning.embedder),
        ("this session", output.plural(status.session_saves, "save")),
        *((f"this week, {output.one_line(week.client)}", used(week)) for week in status.usage),
    ]
    if status.serve or status.mode != "local":
        head.append(("resident process", resident(status.serve)))
    counts = [(dimension, counted(names)) for dimension, names in status.counts.items() if names]
    return "\n\n".join((
        output.rows(head),
        titled("memories", counts),
        titled("who you are", sourced(status.identity)),
        titled("settings", sourced(status.settings)),
    ))  # fmt: skip


def meant(found: Meaning) -> str:
    if found.fault:
        return f"no: {output.one_line(found.fault)}"
    return f"all but {found.waiting:,}{' or more' if found.many else ''}" if found.waiting else "all"


def chosen(found: Chosen | None) -> list[tuple[str, str]]:
    """What a machine tells beside on which another embedder was chosen."""
    if found is None:
        return []
    name = f"{found.name}, {found.model}" if found.model else found.name
    told = [f"{found.made:,} of {output.plural(found.of, 'memory', 'memories')}"]
    told += [] if found.used else ["searches go without it yet"]
    told += [f"last error: {found.fault}"] if found.fault else []
    return [("embedder", output.one_line(f"{name}: {'; '.join(told)}"))]


def used(week: Week) -> str:
    """`2 sessions, 5 recalls, 12 shown`: what there was at all."""
    told = ((name, count) for name, count in week.counts.items() if count)
    return ", ".join(output.plural(count, _ONE.get(name, name.removesuffix("s")), name) for name, count in told)


def resident(found: Resident | None) -> str:
    if found is None:
        return "does not run"
    error = f"; error: {output.one_line(found.error)}" if found.error else ""
    if not found.running:
        last = f", last sign of life {ago(found.last_seen)}" if found.last_seen else ""
        return f"does not run{last}{error}"
    return f"runs since {ago(found.since)} (version {found.version}, process {found.pid}){error}"


def shared(mesh: MeshStatus | None) -> list[tuple[str, str]]:
    """What a machine that shares tells beside."""
    if mesh is None:
        return []
    machines = [
        f"{peer.node}{'' if peer.up else f' (seen {ago(peer.last_seen)})'}" for peer in mesh.peers if peer.counted
    ]
    return [
        ("mesh", output.one_line(mesh.summary)),
        ("machines", output.one_line(", ".join(machines)) or "-"),
    ]


def titled(title: str, rows: Iterable[Iterable[str]]) -> str:
    return f"{title}:\n{output.indent(output.rows(rows), '  ')}"


def sourced(values: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Name, value and where it came from."""
    return [
        (name, "-" if row["value"] is None else output.one_line(str(row["value"])), f"({row['source']})")
        for name, row in values.items()
    ]


def counted(names: Mapping[str, int]) -> str:
    """The first of the names, which come with the commonest first."""
    shown = [f"{output.one_line(name) or '-'} {count:,}" for name, count in list(names.items())[:NAMES_SHOWN]]
    left = len(names) - len(shown)
    return ", ".join(shown) + (f" and {left:,} more" if left else "")
