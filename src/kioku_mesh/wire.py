"""The record: a header that is kept for ever, a signature, a body that can be erased. Frozen formats live here only.

Header and body are UTF-8 JSON, stored and sent byte for byte as they were written. The digest of a record is the
SHA-256 of its header bytes; a header names its predecessor in the stream and its body by digest, so a stream can be
verified without trusting who delivered it. Unknown header fields and kinds are kept; `v` is the version of the body.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from typing import Any

from . import ids, seen
from .values import NamedTuple

LANES = ("mem", "msg")
BODY_VERSION = 1
RECORD_MAX = 256 * 1024  # header and body together, bytes
NAMES_MAX = 1000
LIST_MAX = 1000  # entries of one list in a body
INT_MAX = 2**62  # seq, hlc and until fit a signed 64-bit integer with room to add

OBSERVATION, TOMBSTONE, UNDO, PURGE, ALIAS = "observation", "tombstone", "undo", "purge", "alias"

_MAGIC = b"kmr1"
_FRAME = struct.Struct(">4sBIHI")  # magic, form of the body, lengths of header, signature, body
_NO_BODY, _PLAIN = 0, 1
_NOTHING: tuple[object, ...] = (None, (), [])


class Malformed(ValueError):
    """Bytes that are no record. Never reaches a user: whoever reads from outside counts and skips it."""


class Header(NamedTuple):
    """Everything the machinery needs. `hlc` and `until`: microseconds since 1970; `body`: SHA-256 of the plain body."""

    v: int
    lane: str
    scope: str
    origin: str
    seq: int
    prev: str
    floor: int
    hlc: int
    kind: str
    id: str
    names: tuple[str, ...]
    until: int | None
    body: str
    size: int

    @property
    def stamp(self) -> tuple[int, str, int]:
        """Total order over all records."""
        return (self.hlc, self.origin, self.seq)


class Record(NamedTuple):
    """`raw`: the header bytes as received; `body` is None once it was erased."""

    header: Header
    raw: bytes
    body: bytes | None
    signature: bytes = b""


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def encode_header(header: Header) -> bytes:
    return _encode(header._asdict()).encode()


def decode_header(raw: bytes) -> Header:
    """Parse and check header bytes. Raises Malformed."""
    if len(raw) > RECORD_MAX:
        raise Malformed("header too long")
    got = _json_object(raw)
    try:
        header = Header(*[got[field] for field in Header._fields])
    except KeyError as missing:
        raise Malformed(f"no {missing}") from None
    _check(header)
    if len(raw) + header.size > RECORD_MAX:
        raise Malformed("record too long")
    return header._replace(names=tuple(header.names))


def _check(h: Header) -> None:
    numbers = ((h.v, 1), (h.seq, 1), (h.floor, 1), (h.hlc, 0), (h.size, 0), (0 if h.until is None else h.until, 0))
    if not all(type(n) is int and low <= n < INT_MAX for n, low in numbers):
        raise Malformed("a number is out of range")
    texts = (h.lane, h.scope, h.origin, h.prev, h.kind, h.id, h.body)
    if not all(type(t) is str for t in texts):
        raise Malformed("a text is missing")
    if h.lane not in LANES or not is_scope(h.scope) or not ids.is_origin(h.origin):
        raise Malformed("unknown lane, scope or origin")
    if not ids.is_id(h.id) or not ids.is_slug(h.kind) or not _is_digest(h.body):
        raise Malformed("bad id, kind or digest")
    if not (h.prev == "" if h.seq == 1 else _is_digest(h.prev)):
        raise Malformed("bad link to the record before")
    if type(h.names) not in (list, tuple) or len(h.names) > NAMES_MAX:
        raise Malformed("bad names")
    if not all(type(name) is str and ids.is_id(name) for name in h.names):
        raise Malformed("bad names")


def is_scope(text: str) -> bool:
    """`mesh`, `local`, `user/<slug>` or `team/<slug>`."""
    if text in ("mesh", "local"):
        return True
    kind, _, owner = text.partition("/")
    return kind in ("user", "team") and ids.is_slug(owner)


def _is_digest(text: str) -> bool:
    return len(text) == 64 and not text.strip("0123456789abcdef")


def body_fits(header: Header, body: bytes) -> bool:
    """Is this the body that the header names?"""
    return len(body) == header.size and digest(body) == header.body


def encode_body(fields: dict[str, Any]) -> bytes:
    """Body bytes with a random salt, so that the digest left behind by an erased body confirms no guess of it.

    Fields that say nothing (None, empty lists) are left out.
    """
    told = {k: v for k, v in fields.items() if v not in _NOTHING}
    return _encode({"salt": os.urandom(12).hex(), **told}).encode()


def encode_frame(record: Record) -> bytes:
    """One record as it travels and as golden samples keep it."""
    body = record.body
    form = _NO_BODY if body is None else _PLAIN
    head = _FRAME.pack(_MAGIC, form, len(record.raw), len(record.signature), len(body or b""))
    return head + record.raw + record.signature + (body or b"")


def decode_frame(data: bytes, offset: int = 0) -> tuple[Record, int]:
    """The record at `offset` and the offset behind it. Raises Malformed."""
    if len(data) - offset < _FRAME.size:
        raise Malformed("truncated frame")
    magic, form, head_size, sign_size, body_size = _FRAME.unpack_from(data, offset)
    if magic != _MAGIC or form not in (_NO_BODY, _PLAIN):
        raise Malformed("unknown frame")
    start = offset + _FRAME.size
    end = start + head_size + sign_size + body_size
    if head_size + body_size > RECORD_MAX or end > len(data):
        raise Malformed("truncated frame")
    raw = bytes(data[start : start + head_size])
    signature = bytes(data[start + head_size : start + head_size + sign_size])
    body = bytes(data[start + head_size + sign_size : end]) if form == _PLAIN else None
    header = decode_header(raw)
    if body is not None and not body_fits(header, body):
        raise Malformed("the body is not the one its header names")
    return Record(header, raw, body, signature), end


class ObservationBody(NamedTuple):
    """Version 1 of what an observation says. Without a `pc_id` of its own it was saved by the node of its origin.

    The last three fields are those of `Seen`.
    """

    content: str
    memory_type: str
    importance: int
    created_at: int
    agent_family: str
    client_id: str
    pc_id: str = ""
    host: str = ""
    subject: str | None = None
    summary: str | None = None
    project: str | None = None
    session_id: str | None = None
    tags: tuple[str, ...] = ()
    source_files: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    commit: str | None = None
    file_hashes: tuple[str, ...] = ()
    file_paths: tuple[str, ...] = ()


_LISTS = ("tags", "source_files", "references")
_NUMBERS = ("importance", "created_at")
_SEEN = frozenset(seen.Seen._fields)
_SHAPES: dict[str, type] = {field: str for field in ObservationBody._fields if field not in _SEEN}
_SHAPES |= dict.fromkeys(_NUMBERS, int) | dict.fromkeys(_LISTS, list)
_UNSAID = {**ObservationBody._field_defaults, **dict.fromkeys(_NUMBERS, -1)}


def read_observation(header: Header, body: bytes) -> ObservationBody:
    """The fields of an observation's body. Raises Malformed for versions and shapes this release does not know."""
    if header.v != BODY_VERSION:
        raise Malformed(f"body version {header.v}")
    got = _json_object(body)
    if [field for field in got if field in _SHAPES and type(got[field]) is not _SHAPES[field]]:
        raise Malformed("a field has the wrong type")
    told = {**_UNSAID, **got}
    if not (0 <= told["importance"] < INT_MAX and 0 <= told["created_at"] < INT_MAX):
        raise Malformed("a number is missing or out of range")
    told["importance"] = min(max(told["importance"], 1), 5)
    told["pc_id"] = told["pc_id"] or header.origin.rpartition(".")[0]
    for field in _LISTS:
        told[field] = _texts(told[field]) if told[field] else ()
    if not _SEEN.isdisjoint(got):
        told |= _seen(told)
    try:
        return ObservationBody(*[told[field] for field in ObservationBody._fields])
    except KeyError:
        raise Malformed("a field is missing") from None


def _seen(told: dict[str, Any]) -> dict[str, Any]:
    """Nothing where it has not the right shape: a memory is worth more than what is known of its files."""
    try:
        return seen.read(told if told["file_hashes"] else {})._asdict()
    except ValueError:
        return seen.Seen()._asdict()


def _texts(value: list[Any]) -> tuple[str, ...]:
    if len(value) > LIST_MAX or not all(type(t) is str for t in value):
        raise Malformed("a list has the wrong shape")
    return tuple(value)


def read_fields(body: bytes) -> dict[str, Any]:
    """The body of any other kind (reason of a deletion, names of an alias). Raises Malformed."""
    return _json_object(body)


def _json_object(data: bytes) -> dict[str, Any]:
    """A JSON object whose texts can be stored: strict UTF-8, no repeated keys, no lone surrogates."""
    try:
        text = data.decode()
        got = _decode(text)
        if "\\u" in text:
            _encode(got).encode()
    except (ValueError, RecursionError) as bad:
        raise Malformed(str(bad)[:80]) from None
    if type(got) is not dict:
        raise Malformed("not an object")
    return got


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    got = dict(pairs)
    if len(got) != len(pairs):
        raise ValueError("a key stands twice")
    return got


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode
_decode = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant).decode
