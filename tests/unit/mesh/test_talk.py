"""What nodes say: both ways, samples that never change, and nothing but Malformed for whatever else comes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioku_mesh import wire
from kioku_mesh.mesh import talk
from kioku_mesh.mesh.heads import Heads
from kioku_mesh.mesh.talk import Announcement, Request
from kioku_mesh.store.exchange import Page
from kioku_mesh.store.log import Head, Tip

GOLDEN = Path(__file__).parents[2] / "golden" / "mesh"
ORIGIN = "desk-1." + "0" * 16
TIP = Tip(7, "ab" * 32)
HEADS = (
    Head("mem", "team/red", ORIGIN, 1, (TIP,)),
    Head("mem", "team/red", "a." + "f" * 16, 1, (TIP, Tip(2, "0" * 64))),
)
SAID = Announcement(
    "desk-1", "0" * 16, "mem", "team/red", 4, Heads(HEADS).digest, HEADS, "desk", "1.0", 1, 10**15,
    ("mesh", "team/red"), "tcp/10.0.0.1:7447",
)  # fmt: skip
ASKED = Request("records", "mem", "mesh", ORIGIN, 3, 9, 1000, (TIP,))


def test_both_ways() -> None:
    """What is read is what was written."""
    assert talk.decode_announcement(talk.encode_announcement(SAID)) == SAID
    assert talk.decode_request(talk.encode_request(ASKED)) == ASKED
    assert talk.decode_heads(talk.encode_heads(Heads(HEADS)), "mem", "team/red") == HEADS
    assert talk.decode_digests(talk.encode_digests([TIP])) == (TIP,)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("announcement", talk.encode_announcement(SAID)),
        ("request", talk.encode_request(ASKED)),
        ("heads", talk.encode_heads(Heads(HEADS))),
        ("digests", talk.encode_digests([TIP])),
        ("page", talk.encode_page(Page((), 12, True))),
    ],
)
def test_samples_do_not_change(name: str, made: bytes) -> None:
    """Machines of two releases talk to each other."""
    assert made.decode() == (GOLDEN / f"{name}.json").read_text("utf-8")


def test_fields_of_a_later_release_are_passed_over() -> None:
    """It may say more."""
    plain = json.loads(talk.encode_announcement(SAID)) | {"later": [1], "p": 2}
    assert talk.decode_announcement(json.dumps(plain).encode()) == SAID._replace(protocol=2)


def test_a_page_that_was_cut_short_is_none() -> None:
    """A connection may end within it."""
    whole = talk.encode_page(Page((b"x" * 40,), 12, True))
    with pytest.raises(wire.Malformed):
        talk.decode_page(whole)
    with pytest.raises(wire.Malformed):
        talk.decode_page(talk.encode_page(Page((), 12, True))[:-3])


@pytest.mark.parametrize(
    "change",
    [
        {"node": "../x"}, {"inc": "zz"}, {"scope": "team/../x"}, {"scope": 5}, {"c": -1}, {"c": 2**80}, {"heads": {}},
        {"heads": [["a", 1, []]]}, {"heads": [[ORIGIN, 0, []]]}, {"heads": [[ORIGIN, 1, [[0, "ab" * 32]]]]},
        {"heads": [[ORIGIN, 1, [[1, "AB" * 32]]]]}, {"heads": [[ORIGIN, 1, [[1, "ab" * 32]] * 65]]}, {"lane": "x"},
        {"now": True}, {"p": "1"}, {"scopes": "mesh"},
    ],
)  # fmt: skip
def test_announcements_of_nobody(change: dict[str, object]) -> None:
    """Each field is checked."""
    plain = json.loads(talk.encode_announcement(SAID)) | change
    with pytest.raises(wire.Malformed):
        talk.decode_announcement(json.dumps(plain).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "local"},
        {"scope": "x"},
        {"origin": "x"},
        {"after": -1},
        {"until": "9"},
        {"slots": [[1]]},
        {"size": None},
    ],
)
def test_requests_for_what_is_not_told(change: dict[str, object]) -> None:
    """`local` never leaves the machine."""
    plain = json.loads(talk.encode_request(ASKED)) | change
    with pytest.raises(wire.Malformed):
        talk.decode_request(json.dumps(plain).encode())


@given(data=st.one_of(st.binary(max_size=200), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("node", "inc", "lane", "scope", "c", "d", "heads", "ask", "slots", "n", "high")), inner, max_size=6),
    max_leaves=12,
).map(lambda plain: json.dumps(plain).encode())))  # fmt: skip
def test_whatever_comes_is_malformed_or_fits(data: bytes) -> None:
    """A hostile peer costs us nothing but the time to look."""
    for read in (
        talk.decode_announcement,
        talk.decode_request,
        talk.decode_digests,
        talk.decode_page,
        lambda d: talk.decode_heads(d, "mem", "mesh"),
    ):
        try:
            read(data)
        except wire.Malformed:
            continue
