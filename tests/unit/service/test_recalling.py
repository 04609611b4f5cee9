"""What a recall and the brief hand over beside what was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from kioku_mesh.model import Draft, Filter, Query
from kioku_mesh.results import Recalled
from kioku_mesh.service.memory import Memory
from kioku_mesh.store.store import Store
from kioku_mesh.text.budget import token_bound
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


def ids(recalled: Recalled) -> list[str]:
    return [hit.observation.observation_id for hit in recalled.results]


def test_the_files_of_the_task_leave_nothing_out(opened: Memory) -> None:
    """What names a file or reference of the task is told first, whatever its words; what fits the task follows."""
    fits = opened.save(Draft(content="The importer retries three times before it gives up.")).observation_id
    by_file = opened.save(Draft(content="Keep this module free of globals.", source_files=("src/imp.py",)))
    by_reference = opened.save(Draft(content="Ask Kim before release.", references=("#77",)))
    recalled = opened.recall("retries of the importer", Filter(source_files=("src/imp.py",), references=("#77",)))
    assert set(ids(recalled)[:2]) == {by_file.observation_id, by_reference.observation_id}
    assert ids(recalled)[2:] == [fits]


@pytest.mark.parametrize("labels", [{"source_files": ("src/imp.py",)}, {"references": ("KX-42",)}])
def test_what_names_the_same_is_related(opened: Memory, labels: dict[str, tuple[str, ...]]) -> None:
    """A memory of the same file or reference as a hit is told after the hits, though it shares no word with the task."""
    hit = opened.save(Draft(content="The importer retries three times before it gives up.", **labels)).observation_id
    kin = opened.save(Draft(content="Globals are forbidden hereabouts.", **labels)).observation_id
    opened.save(Draft(content="Lunch is at noon."))
    recalled = opened.recall("importer retries")
    assert ids(recalled) == [hit, kin]
    assert "== Of the same files and references ==" in recalled.text
    assert recalled.results[1].why == "names the same file or reference as a hit"


@pytest.mark.parametrize("spelled", ["{}", "id:{}"])
def test_memories_that_name_each_other_are_related(opened: Memory, spelled: str) -> None:
    """By id, in either direction; deleted ones are not told."""
    told = opened.save(Draft(content="Globals are forbidden hereabouts.")).observation_id
    hit = opened.save(Draft(content="The importer retries three times.", references=(spelled.format(told),)))
    naming = opened.save(Draft(content="Lunch is at noon.", references=(spelled.format(hit.observation_id),)))
    assert set(ids(opened.recall("importer retries"))) == {told, hit.observation_id, naming.observation_id}
    opened.delete([naming.observation_id, told], "wrong")
    assert ids(opened.recall("importer retries")) == [hit.observation_id]


def test_a_file_that_everything_names_relates_nothing(opened: Memory) -> None:
    """Of the memories of a file that more than a hundred name none is more related than another."""
    for n in range(101):
        opened.save(Draft(content=f"Remark {n * 7919} of the day.", source_files=("README.md",)))
    opened.save(Draft(content="The importer retries three times.", source_files=("README.md",)))
    assert len(ids(opened.recall("importer retries"))) == 1


def test_what_hardly_fits_is_not_told(opened: Memory) -> None:
    """A search shows its worst hits as well; a recall keeps to those with a quarter of the best score."""
    for n in range(12):
        opened.save(
            Draft(content=f"Number {n * 7919}: the {chr(97 + n) * 6} machine is at the {chr(110 + n) * 6} desk.")
        )
    best = opened.save(Draft(content="Retries of the importer end after three minutes."))
    task = "when do retries of the importer end at the desk"
    found = opened.search(Query(task, limit=30))
    assert ids(opened.recall(task))[0] == best.observation_id
    assert len(ids(opened.recall(task, budget=5000))) < len(found.results)


CLEAR = {
    "Which endpoint issues refresh tokens?": "The auth gateway issues refresh tokens at POST /v2/token/refresh.",
    "the invoice export is slow again": "The invoice export is slow because it loads every line; stream it instead.",
}


@pytest.mark.parametrize("prompt", CLEAR)
def test_a_reminder_is_what_clearly_belongs(opened: Memory, prompt: str) -> None:
    """Only that, without rules and what is related."""
    for text in CLEAR.values():
        opened.save(Draft(content=text, source_files=("src/one.py",)))
    opened.save(Draft(content="Answer in English.", memory_type="instruction", importance=5, project="shop"))
    reminded = opened.recall(prompt, Filter(), 400, only_clear=True)
    assert [hit.observation.content for hit in reminded.results] == [CLEAR[prompt]]
    assert "Answer in English" not in reminded.text


@pytest.mark.parametrize(
    "prompt", ["thanks, looks good", "make the button blue", "now write the tests please", "続けて"]
)
def test_silence_is_the_normal_answer(opened: Memory, prompt: str) -> None:
    """To what nothing clearly belongs, not a word is said; an ordinary recall still tells the nearest."""
    for text in CLEAR.values():
        opened.save(Draft(content=text))
    assert opened.recall(prompt, only_clear=True).text == ""


def test_notes_are_within_the_budget(opened: Memory, tmp_path: Path) -> None:
    """Whatever the budget, the text with its notes keeps to it."""
    other = memory(tmp_path / "state")
    opened.save(Draft(content="mine alone", visibility="user"))
    for n in range(20):
        opened.save(Draft(content=f"Rule {n} of the {chr(97 + n) * 5} machine: 機械の規則。", memory_type="decision"))
    for budget in (50, 75, 100, 150, 200, 400, 1000):
        recalled = other.recall("machine rules", budget=budget)
        assert token_bound(recalled.text) <= budget
        assert ("note: " in recalled.text) == (budget >= 400)
        assert {note.code for note in recalled.notes} >= {"other_scopes"}


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


def test_sides_of_a_conflict_stand_together_in_a_search(opened: Memory) -> None:
    """The other side follows its hit at once where both are on the page, though a better one would come between."""
    one, other = conflict(opened, "Tokens of the gateway live for a day.", "Sessions end at midnight, tokens too.")
    opened.save(Draft(content="Tokens of the gateway are signed."))
    ids_found = [hit.observation.observation_id for hit in opened.search(Query("tokens of the gateway")).results]
    assert len(ids_found) == 3
    assert abs(ids_found.index(one) - ids_found.index(other)) == 1


@pytest.mark.parametrize(
    "prompt", ['"the invoice export is slow again"', "the invoice export is slow -export", "“invoice export” slow"]
)
def test_a_prompt_is_no_query(opened: Memory, prompt: str) -> None:
    """Quotes and a minus in what a person writes to an agent mean nothing to the search."""
    saved = [opened.save(Draft(content=text)).observation_id for text in CLEAR.values()]
    assert ids(opened.remind(prompt)) == saved[1:]
    assert ids(opened.remind(prompt)) == []  # told once in a session
