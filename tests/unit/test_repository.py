"""The name of a repository, compared with what git itself makes of the same folders."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioku_mesh import repository

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=kim", "-c", "user.email=kim@example.com", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def new_repository(folder: Path, remote: str = "") -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")
    if remote:
        git(folder, "remote", "add", "origin", remote)
    return folder


def name_of(folder: Path) -> str | None:
    found = repository.find(str(folder))
    return found and found[0]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/acme/tool.git", "tool"),
        ("https://kim:secret@github.com/acme/tool", "tool"),
        ("git@github.com:acme/tool.git", "tool"),
        ("host:tool.git", "tool"),
        ("ssh://git@host:2222/acme/tool.git/", "tool"),
        ("https://dev.azure.com/org/proj/_git/Tool", "Tool"),
        ("/srv/git/tool.git", "tool"),
        ("/home/kim/tool/.git", "tool"),
        ("../tool", "tool"),
        ("C:\\repos\\tool.git", "tool"),
        ("file:///srv/tool.git", "tool"),
        ("https://host/tool?token=secret", "tool"),
        ("https://kim:secret@host", ""),
        ("", ""),
    ],
)
def test_last_part_of_an_address(url: str, name: str) -> None:
    """Every form of address gives the repository's name and never a user, host or password."""
    assert repository.last_part(url) == name


@needs_git
def test_remote_names_the_project_and_worktrees_agree(tmp_path: Path) -> None:
    """The remote's name wins over the folder's, below the top folder and in a linked worktree too."""
    top = new_repository(tmp_path / "clone-2", "git@host:acme/Tool.git")
    (top / "a" / "b").mkdir(parents=True)
    git(top, "worktree", "add", "-q", str(tmp_path / "wt"), "-b", "other")
    assert [name_of(folder) for folder in (top, top / "a" / "b", tmp_path / "wt", top / ".git" / "refs")] == [
        "Tool"
    ] * 4
    assert repository.find(str(top / "a")) == ("Tool", str(top))


@needs_git
def test_without_remote_the_top_folder_names_it(tmp_path: Path) -> None:
    """A repository without remote is named by its folder, in its worktrees too."""
    top = new_repository(tmp_path / "My Tool")
    git(top, "worktree", "add", "-q", str(tmp_path / "wt"), "-b", "other")
    assert [name_of(top), name_of(tmp_path / "wt")] == ["My Tool", "My Tool"]


@needs_git
def test_bare_repositories(tmp_path: Path) -> None:
    """A bare repository is named without `.git`; one hidden in a project folder by that folder."""
    git(tmp_path, "init", "-q", "--bare", "tool.git")
    assert name_of(tmp_path / "tool.git") == "tool"
    new_repository(tmp_path / "seed")
    git(tmp_path, "clone", "-q", "--bare", "seed", "proj/.bare")
    git(tmp_path / "proj" / ".bare", "remote", "remove", "origin")
    (tmp_path / "proj" / ".git").write_text("gitdir: ./.bare\n")
    git(tmp_path / "proj", "worktree", "add", "-q", "feature", "-b", "feature")
    assert [name_of(tmp_path / "proj"), name_of(tmp_path / "proj" / "feature")] == ["proj", "proj"]


@needs_git
def test_submodules_are_projects_of_their_own(tmp_path: Path) -> None:
    """A submodule has the name of its own remote, or of its own folder."""
    library = new_repository(tmp_path / "library")
    top = new_repository(tmp_path / "tool", "https://host/acme/tool.git")
    git(top, "submodule", "--quiet", "add", str(library), "vendor/lib")
    assert name_of(top / "vendor" / "lib") == "library"
    git(top / "vendor" / "lib", "remote", "remove", "origin")
    assert name_of(top / "vendor" / "lib") == "lib"
    assert name_of(top / "vendor") == "tool"


@needs_git
def test_other_remotes(tmp_path: Path) -> None:
    """Without `origin` the first remote counts; with it, `origin` does wherever it stands."""
    top = new_repository(tmp_path / "folder")
    git(top, "remote", "add", "upstream", "https://host/acme/first")
    git(top, "remote", "add", "fork", "https://host/kim/second")
    assert name_of(top) == "first"
    git(top, "remote", "add", "origin", "https://host/kim/third")
    assert name_of(top) == "third"


def test_no_repository(tmp_path: Path) -> None:
    """A folder without git has no project, nor does one whose repository lies above the stop."""
    work = tmp_path / "home" / "work"
    work.mkdir(parents=True)
    assert repository.find(str(work), (str(tmp_path),)) is None
    (tmp_path / ".git").mkdir()
    assert repository.find(str(work), (str(tmp_path / "home"),)) is None
    assert repository.find(str(work)) == (tmp_path.name, str(tmp_path))


def test_broken_git_files_are_no_failure(tmp_path: Path) -> None:
    """A dangling or binary `.git` file names the project by its folder, or not at all."""
    for raw in (b"", b"gitdir: /nowhere\n", b"gitdir: \x00\xff\n", b"gitdir:", b"\xff" * 100):
        (tmp_path / ".git").write_bytes(raw)
        assert name_of(tmp_path) in (tmp_path.name, None)


@given(st.text(max_size=120))
def test_a_name_is_one_printable_line(text: str) -> None:
    """Whatever an address or a folder holds, the name is short, printable and trimmed."""
    name = repository.clean(repository.last_part(text))
    assert len(name) <= 64
    assert name.isprintable()
    assert name == name.strip()
