"""Files that change under memories: real processes, real repositories, several machines, and git nowhere in sight."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import Home, needs

pytestmark = needs("git")

WHO = ("-c", "user.name=kim", "-c", "user.email=kim@example.com")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *WHO, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def shop(home: Home) -> Path:
    """A repository with 50 files of 4 kB and a few small ones."""
    top = home.work / "shop"
    (top / "src").mkdir(parents=True)
    for number in range(50):
        (top / "src" / f"{number}.txt").write_text(f"{number} " * 1000)
    (top / "src" / "lease.py").write_text("LEASE = 30\n")
    (top / "README.md").write_text("A shop.\n")
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "x")
    return top


@pytest.fixture
def env(home: Home, tmp_path: Path) -> dict[str, str]:
    """The environment of a process that would be noticed if it started git."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    (folder / "git").chmod(0o755)
    return home.env(PATH=str(folder))


Show = Callable[..., dict[str, Any]]


@pytest.fixture
def show(home: Home) -> Show:
    """The only memory of a machine, as a process that stands in a folder tells it."""

    def one(cwd: Path, at: Home = home, **options: Any) -> dict[str, Any]:
        (found,) = at.json("search", "lease", cwd=cwd, **options)["results"]
        return dict(found)

    return one


def test_a_memory_tells_that_its_file_has_changed(
    home: Home, shop: Path, env: dict[str, str], tmp_path: Path, show: Show
) -> None:
    """Saved below the top folder, by the command line; told by all commands and to an agent; git is never started."""
    arguments = ("--file", "lease.py:1", "--file", "README.md")
    id_ = home.save("The lease is 30 s", *arguments, cwd=shop / "src", env=env)
    found = show(shop, env=env)
    assert (found["commit"], found["file_paths"]) == (git(shop, "rev-parse", "HEAD"), ["src/lease.py", ""])
    assert found["freshness"] == "fresh"
    (shop / "src" / "lease.py").write_text("LEASE = 60\n")
    git(shop, "commit", "-q", "-am", "y")
    found = show(shop, env=env)
    assert (found["freshness"], found["changed_files"]) == ("changed", ["lease.py:1"])
    for command in (("search", "lease"), ("recall", "lease"), ("brief",), ("search", "lease", "--format", "markdown")):
        assert "[note 2, files changed since] The lease is 30 s" in home.ok(*command, cwd=shop, env=env).out
    told = home.ok("get", id_, cwd=shop, env=env).out
    assert f"commit:      {found['commit'][:12]}\n" in told
    assert "freshness:   changed: lease.py:1\n" in told
    home.ok("revise", id_, "", cwd=shop, env=env)
    assert show(shop, env=env)["freshness"] == "fresh"
    home.run("revise", show(shop)["observation_id"], "", cwd=shop, env=env, status=2)
    (shop / "src" / "lease.py").write_text("LEASE = 90\n")
    with home.agent(cwd=shop, env=env) as agent:
        row = agent.call("search_memory", query="lease")["structuredContent"]["results"][0]
        assert (row["freshness"], row["changed_files"]) == ("changed", ["lease.py:1"])
        (shop / "src" / "lease.py").unlink()
        text = agent.call("recall_context", task="lease")["content"][0]["text"]
        assert "[note 2, files gone] The lease is 30 s" in text
    assert not (tmp_path / "started").exists()


def test_two_machines(home: Home, shop: Path, tmp_path: Path, show: Show) -> None:
    """The second machine judges by its own clone, from whatever folder, what came from the first."""
    arguments = ("--file", str(shop / "src" / "lease.py"), "--file", "README.md")
    home.save("The lease is 30 s", *arguments, cwd=shop / "src")
    home.ok("export", "all.jsonl")
    second = Home(tmp_path / "second")
    git(second.work, "clone", "-q", str(shop), "clone")
    clone = second.work / "clone"
    git(clone, "remote", "set-url", "origin", "git@host:acme/shop.git")
    second.ok("import", str(home.work / "all.jsonl"))
    assert show(clone / "src", second)["freshness"] == "fresh"
    (clone / "src" / "lease.py").write_text("LEASE = 60\n")
    found = show(clone, second)
    assert (found["freshness"], found["changed_files"]) == ("changed", [str(shop / "src" / "lease.py")])
    assert show(shop)["freshness"] == "fresh"
    (clone / "src" / "lease.py").unlink()
    assert show(clone, second)["freshness"] == "gone"
    assert "freshness" not in show(second.work, second)
    second.ok("export", "again.jsonl")
    first, again = (path.read_text().splitlines()[1] for path in (home.work / "all.jsonl", second.work / "again.jsonl"))
    assert first.partition('"commit"')[2] == again.partition('"commit"')[2] != ""


