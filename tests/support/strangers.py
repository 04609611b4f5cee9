"""Somebody on the mesh who is not one of us: a Zenoh session that says whatever a test wants, under any key."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import zenoh

from kioku_mesh import wire
from kioku_mesh.clock import now as read_clock
from kioku_mesh.mesh import keys, talk
from kioku_mesh.mesh.heads import Heads
from kioku_mesh.mesh.peers import Address
from kioku_mesh.mesh.talk import Announcement, Request
from kioku_mesh.store.exchange import Name, Page
from kioku_mesh.store.log import Head, Tip

from .stores import body as body_of

Answer = Callable[[dict[str, Any]], bytes | None]


def record(origin: str, seq: int, prev: str = "", **fields: Any) -> wire.Record:
    """One record as any program could write it."""
    body = fields.pop("body", None) or body_of(f"{origin}-{seq}", read_clock())
    header = {
        "v": 1, "lane": "mem", "scope": "mesh", "origin": origin, "seq": seq, "prev": prev, "floor": 1,
        "hlc": read_clock(), "kind": wire.OBSERVATION, "id": wire.digest(f"{origin}{seq}{fields}".encode())[:32],
        "names": [], "until": None, "body": wire.digest(body), "size": len(body),
    } | fields  # fmt: skip
    raw = json.dumps(header).encode()
    return wire.Record(wire.decode_header(raw), raw, body)


def stream(origin: str, length: int, **fields: Any) -> list[wire.Record]:
    """Linked records."""
    made: list[wire.Record] = []
    for seq in range(1, length + 1):
        made.append(record(origin, seq, wire.digest(made[-1].raw) if made else "", **fields))
    return made


def tip(of: wire.Record) -> Tip:
    return Tip(of.header.seq, wire.digest(of.raw))


def head(records: list[wire.Record]) -> Head:
    last = records[-1]
    return Head("mem", last.header.scope, last.header.origin, 1, (tip(last),))


def page(records: list[wire.Record], high: int | None = None, more: bool = False) -> bytes:
    top = max((r.header.seq for r in records), default=0) if high is None else high
    return talk.encode_page(Page(tuple(map(wire.encode_frame, records)), top, more))


class Stranger:
    """Use it in a `with`. `heard`: what came to it, by key; `asked`: the requests that it got."""

    def __init__(self, endpoint: str, node: str = "stranger-1", incarnation: str = "f" * 16) -> None:
        settings = {
            "mode": "client",
            "connect": {"endpoints": [endpoint]},
            "scouting": {"multicast": {"enabled": False}, "delay": 0},
            "transport": {"shared_memory": {"enabled": False}},
        }
        self.me = Address(node, incarnation)
        self.origin = f"{node}.{incarnation}"
        self.heard: list[tuple[str, bytes]] = []
        self.asked: list[dict[str, Any]] = []
        self._counter = 0
        self._guard = threading.Lock()
        self._kept: list[Any] = []
        self.session = zenoh.open(zenoh.Config.from_json5(json.dumps(settings)))

    def __enter__(self) -> Stranger:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.session.close()

    def put(self, key: str, data: bytes) -> None:
        self.session.put(key, data, congestion_control=zenoh.CongestionControl.BLOCK)

    def push(self, sent: wire.Record) -> None:
        self.put(keys.record(sent.header, wire.digest(sent.raw)), wire.encode_frame(sent))

    def appear(self, of: Address | None = None) -> None:
        """Say by a token that somebody is there."""
        self._kept.append(self.session.liveliness().declare_token(keys.alive("mem", of or self.me)))

    def announce(self, heads: list[Head], scope: str = "mesh", of: Address | None = None, **more: Any) -> None:
        """`more`: fields of the JSON that replace those of an honest announcement, or come beside them."""
        self._counter += 1
        me = of or self.me
        told = Announcement(
            *me, "mem", scope, read_clock() + self._counter, Heads(heads).digest, tuple(heads),
            "elsewhere", "9.9", 1, read_clock(), ("mesh",),
        )  # fmt: skip
        plain = json.loads(talk.encode_announcement(told)) | more
        self.put(keys.announcement("mem", scope, me), json.dumps(plain).encode())

    def listen(self, selector: str = "mem/**") -> None:
        def take(sample: Any) -> None:
            with self._guard:
                self.heard.append((str(sample.key_expr), sample.payload.to_bytes()))

        self._kept.append(self.session.declare_subscriber(selector, take))

    def serve(self, answer: Answer, scope: str = "mesh", of: Address | None = None) -> None:
        """Answer requests; None leaves the asker waiting."""
        waiting: list[Any] = []

        def take(query: Any) -> None:
            asked = json.loads(query.payload.to_bytes())
            with self._guard:
                self.asked.append(asked)
            data = answer(asked)
            if data is None:
                waiting.append(query)
            else:
                query.reply(query.key_expr, data)
                query.drop()

        self._kept += [waiting, self.session.declare_queryable(keys.sync("mem", scope, of or self.me), take)]

    def ask(self, of: Address, request: Request | bytes, timeout: float = 5.0, scope: str = "mesh") -> list[bytes]:
        data = request if isinstance(request, bytes) else talk.encode_request(request)
        replies = self.session.get(
            keys.sync("mem", scope, of), payload=data, timeout=timeout, consolidation=zenoh.ConsolidationMode.NONE
        )
        return [reply.ok.payload.to_bytes() for reply in replies if reply.ok is not None]


def honest(records: list[wire.Record], size: int = 1000) -> Answer:
    """Answers as a node with these records does."""

    def answer(asked: dict[str, Any]) -> bytes | None:
        by_stream: dict[str, list[wire.Record]] = {}
        for each in records:
            by_stream.setdefault(each.header.origin, []).append(each)
        if asked["ask"] == "heads":
            return talk.encode_heads(Heads(map(head, by_stream.values())))
        found = [r for r in by_stream.get(asked["origin"], []) if r.header.seq > asked["after"]]
        if asked["ask"] == "page":
            return page(found[:size], more=len(found) > size)
        if asked["ask"] == "digests":
            return talk.encode_digests(map(tip, by_stream.get(asked["origin"], [])))
        wanted = {slot[1] for slot in asked["slots"]}
        return page([r for r in records if wire.digest(r.raw) in wanted])

    return answer


def name(records: list[wire.Record]) -> Name:
    return Name(*head(records)[:3])
