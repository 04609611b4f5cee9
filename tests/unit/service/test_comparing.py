"""What a save tells of memories that say nearly the same: found by words and by meaning, in any script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.app import open_memory
from kioku_mesh.model import Draft, Identity
from kioku_mesh.service.memory import Memory
from kioku_mesh.store.store import Store
from support import stores
from support.wordings import DIFFERENT, SAME

COMMON = "The gateway of the shop retries the upload of the report"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with stores.memory(tmp_path / "s") as opened:
        yield opened


def relations(memory: Memory, text: str, **fields: object) -> list[str]:
    """What a save of this text is told."""
    return [each.relation for each in memory.save(Draft(text, **fields)).similar]


@pytest.mark.parametrize(("pairs", "told"), [(SAME, ["near_duplicate"]), (DIFFERENT, [])], ids=["same", "different"])
def test_a_save_tells_of_the_same_alone(memory: Memory, pairs: list[tuple[str, str]], told: list[str]) -> None:
    """Each pair in a project of its own, among memories of others."""
    wrong = []
    for number, (one, other) in enumerate(pairs):
        memory.save(Draft(one, project=f"p{number}"))
        if relations(memory, other, project=f"p{number}") != told:
            wrong.append((one, other))
    assert wrong == []


def test_what_words_do_not_find_is_found_by_meaning(memory: Memory) -> None:
    """Where all words are in more memories than are worth looking at one by one."""
    for number in range(60):
        memory.save(Draft(f"{COMMON} {number} times, and the gateway of the shop then tells the report {number * 7}"))
    first = memory.save(Draft(COMMON)).observation_id
    for number in range(60):
        memory.save(Draft(f"Of the shop the gateway {number} retries an upload of a report {number * 11}"))
    again = memory.save(Draft("Our gateway of the shop retries uploads of the report."))
    assert [(each.observation_id, each.relation) for each in again.similar] == [(first, "near_duplicate")]


def test_a_subject_tells_two_memories_apart(memory: Memory) -> None:
    """The same words of another thing are no duplicate, and no text of the same subject."""
    memory.save(Draft("It listens on port 8080 behind the balancer", subject="Gateway"))
    assert relations(memory, "It listens on port 8080 behind a balancer", subject="Billing") == []
    assert relations(memory, "It listens on port 8080 behind its balancer", subject="Gateway") == ["near_duplicate"]
    assert set(relations(memory, "It listens on port 9090 behind the balancer", subject="gateway")) == {"same_subject"}


def test_only_the_project_is_looked_at_and_no_revision(memory: Memory) -> None:
    """What supersedes is meant to be alike."""
    old = memory.save(Draft("We keep the tokens in the vault", project="shop")).observation_id
    assert relations(memory, "We keep tokens in our vault", project="site") == []
    assert relations(memory, "We keep tokens in the vault", project="shop", supersedes=(old,)) == []


def test_without_a_table_of_meanings_words_are_enough(tmp_path: Path) -> None:
    """A damaged table costs what only meaning finds, never the save."""
    broken = Store(str(tmp_path / "s"), host="desk", meanings=(str(tmp_path / "none.db"),))
    with Memory(broken, stores.settings(tmp_path / "s"), Identity()) as opened:
        opened.save(Draft("We keep the tokens in the vault"))
        assert relations(opened, "We keep tokens in our vault") == ["near_duplicate"]
    with open_memory(stores.settings(tmp_path / "s")) as opened:
        assert relations(opened, "Keep the tokens in the vault.") == ["near_duplicate", "near_duplicate"]
