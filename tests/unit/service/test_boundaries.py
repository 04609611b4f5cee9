"""Where one reader ends and another begins; what a record can hold; calls inside calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from kioku_mesh import config
from kioku_mesh.errors import BadInput, TooLarge
from kioku_mesh.model import Draft, Identity, Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.store.store import Store
from support.stores import contents, damage, memory, save


def of(folder: Path, user: str, session: str) -> Memory:
    return Memory(
        Store(str(folder), host="desk"),
        config.load(
            {"KIOKU_MESH_STATE_DIR": str(folder), "KIOKU_MESH_USER_ID": user, "HOME": str(folder)}, str(folder)
        ),
        Identity("claude", "test", session_id=session, user_id=user),
    )


def test_nothing_of_another_user_is_told(tmp_path: Path) -> None:
    """Conflicts in the brief, labels to complete and repeated texts are those of memories the reader may see."""
    with of(tmp_path, "kim", "session-of-kim") as kim, of(tmp_path, "lee", "session-of-lee") as lee:
        first = kim.save(
            Draft(content="The secret garden is behind the mill.", visibility="user", project="garden", tags=("rose",))
        ).observation_id
        for way in ("left", "right"):
            kim.save(
                Draft(content=f"The secret garden is to the {way} of the mill.", visibility="user", supersedes=(first,))
            )
        lee.save(Draft(content="Something of no consequence, saved by lee."))
        assert "garden" in kim.brief().text
        assert "garden" not in lee.brief().text
        for kind, value in (("session", "session-of-kim"), ("project", "garden"), ("tag", "rose")):
            assert value in kim.known(kind, "")
            assert value not in lee.known(kind, "")
        said = lee.save(Draft(content="The secret garden is behind the mill."))
        assert said.status == "saved"


def test_a_record_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """Text and lists that fit alone and not together: nothing is saved, and everything else stays readable."""
    with memory(tmp_path) as opened:
        save(opened, "before")
        long = tuple(f"{number:03}/" + "x" * 480 for number in range(50))
        with pytest.raises(TooLarge, match="with all its fields"):
            opened.save(Draft(content="word " * 47_000, source_files=long, references=long))
        assert len(contents(opened.store)) == 1
        assert opened.search(Query()).count == 1
        assert damage(opened.store) == []


@pytest.mark.parametrize(
    "line",
    [
        {"observation_id": "a" * 32, "content": "x y z", "host": "h" * 300_000},
        {"observation_id": "a" * 32, "content": "x y z", "host": "\ud800"},
        {"observation_id": "a" * 32, "content": "x y z", "stamp": f"{2**62 - 1}.desk-1a2b.1"},
        {"kind": "tombstone", "id": "a" * 32, "names": ["b" * 32], "reason": "r" * 300_000},
        {"kind": "tombstone", "id": "a" * 32, "names": ["b" * 32], "reason": "\ud800"},
    ],
    ids=["long host", "surrogate host", "late stamp", "long reason", "surrogate reason"],
)
def test_a_line_that_no_record_can_hold_is_a_problem(line: dict[str, object], tmp_path: Path) -> None:
    """It is reported, and the store stays whole."""
    with memory(tmp_path) as opened:
        save(opened, "before")
        imported = opened.import_records([line])
        assert (imported.added, len(imported.problems)) == (0, 1)
        assert damage(opened.store) == []


def test_a_reason_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Lone surrogates reach the service only from Python; they are bad input there as well."""
    with memory(tmp_path) as opened:
        id_ = save(opened, "before")
        with pytest.raises(BadInput):
            opened.delete([id_], reason="\ud800")


def test_calls_inside_a_running_export(tmp_path: Path) -> None:
    """Reading and saving while records are being given out, in one thread."""
    with memory(tmp_path) as opened:
        ids = [save(opened, number) for number in range(5)]
        seen = 0
        for row in opened.records():
            assert opened.get([row["observation_id"]]).results
            save(opened, f"inside {seen}")
            seen += 1
        assert seen == 5
        assert len(contents(opened.store)) == len(ids) + 5


def test_what_is_deleted_is_not_shared(tmp_path: Path) -> None:
    """A withheld memory that was deleted stays withheld together with its tombstone."""
    with memory(tmp_path) as opened:
        id_ = save(opened, "deleted")
        kept = save(opened, "kept")
        opened.delete([id_])
        opened.withhold()
        assert opened.share([id_, kept]).shared == (kept,)
