"""One can always ask why a memory is hidden, and by what."""

from __future__ import annotations

from pathlib import Path

import pytest

from kioku_mesh.clock import DAY, now, to_iso
from kioku_mesh.model import Draft, Filter, Observation, Query, as_plain
from kioku_mesh.service.memory import Memory
from kioku_mesh.store.store import Store
from support.stores import AGENT, memory, settings


@pytest.fixture
def opened(tmp_path: Path) -> Memory:
    return memory(tmp_path / "state", retention_days=30)


def put(opened: Memory, content: str, **fields: object) -> str:
    return opened.save(Draft(content=content, **fields)).observation_id  # type: ignore[arg-type]


def why_not(opened: Memory, id_: str, **where: object) -> str:
    return opened.search(Query("heron", Filter(**where), why_not=id_)).why_not or ""  # type: ignore[arg-type]


def seen(opened: Memory, id_: str) -> Observation:
    return opened.get([id_]).results[0]


def test_a_deleted_one(opened: Memory) -> None:
    """When, by whom and why, in the reason and in the memory itself; gone with an undo."""
    id_ = put(opened, "a grey heron")
    assert not {"deleted_at", "deleted_by", "deleted_reason", "purged"} & as_plain(seen(opened, id_)).keys()
    before = now()
    opened.delete([id_], "it  flew\naway")
    found = seen(opened, id_)
    assert found.deleted_at is not None
    assert before <= found.deleted_at <= now()
    assert (found.deleted_by, found.deleted_reason, found.purged) == ("claude/test@desk", "it  flew\naway", False)
    assert why_not(opened, id_) == (
        f"left out by the filter: state; it was deleted at {to_iso(found.deleted_at)} by claude/test@desk, reason: it flew"
        " away; --include deleted (as a tool: include) shows it"
    )
    assert why_not(opened, id_, states=("live", "deleted")) == "it is there: hit 1"
    opened.restore(id_)
    assert seen(opened, id_).deleted_at is None


def test_a_purged_one(opened: Memory) -> None:
    """It says so, and promises no way to see it."""
    id_ = put(opened, "a purple heron")
    opened.purge([id_])
    found = seen(opened, id_)
    assert (found.purged, found.state) == (True, "deleted")
    assert found.deleted_at is not None
    assert why_not(opened, id_) == (
        f"left out by the filter: state; it was purged at {to_iso(found.deleted_at)} by claude/test@desk: its text is gone for good"
    )


def test_a_superseded_and_an_expired_one(opened: Memory) -> None:
    """The memory that replaced it, or the time at which it expired."""
    old = put(opened, "a heron")
    new = opened.revise(old, Draft(content="two herons")).observation_id
    assert why_not(opened, old).endswith(
        f"it is superseded by {new}; --include superseded (as a tool: include) shows it"
    )
    expired = put(opened, "a passing heron", expires_at=now() + DAY // 864_000)
    while not (said := why_not(opened, expired)).startswith("left out"):
        pass
    until = seen(opened, expired).expires_at
    assert until is not None
    assert said.endswith(f"it expired at {to_iso(until)}; --include expired (as a tool: include) shows it")


def test_the_reason_stays_in_the_only_project(opened: Memory, tmp_path: Path) -> None:
    """A process that works in one project alone learns nothing about why a memory of another is hidden."""
    id_ = put(opened, "a white heron", project="a")
    opened.delete([id_], "a secret reason")
    folder = tmp_path / "state"
    confined = Memory(Store(str(folder)), settings(folder, only_project="b"), AGENT)
    assert "secret" not in why_not(confined, id_)
    assert "deleted" not in why_not(confined, id_)
