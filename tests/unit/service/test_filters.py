"""Filters: one that cannot mean what it says is refused, wherever it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kioku_mesh.errors import BadInput
from kioku_mesh.model import Draft, Filter, Query
from kioku_mesh.service.memory import Memory
from support import stores

USES: dict[str, Callable[[Memory, Filter], object]] = {
    "delete": lambda memory, where: memory.delete_matching(where),
    "search": lambda memory, where: memory.search(Query("gateway", where)),
    "list": lambda memory, where: memory.search(Query("", where)),
    "recall": lambda memory, where: memory.recall("the gateway", where),
    "export": lambda memory, where: memory.records(where),
    "share": lambda memory, where: memory.share((), where),
}
EMPTY = [
    Filter(project=""),
    Filter(project=" \t"),
    Filter(agent_family=""),
    Filter(client_id=""),
    Filter(session_id=""),
    Filter(pc_id=" "),
    Filter(tags=("",)),
    Filter(tags=("net", " ")),
    Filter(source_files=("",)),
    Filter(references=("",)),
    Filter(memory_types=("",)),
]
WRONG = [Filter(memory_types=("nope",)), Filter(since=20, until=10), Filter(since=10, until=10)]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with stores.memory(tmp_path / "s") as opened:
        opened.save(Draft("The gateway leases for 30 s", project="shop", memory_type="fact"))
        opened.save(Draft("Builds run on two machines", project="site"))
        yield opened


@pytest.mark.parametrize("where", EMPTY + WRONG, ids=str)
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_what_can_fit_nothing_is_bad_input(
    memory: Memory, use: Callable[[Memory, Filter], object], where: Filter
) -> None:
    """An empty value would mean everything; an unknown type or an empty time range would look like an empty store."""
    with pytest.raises(BadInput):
        use(memory, where)
    assert memory.search(Query()).count == 2


def test_a_brief_of_no_project_is_bad_input(memory: Memory) -> None:
    """An empty name is no wish for all projects."""
    with pytest.raises(BadInput, match="project is empty"):
        memory.brief("")


def test_a_type_is_found_however_it_is_spelled(memory: Memory) -> None:
    """As a save takes it."""
    assert memory.search(Query("", Filter(memory_types=("Fact",)))).count == 1


@pytest.mark.parametrize(
    "draft", [Draft("x y z", project=""), Draft("x y z", project="  "), Draft("x y z", visibility="")]
)
def test_an_empty_place_is_not_the_default(memory: Memory, draft: Draft) -> None:
    """A variable that was not set does not decide where a memory goes."""
    with pytest.raises(BadInput):
        memory.save(draft)
    own = memory.search(Query("gateway")).results[0].observation.observation_id
    with pytest.raises(BadInput):
        memory.revise(own, draft)
    assert memory.search(Query()).count == 2


def test_an_import_into_an_empty_project_is_bad_input(memory: Memory) -> None:
    """An empty name is no wish for the project of the lines."""
    with pytest.raises(BadInput, match="project is empty"):
        memory.import_records([{"observation_id": "a" * 32, "content": "something"}], "")


@pytest.mark.parametrize("name", ["old", "new"])
def test_an_export_contains_what_a_list_shows(memory: Memory, name: str) -> None:
    """Under both names of a renamed project, before and after the renaming."""
    memory.save(Draft("Said before the renaming", project="old"))
    memory.rename_project("old", "new")
    memory.save(Draft("Said after the renaming", project="new"))
    listed = {hit.observation.observation_id for hit in memory.search(Query("", Filter(project=name))).results}
    records = list(memory.records(Filter(project=name)))
    assert len(listed) == 2
    assert {record["observation_id"] for record in records if record["kind"] == "observation"} == listed
    assert [record["kind"] for record in records].count("alias") == 1
