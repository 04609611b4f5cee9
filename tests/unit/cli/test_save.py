"""`save` and `revise`: what is saved, and what is said about it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from kioku_mesh.cli import reading
from kioku_mesh.clock import DAY, now
from kioku_mesh.errors import TooLarge
from kioku_mesh.model import Draft, Notice, Similar
from kioku_mesh.wire import RECORD_MAX

from .conftest import IDS, SAVED, Asked


def saved_draft(cli: Any, *arguments: str, **options: Any) -> Draft:
    """What the service is asked to save."""
    memory = Asked(save=SAVED)
    ran = cli("save", *arguments, memory=memory, **options)
    assert ran.status == 0, ran.err
    (draft,) = memory.only("save")
    assert isinstance(draft, Draft)
    return draft


def test_words_are_one_text(cli: Any) -> None:
    """Words given one by one are joined by blanks."""
    assert saved_draft(cli, "port", "is", "5433").content == "port is 5433"


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (["-p", "shop"], "project", "shop"),
        (["--project", "shop"], "project", "shop"),
        (["--type", "decision"], "memory_type", "decision"),
        (["--memory-type", "decision"], "memory_type", "decision"),
        (["--importance", "5"], "importance", 5),
        (["-s", "one line"], "subject", "one line"),
        (["--summary", "some lines"], "summary", "some lines"),
        (["-t", "a", "-t", "b"], "tags", ("a", "b")),
        (["--tags", "a, b ,,c"], "tags", ("a", "b", "c")),
        (["--file", "x.py", "--source-files", "y.py"], "source_files", ("x.py", "y.py")),
        (["--ref", "#1,#2", "--references", "#3"], "references", ("#1", "#2", "#3")),
        (["--supersedes", IDS[1]], "supersedes", (IDS[1],)),
        (["--visibility", "team"], "visibility", "team"),
        (["--local-only"], "visibility", "local"),
        (["--local-only", "--visibility", "local"], "visibility", "local"),
        (["--expires-at", "2100-01-01T00:00:00Z"], "expires_at", 4_102_444_800_000_000),
        (["--allow-secret"], "allow_secret", True),
        ([], "project", None),
        ([], "tags", ()),
        ([], "importance", None),
        ([], "visibility", None),
    ],
)
def test_options_reach_the_service(cli: Any, options: list[str], field: str, value: Any) -> None:
    """Each option fills its field of the draft, and what is not given stays "not given"."""
    assert getattr(saved_draft(cli, "text", *options), field) == value


def test_a_lifetime_becomes_a_moment(cli: Any) -> None:
    """`--ttl` counts from now."""
    expires = saved_draft(cli, "text", "--ttl", "2d").expires_at
    assert expires is not None
    assert 0 <= now() + 2 * DAY - expires < DAY


@pytest.mark.parametrize(
    "options",
    [["--ttl", "1d", "--expires-at", "2100-01-01"], ["--local-only", "--visibility", "mesh"], ["--ttl", "soon"]],
)
def test_contradictions_are_bad_input(cli: Any, options: list[str]) -> None:
    """Two options that say different things about one field are an error, and nothing is saved."""
    memory = Asked(save=SAVED)
    ran = cli("save", "text", *options, "--json", memory=memory)
    assert (ran.status, ran.out, ran.error()["code"]) == (2, "", "bad_input")
    assert memory.asked("save") == []


@pytest.mark.parametrize("arguments", [["-"], []])
def test_a_pipe_is_saved_whole(cli: Any, arguments: list[str]) -> None:
    """Stdin is the text for `-`, and when there are no words and no terminal; only the last line end goes."""
    assert saved_draft(cli, *arguments, stdin="\ufeff 一行目\n\n  two\t\r\n".encode()).content == " 一行目\n\n  two\t"


def test_words_win_over_a_pipe(cli: Any) -> None:
    """A program that leaves stdin open does not change what is saved."""
    assert saved_draft(cli, "said", stdin=b"piped").content == "said"


@pytest.mark.parametrize("stdin", [b"\xff\xfe\x00", b"a\0b", b"", b" \n\n"])
def test_stdin_that_is_no_text_is_refused(cli: Any, stdin: bytes) -> None:
    """Binary and empty input never reaches the service."""
    memory = Asked(save=SAVED)
    ran = cli("save", "-", "--json", memory=memory, stdin=stdin)
    assert (ran.status, ran.error()["code"], memory.asked("save")) == (2, "bad_input", [])


def test_what_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an endless pipe no more is read than shows that it is too large, and the error says how much is not."""

    class Endless(io.RawIOBase):
        read_bytes = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            Endless.read_bytes += len(buffer)
            buffer[:] = b"a" * len(buffer)
            return len(buffer)

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    with pytest.raises(TooLarge, match="256 KiB"):
        reading.read_stdin()
    assert Endless.read_bytes < RECORD_MAX + 2 * io.DEFAULT_BUFFER_SIZE


