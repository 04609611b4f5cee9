"""Who used the memory how: counted, pruned, and never in anybody's way."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from kioku_mesh.clock import DAY, SECOND
from kioku_mesh.store.usage import FILE, KEPT, WEEK, Noted, Usage, begin_of_week

NOW = 1_780_000_000 * SECOND
A, B, C = (f"{n:032x}" for n in (1, 2, 3))


def noted(what: str, at: int = NOW, client: str = "codex", session: str = "s1", **more: object) -> Noted:
    return Noted(at, client, session, "shop", what, **more)  # type: ignore[arg-type]


@pytest.fixture
def usage(tmp_path: Path) -> Usage:
    return Usage(str(tmp_path))


def test_counts_per_client_and_week(usage: Usage) -> None:
    """A session counts once, a memory that is shown twice in it as well; weeks begin on Monday."""
    usage.note(noted("searches", shown=[A, B]))
    usage.note(noted("searches", shown=[B, C]))
    usage.note(noted("recalls", session="s2"))
    usage.note(noted("saves", NOW + WEEK, client="gemini"))
    week = begin_of_week(NOW)
    assert usage.weeks() == [
        (week + WEEK, "gemini", "saves", 1), (week + WEEK, "gemini", "sessions", 1), (week, "codex", "recalls", 1),
        (week, "codex", "searches", 2), (week, "codex", "sessions", 2), (week, "codex", "shown", 3),
    ]  # fmt: skip
    assert begin_of_week(1_767_571_200 * SECOND) == 1_767_571_200 * SECOND  # Monday, 5 January 2026


def test_what_is_opened_was_shown_before(usage: Usage) -> None:
    """Each once, by whoever and in whichever session; what nobody was shown does not count."""
    usage.note(noted("searches", shown=[A]))
    usage.note(noted("reads", session="s2", opened=[A, B]))
    usage.note(noted("reads", session="s2", opened=[A]))
    assert (begin_of_week(NOW), "codex", "opened", 1) in usage.weeks()


def test_what_a_session_knows(usage: Usage) -> None:
    """Only what it was shown itself; which memories were ever shown is known of all."""
    usage.note(noted("searches", shown=[A]))
    usage.note(noted("searches", session="s2", shown=[B]))
    assert usage.shown_in("s1") == {A}
    assert usage.unknown([A, B, C]) == [C]


def test_when_a_client_was_here_last(usage: Usage) -> None:
    """The last session that was told something, in this project, but for the present one."""
    assert usage.last_here("codex", "shop", "s3") is None
    usage.note(noted("briefs", row=7))
    usage.note(noted("saves", NOW + SECOND))
    usage.note(noted("saves", NOW + DAY, session="s2"))
    usage.note(noted("briefs", NOW + 2 * DAY, session="s3", row=9))
    assert usage.last_here("codex", "shop", "s3") == (NOW + SECOND, 7)
    assert usage.last_here("codex", "other", "s3") is None
    assert usage.last_here("gemini", "shop", "s3") is None


def test_an_event_that_is_told_twice(usage: Usage) -> None:
    """Two hooks of one event come within a moment; the same event later is another one."""
    assert usage.is_first("s1", "start", NOW)
    assert not usage.is_first("s1", "start", NOW + SECOND)
    assert usage.is_first("s2", "start", NOW + SECOND)
    assert usage.is_first("s1", "start", NOW + 10 * SECOND)


def test_pruning_and_forgetting(usage: Usage) -> None:
    """Old counts go; which memories were ever shown stays until all is forgotten."""
    usage.note(noted("searches", NOW - KEPT - WEEK, shown=[A]))
    usage.note(noted("searches", shown=[B]))
    usage.prune(NOW)
    assert {week for week, *_ in usage.weeks()} == {begin_of_week(NOW)}
    assert usage.shown_in("s1") == {B}
    assert usage.unknown([A]) == []
    usage.forget()
    assert usage.weeks() == []
    assert usage.unknown([A]) == [A]


@pytest.mark.parametrize("damage", [b"nonsense" * 1000, b""])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    """Nothing in it is worth an error."""
    (tmp_path / FILE).write_bytes(damage)
    with closing(Usage(str(tmp_path))) as usage:
        assert usage.weeks() == []
    with closing(Usage(str(tmp_path))) as usage:
        usage.note(noted("searches"))
        assert len(usage.weeks()) == 2


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A folder that is not there: nothing fails, nothing is made."""
    with closing(Usage(str(tmp_path / "none"))) as usage:
        usage.note(noted("searches", shown=[A]))
        assert usage.is_first("s1", "start", NOW)
        assert usage.weeks() == []
    assert not (tmp_path / "none").exists()
