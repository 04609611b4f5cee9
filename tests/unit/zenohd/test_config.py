"""zenohd.json5: what stands in it, what a second run adds, and what somebody wrote by hand."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh import config
from kioku_mesh.errors import BadInput, Refused
from kioku_mesh.zenohd import config as configuration
from kioku_mesh.zenohd import unit


def person(folder: Path, **settings: str) -> config.Config:
    environ = {"HOME": str(folder), **{f"KIOKU_MESH_{name.upper()}": value for name, value in settings.items()}}
    return config.load(environ, str(folder), platform="linux")


def storages(folder: Path) -> dict[str, Any]:
    text = configuration.file_of(person(folder))
    return configuration.storages_in(Path(text).read_text())


def test_one_storage_per_scope_for_log_and_vv(tmp_path: Path) -> None:
    """Every scope of this machine has two storages in RocksDB, each in a folder of its own, and none is replicated."""
    done = configuration.write(person(tmp_path, user_id="kim", team_id="web.app"))
    assert (done.status, done.restart) == ("created", False)
    assert done.scopes == ("mesh", "user/kim", "team/web.app")
    found = storages(tmp_path)
    assert sorted(one["key_expr"] for one in found.values()) == [
        "mem/log/mesh/**", "mem/log/team/web.app/**", "mem/log/user/kim/**",
        "mem/vv/mesh/**", "mem/vv/team/web.app/**", "mem/vv/user/kim/**",
    ]  # fmt: skip
    volumes = [one["volume"] for one in found.values()]
    assert {(volume["id"], volume["create_db"]) for volume in volumes} == {("rocksdb", True)}
    assert len({volume["dir"] for volume in volumes}) == 6
    assert all(Path(volume["dir"]).parent == Path(done.data) for volume in volumes)
    assert not any("replication" in one for one in found.values())


def test_the_router_is_quiet_and_closed(tmp_path: Path) -> None:
    """Stamps are on, nobody is looked for, nothing can be changed from outside, and only loopback listens."""
    tree = configuration.tree(configuration.settings_of(person(tmp_path)))
    assert tree["timestamping"]["enabled"]["router"] is True
    assert tree["scouting"]["multicast"]["enabled"] is False
    assert tree["adminspace"]["permissions"] == {"read": True, "write": False}
    assert tree["listen"]["endpoints"] == ["tcp/127.0.0.1:7447"]
    assert tree["plugins"]["storage_manager"]["__required__"] is True


def test_a_team_that_joins_adds_a_storage(tmp_path: Path) -> None:
    """A second run adds what is new, keeps the rest, and says that a restart is needed; a third changes nothing."""
    configuration.write(person(tmp_path, user_id="kim"))
    before = storages(tmp_path)
    done = configuration.write(person(tmp_path, user_id="kim", team_id="web"))
    assert (done.status, done.added, done.removed, done.restart) == ("changed", ("team/web",), (), True)
    after = storages(tmp_path)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 2
    again = configuration.write(person(tmp_path, user_id="kim", team_id="web"))
    assert (again.status, again.added, again.restart) == ("current", (), False)


def test_a_scope_is_dropped_only_on_request(tmp_path: Path) -> None:
    """Leaving a team keeps its storage until --drop; the machine's own scopes cannot be dropped."""
    configuration.write(person(tmp_path, team_id="old"))
    kept = configuration.write(person(tmp_path, team_id="new"), scopes=["user/guest"])
    assert set(kept.scopes) == {"mesh", "team/old", "team/new", "user/guest"}
    dropped = configuration.write(person(tmp_path, team_id="new"), drop=["team/old"])
    assert (dropped.removed, dropped.restart) == (("team/old",), True)
    assert set(dropped.scopes) == {"mesh", "team/new", "user/guest"}
    for scope in ("mesh", "team/new", "team/never"):
        with pytest.raises(BadInput, match="cannot drop"):
            configuration.write(person(tmp_path, team_id="new"), drop=[scope])


@pytest.mark.parametrize("scope", ["", "local", "team", "team/", "team/a/b", "team/**", "user/Kim", "mesh/x"])
def test_a_scope_is_a_scope(tmp_path: Path, scope: str) -> None:
    """What becomes a key expression and a folder is a scope and nothing else."""
    with pytest.raises(BadInput, match="not a scope"):
        configuration.write(person(tmp_path), scopes=[scope])


def test_what_somebody_wrote_is_not_overwritten(tmp_path: Path) -> None:
    """A file changed by hand is left alone; --force replaces it and keeps it beside."""
    path = Path(configuration.write(person(tmp_path)).file)
    theirs = path.read_text().replace("7447", "7448")
    path.write_text(theirs)
    with pytest.raises(Refused, match="changed by hand"):
        configuration.write(person(tmp_path))
    assert path.read_text() == theirs
    assert configuration.write(person(tmp_path), force=True).status == "changed"
    assert configuration.is_ours(path.read_text())
    assert path.with_suffix(".json5.bak").read_text() == theirs


def test_files_are_for_their_owner(tmp_path: Path) -> None:
    """Configuration and data are nobody else's to read."""
    done = configuration.write(person(tmp_path))
    assert stat.S_IMODE(Path(done.file).stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(done.data).stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["", "{", "[]", "{plugins: 1}", '{"plugins": {"storage_manager": {"storages": [1]}}}'])
def test_foreign_files_are_read_without_trust(text: str) -> None:
    """A file of another shape has no scopes, no storages and no listeners, and raises nothing."""
    assert configuration.scopes_in(text) == ()
    assert configuration.storages_in(text) == {}
    assert configuration.listens_in(text) == ()
    assert not configuration.is_ours(text)


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("/home/a b/$1/100%/zenohd", '"/home/a b/$1/100%%/zenohd" "-c" "/etc/$$x 1%%.json5"'),
        ('/home/a"b/$1/zenohd', '"/usr/bin/env" "/home/a\\"b/$$1/zenohd" "-c" "/etc/$$x 1%%.json5"'),
    ],
)
def test_the_unit_quotes_its_paths(program: str, line: str) -> None:
    """Blanks, quotes, percent signs and dollars in paths reach zenohd as they are."""
    assert f"ExecStart={line}" in unit.text(program, "/etc/$x 1%.json5").splitlines()


def test_endpoints_of_the_settings_count(tmp_path: Path) -> None:
    """Where this machine listens and which hubs it knows comes from config.toml."""
    known = person(tmp_path).set_value("listen", "10.0.0.1,tcp/[fd00::1]:7000").set_value("connect", "10.0.0.2")
    settings = configuration.settings_of(known)
    assert settings.listen == ("tcp/10.0.0.1:7447", "tcp/[fd00::1]:7000")
    tree = configuration.tree(settings)
    assert tree["listen"]["endpoints"] == list(settings.listen)
    assert tree["connect"]["endpoints"] == ["tcp/10.0.0.2:7447"]


def test_the_file_is_plain_json_under_comments(tmp_path: Path) -> None:
    """Programs read it after leaving out the lines that begin with //."""
    text = configuration.text(configuration.settings_of(person(tmp_path)))
    body = "".join(line for line in text.splitlines(True) if not line.startswith("//"))
    assert json.loads(body) == configuration.parse(text)
