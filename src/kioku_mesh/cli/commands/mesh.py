"""`mesh status`, `peers` and `forget`; the others of the group are in `live.py`."""

from __future__ import annotations

from typing import Any

import click

from ...clock import ago
from ...model import Notice
from ...results import MeshStatus, PeerState
from ...service.memory import Memory
from .. import options, output
from ..opening import known, with_memory
from . import live


@click.group(no_args_is_help=False)
def mesh() -> None:
    """The other machines, and what each of them has."""


@mesh.command()
@options.as_json
@with_memory
def status(memory: Memory, as_json: bool) -> None:
    """One line: is everything everywhere?"""
    shown = memory.mesh()
    output.show(shown, as_json, lambda found: output.one_line(found.summary))
    if not as_json:
        output.notes(urgent(shown))


def urgent(shown: MeshStatus) -> list[Notice]:
    """What is not always true anyway; `status` tells that."""
    return [note for note in shown.notes if note.code != "not_enforced"]


@mesh.command()
@options.as_json
@with_memory
def peers(memory: Memory, as_json: bool) -> None:
    """Each machine: address, when it was heard, what it lacks, its clock, version and last error."""
    shown = memory.mesh(heads=True)
    output.show(shown, as_json, table)
    if not as_json:
        if not shown.peers:
            output.note(shown.summary)
        output.notes(urgent(shown))


def table(shown: MeshStatus) -> str:
    if not shown.peers:
        return ""
    head = ("node", "address", "last seen", "lacks", "we lack", "streams", "clock", "version", "last error")
    return output.rows([head, *map(row, shown.peers)])


def row(peer: PeerState) -> tuple[str, ...]:
    lacks = f"{peer.lag_records:,} ({length(peer.lag_seconds)})" if peer.lag_records else "-"
    return (
        output.one_line(peer.node),
        output.one_line(peer.address) or "-",
        "connected" if peer.up else ago(peer.last_seen),
        lacks,
        f"{peer.missing_here:,}" if peer.missing_here else "-",
        f"{len(peer.heads):,}",
        offset(peer.clock_offset_seconds),
        output.one_line(peer.version) or "-",
        output.one_line(peer.last_error) or "-",
    )


def length(seconds: float) -> str:
    """`3s`, `12m`, `5h`, `2d`."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def offset(seconds: float) -> str:
    """How far another clock is from ours; small differences are part of the measuring."""
    return "-" if abs(seconds) < 1 else f"{'+' if seconds > 0 else '-'}{length(abs(seconds))}"


@mesh.command()
@click.argument("node", shell_complete=known("peer"))
@options.as_json
@with_memory
def forget(memory: Memory, node: str, as_json: bool) -> None:
    """Wait for a machine no longer: one that was given away, or lost.

    It keeps what it has, and is counted again when it is heard again.
    """
    memory.forget_peer(node)
    told: dict[str, Any] = {"forgotten": node}
    output.show(
        told, as_json, lambda _: f"forgotten: {output.one_line(node)}; it is counted again when it is heard again"
    )


for command in (live.start, live.join, live.sync):
    mesh.add_command(command)