def test_a_person_who_gives_no_text_is_told(cli: Any) -> None:
    """Without words at a terminal the command does not wait for somebody to type."""
    ran = cli("save", memory=Asked(save=SAVED), typed="")
    assert ran.status == 2
    assert ran.err == "error: no text to save\nhint: give it as words, or pipe it in\n"


def test_the_answer_is_one_line_for_scripts_and_notes_for_people(cli: Any) -> None:
    """Stdout has the id and the scope; what one should know stands on stderr, harmless."""
    answer = SAVED._replace(
        warnings=(Notice("noise", "says little"),),
        similar=(Similar(IDS[1], "nearly\x1b[2J this", 0, "near_duplicate"),),
        expires_at=4_102_444_800_000_000,
    )
    ran = cli("save", "text", memory=Asked(save=answer))
    assert ran.out == f"saved: {IDS[0]} (visibility=mesh)\n"
    assert ran.err.splitlines() == [
        "note: says little",
        f"note: near duplicate: {IDS[1]} nearly␛[2J this",
        "note: expires 2100-01-01T00:00:00Z",
    ]


def test_a_repeated_save_says_so(cli: Any) -> None:
    """The first id is shown, as the one of a memory that was there."""
    ran = cli("save", "text", memory=Asked(save=SAVED._replace(status="already_saved")))
    assert ran.out == f"already saved: {IDS[0]} (visibility=mesh)\n"


def test_json_is_the_whole_reply(cli: Any) -> None:
    """The shape of the reply is pinned, and nothing else is printed."""
    ran = cli("save", "text", "--json", memory=Asked(save=SAVED._replace(warnings=(Notice("noise", "x"),))))
    assert ran.err == ""
    assert ran.json() == {
        "observation_id": IDS[0],
        "status": "saved",
        "visibility": "mesh",
        "project": "shop",
        "subject": "a subject",
        "stored": {"here": True, "peers": 0, "of": 0},
        "warnings": [{"code": "noise", "message": "x"}],
        "similar": [],
        "expires_at": None,
    }


def test_revise_takes_the_beginning_of_an_id(cli: Any) -> None:
    """The service is asked for the whole id, and the reply shows the new one in full."""
    memory = Asked(resolve=lambda text: IDS[1] if text == "22222222" else "", revise=SAVED)
    assert IDS[0] in cli("revise", "22222222", "new", "text", memory=memory).out
    assert memory.only("revise") == (IDS[1], Draft(content="new text"))


def test_revise_without_text_keeps_the_text(cli: Any) -> None:
    """With an option and no words the content is inherited; an open stdin is not waited for."""
    memory = Asked(revise=SAVED)
    assert cli("revise", IDS[1], "--importance", "5", memory=memory, stdin=b"not read").status == 0
    assert memory.only("revise") == (IDS[1], Draft(content="", importance=5))


def test_revise_reads_a_pipe_when_nothing_else_is_given(cli: Any) -> None:
    """`echo text | kioku-mesh revise ID` replaces the text."""
    memory = Asked(revise=SAVED)
    assert cli("revise", IDS[1], memory=memory, stdin=b"piped\n").status == 0
    assert memory.only("revise") == (IDS[1], Draft(content="piped"))


def test_revise_with_nothing_is_refused(cli: Any) -> None:
    """Neither text nor option nor pipe: an error instead of an equal copy."""
    memory = Asked(revise=SAVED)
    assert cli("revise", IDS[1], memory=memory, typed="").status == 2
    assert cli("revise", IDS[1], "-", memory=memory, stdin=b"").status == 2
    assert memory.asked("revise") == []
