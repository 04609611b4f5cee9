"""The embedder that somebody chose in place of the built-in table: what it makes of a question, and the vectors of memories,
in the background, beside the built-in ones.

It is asked while nothing is locked and no snapshot is open. Whatever it cannot do, the built-in vectors are there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..config import Config
from ..errors import BadInput, NotAvailable, StoreBusy
from ..model import Notice, Query
from ..options import EMBEDDERS
from ..results import Chosen
from ..search import engine
from ..store import chosen, upkeep, vectors
from ..store.connection import translated
from ..store.finding import WAITING_MAX
from ..store.lock import WriteLock
from ..store.meaning import Fault
from ..store.meant import Asked
from ..store.reading import Snapshot
from ..store.store import Store
from .context import Context, Question
from .late import Late

if TYPE_CHECKING:
    from ..embedders import choice, given
else:
    choice, given = Late("..embedders.choice"), Late("..embedders.given")

LOCK = "embed.lock"  # one process at a time makes them
HINT = "memories are found by the built-in vectors meanwhile; `kioku-mesh doctor --check embedder` says more"
_FEW, _SHARE = 100, 100  # memories that may lack a vector, or one in so many, for questions to be asked of the embedder
_COUNTED = 10**9
# Texts that have nothing in common: how near they are is how near two texts are that say nothing of each other.
_OTHERS = (
    "The harbour was frozen until the end of March.",
    "Invoices are sent on the first working day of each month.",
    "She plays the cello in a string quartet.",
    "TypeError: cannot read properties of undefined (reading 'length')",
    "Boil the lentils for twenty minutes, then add salt.",
    "The train to the airport leaves from platform nine.",
    "git rebase --interactive HEAD~3",
    "Volcanic soil is rich in minerals.",
    "夜の図書館はとても静かだ。",
    "The goalkeeper was sent off after ten minutes.",
    "All passwords expire after ninety days.",
    "CREATE INDEX ON orders (customer_id)",
    "Grandmother keeps her letters in a tin box.",
    "这条河在夏天经常干涸。",
    "Photosynthesis turns light into sugar.",
    "The museum is closed on Mondays.",
)


def opened(config: Config) -> choice.Resting | None:
    """The embedder of these settings; None for the built-in table. Nothing is loaded or asked yet. Raises Fault."""
    kind, place = config.embedder
    if kind == EMBEDDERS[0]:
        return None
    said = {key: config.get(f"embedder_{key}") or "" for key in ("model", "query", "passage")}
    return choice.opened(given.Choice(config.get("embedder"), kind, place, **said, key=config.embedder_key))


def ask(ctx: Context, query: Query) -> Question:
    """A question with what the embedder makes of it, where meaning counts. Raises TooLarge."""
    text = query.text
    if query.mode != "auto" or not engine.understand(query).terms.terms:
        return Question()
    try:
        embedder = opened(ctx.config)
        if embedder is None:
            return Question()
        made_by = embedder.made_by
        with ctx.store.read(ctx.scopes) as snapshot:
            state = chosen.state(snapshot.db)
            enough = _enough(snapshot)
            waiting = chosen.count_waiting(snapshot.db, max(enough + 1, WAITING_MAX), embedder.at_home)
        if state is None or state.made_by != made_by or waiting > enough:
            return Question(None, (_waiting(embedder.name, waiting),) if waiting or state else ())
        vector = chosen.packed(embedder.query(text))
        if len(vector) != state.size:
            raise chosen.other_size(len(vector), state.size)
        return Question(Asked(text, vector, made_by, embedder.name))
    except (Fault, BadInput) as problem:
        told = f"looked for by the built-in vectors: {problem}"
        return Question(None, (Notice("embedder_failed", told),))


def _waiting(name: str, count: int) -> Notice:
    many = f"{count:,}{' or more' if count >= WAITING_MAX else ''} memories have" if count else "the memories have"
    return Notice("embedder_waiting", f"looked for by the built-in vectors: {many} no vector of {name} yet")


def fill(ctx: Context, seconds: float) -> int:
    """Make vectors of memories by the embedder for about so long, and forget those of another; returns how many of either.

    0 where another process is at it. Raises NotAvailable when the embedder fails, StoreError.
    """
    store = ctx.store
    if not store.exists():
        return 0
    try:
        embedder = opened(ctx.config)
        with store.read() as snapshot:
            idle = embedder is None and chosen.state(snapshot.db) is None
        if idle:
            return 0
        with translated(store.path), _alone(store) as is_alone:
            return _filled(store, embedder, seconds) if is_alone else 0
    except Fault as problem:
        raise NotAvailable(str(problem), HINT) from None


@contextmanager
def _alone(store: Store) -> Iterator[bool]:
    """Is nobody else making them?"""
    try:
        held = WriteLock(os.path.join(store.directory, LOCK), 0)
    except StoreBusy:
        yield False
        return
    try:
        yield True
    finally:
        held.release()


def _filled(store: Store, embedder: choice.Resting | None, seconds: float) -> int:
    end, done = time.monotonic() + seconds, 0
    made_by = embedder.made_by if embedder else None
    while True:
        with store.read() as snapshot:
            state = chosen.state(snapshot.db)
        if state and state.made_by != made_by:
            got = _forget_some(store)
        else:
            got = _make_some(store, embedder, made_by, state) if embedder and made_by else 0
        done += got
        if not got or time.monotonic() >= end:
            return done
        time.sleep(upkeep.PAUSE_S)


def _forget_some(store: Store) -> int:
    with store.write() as transaction:
        return max(chosen.forget_some(transaction.db), 1)


def _make_some(store: Store, embedder: choice.Resting, made_by: str, state: chosen.State | None) -> int:
    """One batch. What is slow is done before the lock is taken."""
    with store.read() as snapshot:
        waiting = chosen.waiting(snapshot.db, embedder.at_once, embedder.at_home)
        said = {n: vectors.text_of(vectors.read(snapshot.db, n)) for n in waiting}
    if not said:
        return 0
    others = [] if state else _packed(embedder.passages(_OTHERS, False))
    texts = {n: text for n, text in said.items() if text.strip()}
    made = _packed(embedder.passages(list(texts.values()), any(waiting[n] for n in texts))) if texts else []
    found = {**dict.fromkeys(said), **dict(zip(texts, made, strict=True))}
    with store.write() as transaction:
        now = chosen.state(transaction.db)
        if now is None:
            if not others:
                return 1  # forgotten meanwhile: begin anew
            chosen.begin(transaction.db, made_by, [vector for vector in others if vector])
        elif now.made_by != made_by:
            return 1
        chosen.put(transaction.db, found)
    return len(found)


def _packed(made: list[given.Numbers | None]) -> list[bytes | None]:
    return [None if numbers is None else chosen.packed(numbers) for numbers in made]


def progress(ctx: Context) -> Chosen | None:
    """How far its vectors are, without asking it for anything; None for the built-in table."""
    if not ctx.chooses:
        return None
    told = Chosen(ctx.config.get("embedder"), ctx.config.get("embedder_model") or "")
    made_by = None
    try:
        embedder = opened(ctx.config)
        assert embedder is not None
        told = told._replace(takes_local=embedder.at_home, fault=embedder.why)
        made_by = embedder.made_by
    except (Fault, BadInput) as problem:
        told = told._replace(fault=str(problem))
    with ctx.store.read(ctx.scopes) as snapshot:
        found = chosen.state(snapshot.db)
        waiting = chosen.count_waiting(snapshot.db, _COUNTED, told.takes_local)
        enough = _enough(snapshot)
    count = found.many if found else 0
    made = count if found and found.made_by == made_by else 0
    return told._replace(made=made, of=count + waiting, used=bool(made) and waiting <= enough)


def _enough(snapshot: Snapshot) -> int:
    """How many memories may lack a vector for questions to be asked of the embedder."""
    return max(_FEW, snapshot.last_row // _SHARE)
