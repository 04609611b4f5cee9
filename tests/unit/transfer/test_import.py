"""Reading files of records: whatever the lines are like, the good ones arrive once and the bad ones are named."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from kioku_mesh.errors import BadInput
from kioku_mesh.transfer import lines
from kioku_mesh.transfer.import_ import BATCH_LINES, ERRORS_MAX, ImportReport, import_stream

from .conftest import Shelf

HEADER = {"kioku_mesh_export": 1, "version": "0.1.0"}
IDS = [f"{n:x}" * 32 for n in range(1, 10)]


def record(number: int, **fields: Any) -> dict[str, Any]:
    return {"kind": "observation", "observation_id": IDS[number - 1], "content": f"content {number}", **fields}


def encoded(*rows: dict[str, Any] | str | bytes, end: str = "\n") -> bytes:
    texts = [row if isinstance(row, (str, bytes)) else json.dumps(row, ensure_ascii=False) for row in rows]
    return b"".join((text if isinstance(text, bytes) else text.encode()) + end.encode() for text in texts)


def imported(
    shelf: Shelf, data: bytes, project: str | None = None, dry_run: bool = False, all_or_nothing: bool = False
) -> ImportReport:
    return import_stream(shelf, io.BytesIO(data), project, dry_run, all_or_nothing, lambda _done: None)


def test_every_record_arrives_once(shelf: Shelf) -> None:
    """A second import of the same file adds nothing."""
    data = encoded(HEADER, record(1), record(2, content="日本語"))
    assert imported(shelf, data)[:4] == (2, 0, 0, 0)
    assert imported(shelf, data)[:4] == (0, 2, 0, 0)
    assert [kept["content"] for kept in shelf.kept.values()] == ["content 1", "日本語"]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + encoded(HEADER, record(1), record(2)),
        encoded(HEADER, record(1), record(2), end="\r\n"),
        encoded(HEADER, record(1), record(2)).rstrip(b"\n"),
        encoded(HEADER, "", record(1), "   ", record(2), ""),
        encoded(record(1), record(2)),
        encoded(HEADER, record(1), HEADER, record(2)),
        encoded(record(2), record(1), HEADER),
    ],
    ids=["bom", "crlf", "no last newline", "blank lines", "no header", "two files in one", "other order"],
)
def test_the_way_a_file_is_written_does_not_matter(shelf: Shelf, data: bytes) -> None:
    """Byte order marks, line ends, blank lines and headers anywhere change nothing."""
    report = imported(shelf, data)
    assert (report.added, report.failed) == (2, 0)
    assert set(shelf.kept) == set(IDS[:2])


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        b"[1]",
        b"7",
        b'"text"',
        b"\xff",
        b'{"content": "\\ud800"}',
        b"nonsense",
        b"[" * 100_000,
        b'{"content": "bad"}',
    ],
    ids=["cut", "list", "number", "text", "not utf-8", "lone surrogate", "no json", "deep", "refused"],
)
def test_a_bad_line_is_named_and_stops_nothing(shelf: Shelf, bad: bytes) -> None:
    """The others are imported, and the number of the bad line counts headers and blank lines too."""
    report = imported(shelf, encoded(HEADER, record(1), "", bad, record(2)))
    assert (report.added, report.failed) == (2, 1)
    (error,) = report.errors
    assert (error.line, error.code) == (4, "bad_input")
    assert error.message


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    """An overlong line is refused whole, and the next one is read as a line again."""
    for over in (0, 1, 5, lines.LINE_MAX, lines.LINE_MAX + 1):
        huge = b'{"content": "' + b"x" * (lines.LINE_MAX + over) + b'"}'
        report = imported(Shelf(), encoded(huge, record(1)))
        assert (report.added, report.failed, report.errors[0].line) == (1, 1, 1)


def test_many_bad_lines_are_counted(shelf: Shelf) -> None:
    """The report stays small however bad the file is."""
    report = imported(shelf, encoded(*["nonsense"] * (ERRORS_MAX + 50), record(1)))
    assert (report.added, report.failed, len(report.errors)) == (1, ERRORS_MAX + 50, ERRORS_MAX)


def test_lines_reach_the_store_in_batches(shelf: Shelf) -> None:
    """A batch has a bounded number of lines and of bytes."""
    imported(shelf, encoded(*({"content": f"text {n}"} for n in range(2 * BATCH_LINES + 1))))
    assert shelf.batches == [BATCH_LINES, BATCH_LINES, 1]
    shelf.batches.clear()
    imported(shelf, encoded(*({"content": f"{n} " + "x" * 1_000_000} for n in range(10))))
    assert max(shelf.batches) <= 5


def test_plain_lines_get_an_id_of_their_own(shelf: Shelf) -> None:
    """Lines with only a content are the same memories at every import; what was said elsewhere is another."""
    data = encoded({"content": "a"}, {"content": "b"}, {"content": "a"}, {"content": "a", "project": "shop"})
    assert imported(shelf, data)[:2] == (3, 1)
    assert imported(shelf, data)[:2] == (0, 4)
    assert all(len(own) == 32 for own in shelf.kept)


def test_labels_of_a_plain_line_do_not_make_it_another(shelf: Shelf) -> None:
    """Who adds a tag to a line and imports it again gets no second memory."""
    imported(shelf, encoded({"content": "a"}))
    assert imported(shelf, encoded({"content": "a", "tags": ["x"], "importance": 5})).known == 1


def test_foreign_fields_are_left_out_and_named(shelf: Shelf) -> None:
    """What the format does not know is not stored; fields of an answer of ours are passed over in silence."""
    report = imported(
        shelf, encoded(record(1, mood="good", _x=1), record(2, score=0.5, state="live", superseded_by=[]))
    )
    (note,) = report.notes
    assert note.code == "foreign_fields"
    assert "_x, mood" in note.message
    assert "score" not in note.message
    assert "mood" not in shelf.kept[IDS[0]]


def test_other_kinds_are_passed_on(shelf: Shelf) -> None:
    """A tombstone is handed over as it stands, and no id is made for it."""
    tombstone = {
        "kind": "tombstone",
        "id": IDS[3],
        "names": [IDS[0]],
        "stamp": "1.a.1",
        "until": "2100-01-01T00:00:00Z",
    }
    imported(shelf, encoded(tombstone))
    assert shelf.kept == {IDS[3]: tombstone}


def test_a_newer_format_is_not_guessed_at(shelf: Shelf) -> None:
    """A header of another version ends the import before a line behind it."""
    with pytest.raises(BadInput, match="version 2"):
        imported(shelf, encoded({"kioku_mesh_export": 2}, record(1)))
    assert shelf.kept == {}


def test_a_dry_run_changes_nothing_and_counts_right(shelf: Shelf) -> None:
    """The counts are those of the import that would follow, repeated lines in other batches included."""
    rows = [{"content": f"text {n % 700}"} for n in range(3 * BATCH_LINES)]
    dry = imported(shelf, encoded(*rows), dry_run=True)
    assert shelf.kept == {}
    assert dry.dry_run
    assert dry[:4] == imported(shelf, encoded(*rows))[:4] == (700, 800, 0, 0)


def test_all_or_nothing_stops_before_anything_is_written(shelf: Shelf) -> None:
    """One bad line at the end keeps the good ones out; without one everything arrives."""
    report = imported(shelf, encoded(record(1), record(2), "{"), all_or_nothing=True)
    assert (report.added, report.failed, report.errors[0].line, report.dry_run) == (0, 1, 3, False)
    assert shelf.kept == {}
    assert imported(shelf, encoded(record(1), record(2)), all_or_nothing=True).added == 2
    assert set(shelf.kept) == set(IDS[:2])


def test_the_project_is_passed_on(shelf: Shelf) -> None:
    """`-p` reaches the service with every batch."""
    imported(shelf, encoded(record(1)), project="shop")
    assert shelf.projects == {"shop"}


def test_progress_is_told(shelf: Shelf) -> None:
    """The number of lines read, after each batch."""
    told: list[int] = []
    data = encoded(HEADER, *({"content": f"text {n}"} for n in range(BATCH_LINES + 1)))
    import_stream(shelf, io.BytesIO(data), None, False, False, told.append)
    assert told == [BATCH_LINES + 1, BATCH_LINES + 2]
