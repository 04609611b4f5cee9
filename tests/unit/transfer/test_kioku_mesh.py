"""Records of kioku-mesh 1.2 as lines of an import: what it wrote, and what nobody should have written."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from kioku_mesh.errors import BadInput
from kioku_mesh.transfer import kioku_mesh
from kioku_mesh.transfer.kioku_mesh import UNTIERED, Item
from support import older


def items(*samples: older.Sample) -> list[Item]:
    return [kioku_mesh.parse(*sample) for sample in samples]


def lines(*samples: older.Sample) -> list[dict[str, Any]]:
    """With the untiered in `mesh`, as a plain import takes them."""
    found = [item._replace(scope=item.scope or "mesh") for item in items(*samples)]
    return [line for _, line in kioku_mesh.lines(found)]


def stamps(*samples: older.Sample) -> dict[str, int]:
    return {line.get("observation_id") or line["id"]: int(line["stamp"]) for line in lines(*samples)}


def test_what_it_really_wrote_is_understood() -> None:
    """Every record of the golden samples, with nothing adjusted and no field that is not known."""
    found = items(*older.samples())
    assert len(found) == 15
    assert not [item for item in found if item.adjusted or item.foreign]
    assert {item.scope for item in found} == {UNTIERED, "mesh", "user/kim", "user/lee", "team/blue"}
    assert sum(item.line is None for item in found) == 2


def test_every_field_arrives() -> None:
    """As it was, under the names of our format."""
    line = next(line for line in lines(*older.samples()) if line.get("subject") == "lease")
    assert line == {
        "observation_id": "32513f224501414cbf007a249370206c", "content": "The lease of the gateway is 30 s",
        "subject": "lease", "summary": "gateway lease 30 s", "project": "net", "tags": ["net", "dhcp"],
        "source_files": ["etc/dhcp.conf"], "references": ["#12", "PR#3"], "agent_family": "claude",
        "client_id": "claude-code", "pc_id": "a1" * 16, "session_id": "s-one", "memory_type": "config", "importance": 4,
        "supersedes": [], "visibility": "mesh", "created_at": "2025-11-21T21:49:19.700178Z", "stamp": "1763761759700178",
    }  # fmt: skip


def test_a_deletion_is_a_tombstone_with_its_time() -> None:
    """It keeps its reason, and may be undone for as long as the older version would have kept it."""
    line = next(line for line in lines(*older.samples()) if line.get("reason") == "it is blue")
    assert line["kind"] == "tombstone"
    assert line["names"] == ["dfd5cdba519c4cfd8c400400839dd35d"]
    assert (line["stamp"], line["until"]) == ("1763761766567853", "2025-12-21T21:49:26.567853Z")


@pytest.mark.parametrize(
    ("key", "scope"),
    [
        ("mem/obs/a/b/c/d/{}", UNTIERED),
        ("mem/tomb/a/b/c/d/{}", UNTIERED),
        ("mem/mesh/obs/a/b/c/d/{}", "mesh"),
        ("mem/user/kim/tomb/a/b/c/d/{}", "user/kim"),
        ("mem/user/obs/obs/a/b/c/d/{}", "user/obs"),
        ("mem/team/Blue.1/obs/a/b/c/d/{}", "team/blue.1"),
    ],
)
def test_every_shape_of_a_key(key: str, scope: str) -> None:
    """Legacy and tiered; names have no capitals here."""
    where = kioku_mesh.place(key.format("0" * 32))
    assert (where.scope, where.id, where.deletes) == (scope, "0" * 32, "tomb" in key)
    assert where.labels == {"agent_family": "a", "client_id": "b", "pc_id": "c", "session_id": "d"}


@pytest.mark.parametrize(
    "key",
    [
        "", "mem", "mem/", "mem/obs", "mem/obs/a/b/c/{}", "mem/obs/a/b/c/d/e/{}", "mem/obs/a/b/c/d/ABC", "nem/obs/a/b/c/d/{}",
        "mem/mesh/a/b/c/d/{}", "mem/user/obs/a/b/c/d/{}", "mem/future/obs/a/b/c/d/{}", "mem/user/-/obs/a/b/c/d/{}",
        "mem/local/obs/a/b/c/d/{}", "mem/log/mesh/node/inc/0/1/{}", "mem/user//obs/a/b/c/d/{}",
    ],
)  # fmt: skip
def test_other_keys_are_not_read(key: str) -> None:
    """They are bad records, whatever is written there."""
    with pytest.raises(BadInput):
        kioku_mesh.place(key.format("0" * 32))


def test_our_own_keys_are_known() -> None:
    """Both products may use one zenohd."""
    ours = ("mem/log/user/obs/n/i/0/1/d", "mem/vv/mesh/n/i", "mem/sync/mesh/n/i", "mem/alive/n/i")
    assert all(map(kioku_mesh.is_ours, ours))
    assert not any(kioku_mesh.is_ours(sample.key) for sample in older.samples())


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        (b"1" * 10_000, "not JSON"),
        (b"{}", "does not say when"),
        (b'{"created_at": "2025-01-01T00:00:00Z"}', "no content"),
        (b'{"created_at": "2025-01-01T00:00:00Z", "content": 7}', "no content"),
        (b'{"created_at": "2025-01-01T00:00:00Z", "content": "x", "supersedes": "y"}', "not a list"),
        (b'{"created_at": "2025-01-01T00:00:00Z", "observation_id": "f", "content": "x"}', "another one"),
        (None, "too large"),
    ],
)
def test_a_bad_record_says_what_is_wrong(payload: bytes | None, why: str) -> None:
    """It is refused, and stops nothing else."""
    with pytest.raises(BadInput, match=why):
        kioku_mesh.parse(older.key("0" * 32), payload, None)


def test_a_time_that_cannot_be_read_is_that_of_the_storage() -> None:
    """A memory is not lost for it."""
    odd = older.observation(1, created_at="yesterday")
    assert stamps(odd) == {f"{1:032x}": odd.time}


@pytest.mark.parametrize(
    ("fields", "kept", "adjusted"),
    [
        ({"subject": "-", "summary": "TBD", "project": " ", "tags": ["", "n/a", "x", "x"]}, {"tags": ["x"]}, ()),
        ({"subject": "two\nlines"}, {"subject": "two lines"}, ()),
        ({"importance": 9}, {"importance": 5}, ()),
        ({"expires_at": "soon"}, {}, ("expires_at",)),
        ({"memory_type": "idea"}, {}, ("memory_type",)),
        ({"memory_type": "fact"}, {"memory_type": "fact"}, ()),
        ({"supersedes": ["x", f"{1:032x}", f"{2:032x}"]}, {"supersedes": [f"{2:032x}"]}, ("supersedes",)),
        ({"tags": [str(n) for n in range(60)]}, {"tags": [str(n) for n in range(50)]}, ("tags",)),
        ({"subject": "s" * 301}, {"subject": "s" * 299 + "…", "summary": "s" * 301}, ("subject",)),
    ],
)
def test_what_does_not_fit_here_is_made_to_fit(fields: dict[str, Any], kept: dict[str, Any], adjusted: Any) -> None:
    """And named, where anything is lost by it."""
    sample = older.observation(1, **fields)
    line = lines(sample)[0]
    for name in fields:
        assert line.get(name) == kept.get(name)
    assert line.get("summary") == kept.get("summary")
    assert items(sample)[0].adjusted == adjusted


def test_what_supersedes_is_stamped_later_whatever_its_clock_said() -> None:
    """Else the revision would not hide what it revises."""
    late = older.observation(1, created_at="2025-05-01T00:00:00Z")
    early = older.observation(2, created_at="2025-04-01T00:00:00Z", supersedes=[f"{1:032x}"])
    third = older.observation(3, created_at="2025-03-01T00:00:00Z", supersedes=[f"{2:032x}", f"{9:032x}"])
    found = stamps(third, early, late)
    assert found[f"{1:032x}"] + 1 == found[f"{2:032x}"] == found[f"{3:032x}"] - 1


def test_a_ring_of_revisions_has_a_newest() -> None:
    """Each names the other: the one that was saved later wins."""
    old = older.observation(1, supersedes=[f"{2:032x}"])
    new = older.observation(2, supersedes=[f"{1:032x}"])
    found = stamps(old, new)
    assert found[f"{1:032x}"] < found[f"{2:032x}"]


def test_a_long_chain_is_no_trouble() -> None:
    """Deeper than Python would call itself."""
    chain = [
        older.observation(n, supersedes=[f"{n - 1:032x}"], created_at="2025-01-01T00:00:00Z") for n in range(1, 3000)
    ]
    found = stamps(*chain)
    assert sorted(found.values()) == sorted(set(found.values()))


def test_a_deletion_is_later_than_what_it_deletes() -> None:
    """It hides it in any case; but no tombstone names what comes after it."""
    gone = older.observation(1, created_at="2025-05-01T00:00:00Z")
    found = stamps(gone, older.tombstone(1, deleted_at="2025-04-01T00:00:00Z"))
    assert sorted(found.values())[1] == found[f"{1:032x}"] + 1


def test_a_deletion_holds_wherever_its_memory_is() -> None:
    """The older version hid by the id alone; here a deletion acts in its own visibility only."""
    found = lines(older.observation(1, "user/kim"), older.tombstone(1, ""))
    deletions = {line["visibility"]: line for line in found if line.get("kind") == "tombstone"}
    assert set(deletions) == {"mesh", "user/kim"}
    assert len({line["id"] for line in deletions.values()}) == 2


def test_a_store_migrated_half_way_gives_each_record_once() -> None:
    """The same memory and deletion under a legacy key and a tiered one."""
    pair = [older.observation(1, tier) for tier in ("", "mesh")] + [older.tombstone(1, tier) for tier in ("", "mesh")]
    assert len(lines(*pair)) == 2
    assert len(lines(older.observation(1), older.observation(1, "", content="other"))) == 2


def test_the_order_of_answers_does_not_matter() -> None:
    """Two machines that read the same mesh make the same lines."""
    samples = [
        *older.samples(),
        older.observation(1),
        older.observation(2, supersedes=[f"{1:032x}"]),
        older.tombstone(1),
    ]
    wanted = json.dumps(lines(*samples))
    for seed in range(10):
        random.Random(seed).shuffle(samples)
        assert json.dumps(lines(*samples)) == wanted