def test_a_clone_that_is_behind(home: Home, shop: Path, tmp_path: Path, show: Show) -> None:
    """What it has not pulled yet is not gone; after a pull it is fresh, and after the removal gone."""
    second = Home(tmp_path / "second")
    git(second.work, "clone", "-q", str(shop), "shop")
    (shop / "new.py").write_text("LEASE = 1\n")
    git(shop, "add", "new.py")
    git(shop, "commit", "-q", "-m", "new")
    home.save("The lease is new", "--file", "new.py", cwd=shop)
    home.ok("export", "all.jsonl")
    second.ok("import", str(home.work / "all.jsonl"))
    clone = second.work / "shop"
    assert "freshness" not in show(clone, second)
    git(clone, "pull", "-q")
    assert show(clone, second)["freshness"] == "fresh"
    git(clone, "rm", "-q", "new.py")
    assert show(clone, second)["freshness"] == "gone"


def test_worktrees_judge_for_themselves(home: Home, shop: Path, show: Show) -> None:
    """A worktree on another branch has the project and files of its own."""
    git(shop, "worktree", "add", "-q", "../wt", "-b", "other")
    home.save("The lease is 30 s", "--file", "src/lease.py", cwd=home.work / "wt")
    (shop / "src" / "lease.py").write_text("LEASE = 60\n")
    assert show(shop)["freshness"] == "changed"
    assert show(home.work / "wt")["freshness"] == "fresh"


@needs("posix")
def test_a_save_never_fails_for_its_files(home: Home, shop: Path, tmp_path: Path) -> None:
    """A pipe, a link that leads out, a gigabyte, a folder, a file that is not there, and one that is: the save stands."""
    (tmp_path / "secret").write_text("secret")
    (shop / "out").symlink_to(tmp_path / "secret")
    os.mkfifo(shop / "pipe")
    with (shop / "huge").open("wb") as file:
        file.truncate(1 << 30)
    names = [
        "pipe",
        "out",
        "huge",
        "src",
        "nothing",
        "../../secret",
        str(tmp_path / "secret"),
        "/dev/zero",
        "src/lease.py:12",
    ]
    arguments = [word for name in names for word in ("--file", name)]
    home.save("The lease is 30 s", *arguments, cwd=shop)
    (found,) = home.json("search", "lease", cwd=shop)["results"]
    assert [bool(each) for each in found["file_hashes"]] == [False] * 8 + [True]
    assert (found["source_files"], found["freshness"]) == (names, "fresh")


@needs("no-root")
def test_an_unreadable_file(home: Home, shop: Path, show: Show) -> None:
    """It is not known, at the save and later, and nothing fails."""
    (shop / "README.md").chmod(0)
    home.save("The lease is 30 s", "--file", "src/lease.py", "--file", "README.md", cwd=shop)
    assert show(shop)["freshness"] == "fresh"
    (shop / "src" / "lease.py").chmod(0)
    assert "freshness" not in show(shop)


def test_fifty_files(home: Home, shop: Path, show: Show) -> None:
    """As many as there was time for are known, the first ones at least, and of those it is told what becomes of them."""
    arguments = [word for number in range(50) for word in ("--file", f"src/{number}.txt")]
    home.save("The lease is 30 s", *arguments, cwd=shop)
    assert all(show(shop)["file_hashes"][:8])
    (shop / "src" / "3.txt").write_text("x")
    assert show(shop)["changed_files"] == ["src/3.txt"]


def test_a_repository_that_is_no_more(home: Home, shop: Path, show: Show) -> None:
    """Whatever becomes of the folder of git, memories are saved and found."""
    home.save("The lease is 30 s", "--file", "src/lease.py", cwd=shop)
    for said in (b"", b"\xff" * 100, b"ref: refs/heads/\0"):
        (shop / ".git" / "HEAD").write_bytes(said)
        assert show(shop)["freshness"] == "fresh"
        home.ok("save", f"Oranges {said!r}", "--file", "README.md", cwd=shop)
    (shop / ".git").rename(shop / "moved")
    assert "freshness" not in show(shop)
    home.ok("save", "Plums", "--file", "README.md", cwd=shop)
