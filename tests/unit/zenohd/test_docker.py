"""The Docker files: current, valid, and with the properties that the documentation promises."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import containers
from kioku_mesh import config
from kioku_mesh.errors import Refused
from kioku_mesh.zenohd import config as configuration
from kioku_mesh.zenohd import docker
from kioku_mesh.zenohd.platforms import DEFAULT_VERSION, DIGESTS
from support import needs
from support.needs import compose

DOCKERFILE = docker.files()["Dockerfile"]


def service() -> dict[str, Any]:
    parsed = yaml.safe_load(docker.files()["docker-compose.yaml"])
    assert list(parsed["services"]) == ["zenohd"]
    return dict(parsed["services"]["zenohd"])


def test_the_files_in_the_repository_are_current() -> None:
    """What lies at the top of the repository is what the code makes."""
    assert containers.stale() == [], "run python tools/containers.py"


def test_version_and_digests_are_build_arguments() -> None:
    """Dockerfile and compose file agree on version and digests for both architectures, and each can be overridden."""
    arguments = service()["build"]["args"]
    assert arguments["ZENOH_VERSION"] == f"${{ZENOH_VERSION:-{DEFAULT_VERSION}}}"
    assert f"ARG ZENOH_VERSION={DEFAULT_VERSION}" in DOCKERFILE.splitlines()
    for machine in ("x86_64", "aarch64"):
        known = DIGESTS[f"zenoh-backend-rocksdb-{DEFAULT_VERSION}-{machine}-unknown-linux-musl-standalone.zip"]
        name = f"ROCKSDB_SHA256_{machine.upper()}"
        assert arguments[name] == f"${{{name}:-{known}}}"
        assert f"ARG {name}={known}" in DOCKERFILE.splitlines()


def test_ports_are_on_loopback_unless_told_otherwise() -> None:
    """Nobody outside this machine reaches the router until ZENOH_BIND says so."""
    assert service()["ports"] == ["${ZENOH_BIND:-127.0.0.1}:7447:7447"]


def test_data_and_configuration_come_from_outside() -> None:
    """The data outlive the container in ./data/zenoh, where the configuration puts every storage."""
    assert "./data/zenoh:/data" in service()["volumes"]
    assert "./zenohd.json5:/etc/zenohd.json5:ro" in service()["volumes"]
    text = docker.files(("mesh", "team/web"))[configuration.FILE]
    assert all(one["volume"]["dir"].startswith("/data/") for one in configuration.storages_in(text).values())
    assert configuration.scopes_in(text) == ("mesh", "team/web")
    assert configuration.listens_in(text) == ("tcp/0.0.0.0:7447",)


@needs("sh")
@pytest.mark.parametrize(
    ("machine", "fetched"),
    [("amd64", "x86_64"), ("arm64", "aarch64"), ("x86_64", "x86_64"), ("aarch64", "aarch64"), ("riscv64", "")],
)
def test_the_build_step_as_a_shell_runs_it(tmp_path: Path, machine: str, fetched: str) -> None:
    """For each architecture the right archive is held against the right digest; another architecture ends the build."""
    joined = DOCKERFILE.replace("\\\n", " ")
    (step,) = [line.removeprefix("RUN ") for line in joined.splitlines() if line.startswith("RUN ")]
    for name, script in {
        "wget": 'echo "fetched $5"; [ "$2" = -O ] && touch /dev/null; for a; do :; done; echo "from $a"',
        "sha256sum": "read digest file; echo checked $digest",
        "unzip": "exit 0",
        "uname": f"echo {machine}",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    digests = {"ROCKSDB_SHA256_X86_64": "for-x86_64", "ROCKSDB_SHA256_AARCH64": "for-aarch64"}
    for given in ({"TARGETARCH": machine}, {}):
        env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "ZENOH_VERSION": "1.2.3", **digests, **given}
        done = subprocess.run(["sh", "-c", step], capture_output=True, text=True, env=env, check=False)
        if not fetched:
            assert done.returncode == 1
            assert machine in done.stderr
            continue
        assert done.returncode == 0, done.stderr
        assert f"/1.2.3/zenoh-backend-rocksdb-1.2.3-{fetched}-unknown-linux-musl-standalone.zip" in done.stdout
        assert f"checked for-{fetched}" in done.stdout


def test_the_files_for_a_person(tmp_path: Path) -> None:
    """`write` makes the files for the scopes of this machine, twice without a change, and never over other files."""
    person = config.load({"HOME": str(tmp_path), "KIOKU_MESH_TEAM_ID": "web"}, str(tmp_path), platform="linux")
    place = tmp_path / "hub"
    assert set(docker.write(person, str(place)).files.values()) == {"written"}
    assert set(docker.write(person, str(place)).files.values()) == {"current"}
    assert configuration.scopes_in((place / configuration.FILE).read_text()) == ("mesh", "team/web")
    more = docker.write(person, str(place), ["team/app"])
    assert [Path(path).name for path, state in more.files.items() if state == "written"] == [configuration.FILE]
    (place / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(Refused, match="Dockerfile"):
        docker.write(person, str(place))
    assert docker.write(person, str(place), force=True)


@needs("docker compose")
def test_compose_understands_its_file() -> None:
    """Where there is a Docker, it accepts the file."""
    subprocess.run([*compose(), "config", "--quiet"], cwd=containers.ROOT, check=True)
