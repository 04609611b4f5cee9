"""A real systemd looks after the resident process, as `init --install-systemd` tells it to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import needs
from support.manager import Managed, managed
from support.needs import ZENOHD
from support.residents import resident, until
from support.routers import built, free_port

UNIT = "kioku-mesh.service"

pytestmark = needs("systemd --user")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Managed]:
    with managed(tmp_path) as found:
        yield found


def active(home: Managed, unit: str = UNIT) -> bool:
    return home.systemctl("is-active", unit).out.strip() == "active"


def test_it_is_started_kept_and_ended(home: Managed) -> None:
    """One that was running already is replaced; one that is killed comes back; one that was asked to end stays away,
    until the manager is asked; doing it again changes nothing."""
    home.ok("config", "set", "autostart", "off")
    home.ok("init", "--mode", "hub", "--listen", f"127.0.0.1:{free_port()}")
    home.ok("serve")
    first = resident(home)
    told = home.ok("init", "--install-systemd").out
    assert f"service written to {home.folder / '.config' / 'systemd' / 'user' / UNIT}" in told
    assert "run by hand" not in told
    until(lambda: active(home) and (found := resident(home)) and found["pid"] != (first and first["pid"]))
    assert "service is in" in home.ok("init", "--install-systemd").out
    killed = until(lambda: resident(home))
    home.systemctl("kill", "--signal", "KILL", UNIT)
    until(lambda: (found := resident(home)) and found["pid"] != killed["pid"] and active(home))
    home.ok("serve", "--stop")
    until(lambda: home.systemctl("is-active", UNIT).out.strip() == "inactive")
    assert resident(home) is None
    home.systemctl("start", UNIT)
    until(lambda: resident(home))
    home.systemctl("stop", UNIT)
    assert resident(home) is None
    assert home.systemctl("show", "-P", "Result", UNIT).out.strip() == "success"


@pytest.mark.zenohd
@needs(ZENOHD)
def test_the_zenohd_too(home: Managed) -> None:
    """`init --engine zenohd --install-systemd` has both run, and zenohd comes back when it is killed."""
    home.ok("config", "set", "autostart", "off")
    home.ok("zenohd", "install", "--from", str(built()), timeout=120)
    home.ok("init", "--mode", "hub", "--engine", "zenohd", "--listen", f"127.0.0.1:{free_port()}", "--install-systemd")
    until(lambda: active(home) and active(home, "kioku-mesh-zenohd.service"))
    until(lambda: home.run("zenohd", "status").status == 0)
    home.systemctl("kill", "--signal", "KILL", "kioku-mesh-zenohd.service")
    until(lambda: home.systemctl("show", "-P", "NRestarts", "kioku-mesh-zenohd.service").out.strip() == "1")
    until(lambda: home.run("zenohd", "status").status == 0)
    assert home.run("doctor", "--check", "serve,zenohd,ports").status == 0
