"""Records of later releases and of hostile peers: kept, forwarded byte for byte, never an exception, never in the way."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh import wire
from kioku_mesh.model import STATES, Filter, Query
from kioku_mesh.store import inspect, log, sql
from kioku_mesh.store.store import Store
from support.histories import view
from support.stores import contents, damage, everything, fact, memory, save

ORIGIN = "later-0001.0123456789abcdef"
COMMON = {
    "content": fact("later"),
    "memory_type": "note",
    "importance": 2,
    "created_at": 1,
    "agent_family": "x",
    "client_id": "y",
}


class Peer:
    """Writes one linked stream, with whatever header fields and body bytes a later release or an enemy may choose."""

    def __init__(self, scope: str = "mesh") -> None:
        self.records: list[wire.Record] = []
        self._scope = scope
        self._prev = ""

    def write(self, body: bytes, kind: str = wire.OBSERVATION, names: tuple[str, ...] = (), **fields: Any) -> str:
        id_ = f"{len(self.records) + 1:032x}"
        header = {
            "v": 1, "lane": "mem", "scope": self._scope, "origin": ORIGIN, "seq": len(self.records) + 1, "prev": self._prev,
            "floor": 1, "hlc": 1_000_000 + len(self.records), "kind": kind, "id": id_, "names": list(names), "until": None,
            "body": wire.digest(body), "size": len(body),
        } | fields  # fmt: skip
        raw = json.dumps(header).encode()
        self._prev = wire.digest(raw)
        self.records.append(wire.Record(wire.decode_header(raw), raw, body))
        return id_

    def say(self, number: int | str) -> str:
        return self.write(wire.encode_body(COMMON | {"content": fact(number)}))


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"\x00\xff\xfe not json",
    "a list": b"[1, 2, 3]",
    "nothing in it": b"{}",
    "a number as content": json.dumps(COMMON | {"content": 7}).encode(),
    "nothing as content": json.dumps(COMMON | {"content": None}).encode(),
    "an object as tags": json.dumps(COMMON | {"tags": {"a": 1}}).encode(),
    "numbers as tags": json.dumps(COMMON | {"tags": [1, 2]}).encode(),
    "a huge list": json.dumps(COMMON | {"tags": ["t"] * 20_000}).encode(),
    "deep nesting": b"[" * 100_000,
    "deep nesting in a field": b'{"content": ' + b'{"a":' * 30_000 + b"1" + b"}" * 30_000 + b"}",
    "a lone surrogate": json.dumps(COMMON | {"content": "\ud800 alone"}).encode(),
    "a lone surrogate in a key": b'{"\\ud800": 1, "content": "x"}',
    "a key twice": b'{"content": "a", "content": "b"}',
    "not a number": b'{"content": "a", "importance": NaN}',
    "infinity": b'{"content": "a", "created_at": 1e999}',
    "a huge number": b'{"content": "a", "created_at": ' + b"9" * 5000 + b"}",
    "a negative time": json.dumps(COMMON | {"created_at": -5}).encode(),
    "truth as importance": json.dumps(COMMON | {"importance": True}).encode(),
    "broken UTF-8": b'{"content": "\xc3\x28"}',
    "a null character": json.dumps(COMMON | {"content": "a\0b", "project": "p\0q", "tags": ["\0"]}).encode(),
    "control characters": json.dumps(COMMON | {"content": "\x1b[2J\x07", "project": "\x1b]0;x\x07"}).encode(),
    "a very long content": json.dumps(COMMON | {"content": "word " * 45_000}).encode(),
    "a very long word": json.dumps(COMMON | {"content": "w" * 200_000}).encode(),
    "a very long label": json.dumps(COMMON | {"project": "p" * 200_000}).encode(),
    "right to left": json.dumps(COMMON | {"content": "\u202eabc\u202c", "tags": ["\u202e"]}).encode(),
    "another version's fields": json.dumps(COMMON | {"mood": {"x": [1]}, "weights": [0.5]}).encode(),
}

HEADERS: dict[str, dict[str, Any]] = {
    "an unknown kind": {"kind": "dream"},
    "a message": {"kind": "message", "lane": "msg"},
    "a later body": {"v": 2},
    "a far later body": {"v": 2**61},
    "unknown fields": {"color": "blue", "nested": {"a": [1, {"b": None}]}, "z": 1.5},
    "a stamp at the end of time": {"hlc": 2**62 - 1},
    "an end at the end of time": {"until": 2**62 - 1},
    "an expiry long ago": {"until": 0},
    "names that are unknown": {"names": [f"{n:032x}" for n in range(500, 700)]},
    "its own name": {"names": [f"{2:032x}"]},
}


def between(fields: dict[str, Any], body: bytes | None) -> Peer:
    """An ordinary memory, the odd record, an ordinary memory, a tombstone that names the first."""
    peer = Peer()
    first = peer.say("before")
    peer.write(wire.encode_body(COMMON) if body is None else body, **fields)
    peer.say("behind")
    peer.write(wire.encode_body({}), wire.TOMBSTONE, (first,))
    return peer


def check(folder: Path, peer: Peer) -> None:
    """Taken whole in several orders; what stands around the odd record takes effect; bytes go on as they came; saves go on."""
    views = []
    for seed in range(3):
        with memory(folder / str(seed), node="here-0001") as opened:
            save(opened, "own")
            order = list(peer.records)
            random.Random(seed).shuffle(order)
            with opened.store.write() as transaction:
                applied = transaction.apply(order)
            assert (applied.added, applied.gaps, applied.refused) == (len(order), 0, 0)
            forwarded(opened.store, peer)
            found = everything(opened.store)
            assert found[f"{1:032x}"][0] == "deleted"
            assert found[f"{3:032x}"] == ("live", fact("behind"))
            for query in ("wbehindx", "w", "later", "alone"):
                opened.search(Query(text=query, where=Filter(states=STATES), limit=100))
            opened.recall("wbehindx")
            opened.brief()
            opened.status()
            opened.projects()
            opened.known("project", "")
            opened.known("tag", "")
            list(opened.records())
            assert save(opened, "later on") in contents(opened.store)
            assert damage(opened.store) == []
            inspect.unread(opened.store)
            views.append(
                {
                    name: [row for row in rows if "here-0001" not in str(row)]
                    for name, rows in view(opened.store).items()
                    if name in ("observation", "mark", "edge")
                }
            )
    assert views[0] == views[1] == views[2]


def forwarded(store: Store, peer: Peer) -> None:
    """The head has reached the end, and every record goes on to others exactly as it came."""
    with store.read():
        db = store.reader()
        for head in log.heads(db):
            if head.origin == ORIGIN and head.lane == "mem":
                assert [tip.seq for tip in head.tips] == [len([r for r in peer.records if r.header.lane == "mem"])]
        streams = sql.rows(db, "SELECT n FROM stream WHERE origin = ? ORDER BY lane", (ORIGIN,))
        pages = [record for (n,) in streams for record in log.page(db, n, 0, 1000)]
    assert [(record.raw, record.body) for record in pages] == [(record.raw, record.body) for record in peer.records]


@pytest.mark.parametrize("what", HOSTILE)
def test_a_body_that_cannot_be_understood(what: str, tmp_path: Path) -> None:
    """Whatever stands in a body, the record is kept and forwarded, and what comes behind it takes effect."""
    check(tmp_path, between({}, HOSTILE[what]))


@pytest.mark.parametrize("what", [what for what in HEADERS if what != "a message"])
def test_a_header_of_a_later_release(what: str, tmp_path: Path) -> None:
    """Unknown kinds, versions and fields occupy their slot like any other record."""
    check(tmp_path, between(HEADERS[what], None))


def test_a_lane_of_messages(tmp_path: Path) -> None:
    """Messages, which this release does not know, are a stream of their own that disturbs no other."""
    peer = Peer()
    peer.say("one")
    message = Peer()
    message.write(b"{}", **HEADERS["a message"])
    with memory(tmp_path) as opened:
        with opened.store.write() as transaction:
            assert transaction.apply([*message.records, *peer.records]).added == 2
        assert len(contents(opened.store)) == 1
        assert damage(opened.store) == []


def test_hostile_records_in_known_kinds(tmp_path: Path) -> None:
    """Tombstones, undos, purges and aliases with any body act by their header alone, or not at all."""
    peer = Peer()
    target = peer.say("target")
    for body in HOSTILE.values():
        for kind in (wire.ALIAS, wire.UNDO, wire.TOMBSTONE):
            peer.write(body, kind, () if kind == wire.ALIAS else (f"{900:032x}",))
    peer.say("last")
    with memory(tmp_path) as opened:
        with opened.store.write() as transaction:
            assert transaction.apply(peer.records).added == len(peer.records)
        forwarded(opened.store, peer)
        assert len(contents(opened.store)) == 2
        assert damage(opened.store) == []
        opened.purge([target])
        assert damage(opened.store) == []


def test_a_purge_that_names_everything(tmp_path: Path) -> None:
    """A purge may name tombstones, aliases, itself and other purges: nothing breaks, and what it names as a memory is gone."""
    peer = Peer()
    target = peer.say("target")
    tomb = peer.write(wire.encode_body({}), wire.TOMBSTONE, (f"{900:032x}",))
    alias = peer.write(wire.encode_body({"from": "a", "to": "b"}), wire.ALIAS)
    peer.write(wire.encode_body({}), wire.PURGE, (target, tomb, alias, f"{4:032x}", f"{5:032x}"))
    peer.say("last")
    with memory(tmp_path) as opened:
        with opened.store.write() as transaction:
            transaction.apply(peer.records)
        assert set(contents(opened.store).values()) == set()
        assert damage(opened.store) == []
        save(opened, "own")
        assert damage(opened.store) == []


def test_a_later_body_is_shown_as_lost_text(tmp_path: Path) -> None:
    """A memory whose body this release cannot read is listed, said to have no text here, and counted for `doctor`."""
    peer = Peer()
    id_ = peer.write(wire.encode_body(COMMON), v=2)
    with memory(tmp_path) as opened:
        with opened.store.write() as transaction:
            transaction.apply(peer.records)
        assert contents(opened.store) == {id_: ""}
        assert opened.get([id_]).results[0].body_lost
        assert opened.search(Query(text="wlaterx")).count == 0
        assert inspect.unread(opened.store).bodies == 1
        assert damage(opened.store) == []


def test_a_flood_of_origins(tmp_path: Path) -> None:
    """A thousand machines that never existed cost rows, and no more: own saves and searches go on."""
    with memory(tmp_path) as opened:
        first = save(opened, "own")
        for begin in range(0, 1000, 250):
            records = []
            for n in range(begin, begin + 250):
                body = wire.encode_body(COMMON | {"content": fact(f"flood{n}")})
                header = wire.Header(
                    1, "mem", "mesh", f"ghost-{n:04x}.{n:016x}", 1, "", 1, 10**15 + n, wire.OBSERVATION, f"{n + 1000:032x}", (),
                    None, wire.digest(body), len(body),
                )  # fmt: skip
                records.append(wire.Record(header, wire.encode_header(header), body))
            with opened.store.write() as transaction:
                assert transaction.apply(records).added == 250
        assert opened.search(Query(text="wownx")).results[0].observation.observation_id == first
        assert opened.search(Query(text="wflood77x")).count == 1
        save(opened, "own again")


def test_withheld_and_skipped_slots(tmp_path: Path) -> None:
    """Records that come without those before them are shown and do not move the head; the rest closes the gap."""
    peer = Peer()
    for n in range(6):
        peer.say(n)
    with memory(tmp_path) as opened:
        with opened.store.write() as transaction:
            transaction.apply([peer.records[0], *peer.records[3:]])
        with opened.store.read():
            (head,) = log.heads(opened.store.reader())
        assert [tip.seq for tip in head.tips] == [1]
        assert len(contents(opened.store)) == 4
        with opened.store.write() as transaction:
            transaction.apply(peer.records[1:3])
        forwarded(opened.store, peer)
