"""Streams and forks without number, and forgeries in our own name: what is kept and told of them has a bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from kioku_mesh import wire
from kioku_mesh.clock import HOUR
from kioku_mesh.store import exchange, life, log
from support.stores import contents, memory, save
from support.strangers import record

ORIGIN = "flood-1." + "a" * 16


def test_streams_without_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound none is begun; those that are here, and our own, go on."""
    monkeypatch.setattr(log, "STREAMS_MAX", 5)
    with memory(tmp_path) as opened:
        save(opened, "first")
        with opened.store.write() as transaction:
            done = transaction.apply([record(f"flood-{n}.{n:016x}", 1) for n in range(9)])
        assert done.added == 4
        assert done.refused == 5
        with opened.store.write() as transaction:
            assert transaction.apply([record(f"flood-{0}.{0:016x}", 2, "ab" * 32)]).added == 1
        assert save(opened, "later") in contents(opened.store)


def test_forks_without_number(tmp_path: Path) -> None:
    """All are kept; as many are told as others listen to, on every machine the same."""
    forks = [record(ORIGIN, 1, mark=n) for n in range(log.TIPS_MAX + 9)]
    told = []
    for name, order in (("a", forks), ("b", forks[::-1])):
        with memory(tmp_path / name) as opened:
            with opened.store.write() as transaction:
                assert transaction.apply(order).added == len(forks)
            told += [head.tips for head in exchange.heads(opened.store, "mem", "mesh") if head.origin == ORIGIN]
    assert told[0] == told[1]
    assert len(told[0]) == log.TIPS_MAX


def test_forged_in_our_own_name(tmp_path: Path) -> None:
    """A new life for the first forgeries of an hour, none for all that follow; saves go on through it all."""
    lives = set()
    with memory(tmp_path) as opened:
        for number in range(40):
            saved = save(opened, number)
            origin = exchange.awake(opened.store).origin
            lives.add(origin)
            with opened.store.write() as transaction:
                transaction.apply([record(origin, 1, mark=number)])
            assert saved in contents(opened.store)
        assert 2 < len(lives) < 20
        with opened.store.write() as transaction:
            assert life.may_part_again(transaction.db, transaction.now + HOUR + 1)


def test_a_stamp_at_the_end_of_time_can_be_deleted(tmp_path: Path) -> None:
    """Though nothing can be stamped after it."""
    with memory(tmp_path) as opened:
        late = record(ORIGIN, 1, hlc=wire.INT_MAX - 1)
        with opened.store.write() as transaction:
            transaction.apply([late])
        assert late.header.id in contents(opened.store)
        opened.delete([late.header.id])
        assert late.header.id not in contents(opened.store)
