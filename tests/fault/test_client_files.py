"""Clients' files when something goes wrong while they are changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh import config
from kioku_mesh.clients import files, rewriting
from kioku_mesh.clients.edit import TAKEN, Change
from kioku_mesh.clients.rewriting import Part
from kioku_mesh.errors import DiskFull, NotAvailable
from support import Home, mounts, needs

TEXT = '{\n  "mcpServers": {\n    "other": {}\n  }\n}\n'


def part(file: Path, where: Any = "kioku-mesh", value: Any = None, keys: tuple[str, ...] = ("mcpServers",)) -> Part:
    change = Change(keys, where, {"command": "/x"} if value is None else value)
    return Part("test", "server", str(file), "json", (change,), lambda data: "kioku-mesh" in str(data))


@pytest.fixture
def settings(tmp_path: Path) -> config.Config:
    return config.load({"HOME": str(tmp_path / "home"), "USERPROFILE": str(tmp_path / "home")}, str(tmp_path))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "settings.json"
    made.write_text(TEXT)
    return made


KILLED = """
import os, signal, sys
from kioku_mesh import config
from kioku_mesh.clients import rewriting
from kioku_mesh.clients.edit import Change

file, home = sys.argv[1:]
real = os.replace

def replace(source, target):
    if target == file:
        os.kill(os.getpid(), signal.SIGKILL)
    real(source, target)

