"""Saving again and revising: what is not done is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.clock import HOUR, now
from kioku_mesh.errors import BadInput
from kioku_mesh.model import Draft, Query
from kioku_mesh.service.memory import Memory
from support import stores

TEXT = "The gateway leases for 30 s"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with stores.memory(tmp_path / "s") as opened:
        yield opened


def test_a_retry_is_answered_without_a_warning(memory: Memory) -> None:
    """The same save again, given its defaults by name or not, and with the same span of time."""
    first = memory.save(Draft(TEXT, tags=("net",), expires_at=now() + HOUR))
    again = memory.save(Draft(TEXT, tags=("net",), memory_type="note", importance=2, expires_at=now() + HOUR))
    assert (again.status, again.observation_id, again.warnings) == ("already_saved", first.observation_id, ())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"importance": 5}, "importance"),
        ({"importance": 5, "tags": ("new",)}, "importance, tags"),
        ({"memory_type": "decision"}, "memory_type"),
        ({"subject": "another"}, "subject"),
        ({"summary": "another"}, "summary"),
        ({"source_files": ("a.py",)}, "source_files"),
        ({"references": ("#1",)}, "references"),
        ({"expires_at": now() + 9 * HOUR}, "expires_at"),
    ],
)
def test_what_a_retry_does_not_apply_is_named(memory: Memory, given: dict[str, object], told: str) -> None:
    """The words are saved already; what is new beside them needs a revision."""
    memory.save(Draft(TEXT))
    again = memory.save(Draft(TEXT, **given))
    assert again.status == "already_saved"
    (warning,) = again.warnings
    assert warning.code == "not_applied"
    assert f"not applied: {told} (revise" in warning.message


@pytest.mark.parametrize(
    "draft",
    [
        Draft(""),
        Draft(" \n"),
        Draft(TEXT),
        Draft("", tags=("net",)),
        Draft(TEXT, importance=4, memory_type="fact", project="shop", visibility="mesh"),
        Draft("", allow_secret=True),
    ],
)
def test_a_revision_that_changes_nothing_is_bad_input(memory: Memory, draft: Draft) -> None:
    """Nothing is saved."""
    old = memory.save(Draft(TEXT, importance=4, memory_type="fact", project="shop", tags=("net",))).observation_id
    with pytest.raises(BadInput, match="would change"):
        memory.revise(old, draft)
    assert memory.search(Query()).results[0].observation.observation_id == old


@pytest.mark.parametrize(
    "draft",
    [
        Draft("", importance=5),
        Draft("", tags=("new",)),
        Draft("", project="site"),
        Draft("", subject="another subject"),
        Draft("", expires_at=now() + 9 * HOUR),
        Draft("another text"),
    ],
)
def test_a_revision_of_one_field_is_saved(memory: Memory, draft: Draft) -> None:
    """The text or anything beside it."""
    old = memory.save(Draft(TEXT, importance=4, project="shop")).observation_id
    assert memory.revise(old, draft).status == "saved"
    assert memory.get([old]).results[0].state == "superseded"


def test_words_that_were_replaced_can_be_said_again(memory: Memory) -> None:
    """A revision of a hidden memory with its own words brings them back."""
    old = memory.save(Draft(TEXT)).observation_id
    memory.revise(old, Draft("another text"))
    assert memory.revise(old, Draft(TEXT)).status == "saved"
    with pytest.raises(BadInput):
        memory.revise(old, Draft(""))
