"""Whether the files of a memory are what they were: noted at a save, told with what is found, and never in the way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh import app, config
from kioku_mesh.errors import BadInput
from kioku_mesh.model import Draft, Filter, Observation, Query
from kioku_mesh.service import freshness, guards
from kioku_mesh.service.context import Context
from kioku_mesh.service.memory import Memory

TEXT = "Lemons are weighed in grams"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def clone(folder: Path, commit: str = COMMIT, **files: str) -> Path:
    """A repository made by hand, with a commit that is there, and files `a` and `b` in `src`."""
    dot = folder / ".git"
    (dot / "refs").mkdir(parents=True)
    (dot / "objects" / commit[:2]).mkdir(parents=True)
    (dot / "objects" / commit[:2] / commit[2:]).touch()
    (dot / "HEAD").write_text(commit + "\n")
    (folder / "src").mkdir()
    for name, text in ({"a": "price = 5", "b": "weight = 3"} | files).items():
        (folder / "src" / name).write_text(text)
    return folder


Open = Callable[..., Memory]


@pytest.fixture
def open_(tmp_path: Path) -> Iterator[Open]:
    """Opens the memory of one machine, as a process that stands in a folder."""
    opened: list[Memory] = []

    def at(folder: Path, state: str = "state", **environ: str) -> Memory:
        environ = {
            "HOME": str(tmp_path),
            "KIOKU_MESH_STATE_DIR": str(tmp_path / state),
            "KIOKU_MESH_CONFIG_DIR": str(tmp_path / "config"),
        } | environ
        opened.append(app.open_memory(config.load(environ, str(folder))))
        return opened[-1]

    yield at
    for memory in opened:
        memory.close()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return clone(tmp_path / "shop")


def one(memory: Memory, **where: Any) -> Observation:
    """The only memory there is."""
    (hit,) = memory.search(Query("lemons", Filter(**where))).results
    return hit.observation


def marks(observation: Observation) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    return observation.freshness, observation.changed_files, observation.gone_files


def test_fresh_then_changed_then_gone(open_: Open, shop: Path) -> None:
    """A search tells each by the files as they are, and which they are."""
    memory = open_(shop)
    memory.save(Draft(TEXT, source_files=("src/a:3", "src/b", "src/new")))
    assert one(memory).commit == COMMIT
    assert marks(one(memory)) == ("fresh", (), ())
    (shop / "src" / "a").write_text("price = 6")
    assert marks(one(memory)) == ("changed", ("src/a:3",), ())
    (shop / "src" / "b").unlink()
    assert marks(one(memory)) == ("gone", ("src/a:3",), ("src/b",))
    (shop / "src" / "b").write_text("weight = 3")
    (shop / "src" / "a").write_text("price = 5")
    assert marks(one(memory)) == ("fresh", (), ())


def test_every_answer_tells_it(open_: Open, shop: Path) -> None:
    """Search, list, get, recall and the brief; fresh files are not worth a mark in a head line."""
    memory = open_(shop)
    id_ = memory.save(Draft(TEXT, source_files=("src/a",))).observation_id

    def answers() -> list[Observation]:
        return [
            one(memory),
            memory.search(Query()).results[0].observation,
            memory.get([id_]).results[0],
            memory.recall("lemons").results[0].observation,
            memory.recall(TEXT, only_clear=True).results[0].observation,
            memory.brief().results[0].observation,
        ]

    assert {each.freshness for each in answers()} == {"fresh"}
    assert f"[note 2] {TEXT}" in memory.brief().text
    assert memory.search(Query("lemons", explain=True)).results[0].explain["freshness"] == "fresh"
    (shop / "src" / "a").write_text("price = 6")
    assert {marks(each) for each in answers()} == {("changed", ("src/a",), ())}
    for text in (memory.recall("lemons").text, memory.brief().text):
        assert f"[note 2, files changed since] {TEXT}" in text
        assert guards.recalled(text) == (id_,)
    (shop / "src" / "a").unlink()
    assert f"[note 2, files gone] {TEXT}" in memory.brief().text
    assert memory.brief().text == memory.brief().text


def test_another_folder_and_another_clone(open_: Open, shop: Path, tmp_path: Path) -> None:
    """The same file is found from below the top folder and in a clone that lies elsewhere, whatever path was given."""
    memory = open_(shop / "src")
    memory.save(Draft(TEXT, source_files=("a", str(shop / "src" / "b"))))
    other = clone(tmp_path / "elsewhere" / "shop", a="price = 7")
    for folder in (shop, shop / "src"):
        assert one(open_(folder)).freshness == "fresh"
    for folder in (other, other / "src"):
        assert marks(one(open_(folder))) == ("changed", ("a",), ())


def test_only_in_a_repository_of_the_project(open_: Open, shop: Path, tmp_path: Path) -> None:
    """Elsewhere nothing is said; nor of a memory of another project, though the same files are here."""
    open_(shop).save(Draft(TEXT, source_files=("src/a",)))
    open_(shop).save(Draft("Oranges are of another project", project="site", source_files=("src/a",)))
    found = open_(shop).search(Query("oranges")).results[0].observation
    assert (found.file_hashes, found.commit, found.freshness) == ((), None, None)
    assert one(open_(tmp_path)).freshness is None
    assert one(open_(clone(tmp_path / "site"))).freshness is None


def test_other_names_of_the_project(open_: Open, shop: Path) -> None:
    """A renamed project is the same one, at the save and afterwards."""
    memory = open_(shop)
    memory.save(Draft(TEXT, source_files=("src/a",)))
    memory.rename_project("shop", "store")
    assert (one(memory).project, one(memory).freshness) == ("store", "fresh")
    memory.save(Draft("Oranges as well", project="store", source_files=("src/a",)))
    assert memory.search(Query("oranges")).results[0].observation.freshness == "fresh"


def test_whole_paths_outside_the_current_repository(open_: Open, shop: Path, tmp_path: Path) -> None:
    """A process that stands elsewhere looks at what this machine named by its whole path."""
    away = tmp_path / "away"
    away.mkdir()
    memory = open_(away)
    memory.save(Draft(TEXT, source_files=(str(shop / "src" / "a"),)))
    assert (one(memory).commit, one(memory).file_paths, one(memory).freshness) == (COMMIT, ("src/a",), "fresh")
    (shop / "src" / "a").unlink()
    assert one(memory).freshness == "gone"
    memory.save(Draft("Oranges are of a project with a name", project="shop", source_files=(str(shop / "src" / "b"),)))
    assert open_(shop).search(Query("oranges")).results[0].observation.freshness == "fresh"


def test_a_clone_that_is_behind_lacks_nothing(open_: Open, shop: Path, tmp_path: Path) -> None:
    """Files are gone only where the commit of the save is known, or another of its files: this is the repository."""
    memory = open_(shop)
    memory.save(Draft(TEXT, source_files=("src/a", "src/b")))
    behind = clone(tmp_path / "behind" / "shop", commit="f" * 40)
    (behind / "src" / "a").unlink()
    assert one(open_(behind)).freshness == "gone"
    (behind / "src" / "b").unlink()
    assert one(open_(behind)).freshness is None
    (behind / "src" / "b").write_text("weight = 4")
    assert marks(one(open_(behind))) == ("changed", ("src/b",), ())
    (shop / "src" / "a").unlink()
    (shop / "src" / "b").unlink()
    assert one(memory).freshness == "gone"


def test_what_cannot_be_read_is_not_fresh(open_: Open, shop: Path, tmp_path: Path) -> None:
    """A file that leads out of the repository now is not known; one that has become huge has changed."""
    memory = open_(shop)
    memory.save(Draft(TEXT, source_files=("src/a", "src/b")))
    (tmp_path / "secret").write_text("price = 5")
    (shop / "src" / "a").unlink()
    (shop / "src" / "a").symlink_to(tmp_path / "secret")
    assert one(memory).freshness is None
    (shop / "src" / "b").unlink()
    with (shop / "src" / "b").open("wb") as file:
        file.truncate(1 << 30)
    assert marks(one(memory)) == ("changed", ("src/b",), ())


def test_a_revision_remembers_what_the_files_are_now(open_: Open, shop: Path) -> None:
    """It inherits the files, not what they were. That they have changed is reason enough to confirm the same words."""
    memory = open_(shop)
    old = memory.save(Draft(TEXT, source_files=("src/a",))).observation_id
    with pytest.raises(BadInput, match="would change"):
        memory.revise(old, Draft(""))
    (shop / "src" / "a").write_text("price = 6")
    memory.revise(old, Draft(""))
    assert (one(memory).content, one(memory).freshness) == (TEXT, "fresh")


def test_inherited_files_are_where_they_were(open_: Open, shop: Path) -> None:
    """A revision from another folder means the files that the memory means, and not others of their names."""
    old = open_(shop / "src").save(Draft(TEXT, source_files=("a", "src/b"))).observation_id
    (shop / "a").write_text("another file")
    (shop / "src" / "a").write_text("price = 6")
    (shop / "src" / "src").mkdir()
    (shop / "src" / "src" / "b").write_text("another file")
    before = one(open_(shop))
    for folder in (shop, shop / "src"):
        old = open_(folder).revise(old, Draft(f"{TEXT}, say those in {folder}")).observation_id
        found = one(open_(shop))
        assert found.file_paths == before.file_paths == ("src/a", "")
        assert found.file_hashes[1] == before.file_hashes[1]
        assert marks(found) == ("fresh", (), ())
    open_(shop).revise(old, Draft("", source_files=("a",)))
    assert one(open_(shop)).file_paths == ()


def test_who_cannot_see_the_files_keeps_what_they_were(open_: Open, shop: Path, tmp_path: Path) -> None:
    """A revision by a process outside the repository says nothing new of its files."""
    old = open_(shop).save(Draft(TEXT, source_files=("src/a",))).observation_id
    (shop / "src" / "a").write_text("price = 6")
    open_(tmp_path).revise(old, Draft("", importance=5))
    assert (one(open_(shop)).importance, one(open_(shop)).commit) == (5, COMMIT)
    assert marks(one(open_(shop))) == ("changed", ("src/a",), ())
    moved = open_(shop).revise(one(open_(shop)).observation_id, Draft("", project="site")).observation_id
    assert open_(shop).get([moved]).results[0].file_hashes == ()


def test_what_is_brought_back_keeps_what_its_files_were(open_: Open, shop: Path) -> None:
    """Nobody has looked whether it holds for what they are now."""
    memory = open_(shop)
    old = memory.save(Draft(TEXT, source_files=("src/a",))).observation_id
    memory.revise(old, Draft("Another matter", source_files=("src/b",)))
    (shop / "src" / "a").write_text("price = 6")
    assert memory.restore(old).how == "saved_again"
    assert marks(one(memory)) == ("changed", ("src/a",), ())


def test_what_nothing_is_known_of(open_: Open, shop: Path, tmp_path: Path) -> None:
    """Files that are not there, no files, no repository: the memory has none of the fields."""
    memory = open_(shop)
    for number, (at, files) in enumerate(
        ((memory, ("nothing", "~/x")), (memory, ()), (open_(tmp_path), ("shop/src/a",)))
    ):
        id_ = at.save(Draft(f"{TEXT} {number}", project="shop", source_files=files)).observation_id
        found = memory.get([id_]).results[0]
        assert (found.commit, found.file_hashes, found.file_paths, found.freshness) == (None, (), (), None)


def test_a_memory_that_fills_its_record_is_saved_without(open_: Open, shop: Path) -> None:
    """What is known of the files never takes the room of what is said."""
    memory = open_(shop)
    files = ("src/a", *(f"{number}" * 250 for number in range(10, 50)))
    saved = memory.save(Draft("x" * (256 * 1024 - 23_000), source_files=files))
    found = memory.get([saved.observation_id]).results[0]
    assert (len(found.source_files), found.file_hashes) == (41, ())


def test_how_much_is_looked_at(open_: Open, shop: Path) -> None:
    """The first memories are judged, as far as files and time go; of the others nothing is said."""
    memory = open_(shop)
    for number in range(9):
        memory.save(Draft(f"{TEXT} {number}", source_files=("src/a", "src/b")))
    found = [hit.observation for hit in memory.search(Query()).results]
    ctx = Context(memory.store, memory.config, memory.identity)
    assert list(freshness.of(ctx, found, seconds=60, files=5)) == [each.observation_id for each in found[:2]]
    assert list(freshness.of(ctx, found, seconds=0)) == [each.observation_id for each in found[:4]]
    assert {each.state for each in freshness.of(ctx, found).values()} == {"fresh"}


def test_a_folder_that_is_gone(open_: Open, shop: Path) -> None:
    """Where the repository was removed under a process, nothing is said and everything is found."""
    memory = open_(shop)
    memory.save(Draft(TEXT, source_files=("src/a",)))
    assert one(memory).freshness == "fresh"
    os.rename(shop, shop.parent / "moved")
    assert one(memory).freshness is None
