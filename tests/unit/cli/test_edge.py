"""Every failure becomes a message, a hint and an exit status, and never a traceback."""

from __future__ import annotations

import errno
import json
from typing import Any

import pytest

from kioku_mesh import errors
from kioku_mesh.cli import edge

from .conftest import IDS, Asked, found

TREE = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.KiokuError)]


@pytest.mark.parametrize("failure", TREE, ids=lambda failure: failure.__name__)
def test_every_error_has_its_form_and_status(cli: Any, failure: type[errors.KiokuError]) -> None:
    """Message and hint on stderr, with --json the object too, stdout empty, the status of the class."""
    memory = Asked(search=failure("what happened", "what to do", facts=[1]))
    ran = cli("search", "x", "--json", memory=memory)
    assert (ran.status, ran.out) == (failure.exit_status, "")
    text, hint, plain = ran.err.splitlines()
    assert (text, hint) == ("error: what happened", "hint: what to do")
    assert json.loads(plain) == {
        "error": {"code": failure.code, "message": "what happened", "hint": "what to do", "details": {"facts": [1]}}
    }
    assert cli("search", "x", memory=memory).err == "error: what happened\nhint: what to do\n"


def test_statuses_are_the_documented_ones() -> None:
    """Whatever fails exits with 1, 2 or 3."""
    assert {failure.exit_status for failure in TREE} == {1, 2, 3}


def test_the_memory_is_closed_after_a_failure(cli: Any) -> None:
    """A failed command leaves nothing open."""
    memory = Asked(search=errors.StoreError("broken"))
    cli("search", "x", memory=memory)
    assert memory.closed


def test_candidates_of_an_ambiguous_id_are_listed(cli: Any) -> None:
    """A person sees which memories the beginning of an id fits."""
    candidates = [{"observation_id": each, "subject": f"about {each[0]}\x1b"} for each in IDS[:2]]
    ran = cli("restore", "1111", memory=Asked(resolve=errors.Ambiguous("fits 2", "more digits", candidates=candidates)))
    assert ran.status == 2
    assert f"  {IDS[0]}  about 1\\x1b\n  {IDS[1]}  about 2\\x1b\n" in ran.err


def test_a_message_cannot_steer_the_terminal(cli: Any) -> None:
    """What a message quotes is shown visibly, in both forms."""
    ran = cli("search", "x", "--json", memory=Asked(search=errors.NotFound("\x1b[2J\u202eevil 日本", "\a")))
    assert "\x1b" not in ran.err
    assert "\u202e" not in ran.err.splitlines()[0]
    assert ran.err.startswith("error: \\x1b[2J\\u202eevil 日本\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "--jsn"], "no such option"),
        (["list", "--limit", "many"], "'many' is not a valid integer"),
        (["list", "-p"], "'-p' requires an argument"),
        (["get"], "missing argument 'ID...'"),
        (["restore", "a", "b"], "unexpected extra argument"),
        (["search", "--format", "yaml"], "'yaml' is not one of"),
        (["projects"], "missing command"),
        (["projects", "eat"], "no such command 'eat'"),
        (["serch"], "no such command: serch"),
        (["--frobnicate"], "no such option"),
    ],
)
def test_wrong_usage_has_the_same_form(cli: Any, arguments: list[str], message: str) -> None:
    """Status 2, code bad_input, and a hint with a command that helps."""
    memory = Asked(search=found())
    ran = cli(*arguments, memory=memory)
    assert (ran.status, ran.out, memory.calls) == (2, "", [])
    error, hint = ran.err.splitlines()
    assert error.startswith("error: ")
    assert message in error
    assert hint.startswith("hint: ")
    assert "kioku-mesh" in hint
    assert cli(arguments[0], "--json", *arguments[1:], memory=memory).error()["code"] == "bad_input"


def test_a_misspelt_command_gets_a_suggestion(cli: Any) -> None:
    """The nearest command is named."""
    assert "did you mean search?" in cli("serch", "x").err


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["search", "--json"], True),
        (["search", "--format", "json"], True),
        (["search", "--format=json"], True),
        (["search", "--", "--json"], False),
        (["search", "json"], False),
    ],
)
def test_json_errors_are_asked_for_by_argument(arguments: list[str], wanted: bool) -> None:
    """Also when the arguments do not parse; words behind -- are words."""
    assert edge.wants_json(arguments) is wanted


def test_a_defect_is_an_internal_error(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a traceback; with KIOKU_MESH_LOG=debug also where it is."""
    memory = Asked(search=ValueError("boom"))
    ran = cli("search", "x", "--json", memory=memory)
    assert (ran.status, ran.out, ran.error()["code"]) == (1, "", "internal")
    assert ran.err.startswith("error: internal: ValueError: boom\nhint: ")
    assert "KIOKU_MESH_LOG=debug" in ran.error()["hint"]
    assert "Traceback" not in ran.err
    monkeypatch.setenv("KIOKU_MESH_LOG", "debug")
    assert "Traceback" in cli("search", "x", memory=memory).err
    assert "Traceback" not in cli("search", "x", memory=Asked(search=errors.NotFound("x"))).err


def test_a_full_disk_is_named(cli: Any) -> None:
    """No space is an error of its own, whoever met it."""
    memory = Asked(search=OSError(errno.ENOSPC, "No space left on device"))
    assert cli("search", "x", "--json", memory=memory).error()["code"] == "disk_full"


def test_an_interrupted_command_exits_130(cli: Any) -> None:
    """Ctrl-C is no error."""
    ran = cli("search", "x", memory=Asked(search=KeyboardInterrupt()))
    assert (ran.status, ran.err.strip()) == (130, "interrupted")


def test_arguments_that_are_no_text_are_refused(cli: Any) -> None:
    """Bytes that are not UTF-8 never become part of a memory."""
    memory = Asked()
    ran = cli("save", b"caf\xe9".decode(errors="surrogateescape"), memory=memory)
    assert (ran.status, memory.calls) == (2, [])
    assert "UTF-8" in ran.err
