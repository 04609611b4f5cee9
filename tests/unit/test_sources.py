"""The files of a memory: which of them are read, where they are in the repository, and what is never touched."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from kioku_mesh import sources
from kioku_mesh.seen import Seen, content_hash
from support import needs

LONG = 60.0  # seconds: no limit
TEXT = "price = 5\n"
HASH = hashlib.blake2b(TEXT.encode(), digest_size=16).hexdigest()


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / ".git" / "objects").mkdir(parents=True)
    (folder / ".git" / "refs").mkdir()
    (folder / "src").mkdir()
    for name in ("src/a.py", "src/b.py", "b.py"):
        (folder / name).write_text(TEXT if name != "b.py" else "other")
    return folder


def see(top: Path, *files: str, folder: str = "src", seconds: float = LONG) -> Seen:
    return sources.see(files, str(top / folder), str(top), seconds)


@pytest.mark.parametrize(
    ("given", "folder", "path"),
    [
        ("a.py", "src", "src/a.py"),
        ("src/a.py", "src", ""),
        ("./src/a.py", "src", ""),
        ("src/a.py", "", ""),
        ("../src/a.py", "src", "src/a.py"),
        ("a.py:12", "src", "src/a.py"),
        ("a.py:12-20", "src", "src/a.py"),
        ("a.py:12:5", "src", "src/a.py"),
        ("src/a.py#L12", "src", ""),
        ("src/a.py#L12-L20", "src", ""),
        ("src/a.py#L12C3-L20C5", "src", ""),
    ],
)
def test_a_file_is_found_and_placed(top: Path, given: str, folder: str, path: str) -> None:
    """In the current folder, then from the top, without line numbers; its path is told where it is another."""
    found = see(top, given, folder=folder)
    assert (found.file_hashes, found.file_paths) == ((HASH,), (path,) if path else ())


def test_the_current_folder_comes_first(top: Path) -> None:
    """Of two files of one name the nearer one is meant."""
    assert see(top, "b.py").file_hashes == (HASH,)
    assert see(top, "b.py", folder="").file_hashes != (HASH,)


def test_whole_paths(top: Path, tmp_path: Path) -> None:
    """A whole path counts within the repository, by whatever way it leads there."""
    assert see(top, str(top / "src" / "a.py")).file_paths == ("src/a.py",)
    (tmp_path / "way").symlink_to(top)
    assert see(top, str(tmp_path / "way" / "src" / "a.py")).file_paths == ("src/a.py",)
    assert see(tmp_path / "way", str(top / "src" / "a.py")).file_paths == ("src/a.py",)


def test_what_is_known_of_some_is_kept_in_order(top: Path) -> None:
    """The lists go with the files one for one; what is not known is empty."""
    found = see(top, "nothing.py", "src/a.py", "b.py")
    assert found == Seen(None, ("", HASH, HASH), ("", "", "src/b.py"))


def test_line_ends_are_no_difference(top: Path) -> None:
    """Git writes the line ends that a system likes."""
    (top / "src" / "a.py").write_bytes(TEXT.replace("\n", "\r\n").encode())
    assert see(top, "a.py").file_hashes == (HASH,)
    assert content_hash(b"a\rb\r\n") == content_hash(b"a\rb\n") != content_hash(b"a\nb\n")


@needs("posix")
@pytest.mark.timeout(20)
def test_what_is_not_read(top: Path, tmp_path: Path) -> None:
    """Outside the repository, by links too; folders, pipes, sockets, devices; what is too large; a home folder's `~`."""
    (tmp_path / "secret").write_text(TEXT)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.py").write_text(TEXT)
    src = top / "src"
    (src / "out").symlink_to(tmp_path / "secret")
    (src / "way").symlink_to(tmp_path / "elsewhere")
    (src / "circle").symlink_to(src / "circle")
    (src / "dangling").symlink_to(src / "nothing")
    os.mkfifo(src / "pipe")
    with (src / "large").open("wb") as file:
        file.truncate(1 << 30)
    (src / "null").symlink_to("/dev/zero")
    listening = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(src)
    listening.bind("socket")
    os.chdir(here)
    names = [
        "out", "way/a.py", "circle", "dangling", "pipe", "large", "null", "socket", "../../secret", "~/a.py", "$HOME", ".",
        str(tmp_path / "secret"), "/dev/zero", "/proc/self/mem", "nothing", "a.py/b", "x" * 400, "é" * 300, ":12", "#L1",
    ]  # fmt: skip
    assert see(top, *names) == Seen()
    listening.close()


