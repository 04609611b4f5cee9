"""What a recall and the brief hand over beside what was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from kioku_mesh.model import Draft, Filter
from kioku_mesh.service.memory import Memory
from kioku_mesh.store.store import Store
from support.stores import AGENT, memory, settings


@pytest.fixture
def opened(tmp_path: Path) -> Memory:
    return memory(tmp_path / "state", retention_days=30)


def conflict(opened: Memory, *texts: str, project: str = "shop") -> list[str]:
    """Several revisions of one memory."""
    old = opened.save(Draft(content="Tokens live for an hour.", project=project)).observation_id
    return [opened.revise(old, Draft(content=text)).observation_id for text in texts]


def test_both_sides_of_a_conflict_are_told(opened: Memory) -> None:
    """The other side follows though it shares no word with the task, and each names the other."""
    one, other = conflict(opened, "Tokens live for a day.", "Sessions end at midnight.")
    recalled = opened.recall("tokens")
    assert [hit.observation.observation_id for hit in recalled.results] == [one, other]
    assert f"In conflict with id:{other}: settle it" in recalled.text
    assert f"In conflict with id:{one}: settle it" in recalled.text
    assert "Sessions end at midnight." in recalled.text


def test_sides_that_say_the_same_are_both_told(opened: Memory) -> None:
    """Near-duplicates are told once, but for those in conflict."""
    sides = conflict(opened, "Tokens live for a day.", "Tokens live for a day!")
    assert {hit.observation.observation_id for hit in opened.recall("tokens").results} == set(sides)


def test_a_side_outside_the_only_project_is_not_told(opened: Memory, tmp_path: Path) -> None:
    """What the filter leaves out stays out; its id says that there is a conflict."""
    one, other = conflict(opened, "Tokens live for a day.")[0], ""
    old = opened.get([one]).results[0].supersedes[0]
    other = opened.revise(old, Draft(content="Sessions end at midnight.", project="site")).observation_id
    for asked in (
        opened.recall("tokens", Filter(project="shop")),
        Memory(Store(str(tmp_path / "state")), settings(tmp_path / "state", only_project="shop"), AGENT).recall(
            "tokens"
        ),
    ):
        assert [hit.observation.observation_id for hit in asked.results] == [one]
        assert other in asked.text
        assert "midnight" not in asked.text


def test_many_revisions_are_counted(opened: Memory) -> None:
    """The warning of a further revision counts all that stand side by side."""
    conflict(opened, "Tokens live for a day.", "Sessions end at midnight.")
    old = opened.get([opened.recall("tokens").results[0].observation.observation_id]).results[0].supersedes[0]
    saved = opened.revise(old, Draft(content="Nothing ends."))
    assert [
        warning.message.partition(": ")[2] for warning in saved.warnings if warning.code == "already_superseded"
    ] == ["3 revisions now stand side by side"]


def test_a_brief_says_how_to_get_at_the_rest(opened: Memory) -> None:
    """A resource takes no tokens, so the line about the rest names what does."""
    for n in range(20):
        opened.save(Draft(content=f"Rule {n} is about the {chr(97 + n) * 5} and nothing else.", memory_type="decision"))
    text = opened.brief(budget=300).text
    assert "more withheld: the tools recall_context and search_memory find them, `kioku-mesh brief --budget" in text
    assert "ask for more tokens" not in text


def test_one_memory_of_another_is_one(tmp_path: Path, opened: Memory) -> None:
    """The note about other scopes counts in good English."""
    opened.save(Draft(content="mine alone", visibility="user"))
    others = memory(tmp_path / "state")
    assert [note.message for note in others.status().notes if note.code == "other_scopes"] == [
        "1 memory of user/kim is not shown to you"
    ]
