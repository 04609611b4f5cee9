"""A search that finds little says what fits in hidden states and in other projects, to whom may see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kioku_mesh.clock import SECOND, now
from kioku_mesh.model import Draft, Filter, Notice, Query
from kioku_mesh.service.memory import Memory
from support.stores import memory


def told(notes: tuple[Notice, ...]) -> list[str]:
    return [note.message for note in notes if note.code in ("hidden_states", "other_projects_match")]


def hints(opened: Memory, text: str, mode: str = "auto", **where: object) -> list[str]:
    return told(opened.search(Query(text, Filter(**where), mode)).notes)  # type: ignore[arg-type]


def put(opened: Memory, content: str, **fields: object) -> str:
    return opened.save(Draft(content=content, **fields)).observation_id  # type: ignore[arg-type]


@pytest.fixture
def opened(tmp_path: Path) -> Memory:
    opened = memory(tmp_path / "state")
    opened.delete([put(opened, "hidden words unique zebra", project="a")])
    put(opened, "the giraffe and its words", project="b")
    return opened


DELETED = "a hidden memory fits (1 deleted): search with --include deleted (as a tool: include) to see it"


@pytest.mark.parametrize("mode", ["auto", "and", "or", "and_or", "exact"])
@pytest.mark.parametrize("where", [{}, {"project": "a"}])
def test_a_deleted_match_is_told(opened: Memory, mode: str, where: dict[str, str]) -> None:
    """In every mode, with and without a project; not when it is looked at already, and not for other words."""
    assert hints(opened, "zebra", mode, **where) == [DELETED]
    assert hints(opened, "zebra", mode, states=("live", "deleted"), **where) == []
    assert hints(opened, "crocodile", mode, **where) == []


def test_phrases_and_pieces(opened: Memory) -> None:
    """What is quoted or looked for literally must stand in the hidden memory as well."""
    assert hints(opened, '"unique zebra"') == [DELETED]
    assert hints(opened, '"zebra unique"') == []
    assert hints(opened, "que zeb", "exact") == [DELETED]
    assert hints(opened, "zebra unique", "exact") == []


def test_recall_tells_it_too(opened: Memory) -> None:
    """A recall that finds nothing says what is hidden."""
    assert told(opened.recall("unique zebra").notes) == [DELETED]


def test_superseded_and_expired_ones(opened: Memory) -> None:
    """Each state is counted; revisions of what was found are no news."""
    old = put(opened, "the okapi sleeps by day")
    opened.revise(old, Draft(content="it sleeps by night"))
    put(opened, "an okapi for a second", expires_at=now() + SECOND // 50)
    while opened.search(Query("okapi")).results:
        pass
    assert hints(opened, "okapi") == [
        "hidden memories fit (1 superseded, 1 expired): search with --include superseded,expired (as a tool: include) to see them"
    ]
    assert hints(opened, "sleeps") == []


def test_other_projects(opened: Memory) -> None:
    """With a project that has no match, those that have one are named, and only beside all words when something was found."""
    one = "memories of other projects fit (b): search without -p (as a tool: without project) to see them"
    assert hints(opened, "giraffe", project="a") == [one]
    assert hints(opened, "giraffe") == []
    put(opened, "zoo of words", project="a")
    assert hints(opened, "zoo giraffe", project="a") == []
    assert hints(opened, "words", project="a")[1:] == [one]


def test_only_what_may_be_seen_is_told(tmp_path: Path, opened: Memory) -> None:
    """Neither other scopes nor, where one project is all there is, other projects are hinted at."""
    kims = memory(tmp_path / "state", retention_days=30)
    kims.delete([put(kims, "a secret walrus", visibility="user")])
    assert len(hints(kims, "walrus")) == 1
    assert hints(opened, "walrus") == []
    confined = memory(tmp_path / "state", only_project="a")
    assert hints(confined, "zebra") == [DELETED]
    assert hints(confined, "giraffe") == []


def test_enough_is_enough(opened: Memory) -> None:
    """A search that found enough looks no further."""
    for n in range(3):
        put(opened, f"zebra number {n}")
    assert hints(opened, "zebra") == []
    assert told(opened.search(Query("zebra", limit=1)).notes) == []
