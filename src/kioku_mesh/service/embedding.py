"""Vectors for memories that have none yet, in bounded steps; and how far memories are found by their meaning."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..errors import KiokuError, NotAvailable
from ..results import Meaning
from ..store import upkeep, vectors
from ..store.connection import translated
from ..store.finding import WAITING_MAX
from ..store.meaning import Fault
from .context import Context
from .late import Late

if TYPE_CHECKING:
    from . import choosing
else:
    choosing = Late(".choosing")

SLICE_S = 0.05  # of work in one step: a saver behind its transaction waits for a part of it
_BESIDE = 25  # memories that get a vector beside a save, ten milliseconds of it
HINT = "memories are found by their words meanwhile; `kioku-mesh doctor --check meaning` says what to do"


def embed(ctx: Context, seconds: float) -> int:
    """Give memories their vectors for about so long; returns how many got one.

    Raises NotAvailable when there is no usable table of meanings, StoreError when nothing can be written.
    """
    end, done = time.monotonic() + seconds, 0
    with translated(ctx.store.path):
        try:
            while ctx.store.exists() and (now := time.monotonic()) < end:
                got = vectors.fill(ctx.store, min(SLICE_S, end - now))
                if not got:
                    break
                done += got
                time.sleep(upkeep.PAUSE_S)
        except Fault as problem:
            raise NotAvailable(str(problem), HINT) from None
    return done


def after_save(ctx: Context) -> None:
    """A small step, if there is something to do; never a reason for a save to fail."""
    try:
        with translated(ctx.store.path):
            if vectors.waiting(ctx.store.reader(), 1):
                vectors.fill(ctx.store, 0.0, _BESIDE)
    except (KiokuError, Fault):
        return


def meaning(ctx: Context) -> Meaning:
    """How far memories are found by their meaning."""
    with ctx.store.read(ctx.scopes) as snapshot:
        waiting = snapshot.understood().waiting
    found = Meaning(True, waiting, waiting >= WAITING_MAX, embedder=choosing.progress(ctx) if ctx.chooses else None)
    try:
        ctx.store.model().check()
    except Fault as problem:
        return found._replace(available=False, fault=str(problem))
    return found
