"""What `zenohd status` says where no zenohd runs, and where the Zenoh library is missing."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from kioku_mesh import config
from kioku_mesh.errors import NotAvailable, PeerUnreachable
from kioku_mesh.mesh.storage_probe import Visit
from kioku_mesh.zenohd import config as configuration
from kioku_mesh.zenohd import install, platforms, selftest, status


def person(folder: Path, **settings: str) -> config.Config:
    environ = {"HOME": str(folder), **{f"KIOKU_MESH_{name.upper()}": value for name, value in settings.items()}}
    return config.load(environ, str(folder), platform="linux")


def configured(folder: Path, port: int, scopes: tuple[str, ...] = ("mesh",)) -> Path:
    """A configuration file for a router on `port` of this machine."""
    path = Path(configuration.write(person(folder), force=True).file)
    settings = configuration.Settings(scopes, str(folder / "data"), (f"tcp/127.0.0.1:{port}",))
    path.write_text(configuration.text(settings))
    return path


@pytest.fixture
def port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_nothing_is_here(tmp_path: Path, port: int) -> None:
    """Before anything was done: not installed, no configuration, and what is missing is named."""
    configured(tmp_path, port).unlink()
    found = status.status(person(tmp_path))
    assert (found.installed, found.version, found.config_state) == (False, None, "absent")
    assert found.missing == platforms.target().files
    assert found.storages == ()


def test_a_router_that_is_away(tmp_path: Path, port: int) -> None:
    """Nobody listens: it does not run, and whether its storages persist is not known."""
    configured(tmp_path, port)
    found = status.status(person(tmp_path), patience=0.3)
    assert (found.running, found.persists) == (False, None)
    assert {row.state for row in found.storages} == {"unknown"}


def test_something_else_that_listens(tmp_path: Path) -> None:
    """A program that accepts connections and says nothing is not taken for a router."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        configured(tmp_path, other.getsockname()[1])
        assert status.status(person(tmp_path), patience=0.3).running is False


@pytest.mark.parametrize(("change", "state"), [("", "outdated"), ("// mine\n", "changed_by_hand")])
def test_the_state_of_the_configuration(tmp_path: Path, port: int, change: str, state: str) -> None:
    """What would be written now is compared with what is there, and a change by hand is not called outdated."""
    path = configured(tmp_path, port)
    path.write_text(change + path.read_text())
    found = status.status(person(tmp_path, team_id="web"), patience=0.3)
    assert found.config_state == state
    assert any("zenohd config" in problem for problem in found.problems) is (state == "outdated")


def test_an_incomplete_installation(tmp_path: Path, port: int) -> None:
    """A program without its libraries is named with what it lacks; one that cannot be run is no version."""
    configured(tmp_path, port)
    place = Path(install.folder_of(person(tmp_path)))
    place.mkdir(parents=True)
    (place / "zenohd").write_text("#!/bin/sh\necho zenohd v1.2.3-release built with rustc 1.75.0\n")
    (place / "zenohd").chmod(0o755)
    found = status.status(person(tmp_path), patience=0.3)
    assert (found.installed, found.version) == (False, "1.2.3")
    assert len(found.missing) == 2
    (place / "zenohd").write_text("#!/bin/sh\nexit 7\n")
    assert status.status(person(tmp_path), patience=0.3).version is None


def test_without_the_library(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no Zenoh library, status and self-test say that they could not look, and do not say no."""
    configured(tmp_path, port)
    monkeypatch.setitem(sys.modules, "zenoh", None)
    found = status.status(person(tmp_path))
    assert (found.running, found.persists) == (None, None)
    assert any("could not" in problem or "cannot be asked" in problem for problem in found.problems)
    assert selftest.test("/nowhere/zenohd").status == "not_checked"
    with pytest.raises(NotAvailable, match="not installed"):
        Visit(f"tcp/127.0.0.1:{port}")


def test_a_program_that_does_not_work(port: int) -> None:
    """The self-test of something that is no zenohd fails and says why; a visit to nobody is an error."""
    assert selftest.test("/nowhere/zenohd").status == "failed"
    failed = selftest.test(sys.executable)  # ends at once: its options are others
    assert (failed.status, "ended with" in failed.message) == ("failed", True)
    with pytest.raises(PeerUnreachable):
        Visit(f"tcp/127.0.0.1:{port}", 0.3)


@pytest.mark.parametrize(
    ("listens", "asked"),
    [("tcp/0.0.0.0:7447", "tcp/127.0.0.1:7447"), ("tcp/[::]:1", "tcp/[::1]:1"), ("tcp/10.0.0.1:1", "tcp/10.0.0.1:1")],
)
def test_where_a_router_is_asked(listens: str, asked: str) -> None:
    """A router that listens on every address is asked on the loopback one."""
    assert status.reachable(listens) == asked
