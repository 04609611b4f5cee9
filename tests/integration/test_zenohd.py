"""A real zenohd with the storage manager and RocksDB: it keeps what it is given, and we install, configure and see it."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.config import load
from kioku_mesh.errors import NotAvailable
from kioku_mesh.zenohd import config, install, platforms, selftest
from kioku_mesh.zenohd.fetch import sha256
from support import Home, needs
from support.needs import ZENOHD
from support.releases import Releases, zipped
from support.routers import Router, built, free_port
from zenohd import pins

pytestmark = [pytest.mark.zenohd, needs(ZENOHD)]

KEY = "mem/log/mesh/laptop-1a2b/00ff/0/1/" + "ab" * 32
PAYLOAD = os.urandom(4096)


@pytest.fixture
def router(tmp_path: Path) -> Iterator[Router]:
    with Router(tmp_path / "hub", ("mesh", "user/kim", "team/web")) as started:
        yield started


def test_what_was_put_is_there_after_a_kill(router: Router) -> None:
    """A put is answered after kill -9 and a restart, from the disk."""
    router.stores(KEY, PAYLOAD)
    router.kill()
    router.start()
    assert router.holds(KEY) == PAYLOAD


def test_every_scope_has_a_storage_and_nothing_else_is_kept(router: Router) -> None:
    """Log and vv of each configured scope are stored; a scope that is not configured is not, nor is another lane."""
    kept = [f"mem/{part}/{scope}/n/1" for part in ("log", "vv") for scope in ("mesh", "user/kim", "team/web")]
    lost = ["mem/log/user/eve/n/1", "mem/log/team/app/n/1", "mem/sync/mesh/n/1", "msg/log/mesh/n/1"]
    with router.visit() as visit:
        for key in (*lost, *kept):
            visit.put(key, key.encode())
        for key in kept:
            assert visit.settled(key, key.encode(), 30), router.said()
    router.kill()
    router.start()
    assert {key: router.holds(key) for key in (*kept, *lost)} == {
        **{key: key.encode() for key in kept},
        **dict.fromkeys(lost),
    }


def test_a_deleted_key_stays_deleted_over_a_restart(router: Router) -> None:
    """What is erased from the storage is not answered again after kill -9."""
    router.stores(KEY, PAYLOAD)
    with router.visit() as visit:
        visit.delete(KEY)
        assert visit.settled(KEY, None, 30)
    router.kill()
    router.start()
    assert router.holds(KEY) is None


def test_a_team_that_is_added_needs_a_restart(router: Router) -> None:
    """A storage written into the configuration works after a restart, and the others still have what they had."""
    router.stores(KEY, PAYLOAD)
    settings = config.Settings(("mesh", "team/new"), str(router.data), (router.endpoint,))
    router.file.write_text(config.text(settings))
    router.stop()
    router.start()
    router.stores("mem/log/team/new/n/1", b"hello")
    assert router.holds(KEY) == PAYLOAD


def test_the_configuration_cannot_be_changed_from_outside(router: Router) -> None:
    """The admin space can be read and not written: a storage deleted through it is still there."""
    with router.visit() as visit:
        (zid,) = visit.routers()
        below = f"@/{zid}/router/config/plugins/storage_manager/storages"
        visit.delete(f"{below}/mem-log-mesh")
        visit.put(f"{below}/extra", b'{"key_expr": "extra/**", "volume": "memory"}')
        names = {
            key.rpartition("/")[2] for key in visit.admin(f"@/{zid}/router/status/plugins/storage_manager/storages/*")
        }
    assert names == {f"mem-{part}-{scope}" for part in ("log", "vv") for scope in ("mesh", "user-kim", "team-web")}
    router.stores(KEY, PAYLOAD)


@pytest.fixture
def hub(home: Home) -> Home:
    """A home whose zenohd listens on a free port."""
    home.ok("zenohd", "config")
    path = home.config / config.FILE
    settings = config.Settings(
        config.scopes_in(path.read_text()), str(home.state / "zenohd"), (f"tcp/127.0.0.1:{free_port()}",)
    )
    path.write_text(config.text(settings))
    return home


def test_install_from_what_was_built(home: Home) -> None:
    """`install --from` takes the three files with their digests, tries them out, and is done at once a second time."""
    done = home.json("zenohd", "install", "--from", str(built()), timeout=120)
    assert (done["status"], done["version"], done["self_test"]["status"]) == ("installed", pins.VERSION, "passed")
    place = home.state / "bin"
    assert sorted(done["files"]) == sorted(pins.PRODUCTS.values())
    assert all(os.access(place / name, os.X_OK) for name in done["files"])
    assert f'export PATH="{place}:$PATH"' in home.ok("zenohd", "install", "--version", pins.VERSION, timeout=120).out
    again = home.json("zenohd", "install", "--version", pins.VERSION, timeout=120)
    assert (again["status"], again["verified"]) == ("already_installed", done["verified"])
    assert not [path for path in place.iterdir() if path.name.startswith(".")]


def test_install_from_archives(home: Home, tmp_path: Path) -> None:
    """Archives as the releases have them are installed from a folder, and refused without a digest."""
    archives = platforms.target().archives(pins.VERSION)
    for archive in archives:
        with zipfile.ZipFile(tmp_path / archive.name, "w") as packed:
            for name in archive.files:
                packed.write(built() / name, name)
    refused = home.run("zenohd", "install", "--from", str(tmp_path), "--json", status=1).error()
    assert (refused["code"], "--sha256" in refused["hint"]) == ("refused", True)
    given = [word for archive in archives for word in ("--sha256", sha256(str(tmp_path / archive.name)))]
    done = home.json("zenohd", "install", "--from", str(tmp_path / archives[1].name), *given, timeout=120)
    assert done["status"] == "installed"
    assert {row["by"] for row in done["verified"]} == {"--sha256"}


def test_install_from_a_release(tmp_path: Path) -> None:
    """From a release over HTTP: verified by its own metadata, continued after breaks, tried out and put in place."""
    archives = platforms.target().archives(pins.VERSION)
    files = {
        archive.name: zipped(**{name: (built() / name).read_bytes() for name in archive.files}) for archive in archives
    }
    settings = load({"HOME": str(tmp_path)}, str(tmp_path))
    said: list[str] = []
    with Releases(files) as releases:
        releases.cut = [1_000_000, 2_000_000]
        done = install.install(settings, version=pins.VERSION, source=releases.source, say=said.append)
        asked = list(releases.asked)
        again = install.install(settings, version=pins.VERSION, source=releases.source)
        assert releases.asked == asked
    assert (done.status, again.status) == ("installed", "already_installed")
    assert (done.self_test.status, again.self_test.status) == ("passed", "passed")
    assert {row.by for row in done.verified} == {"release metadata"}
    assert sum("going on at" in text for text in said) == 2
    assert sorted(path.name for path in Path(done.folder).iterdir()) == sorted([*done.files, install.MANIFEST])


def test_a_version_that_is_another_is_not_installed(tmp_path: Path) -> None:
    """Archives that call themselves one version and are another are refused, whatever their digest."""
    archives = platforms.target().archives("1.2.3")
    files = {
        archive.name: zipped(**{name: (built() / name).read_bytes() for name in archive.files}) for archive in archives
    }
    settings = load({"HOME": str(tmp_path)}, str(tmp_path))
    with (
        Releases(files) as releases,
        pytest.raises(NotAvailable, match=f"says it is version {pins.VERSION}, not 1.2.3"),
    ):
        install.install(settings, version="1.2.3", source=releases.source)
    assert not Path(install.program_of(settings)).exists()


def test_a_zenohd_that_keeps_nothing_is_not_installed(home: Home, tmp_path: Path) -> None:
    """Without a working backend the router starts all the same: the self-test notices, and nothing is put in place."""
    broken = tmp_path / "broken"
    shutil.copytree(built(), broken)
    backend = broken / "libzenoh_backend_rocksdb.so"
    backend.write_bytes((broken / "libzenoh_plugin_storage_manager.so").read_bytes())
    given = [word for path in broken.iterdir() for word in ("--sha256", sha256(str(path)))]
    failed = home.run("zenohd", "install", "--from", str(broken), *given, "--json", status=1, timeout=180).error()
    assert "self-test failed" in failed["message"]
    assert failed["details"]["log"]
    assert not (home.state / "bin" / "zenohd").exists()


def test_status_tells_what_is_there(hub: Home) -> None:
    """Before, while and after it runs: installed, running, its version, and whether every storage persists."""
    before = hub.run("zenohd", "status", "--json", status=1).json()
    assert (before["installed"], before["running"], before["persists"]) == (False, False, None)
    process = selftest.start(str(built() / "zenohd"), str(hub.config / config.FILE), str(hub.folder / "log"))
    try:
        selftest.visit(before["listen"][0], process, 60).close()
        found = hub.run("zenohd", "status", "--bin-dir", str(built()), "--json").json()
        assert (found["installed"], found["version"], found["router_version"]) == (True, pins.VERSION, pins.VERSION)
        assert (found["running"], found["persists"]) == (True, True)
        assert {row["key"] for row in found["storages"]} == {"mem/log/mesh/**", "mem/vv/mesh/**"}
        assert {(row["volume"], row["state"], row["persists"]) for row in found["storages"]} == {
            ("rocksdb", "running", True)
        }
    finally:
        selftest.stop(process)
    assert hub.run("zenohd", "status", "--json", status=1).json()["running"] is False


def test_status_sees_a_storage_that_is_missing(hub: Home) -> None:
    """A router that runs without a configured storage, or with one in memory, is not taken for a durable one."""
    path = hub.config / config.FILE
    ours = path.read_text()
    tree = config.parse(ours)
    storages = tree["plugins"]["storage_manager"]["storages"]
    del storages["mem-vv-mesh"]
    storages["mem-log-mesh"]["volume"] = "memory"
    other = hub.folder / "other.json5"
    other.write_text(json.dumps(tree))
    process = selftest.start(str(built() / "zenohd"), str(other), str(hub.folder / "log"))
    try:
        selftest.visit(config.listens_in(ours)[0], process, 60).close()
        found = hub.run("zenohd", "status", "--json", status=1).json()
    finally:
        selftest.stop(process)
    assert (found["running"], found["persists"]) == (True, False)
    assert {row["name"]: row["state"] for row in found["storages"]} == {
        "mem-log-mesh": "running",
        "mem-vv-mesh": "missing",
    }
    assert any("mem-vv-mesh" in problem and "restart" in problem for problem in found["problems"])


def test_doctor_tries_whether_it_keeps_what_it_is_given(hub: Home) -> None:
    """Without stopping it: what was written is read back and found in its files; with a storage that cannot be opened
    it fails and says why."""
    hub.ok("zenohd", "install", "--from", str(built()), timeout=120)
    endpoint = config.listens_in((hub.config / config.FILE).read_text())[0]
    hub.ok("config", "set", "autostart", "off")
    hub.ok("init", "--mode", "hub", "--engine", "zenohd", "--listen", endpoint)
    hub.ok("zenohd", "config", "--force")

    def checked(file: Path, status: int) -> str:
        process = selftest.start(str(hub.state / "bin" / "zenohd"), str(file), str(hub.folder / "log"))
        try:
            selftest.visit(endpoint, process, 60).close()
            (check,) = hub.run("doctor", "--check", "zenohd", "--json", status=status).json()["checks"]
        finally:
            selftest.stop(process)
        return str(check["summary"])

    ours = hub.config / config.FILE
    assert checked(ours, 0).endswith("what was written to it was read back and is on its disk")
    data = hub.state / "zenohd"
    shutil.rmtree(data)
    data.write_text("a file where the folder was")
    assert f"{data} cannot be written" in checked(ours, 2)
    assert "no zenohd answers" in hub.run("doctor", "--check", "ports").out
