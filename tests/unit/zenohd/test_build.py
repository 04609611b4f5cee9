"""The build of the zenohd that the tests run: its pins, its cache, and what it does where everything is there."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support import needs
from zenohd import pins

BUILD = pins.HERE / "build"


def build(cache: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    env = {"XDG_CACHE_HOME": str(cache), "HOME": str(cache), "PATH": path or os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, BUILD, *arguments], capture_output=True, text=True, env=env, check=False, timeout=60
    )


def test_every_zenoh_package_is_of_one_version() -> None:
    """The router refuses plugins of another version, so the lock has one version of all of them."""
    packages = tomllib.loads((pins.HERE / "Cargo.lock").read_text())["package"]
    versions = {package["name"]: package["version"] for package in packages if package["name"].startswith("zenoh")}
    assert {"zenohd", "zenoh", "zenoh-plugin-storage-manager", "zenoh-backend-rocksdb", "zenoh_backend_traits"} <= set(
        versions
    )
    assert set(versions.values()) == {pins.VERSION}
    assert all("checksum" in package for package in packages if package.get("source"))


def test_it_is_the_version_of_the_wheel() -> None:
    """Router and library are tested against each other at one version."""
    from importlib.metadata import version

    assert version("eclipse-zenoh") == pins.VERSION


def test_the_folder_is_named_after_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another source is another folder; everything that cargo reads counts."""
    listed = {
        path.relative_to(pins.HERE).as_posix()
        for path in pins.HERE.rglob("*")
        if path.suffix in (".toml", ".rs", ".lock")
    }
    assert listed == set(pins.SOURCES)
    for name in pins.SOURCES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((pins.HERE / name).read_bytes())
    monkeypatch.setattr(pins, "HERE", tmp_path)
    before = pins.folder({"HOME": "/home/kim"})
    assert before.parent == Path("/home/kim/.cache/kioku-mesh-tests")
    for name in pins.SOURCES:
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b"\n")
        after = pins.folder({"HOME": "/home/kim"})
        assert after != before
        before = after


@needs("posix")
def test_what_is_built_is_left_alone(tmp_path: Path) -> None:
    """With everything in the cache it prints the folder and does nothing; --where never builds."""
    asked = build(tmp_path, "--where")
    folder = Path(asked.stdout.strip())
    assert (asked.returncode, folder.parent.parent, folder.exists()) == (0, tmp_path, False)
    folder.mkdir(parents=True)
    for name in (*pins.PRODUCTS.values(), pins.SUMS):
        (folder / name).touch()
    done = build(tmp_path, path="/usr/bin:/bin")
    assert (done.returncode, done.stdout.strip()) == (0, str(folder))
    assert len(list(folder.parent.iterdir())) == 1


@needs("posix")
def test_what_is_missing_is_said(tmp_path: Path) -> None:
    """Without cargo it ends with a sentence, with an unknown option with its usage."""
    missing = build(tmp_path, path=str(tmp_path))
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "cargo is not on PATH" in missing.stderr
    usage = build(tmp_path, "--fast")
    assert (usage.returncode, "usage" in usage.stderr) == (2, True)