os.replace = replace
change = Change(("mcpServers",), "kioku-mesh", {"command": "/x"})
part = rewriting.Part("test", "server", file, "json", (change,), lambda data: "kioku-mesh" in str(data))
rewriting.rewrite(config.load({"HOME": home}, "/"), part)
"""


@needs("posix")
def test_killed_before_the_rename(file: Path, settings: config.Config, home: Home) -> None:
    """A process that dies with the new file written beside leaves the old one whole; the next one does its work."""
    command = [sys.executable, "-c", KILLED, str(file), settings.home]
    done = subprocess.run(command, env=home.env(), capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    assert file.read_text() == TEXT
    rewriting.rewrite(settings, part(file))
    rewriting.take_back(settings, part(file, value=TAKEN))
    assert file.read_text() == TEXT


def test_somebody_writes_meanwhile(file: Path, settings: config.Config) -> None:
    """A change by another program between reading and writing is kept: the work is done again on what it left."""
    theirs = (
        TEXT.replace('"other"', '"theirs"')
        .replace("mcpServers", "list")
        .replace("{\n    ", "[{\n    ")
        .replace("}\n  }", "}\n  }]")
    )
    texts = iter([theirs])
    file.write_text(theirs.replace("theirs", "first"))

    def where(item: Any) -> bool:
        for text in texts:  # once, while the first attempt is at work
            file.write_text(text)
        return bool(item.get("name") == "us")

    rewriting.rewrite(settings, part(file, where, {"name": "us"}, ("list",)))
    found = rewriting.parse("json", str(file))["list"]
    assert found == [{"theirs": {}}, {"name": "us"}]


def test_somebody_never_stops_writing(file: Path, settings: config.Config) -> None:
    """A file that changes under every attempt is given up with an error, and is as the other program left it."""
    file.write_text('{"list": [{"n": 0}]}')
    count = iter(range(1, 1000))

    def where(item: Any) -> bool:
        file.write_text(f'{{"list": [{{"n": {next(count)}}}]}}')
        return "us" in item

    with pytest.raises(NotAvailable, match="at the same time"):
        rewriting.rewrite(settings, part(file, where, {"name": "us"}, ("list",)))
    assert "us" not in file.read_text()
    assert [path.name for path in file.parent.iterdir() if path.name.endswith(".new")] == []


def test_somebody_makes_the_file(tmp_path: Path) -> None:
    """A file that appears where there was none is not overwritten."""
    made = tmp_path / "new" / "x.json"
    made.parent.mkdir()
    made.write_text("theirs")
    with pytest.raises(files.Raced):
        files.replace(str(made), None, b"ours")
    assert made.read_text() == "theirs"


def test_marked_read_only(file: Path, settings: config.Config) -> None:
    """A file that its owner has marked read-only is left alone, even by one who could."""
    file.chmod(0o444)
    with pytest.raises(NotAvailable, match="read-only"):
        rewriting.rewrite(settings, part(file))
    assert file.read_text() == TEXT


@needs("linux", "root")
def test_read_only_folder(tmp_path: Path, settings: config.Config) -> None:
    """Where nothing can be written the error says so, and nothing is left behind, neither files nor folders."""
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "settings.json").write_text(TEXT)
    with mounts.read_only(folder):
        for file in (folder / "settings.json", folder / "a" / "b" / "new.json"):
            with pytest.raises(NotAvailable, match="cannot be written"):
                rewriting.rewrite(settings, part(file))
    assert [path.name for path in folder.rglob("*")] == ["settings.json"]
    assert (folder / "settings.json").read_text() == TEXT


@needs("linux", "root")
def test_full_disk(tmp_path: Path, settings: config.Config) -> None:
    """On a full disk the old file stays whole and the error says that the disk is full."""
    with mounts.small_disk(tmp_path / "disk", 64) as disk:
        file = disk / "settings.json"
        file.write_text(TEXT)
        mounts.fill_up(disk)
        for one in (file, disk / "new" / "folder" / "settings.json"):
            with pytest.raises(DiskFull):
                rewriting.rewrite(settings, part(one))
        assert file.read_text() == TEXT
        assert {path.name for path in disk.iterdir()} == {"settings.json", "ballast"}


@needs("linux", "root")
def test_no_room_for_the_copy(tmp_path: Path, file: Path) -> None:
    """Without room for the backup nothing is changed."""
    with mounts.small_disk(tmp_path / "disk", 64) as disk:
        mounts.fill_up(disk)
        full = config.load({"HOME": str(tmp_path), "KIOKU_MESH_STATE_DIR": str(disk / "state")}, str(tmp_path))
        with pytest.raises(NotAvailable, match="no copy"):
            rewriting.rewrite(full, part(file))
    assert file.read_text() == TEXT


@needs("posix")
def test_links_modes_and_owners(tmp_path: Path, file: Path, settings: config.Config) -> None:
    """A link stays a link, also one through another link, and the file behind keeps mode and owner."""
    real = tmp_path / "dotfiles" / "real.json"
    real.parent.mkdir()
    real.write_text(TEXT)
    real.chmod(0o666)  # more than most masks let a new file have
    if os.geteuid() == 0:
        os.chown(real, 12345, 54321)
    before = real.stat()
    file.unlink()
    (tmp_path / "middle").symlink_to(real)
    file.symlink_to("middle")
    rewriting.rewrite(settings, part(file))
    assert file.is_symlink()
    assert (tmp_path / "middle").is_symlink()
    assert '"/x"' in real.read_text()
    now = real.stat()
    assert (now.st_mode, now.st_uid, now.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    rewriting.take_back(settings, part(file, value=TAKEN))
    assert real.read_text() == TEXT
    assert [path.name for path in real.parent.iterdir()] == ["real.json"]


@needs("posix")
def test_a_link_to_nothing(tmp_path: Path, settings: config.Config) -> None:
    """A link to a file that is not there yet: that file is made, and goes again; the link stays."""
    link, real = tmp_path / "link.json", tmp_path / "far" / "real.json"
    link.symlink_to(real)
    rewriting.rewrite(settings, part(link))
    assert real.exists()
    rewriting.take_back(settings, part(link, value=TAKEN))
    assert link.is_symlink()
    assert not real.parent.exists()


def test_a_lost_or_spoilt_ledger(file: Path, settings: config.Config) -> None:
    """Without the note on what was changed, or with nonsense in it, our entry goes and everything else stays."""
    for spoil in (
        lambda path: path.unlink(),
        lambda path: path.write_text('{"steps": 1}'),
        lambda path: path.write_bytes(b"\xff"),
    ):
        rewriting.rewrite(settings, part(file))
        (note,) = (Path(settings.state_dir) / "clients").iterdir()
        spoil(note)
        rewriting.take_back(settings, part(file, value=TAKEN))
        assert file.read_text() == TEXT
        note.unlink(missing_ok=True)


def test_a_note_that_does_not_fit(file: Path, settings: config.Config) -> None:
    """A note on another content than the file has is not believed."""
    rewriting.rewrite(settings, part(file))
    file.write_text(file.read_text().replace('"other"', '"elsewhere"'))
    rewriting.take_back(settings, part(file, value=TAKEN))
    assert file.read_text() == TEXT.replace("other", "elsewhere")


@pytest.mark.parametrize("content", [b"\xff\xfe{\x00}\x00", b'{"a": "\xe9"}'])
def test_other_encodings(file: Path, settings: config.Config, content: bytes) -> None:
    """What is no UTF-8 is refused with the line, and left alone."""
    file.write_bytes(content)
    with pytest.raises(Exception, match="line 1: it is not UTF-8"):
        rewriting.rewrite(settings, part(file))
    assert file.read_bytes() == content
