"""Bytes from outside: decoding damaged or hostile headers, frames and bodies raises Malformed and nothing else."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kioku_mesh import wire
from kioku_mesh.store import atrest

MANY = settings(max_examples=150, deadline=None)
ID, OTHER = "0123456789abcdef" * 2, "f" * 32

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([ID, "mesh", "", "a" * 64]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def header_fields(**fields: Any) -> dict[str, Any]:
    body = wire.encode_body({"content": "x"})
    return {
        "v": 1, "lane": "mem", "scope": "mesh", "origin": "ant-0001.0123456789abcdef", "seq": 2, "prev": "a" * 64, "floor": 1,
        "hlc": 17, "kind": "observation", "id": ID, "names": [OTHER], "until": None, "body": wire.digest(body), "size": len(body),
    } | fields  # fmt: skip


def record(**fields: Any) -> wire.Record:
    body = wire.encode_body(
        {"content": "said é ✓", "memory_type": "note", "importance": 2, "created_at": 1, "tags": ["a", "b"]}
        | {"agent_family": "x", "client_id": "y"}
    )
    raw = json.dumps(header_fields(body=wire.digest(body), size=len(body), **fields)).encode()
    return wire.Record(wire.decode_header(raw), raw, body, b"sig")


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Turned bits, cuts, insertions, repetitions: what disks, networks and enemies do."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 20))):
        at = rng.randrange(len(out) + 1)
        match rng.randrange(6):
            case 0 if out:
                out[at % len(out)] ^= 1 << rng.randrange(8)
            case 1:
                del out[at:]
            case 2:
                del out[at : at + rng.randrange(9)]
            case 3:
                out[at:at] = rng.randbytes(rng.randrange(9))
            case 4:
                out[at:at] = out[at : at + rng.randrange(40)]
            case 5:
                out[at:at] = rng.choice(
                    (b'"', b"{", b"[", b"\\ud800", b"null", b"1e999", b"-1", b"\xff", b"\0", b"NaN", b"9" * 30)
                )
    return bytes(out)


def decode_all(data: bytes) -> list[wire.Record]:
    """Everything that a peer's page may hold, up to the first bytes that are no frame."""
    found, at = [], 0
    while at < len(data):
        try:
            one, at = wire.decode_frame(data, at)
        except wire.Malformed:
            break
        found.append(one)
    return found


@MANY
@given(seed=st.integers(0, 2**48))
def test_mutated_headers(seed: int) -> None:
    """A damaged header is Malformed, or a header that keeps all its promises and goes on as it came."""
    rng = random.Random(seed)
    for _ in range(20):
        raw = mutated(record().raw, rng)
        try:
            header = wire.decode_header(raw)
        except wire.Malformed:
            continue
        again = wire.decode_header(wire.encode_header(header))
        assert again == header
        assert 1 <= header.seq < wire.INT_MAX
        assert len(header.names) <= wire.NAMES_MAX


@MANY
@given(fields=st.dictionaries(st.sampled_from(wire.Header._fields), json_values, min_size=1, max_size=3))
def test_headers_with_other_values(fields: dict[str, Any]) -> None:
    """Any value of any type in any field of a header is Malformed or means what it says."""
    raw = json.dumps(header_fields(**fields)).encode()
    try:
        header = wire.decode_header(raw)
    except wire.Malformed:
        return
    assert {field: getattr(header, field) for field in fields if field != "names"} == {
        f: v for f, v in fields.items() if f != "names"
    }


@MANY
@given(seed=st.integers(0, 2**48))
def test_mutated_frames(seed: int) -> None:
    """Damaged frames end a page or are left out; whatever is decoded has the body that its header names."""
    rng = random.Random(seed)
    whole = b"".join(wire.encode_frame(record(seq=n + 2)) for n in range(3)) + wire.encode_frame(
        record()._replace(body=None)
    )
    assert len(decode_all(whole)) == 4
    for _ in range(20):
        for one in decode_all(mutated(whole, rng)):
            assert one.body is None or wire.body_fits(one.header, one.body)


@MANY
@given(data=st.binary(max_size=200), at=st.integers(-5, 205))
def test_any_bytes_as_a_frame(data: bytes, at: int) -> None:
    """Bytes that were never a frame, read from anywhere, are Malformed."""
    for prefix in (b"", b"kmr1", b"kmr1\0", b"kmr1\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"):
        try:
            _, end = wire.decode_frame(prefix + data, max(at, 0))
        except wire.Malformed:
            continue
        assert end > at


@MANY
@given(seed=st.integers(0, 2**48))
def test_mutated_bodies(seed: int) -> None:
    """A damaged body is Malformed, or has fields of the right types that can be stored and shown."""
    rng = random.Random(seed)
    one = record()
    for _ in range(20):
        data = mutated(one.body or b"", rng)
        try:
            said = wire.read_observation(one.header, data)
        except wire.Malformed:
            continue
        "".join((said.content, said.subject or "", said.project or "", *said.tags)).encode()
        assert 1 <= said.importance <= 5


@MANY
@given(
    fields=st.dictionaries(st.sampled_from([*wire.ObservationBody._fields, "salt", "else"]), json_values, max_size=6)
)
def test_bodies_with_other_values(fields: dict[str, Any]) -> None:
    """Any value of any type in any field of a body is Malformed or kept as it is."""
    one = record()
    data = json.dumps(json.loads(one.body or b"") | fields).encode()
    try:
        said = wire.read_observation(one.header, data)
    except wire.Malformed:
        return
    assert all(type(value) in (str, int, tuple, type(None)) for value in said)


@MANY
@given(data=st.binary(max_size=300))
def test_any_bytes_at_rest(data: bytes) -> None:
    """Stored bytes that were damaged unpack to bytes or are Malformed; what was packed comes back."""
    assert atrest.unpack(atrest.pack(data)) == data
    for form in (b"", b"\0", b"\1", b"\2"):
        try:
            assert type(atrest.unpack(form + data)) is bytes
        except wire.Malformed:
            continue


def test_the_largest_record_at_rest() -> None:
    """The largest record of one repeated byte is packed small and comes back whole."""
    assert len(atrest.pack(b"\0" * wire.RECORD_MAX)) < 2000
    assert len(atrest.unpack(atrest.pack(b"\0" * wire.RECORD_MAX))) == wire.RECORD_MAX


def test_deep_and_large_headers() -> None:
    """Nesting beyond Python's stack, numbers beyond its limit, and headers beyond the size of a record are Malformed."""
    for raw in (b"[" * 200_000, b'{"a":' * 60_000, json.dumps(header_fields(hlc=0)).replace('"hlc": 0', '"hlc": ' + "9" * 5000).encode(),
                json.dumps(header_fields(extra="x" * wire.RECORD_MAX)).encode(), json.dumps(header_fields(size=wire.RECORD_MAX)).encode()):  # fmt: skip
        try:
            wire.decode_header(raw)
        except wire.Malformed:
            continue
        raise AssertionError(raw[:60])
