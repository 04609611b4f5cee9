"""Archives and folders that somebody brought: what is taken, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from kioku_mesh.errors import BadInput, NotFound, Refused, StoreUnwritable
from kioku_mesh.zenohd import unpack
from kioku_mesh.zenohd.platforms import target
from support import needs
from support.mounts import small_disk
from support.releases import digest, zipped

HERE = target("x86_64", "linux", False)
ROUTER, BACKEND = HERE.archives("1.2.3")
CONTENTS = {
    ROUTER.name: zipped(
        **{"zenohd": b"router", "libzenoh_plugin_storage_manager.so": b"manager", "libzenoh_plugin_rest.so": b"rest"}
    ),
    BACKEND.name: zipped(**{"libzenoh_backend_rocksdb.so": b"backend"}),
}
LOOSE = dict(zip(HERE.files, (b"router", b"manager", b"backend"), strict=True))


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    """A folder with both archives and the digests of both."""
    return lay(tmp_path / "brought", CONTENTS)


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


def lay(folder: Path, files: dict[str, bytes], sums: bool = True) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    if sums:
        (folder / unpack.SUMS).write_text("".join(f"{digest(content)}  {name}\n" for name, content in files.items()))
    return folder


def bring(source: Path, staging: Path, version: str | None = None, given: tuple[str, ...] = ()) -> set[str]:
    """Who vouched, after all three files have arrived."""
    verified = unpack.bring(str(source), HERE, version, given, str(staging))
    assert {path.name: path.read_bytes() for path in staging.iterdir()} == LOOSE
    assert all(path.stat().st_mode & 0o111 for path in staging.iterdir())
    return {row.by for row in verified}


def test_a_folder_with_both_archives(brought: Path, staging: Path) -> None:
    """Router, storage manager and backend are taken, and nothing else."""
    assert bring(brought, staging) == {"SHA256SUMS"}


@pytest.mark.parametrize("name", CONTENTS)
def test_one_archive_finds_the_other(brought: Path, staging: Path, name: str) -> None:
    """Either archive may be named; its version counts and the other one lies beside it."""
    assert bring(brought / name, staging) == {"SHA256SUMS"}


def test_a_folder_with_the_files_themselves(tmp_path: Path, staging: Path) -> None:
    """What was built or unpacked elsewhere is taken with its digests."""
    assert bring(lay(tmp_path / "built", LOOSE), staging) == {"SHA256SUMS"}


def test_digests_can_be_given(tmp_path: Path, staging: Path) -> None:
    """`--sha256` vouches for archives that lie there without a list."""
    folder = lay(tmp_path / "bare", CONTENTS, sums=False)
    assert bring(folder, staging, given=tuple(map(digest, CONTENTS.values()))) == {"--sha256"}


@pytest.mark.parametrize("files", [CONTENTS, LOOSE], ids=["archives", "files"])
def test_nothing_is_taken_that_nobody_vouches_for(tmp_path: Path, staging: Path, files: dict[str, bytes]) -> None:
    """Without a list and without --sha256 nothing is taken, and the hint says what is missing."""
    with pytest.raises(Refused, match="no SHA-256 is known") as refused:
        bring(lay(tmp_path / "bare", files, sums=False), staging)
    assert "--sha256" in refused.value.hint
    assert list(staging.iterdir()) == []


def test_a_damaged_archive_is_refused(brought: Path, staging: Path) -> None:
    """One byte off is enough."""
    path = brought / BACKEND.name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Refused, match="is not what it should be"):
        bring(brought, staging)


def test_an_archive_without_the_storage_manager(tmp_path: Path, staging: Path) -> None:
    """An archive of the right name that lacks a file is named, with what it lacks."""
    folder = lay(tmp_path / "poor", {**CONTENTS, ROUTER.name: zipped(zenohd=b"router")})
    with pytest.raises(Refused, match="has no libzenoh_plugin_storage_manager"):
        bring(folder, staging)


def test_files_lie_anywhere_in_an_archive_and_never_outside(tmp_path: Path, staging: Path) -> None:
    """A path inside an archive decides nothing: files are taken by name into the folder we chose."""
    escaping = zipped(**{"../../escaped/libzenoh_backend_rocksdb.so": b"backend"})
    folder = lay(tmp_path / "nested", {**CONTENTS, BACKEND.name: escaping})
    bring(folder, staging)
    assert not (tmp_path / "escaped").exists()


def test_what_is_missing_is_named(tmp_path: Path, staging: Path, brought: Path) -> None:
    """Nothing there, one archive of two, several versions, an archive of another platform: each is told apart."""
    (empty := tmp_path / "empty").mkdir()
    with pytest.raises(NotFound, match="there is nothing at"):
        bring(tmp_path / "nowhere", staging)
    with pytest.raises(NotFound, match="neither archives nor the files"):
        bring(empty, staging)
    (brought / ROUTER.name.replace("1.2.3", "1.3.0")).write_bytes(b"")
    with pytest.raises(NotFound, match=r"several versions: 1\.2\.3, 1\.3\.0"):
        bring(brought, staging)
    assert bring(brought, staging, version="1.2.3")
    (brought / BACKEND.name).unlink()
    with pytest.raises(NotFound, match=BACKEND.name):
        bring(brought / ROUTER.name, staging)
    (foreign := tmp_path / "foreign").mkdir()
    (foreign / "zenoh-1.2.3-aarch64-apple-darwin-standalone.zip").write_bytes(b"")
    with pytest.raises(NotFound, match="archives for other platforms only"):
        bring(foreign, staging)
    (other := brought / "zenoh-1.2.3-aarch64-apple-darwin-standalone.zip").write_bytes(b"")
    with pytest.raises(BadInput, match="no archive for this machine"):
        bring(other, staging)


@needs("root", "linux")
def test_a_full_disk(brought: Path, tmp_path: Path) -> None:
    """Is told as one."""
    with small_disk(tmp_path / "disk", 4) as disk, pytest.raises(StoreUnwritable) as told:
        bring(brought, disk)
    assert told.value.hint == "free some space"
