"""kioku-mesh 1.2.0 itself, from the package registry, writes; and what it shows is what we show after the import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import Agent, older
from support.home import KEPT, Home
from support.needs import ZENOHD, needs
from support.routers import Router
from zenohd import pins

pytestmark = [pytest.mark.long, pytest.mark.zenohd, needs(ZENOHD)]
VERSION = "1.2.0"


@pytest.fixture(scope="session")
def program() -> Path:
    """The command of the older version, in an environment of its own that is kept: only the first run downloads."""
    folder = pins.folder(os.environ).with_name(f"kioku-mesh-{VERSION}-{sys.version_info[0]}.{sys.version_info[1]}")
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        subprocess.run([*pip, f"kioku-mesh=={VERSION}"], check=True)
        (folder / "ready").touch()
    return folder / "bin" / "kioku-mesh"


class Old:
    """A home of the older version."""

    def __init__(self, program: Path, folder: Path, endpoint: str = "") -> None:
        self.folder = folder
        self._program = program
        folder.mkdir()
        self.env = {name: os.environ[name] for name in KEPT if name in os.environ} | {"HOME": str(folder)}
        told = {"USER_ID": "kim", "TEAM_ID": "blue", "AGENT_FAMILY": "claude", "CLIENT_ID": "claude-code"}
        told |= {"SESSION_ID": "s-1", "STATE_DIR": str(folder / "state"), "BACKEND": "zenoh" if endpoint else "local"}
        self.env |= {f"KIOKU_MESH_{name}": value for name, value in told.items()} | {"ZENOH_CONNECT": endpoint}

    def run(self, *arguments: str, **env: str) -> str:
        done = subprocess.run(
            [self._program, *arguments], cwd=self.folder, env=self.env | env, capture_output=True, text=True, check=True
        )
        return done.stdout

    def save(self, text: str, *arguments: str, **env: str) -> str:
        said = self.run("save", text, "--subject", text[:20], "--summary", text[:40], *arguments, **env)
        return said.split()[1]

    def agent(self) -> Agent:
        made = Agent([str(self._program) + "-mcp"], env=self.env, cwd=str(self.folder), name="claude-code")
        made.greet()
        return made

    def shown(self) -> dict[str, str]:
        """Id -> content of everything that it shows, but for what another person keeps."""
        rows = json.loads(self.run("search", "--format", "json", "-n", "500"))
        return {row["observation_id"]: row["content"] for row in rows if row["scope_id"] != "lee"}

    def used(self) -> None:
        """A little of everything."""
        for kind in ("note", "decision", "bug", "pattern", "config", "summary"):
            self.save(
                f"a {kind} about the gateway", "--memory-type", kind, "--importance", "5", "-p", "net", "-t", "a,b"
            )
        first = self.save("配置は dhcp.conf にある", "--source-files", "etc/dhcp.conf", "--references", "#12")
        self.save("配置は kea.conf にある", "--supersedes", first)
        self.run("delete", self.save("the sky is green"), "-r", "it is blue")
        self.save("mine alone", "--visibility", "user")
        self.save("ours", "--visibility", "team")
        self.save("of somebody else", "--visibility", "user", KIOKU_MESH_USER_ID="lee")
        with self.agent() as agent:
            for text, seconds in (("gone soon", 1), ("gone in a year", 31_536_000)):
                agent.call("save_observation", content=text, subject=text, summary=text, ttl_sec=seconds)


@pytest.fixture
def router(tmp_path: Path) -> Iterator[Router]:
    made = Router(tmp_path / "old-router", text="{}")
    made.file.write_text(older.zenohd(made.endpoint, made.data))
    with made:
        yield made


@pytest.fixture
def kim(tmp_path: Path) -> Home:
    made = Home(tmp_path / "kim")
    made.ok("config", "set", "user_id", "kim")
    made.ok("config", "set", "team_id", "blue")
    return made


def shown(home: Home) -> dict[str, str]:
    return {each["observation_id"]: each["content"] for each in home.json("search", "-n", "500")["results"]}


def test_its_mesh(program: Path, kim: Home, router: Router, tmp_path: Path) -> None:
    """Through its storage, and again through the copy that its machine kept."""
    old = Old(program, tmp_path / "old", router.endpoint)
    old.used()
    report = kim.json("import", "--from", "kioku-mesh-zenoh", "--connect", router.endpoint)
    assert (report["failed"], report["notes"][0]["code"], report["left_out"]) == (0, "left_out", {"user/lee": 1})
    assert shown(kim) == old.shown()
    again = kim.json("import", str(tmp_path / "old" / "state"), "--from", "kioku-mesh")
    assert (again["added"], again["failed"]) == (0, 0)
    assert again["known"] == report["added"]


def test_its_local_mode(program: Path, kim: Home, tmp_path: Path) -> None:
    """Through its local files."""
    old = Old(program, tmp_path / "old")
    old.used()
    report = kim.json("import", str(tmp_path / "old" / "state"), "--from", "kioku-mesh")
    assert (report["failed"], report["left_out"]) == (0, {"user/lee": 1})
    assert shown(kim) == old.shown()
