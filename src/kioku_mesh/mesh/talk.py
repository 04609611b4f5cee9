"""What nodes say to each other beside records: announcements, requests, answers. Frozen with the first release.

Texts are UTF-8 JSON with short names; pages carry a line of JSON and then frames as `wire` writes them. A field that is
not known is passed over, so that a later release can say more. Everything that comes from outside is checked here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .. import ids, wire
from ..store.exchange import DIGESTS_MAX, Page
from ..store.log import Head, Tip
from ..values import NamedTuple
from .heads import Heads

PROTOCOL = 1
MESSAGE_MAX = 8 << 20  # bytes of anything that is received
PAGE_BYTES = 256 * 1024
PAGE_FIRST = 32 * 1024  # the first one asked of a peer; each that comes in time lets the next be twice as large
PAGE_MIN = 4 * 1024  # bytes below which a page is not halved any more
TIPS_MAX = 64  # of one stream; more forks than that are a hostile peer


class Announcement(NamedTuple):
    """What a node has of one scope. `digest`: of all its heads there; `heads`: its own, and those that changed since
    its announcement before. `now`: its clock, microseconds; `at`: the endpoints that it listens on."""

    node: str
    incarnation: str
    lane: str
    scope: str
    counter: int
    digest: str
    heads: tuple[Head, ...] = ()
    host: str = ""
    version: str = ""
    protocol: int = PROTOCOL
    now: int = 0
    scopes: tuple[str, ...] = ()
    at: str = ""


class Request(NamedTuple):
    """`ask`: heads | page | digests | records. `digest`: of the heads that the asker has, who need not be told the same.
    The others mean what they mean in `store.exchange`."""

    ask: str
    lane: str
    scope: str
    origin: str = ""
    after: int = 0
    until: int | None = None
    size: int = PAGE_BYTES
    slots: tuple[Tip, ...] = ()
    digest: str = ""


class PageAnswer(NamedTuple):
    """As `Page`, with the records decoded."""

    records: tuple[wire.Record, ...]
    high: int
    more: bool


# --- announcements


def encode_announcement(said: Announcement) -> bytes:
    plain = {
        "p": said.protocol, "node": said.node, "inc": said.incarnation, "lane": said.lane, "scope": said.scope,
        "c": said.counter, "d": said.digest, "heads": _plain_heads(said.heads), "host": said.host,
        "ver": said.version, "now": said.now, "scopes": list(said.scopes), "at": said.at,
    }  # fmt: skip
    return _dump(plain)


def decode_announcement(data: bytes) -> Announcement:
    """Raises Malformed."""
    got = _load(data)
    lane, scope = _text(got, "lane"), _text(got, "scope")
    said = Announcement(
        _text(got, "node"), _text(got, "inc"), lane, scope, _number(got, "c"), _text(got, "d"),
        _heads(got.get("heads", []), lane, scope), _text(got, "host", "")[:200], _text(got, "ver", "")[:40],
        _number(got, "p"), _number(got, "now"), tuple(s for s in _list(got, "scopes") if isinstance(s, str))[:100],
        _text(got, "at", "")[:200],
    )  # fmt: skip
    if lane not in wire.LANES or not wire.is_scope(scope) or not ids.is_origin(f"{said.node}.{said.incarnation}"):
        raise wire.Malformed("an announcement of nobody")
    return said


# --- requests


def encode_request(asked: Request) -> bytes:
    plain = {**asked._asdict(), "slots": [list(tip) for tip in asked.slots]}
    if not asked.digest:
        del plain["digest"]
    return _dump(plain)


def decode_request(data: bytes) -> Request:
    """Raises Malformed."""
    got = _load(data)
    until = got.get("until")
    asked = Request(
        _text(got, "ask"), _text(got, "lane"), _text(got, "scope"), _text(got, "origin", ""), _number(got, "after"),
        None if until is None else _number(got, "until"), min(_number(got, "size"), PAGE_BYTES),
        _tips(_list(got, "slots"), DIGESTS_MAX), _text(got, "digest", ""),
    )  # fmt: skip
    if asked.lane not in wire.LANES or not wire.is_scope(asked.scope) or asked.scope == "local":
        raise wire.Malformed("no such scope")
    if asked.ask != "heads" and not ids.is_origin(asked.origin):
        raise wire.Malformed("no such origin")
    return asked


# --- answers


def encode_heads(heads: Heads, known: str = "") -> bytes:
    """`known`: the digest of what the asker has; where that is the same, nothing else is said."""
    return _dump({"same": known} if known == heads.digest else {"heads": _plain_heads(heads)})


def decode_heads(data: bytes, lane: str, scope: str, known: str = "") -> tuple[Head, ...] | None:
    """All heads of a scope; None when they are those with the digest `known`. Raises Malformed."""
    got = _load(data)
    if known and got.get("same") == known:
        return None
    return _heads(got.get("heads"), lane, scope)


def encode_digests(found: Iterable[Tip]) -> bytes:
    return _dump({"slots": [list(tip) for tip in found]})


def decode_digests(data: bytes) -> tuple[Tip, ...]:
    """Raises Malformed."""
    return _tips(_list(_load(data), "slots"), DIGESTS_MAX)


def encode_page(page: Page) -> bytes:
    line = _dump({"n": len(page.frames), "high": page.high, "more": page.more})
    return line + b"\n" + b"".join(page.frames)


def decode_page(data: bytes) -> PageAnswer:
    """Raises Malformed when it is cut short or no page at all."""
    line, found, rest = data.partition(b"\n")
    got = _load(line)
    count = _number(got, "n")
    if not found or len(data) > MESSAGE_MAX:
        raise wire.Malformed("no page")
    records, at = [], 0
    for _ in range(count):
        record, at = wire.decode_frame(rest, at)
        records.append(record)
    return PageAnswer(tuple(records), _number(got, "high"), bool(got.get("more")))


# --- JSON


def _dump(plain: Any) -> bytes:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def _load(data: bytes) -> dict[str, Any]:
    if len(data) > MESSAGE_MAX:
        raise wire.Malformed("too long")
    return wire.read_fields(data)


def _text(got: dict[str, Any], name: str, default: str | None = None) -> str:
    found = got.get(name, default)
    if not isinstance(found, str):
        raise wire.Malformed(f"no {name}")
    return found


def _number(got: dict[str, Any], name: str) -> int:
    found = got.get(name)
    if type(found) is not int or not 0 <= found < wire.INT_MAX:
        raise wire.Malformed(f"no {name}")
    return found


def _list(got: dict[str, Any], name: str) -> list[Any]:
    found = got.get(name, [])
    if not isinstance(found, list):
        raise wire.Malformed(f"no {name}")
    return found


def _plain_heads(heads: Iterable[Head]) -> list[Any]:
    """Lane and scope are said once, by what the heads are part of."""
    return [[head.origin, head.floor, [list(tip) for tip in head.tips]] for head in heads]


def _heads(plain: Any, lane: str, scope: str) -> tuple[Head, ...]:
    if not isinstance(plain, list):
        raise wire.Malformed("no heads")
    found = []
    for each in plain:
        if not (isinstance(each, list) and len(each) == 3 and isinstance(each[2], list)):
            raise wire.Malformed("no head")
        origin, floor, tips = each
        if not (isinstance(origin, str) and ids.is_origin(origin) and type(floor) is int and 1 <= floor < wire.INT_MAX):
            raise wire.Malformed("no head")
        found.append(Head(lane, scope, origin, floor, _tips(tips, TIPS_MAX)))
    return tuple(found)


def _tips(plain: list[Any], limit: int) -> tuple[Tip, ...]:
    if len(plain) > limit:
        raise wire.Malformed("too many slots")
    found = []
    for each in plain:
        if not (isinstance(each, list) and len(each) == 2 and type(each[0]) is int and isinstance(each[1], str)):
            raise wire.Malformed("no slot")
        if not (1 <= each[0] < wire.INT_MAX and len(each[1]) == 64 and not each[1].strip("0123456789abcdef")):
            raise wire.Malformed("no slot")
        found.append(Tip(*each))
    return tuple(found)
