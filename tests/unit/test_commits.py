"""The commit that is checked out, and which commits are there, as the files of a repository say and git itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kioku_mesh import repository
from support import needs

HEX = "0123456789abcdef0123456789abcdef01234567"
WHO = ("-c", "user.name=kim", "-c", "user.email=kim@example.com", "-c", "protocol.file.allow=always")


def git(folder: Path, *arguments: str) -> str:
    """Run git; what it printed."""
    done = subprocess.run(["git", *WHO, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def new_repository(folder: Path, *options: str) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main", *options)
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")
    return folder


def head(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD")


def made(folder: Path, said: str = "ref: refs/heads/main\n") -> Path:
    """A repository made by hand, with what HEAD says; its git folder."""
    dot = folder / ".git"
    (dot / "refs" / "heads").mkdir(parents=True)
    (dot / "objects").mkdir()
    (dot / "HEAD").write_text(said)
    return dot


@needs("git")
def test_every_form_of_head(tmp_path: Path) -> None:
    """On a branch, packed, on a branch again after packing, detached, on a branch with slashes: what git says."""
    top = new_repository(tmp_path / "tool")
    for step in (
        ("status",),
        ("pack-refs", "--all"),
        ("commit", "-q", "--allow-empty", "-m", "y"),
        ("checkout", "-q", "--detach"),
        ("checkout", "-q", "-b", "kim/deep/branch"),
        ("pack-refs", "--all"),
        ("tag", "-a", "v1", "-m", "v1"),
    ):
        git(top, *step)
        assert repository.commit(str(top)) == head(top), step


@needs("git")
def test_worktrees_and_submodules(tmp_path: Path) -> None:
    """Each has its own: a worktree by a branch of the whole repository, packed or not, a submodule by its `.git` file."""
    top = new_repository(tmp_path / "tool")
    git(top, "worktree", "add", "-q", str(tmp_path / "wt"), "-b", "other")
    git(tmp_path / "wt", "commit", "-q", "--allow-empty", "-m", "y")
    assert repository.commit(str(tmp_path / "wt")) == head(tmp_path / "wt") != head(top)
    git(top, "pack-refs", "--all")
    assert repository.commit(str(tmp_path / "wt")) == head(tmp_path / "wt")
    library = new_repository(tmp_path / "library")
    git(top, "submodule", "--quiet", "add", str(library), "vendor/lib")
    assert (top / "vendor" / "lib" / ".git").is_file()
    assert repository.commit(str(top / "vendor" / "lib")) == head(library)


@needs("git")
def test_a_repository_with_longer_names(tmp_path: Path) -> None:
    """Where git names by SHA-256, a commit has 64 digits."""
    top = new_repository(tmp_path / "tool", "--object-format=sha256")
    assert len(head(top)) == 64
    assert repository.commit(str(top)) == head(top)
    git(top, "gc", "-q")
    assert repository.knows(str(top), head(top))


def test_no_commit_is_known(tmp_path: Path) -> None:
    """No repository, a branch without a commit, references in a database of their own, a reference out of the folder."""
    assert repository.commit(str(tmp_path)) == ""
    dot = made(tmp_path)
    assert repository.commit(str(tmp_path)) == ""
    (tmp_path / "secret").write_text(HEX)
    for said in ("ref: refs/heads/.invalid", "ref: refs/../../secret", "ref: /etc/passwd", "", HEX[:39], HEX.upper()):
        (dot / "HEAD").write_text(said + "\n")
        assert repository.commit(str(tmp_path)) == "", said


def test_references_to_references(tmp_path: Path) -> None:
    """A few are followed; those that go in a circle end."""
    dot = made(tmp_path)
    (dot / "refs" / "heads" / "main").write_text("ref: refs/heads/trunk\n")
    (dot / "packed-refs").write_text(f"# pack-refs with: peeled fully-peeled sorted\n{HEX} refs/heads/trunk\n^{HEX}\n")
    assert repository.commit(str(tmp_path)) == HEX
    (dot / "refs" / "heads" / "trunk").write_text("ref: refs/heads/main\n")
    assert repository.commit(str(tmp_path)) == ""


@needs("git")
def test_which_commits_are_there(tmp_path: Path) -> None:
    """Loose, packed, fetched, borrowed from another repository, in a worktree; not one that was never here."""
    top = new_repository(tmp_path / "tool")
    (top / "a").write_text("a")
    git(top, "add", "a")
    for number in range(40):
        git(top, "commit", "-q", "--allow-empty", "-m", f"{number}")
    commits = git(top, "rev-list", "HEAD").split()
    assert all(repository.knows(str(top), commit) for commit in commits)
    git(top, "gc", "-q")
    assert not [path for path in (top / ".git" / "objects").glob("??/*")]
    assert all(repository.knows(str(top), commit) for commit in commits)
    git(tmp_path, "clone", "-q", "--shared", "tool", "borrower")
    git(top, "worktree", "add", "-q", str(tmp_path / "wt"))
    git(tmp_path, "clone", "-q", f"file://{top}", "clone")
    for folder in ("borrower", "wt", "clone"):
        assert all(repository.knows(str(tmp_path / folder), commit) for commit in commits), folder
    git(top, "commit", "-q", "--allow-empty", "-m", "later")
    assert not repository.knows(str(tmp_path / "clone"), head(top))
    git(tmp_path / "clone", "pull", "-q")
    assert repository.knows(str(tmp_path / "clone"), head(top))
    near = [commit[:-1] + ("0" if commit[-1] != "0" else "1") for commit in commits] + ["0" * 40, "f" * 40]
    assert not any(repository.knows(str(top), commit) for commit in near)


def test_without_a_commit_the_repository_is_enough(tmp_path: Path) -> None:
    """Who asks for no commit asks whether there is a repository."""
    assert not repository.knows(str(tmp_path), None)
    made(tmp_path)
    assert repository.knows(str(tmp_path), None)
    assert not repository.knows(str(tmp_path), HEX)


@needs("posix")
@pytest.mark.timeout(20)
def test_pipes_keep_nobody_waiting(tmp_path: Path) -> None:
    """A pipe in the place of any file of git is one that cannot be read."""
    dot = made(tmp_path)
    (dot / "objects" / "info").mkdir()
    (dot / "objects" / "pack").mkdir()
    for name in (
        "config",
        "commondir",
        "packed-refs",
        "refs/heads/main",
        "objects/info/alternates",
        "objects/pack/a.idx",
    ):
        os.mkfifo(dot / name)
    assert repository.find(str(tmp_path)) == (tmp_path.name, str(tmp_path))
    assert repository.commit(str(tmp_path)) == ""
    assert not repository.knows(str(tmp_path), HEX)
    (dot / "HEAD").unlink()
    os.mkfifo(dot / "HEAD")
    assert repository.commit(str(tmp_path)) == ""


FILES = (
    "HEAD", "commondir", "packed-refs", "config", "refs/heads/main", "objects/info/alternates", "objects/pack/a.idx",
)  # fmt: skip
SAID = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(
        [
            b"ref: refs/heads/main\n", b"ref: refs/heads/\0\n", b"ref: refs/heads/" + b"a" * 5000, HEX.encode(), b"..\n", b"\0",
            b"/\n", HEX.encode() + b" refs/heads/main\n", b"\xfftOc\0\0\0\2" + b"\xff" * 1024, b"\xfftOc\0\0\0\2" + bytes(2048),
            b"../" * 2000,
        ]
    ),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(FILES), SAID), st.sampled_from([HEX, "0" * 40, "f" * 64, None]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_lies_in_the_folder_of_git(tmp_path: Path, files: dict[str, bytes], commit: str | None) -> None:
    """Nothing fails, and what is told is a commit or nothing."""
    dot = tmp_path / ".git"
    for name in FILES:
        path = dot / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files.get(name, b""))
    assert len(repository.commit(str(tmp_path))) in (0, 40, 64)
    assert repository.knows(str(tmp_path), commit) in (True, False)
    repository.find(str(tmp_path))
