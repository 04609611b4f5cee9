"""The mesh as this machine knows it: who is there, what each lacks, and whether everything is everywhere.

Compares the heads of the store with those that run.db last heard. Exact for what was heard, silent on what was not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from ..clock import SECOND
from ..clock import now as read_clock
from ..errors import BadInput, NotFound
from ..model import Notice, Stored
from ..results import Existing, MeshStatus, PeerState, Resident
from ..store import log, spread
from ..store.log import Head
from ..store.reading import Snapshot
from ..store.run import SILENT, Peer, Run
from ..store.spread import Slot
from . import modes, replicas, residence, sharing
from .context import Context

Stream = tuple[str, str, str]  # lane, scope, origin
_NAMED = 3  # machines that the summary names


def status(ctx: Context, heads: bool = False) -> MeshStatus:
    """What is known now; in mode local that nobody is asked."""
    mode, engine = ctx.config.get("mode"), ctx.config.get("engine")
    if not ctx.meshed:
        alone = "this machine shares with no other (mode local)"
        return MeshStatus(mode, engine, modes.ADMISSION, False, alone, Stored(), None)
    now = read_clock()
    with closing(Run(ctx.store.directory, writes=False)) as run, ctx.store.read(ctx.scopes, now) as snapshot:
        ours = _by_stream(log.heads(snapshot.db))
        mine = ctx.scopes - {"local"}
        resident = residence.resident(ctx.store.directory)
        on = resident is not None and resident.running
        said = [peer if on else peer._replace(up=False) for peer in run.peers()]
        apart = [note for scope in sorted(mine) for note in replicas.unshared(ctx, scope, run)]
        peers = tuple(_state(snapshot, ours, mine, peer, run.heads(peer.node), now, heads) for peer in said)
    counted = [peer for peer in peers if peer.counted]
    level = sum(not peer.lag_records for peer in counted)
    everywhere = bool(counted) and level == len(counted) and not any(peer.missing_here for peer in counted)
    stored = Stored(True, level, len(counted), True)
    summary = _summary(counted, everywhere)
    notes = (*_undecided(sharing.existing(ctx)), *apart, *_notes(resident, peers))
    return MeshStatus(mode, engine, modes.ADMISSION, everywhere, summary, stored, resident, peers, notes)


def _undecided(existing: Existing) -> Iterable[Notice]:
    """What stays here without anybody having said so."""
    count = sum(existing.open.values())
    if count:
        saved = "memory that was saved" if count == 1 else "memories that were saved"
        yield Notice(
            "undecided",
            f"{count:,} {saved} while this machine shared nothing stay{'s' if count == 1 else ''} here until you say "
            "whether others get them: kioku-mesh init --share-existing yes (or no)",
        )


def forget(ctx: Context, node: str) -> None:
    """Raises NotFound for a name that nobody has, BadInput in mode local."""
    if not ctx.meshed:
        raise BadInput("this machine is in no mesh (mode local)", "join one with `kioku-mesh init`")
    with closing(Run(ctx.store.directory)) as run:
        if not run.forget(node):
            known = ", ".join(peer.node for peer in run.peers()) or "none"
            raise NotFound(f"no other machine is known as {node[:64]}", f"known are: {known}")


def names(ctx: Context, prefix: str) -> tuple[str, ...]:
    """The known machines whose names begin so."""
    if not ctx.meshed:
        return ()
    with closing(Run(ctx.store.directory, writes=False)) as run:
        return tuple(peer.node for peer in run.peers() if peer.node.startswith(prefix))


def _by_stream(heads: Iterable[Head]) -> dict[Stream, Head]:
    return {(head.lane, head.scope, head.origin): head for head in heads}


def _state(
    snapshot: Snapshot,
    ours: Mapping[Stream, Head],
    mine: frozenset[str],
    peer: Peer,
    said: tuple[Head, ...],
    now: int,
    heads: bool,
) -> PeerState:
    theirs = _by_stream(said)
    lag, oldest = 0, now
    for name, head in ours.items():
        lacks, after = _lacks(theirs.get(name), head) if head.scope in peer.scopes else (0, 0)
        if lacks:
            lag += lacks
            oldest = min(oldest, spread.stamp(snapshot.db, Slot(*name, after + 1)) or now)
    missing = sum(_lacks(ours.get(name), head)[0] for name, head in theirs.items() if head.scope in mine)
    return PeerState(
        node=peer.node, host=peer.host, address=peer.address, up=peer.up, last_seen=peer.heard,
        counted=_counts(peer, now), lag_records=lag, lag_seconds=_seconds(now - oldest), missing_here=missing,
        clock_offset_seconds=_seconds(peer.ahead), version=peer.version, protocol=peer.protocol, scopes=peer.scopes,
        last_error=peer.error, heads=tuple(map(_plain, said)) if heads else (),
    )  # fmt: skip


def _counts(peer: Peer, now: int) -> bool:
    """One that said nothing yet may have anything; one that is silent may be gone."""
    return bool(peer.scopes) and now - peer.heard < SILENT


def _lacks(has: Head | None, other: Head) -> tuple[int, int]:
    """How many records whoever `has` this lacks of `other`, and behind which number; branches of a fork count once."""
    if not other.tips:
        return 0, 0
    top = has.tips[0].seq if has and has.tips else other.floor - 1
    if top < other.tips[0].seq:
        return other.tips[0].seq - top, top
    there = set(has.tips if has else ())
    apart = [tip for tip in other.tips if tip not in there] if top == other.tips[0].seq else []
    return len(apart), max(min((tip.seq for tip in apart), default=1) - 1, 0)


def _seconds(span: int) -> float:
    return round(span / SECOND, 1)


def _plain(head: Head) -> dict[str, Any]:
    return {**head._asdict(), "tips": [{"seq": tip.seq, "digest": tip.digest} for tip in head.tips]}


def _summary(counted: list[PeerState], everywhere: bool) -> str:
    if not counted:
        return "no other machine is known yet"
    machines = f"{len(counted)} other machine{'s' if len(counted) > 1 else ''}"
    away = [peer.node for peer in counted if not peer.up]
    if everywhere and away:
        return (
            f"everything is everywhere as last heard: here and on {machines}; not in touch: {', '.join(away[:_NAMED])}"
        )
    if everywhere:
        return f"everything is everywhere: here and on {machines}"
    behind = [f"{peer.node} lacks {peer.lag_records:,}" for peer in counted if peer.lag_records]
    missing = max(peer.missing_here for peer in counted)
    here = [f"this machine lacks {missing:,}"] if missing else []
    more = [f"{len(behind) - _NAMED} more lack some"] if len(behind) > _NAMED else []
    return f"not everything is everywhere: {', '.join([*here, *behind[:_NAMED], *more])} (records)"


def _notes(resident: Resident | None, peers: tuple[PeerState, ...]) -> Iterable[Notice]:
    if resident is None or not resident.running:
        yield Notice("not_running", "the process that shares is not running: what is saved goes out when it does")
    if resident and resident.error:
        yield Notice("serve_error", resident.error)
    new = [peer.node for peer in peers if not peer.scopes]
    if new:
        yield Notice("not_said", f"not counted, as they have not said yet what they have: {', '.join(new)}")
    silent = [peer.node for peer in peers if not peer.counted and peer.scopes]
    if silent:
        yield Notice("silent", f"not heard for 30 days and not counted: {', '.join(silent)}")
    yield Notice("not_enforced", modes.OPEN)