def test_links_within_the_repository(top: Path) -> None:
    """They are followed, and the path is that of the link: it may lead elsewhere tomorrow."""
    (top / "src" / "link.py").symlink_to(top / "src" / "a.py")
    assert see(top, "link.py") == Seen(None, (HASH,), ("src/link.py",))


@needs("posix", "no-root")
def test_a_file_that_may_not_be_read(top: Path) -> None:
    """It is not known, and no failure."""
    (top / "src" / "a.py").chmod(0)
    assert see(top, "a.py") == Seen()


def test_there_is_an_end_to_it(top: Path) -> None:
    """Without time a few small files are read and no more; a reader looks at so many files and no more."""
    (top / "src" / "a.py").write_bytes(b"x" * sources.FILE_MAX)
    assert see(top, "a.py", "b.py").file_hashes == (content_hash(b"x" * sources.FILE_MAX), HASH)
    assert see(top, "a.py", "b.py", seconds=0.0).file_hashes == ("", HASH)
    assert see(top, *["b.py"] * 50, seconds=0.0).file_hashes == (HASH,) * 8 + ("",) * 42
    reader = sources.Reader(LONG, 1)
    assert [reader.look(str(top / "src" / "b.py"), str(top)).hash for _ in range(2)] == [HASH, ""]
    (top / "src" / "a.py").write_bytes(b"x" * (sources.FILE_MAX + 1))
    assert sources.Reader(LONG, 1).look(str(top / "src" / "a.py"), str(top)).hash == sources.LARGE


def test_a_change_is_seen_at_once(top: Path) -> None:
    """What was read before is read again when the file is another, though neither size nor any time tells."""
    hashes = []
    with (top / "src" / "a.py").open("r+") as file:
        for number in range(100):
            file.seek(0)
            file.write(f"{number:010}")
            file.flush()
            os.utime(file.fileno(), ns=(1_700_000_000_000_000_000,) * 2)
            hashes += see(top, "a.py").file_hashes
    assert len(set(hashes)) == 100


def test_what_is_kept(top: Path) -> None:
    """The hash of a file that has lain for a while; one that was just written may be written again at the same time."""
    ours = Path(sources.__file__)
    sources._read.cache_clear()
    assert any(see(top, "a.py").file_hashes)
    assert sources._read.cache_info().currsize == 0
    for hits in (0, 1):
        assert any(see(ours.parent, ours.name, folder="").file_hashes)
        assert (sources._read.cache_info().currsize, sources._read.cache_info().hits) == (1, hits)


@pytest.mark.parametrize(
    ("given", "below", "place"),
    [
        ("src/a.py", "", "src/a.py"),
        ("src/a.py:12", "", "src/a.py"),
        ("a.py", "src/a.py", "src/a.py"),
        ("C:\\shop\\src\\a.py", "src/a.py", "src/a.py"),
        ("../a.py", "", ""),
        ("/etc/passwd", "", ""),
        ("a.py", "/etc/passwd", ""),
        ("a.py", "../../etc/passwd", ""),
        (".", "", ""),
    ],
)
def test_where_a_file_is_in_another_clone(given: str, below: str, place: str) -> None:
    """By its path below the top folder; never outside, whatever a memory says."""
    top = os.path.abspath(os.sep + "clone")
    assert sources.place(given, below, top) == (os.path.join(top, *place.split("/")) if place else "")
