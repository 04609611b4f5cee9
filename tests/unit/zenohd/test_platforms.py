"""What zenohd is called where: targets, archives, files."""

from __future__ import annotations

import pytest

from kioku_mesh.errors import BadInput, NotAvailable
from kioku_mesh.zenohd.platforms import target
from kioku_mesh.zenohd.unpack import valid_version
from support import needs


@pytest.mark.parametrize(
    ("machine", "system", "musl", "triple", "files"),
    [
        ("x86_64", "linux", False, "x86_64-unknown-linux-gnu", "zenohd libzenoh_plugin_storage_manager.so"),
        ("aarch64", "linux", True, "aarch64-unknown-linux-musl", "libzenoh_backend_rocksdb.so"),
        ("arm64", "darwin", None, "aarch64-apple-darwin", "zenohd libzenoh_backend_rocksdb.dylib"),
        ("AMD64", "win32", None, "x86_64-pc-windows-msvc", "zenohd.exe zenoh_plugin_storage_manager.dll"),
    ],
)
def test_every_platform_has_its_names(machine: str, system: str, musl: bool | None, triple: str, files: str) -> None:
    """The target of a platform, and what its files are called there: program, storage manager and backend."""
    found = target(machine, system, musl)
    assert found.triple == triple
    assert set(files.split()) <= set(found.files)
    assert len(found.files) == 3


def test_the_archives_are_of_one_version() -> None:
    """Two archives, named as the releases name them; together they have every file once."""
    found = target("x86_64", "linux", False)
    router, backend = found.archives("1.9.0")
    assert router.name == "zenoh-1.9.0-x86_64-unknown-linux-gnu-standalone.zip"
    assert backend.name == "zenoh-backend-rocksdb-1.9.0-x86_64-unknown-linux-gnu-standalone.zip"
    assert backend.path == f"/eclipse-zenoh/zenoh-backend-rocksdb/releases/download/1.9.0/{backend.name}"
    assert (*router.files, *backend.files) == found.files


@pytest.mark.parametrize(("machine", "system"), [("riscv64", "linux"), ("arm64", "win32"), ("x86_64", "freebsd14")])
def test_a_platform_without_a_release_is_named(machine: str, system: str) -> None:
    """Where nothing is published the error says for which platforms there is something."""
    with pytest.raises(NotAvailable, match=machine) as refused:
        target(machine, system, musl=False)
    assert "aarch64" in refused.value.hint


@needs("posix")
def test_this_machine_has_a_target() -> None:
    """The machine that runs the tests is recognised without being described."""
    assert target().triple.split("-")[0] in ("x86_64", "aarch64")


@pytest.mark.parametrize("version", ["1.9", "v1.9.0", "1.9.0/../..", "", "1.9.0 ", "latest"])
def test_a_version_is_a_version(version: str) -> None:
    """What goes into addresses and file names is a version and nothing else."""
    with pytest.raises(BadInput):
        valid_version(version)
    assert valid_version("1.10.0-rc.1") == "1.10.0-rc.1"
