"""The command line as a real process: statuses, streams, signals, terminals, shells."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support import Home, command, needs

SAVED = {"observation_id", "status", "visibility", "project", "subject", "stored", "warnings", "similar", "expires_at"}
OBSERVATION = {
    "observation_id", "content", "subject", "summary", "derived", "memory_type", "importance", "project", "tags",
    "source_files", "references", "supersedes", "superseded_by", "conflicts_with", "visibility", "agent_family", "client_id",
    "session_id", "pc_id", "host", "created_at", "expires_at", "state", "origin_here", "stamp",
}  # fmt: skip
TEXT = "日本語 naïve 🙂 — the staging database listens on port 5433"


def test_a_memory_lives_through_all_commands(home: Home) -> None:
    """Saved, found, shown, revised, deleted, restored and purged by separate processes; the shapes are pinned."""
    saved = home.json("save", TEXT, "-p", "shop")
    assert set(saved) == SAVED
    first = saved["observation_id"]
    answer = home.json("search", "staging port")
    assert set(answer) == {"results", "count", "more", "looked_in", "notes", "verdict"}
    assert set(answer["results"][0]) == OBSERVATION | {"score", "why"}
    assert answer["results"][0]["content"] == TEXT
    got = home.json("get", first[:8], "--history")
    assert set(got) == {"results", "missing", "history", "notes"}
    assert set(got["results"][0]) == OBSERVATION
    second = home.json("revise", first, "the staging database moved to port 6000")["observation_id"]
    assert [row["observation_id"] for row in home.json("list")["results"]] == [second]
    deleted = home.json("delete", second[:12])
    assert set(deleted) == {"deleted", "already_deleted", "live_again", "erased_after", "preview", "dry_run"}
    assert (deleted["deleted"], deleted["live_again"]) == ([second], [first])
    assert home.json("restore", second) == {
        "observation_id": second,
        "how": "undone",
        "subject": "the staging database moved to port 6000",
    }
    purged = home.json("purge", second, "--chain", "--yes")
    assert set(purged) == {
        "purged", "already_purged", "unknown", "live_again", "stored", "preview", "dry_run", "receipts",
        "warnings",
    }  # fmt: skip
    assert set(purged["purged"]) == {first, second}
    assert home.json("list")["results"] == []


def test_the_other_answers_have_these_shapes(home: Home) -> None:
    """JSON of the commands that look after the store."""
    home.save(TEXT, "-p", "shop")
    assert set(home.json("status")) == {
        "version", "state_dir", "config_dir", "mode", "store", "identity", "settings", "counts", "session_saves", "bytes", "meaning",
        "stored", "notes", "serve", "usage",
    }  # fmt: skip
    for block in (home.json("recall", "staging"), home.json("brief")):
        assert set(block) == {"text", "results", "count", "withheld", "repeated", "notes"}
    (project,) = home.json("projects", "list")["projects"]
    assert set(project) == {"name", "aliases", "live", "total", "last_saved"}
    assert set(home.json("projects", "rename", "shop", "store", "--yes")) == {"project", "was", "memories", "dry_run"}
    assert set(home.json("gc")) == {"erased", "swept", "bytes_before", "bytes_after", "preview", "dry_run"}
    assert set(home.json("backup")) == {"path", "bytes", "records", "created_at", "kind"}
    assert set(home.json("rebuild")) == {"records", "vectors"}
    assert set(home.json("export", "x.jsonl")) == {"path", "records", "bytes"}
    assert set(home.json("import", "x.jsonl")) == {
        "added", "known", "conflicts", "failed", "errors", "notes", "dry_run"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["list"], 0),
        (["search", "nothing at all"], 0),
        (["purge", "0" * 32, "--yes"], 3),
        (["get", "0" * 32], 3),
        (["delete", "--here", "--yes"], 0),
        (["delete"], 2),
        (["frobnicate"], 2),
        (["search", "--mode", "fuzzy"], 2),
        (["backup", "missing/folder/x.db"], 1),
    ],
)
def test_exit_statuses(home: Home, arguments: list[str], status: int) -> None:
    """Done, failed, bad input, no such thing; with a failure stdout is empty and stderr has the form."""
    home.save(TEXT)
    ran = home.run(*arguments, "--json")
    assert ran.status == status, ran
    if status:
        assert ran.out == ""
        first, *_, last = ran.err.splitlines()
        assert first.startswith("error: ")
        assert set(json.loads(last)["error"]) >= {"code", "message", "hint"}
    else:
        assert isinstance(ran.json(), dict)


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": ""},
        {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
    ],
    ids=["C locale", "ascii", "latin-1"],
)
def test_text_survives_every_locale(home: Home, environment: dict[str, str]) -> None:
    """Words in any script go in and come out whole wherever the program runs."""
    env = {**home.env(), **environment}
    home.ok("save", TEXT, "-s", "日本語", env=env)
    assert home.json("list", env=env)["results"][0]["content"] == TEXT
    assert "日本語" in home.ok("list", env=env).out
    assert home.ok("search", "日本語", env=env).out.count(TEXT) == 1


@needs("posix")
def test_a_reader_that_leaves_is_no_failure(home: Home) -> None:
    """`kioku-mesh … | head` ends in silence, wherever in the output the reader stops."""
    home.run("import", "-", input="".join(json.dumps({"content": f"{n} " + "x" * 5000}) + "\n" for n in range(60)))
    for arguments in (["export", "-"], ["list", "-n", "60"], ["search", "x", "-n", "60", "--json"], ["--help"]):
        process = home.start(*arguments)
        assert process.stdout
        assert process.stderr
        if arguments[0] in ("export", "search"):
            process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(30) == 0


@needs("posix")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["save", TEXT], ["save", "password = kX93" + "mvLq2#"], ["list", "-n", "9999"]])
def test_an_answer_that_cannot_be_written_is_a_failure(home: Home, arguments: list[str]) -> None:
    """A full disk behind stdout is said and is not success; that the command itself was carried out is said as well."""
    if arguments[0] == "list":
        home.run("import", "-", input="".join(json.dumps({"content": f"{n} " + "x" * 500}) + "\n" for n in range(60)))
    with open("/dev/full", "wb") as full:
        process = home.start(*arguments, "--json", stdout=full)
        _, err = process.communicate(timeout=30)
        again = home.start(*arguments, stdout=full)
        _, plain = again.communicate(timeout=30)
    assert process.returncode == again.returncode == 1
    error = json.loads(err.splitlines()[-1])["error"]
    assert error["code"] == "answer_lost"
    assert "carried out" in error["message"]
    assert plain.startswith(b"error: the command was carried out, but its answer could not be written")
    assert home.json("list")["results"]


@needs("posix")
@pytest.mark.parametrize("arguments", [["export", "x.jsonl"], ["backup", "x.db"]])
def test_a_working_directory_that_is_gone(home: Home, arguments: list[str]) -> None:
    """A relative path in it is no place to write to; a whole path is."""
    home.save(TEXT)
    gone = home.work / "gone"
    line = f"mkdir {gone} && cd {gone} && rmdir {gone} && exec {shlex.join([*command('kioku-mesh'), *arguments])}"
    done = subprocess.run(
        ["sh", "-c", line], env=home.env(), cwd=home.work, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 3
    assert done.stderr.startswith(b"error: the working directory is gone")
    whole = line.replace(arguments[1], str(home.work / arguments[1]))
    assert (
        subprocess.run(["sh", "-c", whole], env=home.env(), capture_output=True, timeout=60, check=False).returncode
        == 0
    )


@needs("posix")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_are_survived(home: Home, closed: str) -> None:
    """A program that is started with a stream closed does its work and does not fall over."""
    line = f"{shlex.join([*command('kioku-mesh'), 'save', 'some words to keep'])} {closed}"
    done = subprocess.run(
        ["sh", "-c", line], env=home.env(), cwd=home.work, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert len(home.json("list")["results"]) == 1


@needs("posix")
def test_an_interrupted_command_exits_130(home: Home) -> None:
    """Ctrl-C while it waits for text: nothing is saved, no traceback."""
    process = home.start("save", "-", stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(b"a" * 100_000)  # more than a pipe holds: it has begun to read
    process.stdin.flush()
    for _ in range(5):  # a signal between two reads is only seen with the next one
        process.send_signal(signal.SIGINT)
        try:
            process.wait(5)
            break
        except subprocess.TimeoutExpired:
            continue
    _, err = process.communicate()
    assert process.returncode == 130
    assert err.strip() == b"interrupted"
    assert not home.database.exists()


def at_terminal(home: Home, *arguments: str, typed: bytes = b"", **settings: str) -> tuple[int, str]:
    """Run a command at a terminal of its own; returns the status and everything on the screen."""
    import pty

    controller, terminal = pty.openpty()
    env = {**home.env(), "TERM": "xterm-256color", **settings}
    process = subprocess.Popen(
        [*command("kioku-mesh"), *arguments], stdin=terminal, stdout=terminal, stderr=terminal, env=env, cwd=home.work
    )
    os.close(terminal)
    os.write(controller, typed)
    screen = b""
    while True:
        try:
            piece = os.read(controller, 4096)
        except OSError:  # how Linux says that the other side is closed
            break
        if not piece:
            break
        screen += piece
    os.close(controller)
    return process.wait(30), screen.decode().replace("\r\n", "\n")


@needs("posix")
def test_a_person_at_a_terminal_is_asked(home: Home) -> None:
    """The preview, a question, and the answer decides; no colours, with or without NO_COLOR."""
    home.save(TEXT, "-p", "shop")
    for settings in ({}, {"NO_COLOR": "1"}):
        status, screen = at_terminal(home, "delete", "-p", "shop", typed=b"n\n", **settings)
        assert status == 1
        assert "delete 1 memory? [y/N]" in screen
        assert "\x1b" not in screen
    assert at_terminal(home, "delete", "-p", "shop", typed=b"y\n")[0] == 0
    assert home.json("list")["results"] == []


@needs("posix")
def test_save_at_a_terminal_does_not_wait(home: Home) -> None:
    """Without words it says what to do instead of reading what somebody might type."""
    status, screen = at_terminal(home, "save")
    assert status == 2
    assert "no text to save" in screen


EMPTY = (
    ["-p", ""],
    ["-p", " "],
    ["--session-id", ""],
    ["--agent-family", ""],
    ["--client-id", ""],
    ["--pc-id", ""],
    ["--type", ""],
    ["--here", "-t", ""],
    ["--here", "--file", ","],
    ["--here", "--ref", " , "],
    ["--type", "nope"],
    ["--since", "1d", "--until", "2d"],
)


@pytest.mark.parametrize("options", EMPTY, ids=" ".join)
def test_a_filter_that_can_only_be_a_mistake_deletes_nothing(home: Home, options: list[str]) -> None:
    """A variable that was not set must not stand for everything."""
    home.save(TEXT)
    refused = home.run("delete", *options, "--yes", "--json", status=2)
    assert refused.error()["code"] == "bad_input"
    assert len(home.json("list")["results"]) == 1


def test_an_export_with_a_wrong_filter_writes_nothing(home: Home, tmp_path: Path) -> None:
    """Neither a header nor a file."""
    home.save(TEXT)
    assert home.run("export", "-p", "", "-", status=2).out == ""
    home.run("export", "--project=", str(tmp_path / "out.jsonl"), status=2)
    assert list(tmp_path.glob("out*")) == []


def test_an_export_makes_the_same_memory_elsewhere(home: Home, tmp_path: Path) -> None:
    """All states of all kinds of records, in one piece, twice, or backwards."""
    keep = home.save("Payments retry five times.", "-p", "shop", "-t", "a", "--importance", "5")
    old = home.save("The port is 5432.", "-p", "shop")
    new = home.json("revise", old, "The port is 5433.")["observation_id"]
    gone = home.save("This was never true.", "-p", "shop")
    home.ok("delete", gone, "-r", "wrong")
    back = home.save("This one came back.", "-p", "warehouse")
    home.ok("delete", back)
    home.ok("restore", back)
    home.save("Only for this machine.", "--local-only")
    home.ok("projects", "rename", "warehouse", "store", "--yes")
    home.ok("export", "out.jsonl")
    lines = (home.work / "out.jsonl").read_text("utf-8").splitlines()

    def view(one: Home) -> dict[str, Any]:
        rows = one.json("list", "--include", "superseded,expired,deleted", "-n", "100")["results"]
        told = (
            "content",
            "project",
            "tags",
            "importance",
            "state",
            "superseded_by",
            "supersedes",
            "created_at",
            "pc_id",
        )
        return {
            row["observation_id"]: {name: row[name] for name in told} for row in rows if row["visibility"] == "mesh"
        }

    assert {own: row["state"] for own, row in view(home).items()} == {
        keep: "live", old: "superseded", new: "live", gone: "deleted", back: "live"
    }  # fmt: skip
    for number, order in enumerate((lines, lines[::-1], lines + lines)):
        other = Home(tmp_path / f"other{number}")
        (other.work / "in.jsonl").write_text("\n".join(order), "utf-8")
        other.ok("import", "in.jsonl")
        assert view(other) == view(home)
        assert other.json("import", "in.jsonl")["added"] == 0


@needs("posix")
def test_bash_completes_what_is_stored(home: Home) -> None:
    """The script, in a real shell, completes commands, options, projects and ids."""
    own = home.save(TEXT, "-p", "shop")
    programs = home.folder / "bin"
    programs.mkdir()
    (programs / "kioku-mesh").write_text(f'#!/bin/sh\nexec {shlex.join(command("kioku-mesh"))} "$@"\n')
    (programs / "kioku-mesh").chmod(0o755)
    env = {**home.env(), "PATH": f"{programs}{os.pathsep}{home.env()['PATH']}"}
    script = home.ok("completion", "bash").out
    for words, offered in (
        (["rec"], "recall"),
        (["list", "-p", "sh"], "shop"),
        (["get", own[:4]], own),
        (["search", "--why-n"], "--why-not"),
    ):
        line = " ".join(["kioku-mesh", *words])
        program = (
            f"{script}\nCOMP_WORDS=({line}); COMP_CWORD={len(words)}\n"
            "_kioku_mesh_completion kioku-mesh\nprintf '%s\\n' \"${COMPREPLY[@]}\""
        )
        done = subprocess.run(["bash", "-c", program], env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout.split() == [offered], done.stderr


def test_the_module_runs_too(home: Home) -> None:
    """`python -m kioku_mesh.cli.main` is the same program."""
    whole = [sys.executable, "-m", "kioku_mesh.cli.main", "--version"]
    done = subprocess.run(whole, env=home.env(), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("kioku-mesh ")
