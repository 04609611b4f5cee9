"""Where records are beside this machine: what run.db says the peers have. Looked at in a mesh only, after the commit.

A peer counts as having a record when it said so last; nothing here waits but what was asked to, and nothing fails.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from ..clock import SECOND
from ..clock import now as read_clock
from ..model import Notice, Observation, Patience, Stored
from ..store import spread
from ..store.run import Peer, Run
from ..store.spread import Slot
from .context import Context
from .late import Late

if TYPE_CHECKING:
    from .. import results
    from ..results import Receipt
else:  # every save in a mesh comes here, a purge seldom
    results = Late("..results")

_POLL_S = 0.05

T = TypeVar("T")


def stored(ctx: Context, slots: Sequence[Slot]) -> Stored:
    """Where a memory is that stands in these slots; one of them is enough."""
    return _ask(ctx, lambda run: _stored(run, slots)) if ctx.meshed and slots else Stored()


def with_places(ctx: Context, found: Iterable[Observation]) -> tuple[Observation, ...]:
    """The observations with where each is."""
    with ctx.store.read(ctx.scopes) as snapshot:
        places = [(o, spread.slots(snapshot.db, o.observation_id)) for o in found]
    at = [(o, [slot for slot in slots if slot.scope == o.visibility]) for o, slots in places]
    return _ask(ctx, lambda run: tuple(o._replace(stored=_stored(run, s) if s else Stored()) for o, s in at))


def apart(ctx: Context, scope: str) -> tuple[Notice, ...]:
    """What whoever saves for some must know."""
    open_ = Notice(
        "not_enforced", f"{scope} is kept apart by what each machine says it may see; no one enforces it yet"
    )
    return _ask(ctx, lambda run: unshared(ctx, scope, run)) or (open_,)


def unshared(ctx: Context, scope: str, run: Run) -> tuple[Notice, ...]:
    """Why a scope that this process may use goes to no other machine, and what helps."""
    source, serve = ctx.config.declared().get(scope, ""), run.serve()
    kind, _, name = scope.partition("/")
    if serve and serve.alive(read_clock()) and scope in serve.scopes:
        return ()
    if kind == "team" and not source:
        why = "only a project file names it"
    elif source.startswith("environment") and serve and serve.alive(read_clock()):
        why = "the process that shares was started without it"
    else:
        return ()  # whoever starts the next one hands it on
    key, value = ("user_id", name) if kind == "user" else ("teams", ",".join((*ctx.config.get("teams"), name)))
    return (Notice("not_shared", f"{scope} stays on this machine, as {why}: kioku-mesh config set {key} {value}"),)


def receipts(ctx: Context, slots: Sequence[Slot]) -> tuple[Receipt, ...]:
    """Which peers are past all of these records (that they may see): what those erase is erased there."""
    return _ask(ctx, lambda run: _receipts(run, slots)) if ctx.meshed and slots else ()


def wait(ctx: Context, slots: Sequence[Slot], patience: Patience) -> tuple[Stored, tuple[Notice, ...]]:
    """Until so many peers have it, or the time is over; what came of it, and a warning when it is less."""
    return _wait(ctx, slots, patience, lambda run: _stored(run, slots))


def wait_erased(ctx: Context, slots: Sequence[Slot], patience: Patience) -> tuple[Stored, tuple[Notice, ...]]:
    """Until so many peers gave a receipt."""
    return _wait(ctx, slots, patience, lambda run: erased(_receipts(run, slots)))


def erased(found: Sequence[Receipt]) -> Stored:
    return Stored(True, sum(receipt.erased for receipt in found), len(found), True)


def _wait(
    ctx: Context, slots: Sequence[Slot], patience: Patience, look: Callable[[Run], Stored]
) -> tuple[Stored, tuple[Notice, ...]]:
    if not (ctx.meshed and slots):
        why = "it never leaves this machine" if ctx.meshed else "this machine shares with no other (mode local)"
        return Stored(), (Notice("not_waited", f"nobody to wait for: {why}"),)
    end = time.monotonic() + patience.timeout / SECOND
    with closing(Run(ctx.store.directory, writes=False)) as run:
        while True:
            there = look(run)
            if patience.count is None and not there.of and all(peer.scopes for peer in run.peers()):
                why = f"no other machine shares {slots[0].scope}" if run.peers() else "no other machine is known yet"
                return there, (Notice("not_waited", f"nobody to wait for: {why}"),)
            if there.of and there.peers >= (there.of if patience.count is None else patience.count):
                return there, ()
            left = end - time.monotonic()
            try:
                time.sleep(max(min(_POLL_S, left), 0))
            except KeyboardInterrupt:  # what was done is done, and its answer is worth having
                left = 0
            if left <= 0:
                told = f"{there.peers} of {there.of} machines have it so far; the others get it when they are reached"
                return there, (Notice("not_everywhere", f"the wait is over: {told}"),)


def _ask(ctx: Context, question: Callable[[Run], T]) -> T:
    with closing(Run(ctx.store.directory, writes=False)) as run:
        return question(run)


def _waited(run: Run, scope: str) -> list[Peer]:
    now = read_clock()
    return [peer for peer in run.peers() if peer.counts(scope, now)]


def _stored(run: Run, slots: Sequence[Slot]) -> Stored:
    waited = {peer.node for peer in _waited(run, slots[0].scope)}
    having = set().union(*(run.having(*slot) for slot in slots))
    return Stored(True, len(waited & having), len(waited), True)


def _receipts(run: Run, slots: Sequence[Slot]) -> tuple[Receipt, ...]:
    past = {slot: run.having(*slot) for slot in slots}
    peers = {peer.node: peer for slot in slots for peer in _waited(run, slot.scope)}
    return tuple(
        results.Receipt(
            node,
            peer.host,
            all(node in having for slot, having in past.items() if slot.scope in peer.scopes),
            peer.heard,
        )
        for node, peer in sorted(peers.items())
    )
