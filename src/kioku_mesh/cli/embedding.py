"""Vectors for what was taken in at once, by the command that took it in."""

from __future__ import annotations

import time

from ..errors import NotAvailable
from ..service.memory import Memory
from . import output

FOREVER = float("inf")
IMPORT_S = 60.0  # that somebody waits for it who wanted something else
_STEP_S = 0.5  # between two signs of progress


def embed(memory: Memory, choice_s: float = FOREVER) -> int:
    """Give every memory its vector, and for `choice_s` seconds one of the embedder that was chosen; returns how many got one
    of the built-in table. Where either is impossible, a note says so."""
    count, done = output.counter("understood", "memories"), 0
    try:
        while got := memory.embed(_STEP_S):
            done += got
            count(done)
    except NotAvailable as problem:
        output.note(f"not found by meaning: {problem.message}")
    by_choice(memory, choice_s)
    return done


def by_choice(memory: Memory, seconds: float = FOREVER) -> None:
    """Give memories their vectors by the embedder that was chosen."""
    end = time.monotonic() + seconds
    count, done = output.counter("understood by the embedder", "memories"), 0
    try:
        while got := memory.embed_chosen(_STEP_S):
            done += got
            count(done)
            if time.monotonic() >= end:
                output.note(
                    "the embedder has more to do: that goes on in the background; `kioku-mesh gc` does it at once"
                )
                return
    except NotAvailable as problem:
        output.note(f"not found by the embedder that was chosen: {problem.message}")
