"""The vectors of a chosen embedder are made in bounded steps by one process at a time, outside of every lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.errors import NotAvailable
from kioku_mesh.model import Draft, Query
from kioku_mesh.service import choosing
from kioku_mesh.store import chosen
from kioku_mesh.store.lock import WriteLock
from support import embedding
from support.embedding import good, serving
from support.stores import fill, memory, save

FOREVER = 1e9


@pytest.fixture
def server() -> Iterator[embedding.Server]:
    with serving() as made:
        yield made


def test_in_steps(tmp_path: Path, server: embedding.Server) -> None:
    """A batch at least, until the time is over; the newest first."""
    with memory(tmp_path, embedder=server.address) as opened:
        fill(opened.store, 80)
        opened.embed(FOREVER)
        assert opened.embed_chosen(0) == 32
        first = " ".join(server.texts)
        assert [f"w{number}x" in first for number in (79, 48, 47, 0)] == [True, True, False, False]
        assert opened.embed_chosen(FOREVER) == 48
        assert opened.embed_chosen(FOREVER) == 0


def test_one_process_at_a_time(tmp_path: Path, server: embedding.Server) -> None:
    """Several agents that are idle at once do not all ask for the same vectors."""
    with memory(tmp_path, embedder=server.address) as opened:
        save(opened, 1)
        held = WriteLock(os.path.join(tmp_path, choosing.LOCK), 0)
        assert opened.embed_chosen(FOREVER) == 0
        assert server.asked == []
        held.release()
        assert opened.embed_chosen(FOREVER) == 1


def test_nothing_waits_for_it(tmp_path: Path, server: embedding.Server) -> None:
    """While it is asked the store can be written and read: what is gone by then gets no vector."""
    with memory(tmp_path, embedder=server.address) as opened, memory(tmp_path) as other:
        ids = [save(opened, number) for number in range(3)]

        def meanwhile(texts: list[str]) -> tuple[int, object]:
            if any("w1x" in text for text in texts):
                save(other, 4)
                other.purge([ids[1]])
                other.gc()
            return good(texts)

        server.answer = meanwhile
        opened.embed_chosen(0)
        state = chosen.state(opened.store.reader())
        assert state
        assert state.many == 2
        assert chosen.count_waiting(opened.store.reader(), 9, local=True) == 1


def test_forgotten_meanwhile(tmp_path: Path, server: embedding.Server) -> None:
    """Whoever forgets all vectors while some are being made has them made anew, of one kind."""
    with memory(tmp_path, embedder=server.address) as opened, memory(tmp_path) as other:
        for number in range(40):
            save(opened, number)
        opened.embed_chosen(0)

        def meanwhile(texts: list[str]) -> tuple[int, object]:
            server.answer = good
            other.rebuild(vectors=True)
            return good(texts)

        server.answer = meanwhile
        opened.embed_chosen(0)
        assert chosen.state(opened.store.reader()) is None
        opened.embed(FOREVER)
        opened.embed_chosen(FOREVER)
        state = chosen.state(opened.store.reader())
        assert state
        assert state.many == 40


def test_whoever_is_idle_forgets_those_of_before(tmp_path: Path, server: embedding.Server) -> None:
    """Where the built-in table was chosen again, without a command."""
    with memory(tmp_path, embedder=server.address) as opened:
        save(opened, 1)
        opened.embed_chosen(FOREVER)
    with memory(tmp_path) as opened:
        assert chosen.state(opened.store.reader())
        opened.tend()
        assert chosen.state(opened.store.reader()) is None


def test_a_failure_is_told_and_rested_after(tmp_path: Path, server: embedding.Server) -> None:
    """It is not asked at every turn; searches say why, and what is saved meanwhile stays."""
    server.answer = lambda _: (503, b"")
    with memory(tmp_path, embedder=server.address) as opened:
        save(opened, 1)
        for _ in range(3):
            with pytest.raises(NotAvailable, match=r"is busy \(503\)"):
                opened.embed_chosen(FOREVER)
        assert len(server.asked) == 1
        found = opened.status().meaning.embedder
        assert found
        assert "is busy (503)" in found.fault
        assert [note.code for note in opened.search(Query("w1x")).notes] == ["embedder_waiting"]


def test_texts_that_say_nothing(tmp_path: Path, server: embedding.Server) -> None:
    """One that the embedder refuses waits no longer, and the others have theirs."""
    server.answer = lambda texts: (400, b"") if any("poison" in text for text in texts) else good(texts)
    with memory(tmp_path, embedder=server.address, embedder_model="tiny") as opened:
        save(opened, 1)
        opened.save(Draft(content="poison"))
        assert opened.embed_chosen(FOREVER) == 2
        found = opened.status().meaning.embedder
        assert found
        assert (found.made, found.of, found.used) == (1, 1, True)
