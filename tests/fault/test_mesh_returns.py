"""Machines that come back with what the others erased meanwhile: away, cloned, restored. Nothing comes back with them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import meshed
from support.hosts import Host, Lan, network
from support.meshed import check, equal, files, ids, until
from support.needs import needs

pytestmark = needs("network namespaces")
WORD = b"xylophonequartz"


@pytest.fixture
def lan(tmp_path: Path) -> Iterator[Lan]:
    with network(tmp_path) as made:
        yield made


def with_a_secret(lan: Lan) -> tuple[list[Host], str]:
    """A hub and two spokes that all have a memory with the word."""
    company = meshed.company(lan, "ant", "bee")
    secret = company[1].save(f"the word is {WORD.decode()}")
    until(lambda: all(secret in ids(host) for host in company), "all have it")
    return company, secret


def erased(company: list[Host], secret: str) -> None:
    until(lambda: not any(WORD in files(host) for host in company), "the word is on no disk")
    equal(*company)
    assert secret not in ids(company[0])


def test_away_during_a_purge(lan: Lan) -> None:
    """One that was off when it was purged erases it when it is back, and gives it to nobody."""
    company, secret = with_a_secret(lan)
    hub, ant, bee = company
    bee.ok("serve", "--stop")
    ant.ok("purge", secret, "--yes")
    until(lambda: WORD not in files(hub), "the hub erases it")
    late = bee.save("saved while away")
    assert secret in ids(bee)
    bee.ok("serve")
    until(lambda: late in ids(ant), "it is back")
    erased(company, secret)


def test_a_clone_of_a_live_machine(lan: Lan) -> None:
    """Its state directory copied to another host before a purge, started after it: both go on, nothing comes back."""
    company, secret = with_a_secret(lan)
    hub, ant, bee = company
    clone = lan.host("clone")
    shutil.copytree(bee.state, clone.state)
    shutil.copytree(bee.config, clone.config, dirs_exist_ok=True)
    ant.ok("purge", secret, "--yes")
    until(lambda: WORD not in files(hub), "the hub erases it")
    for number in range(3):
        bee.save(f"of the original {number}")
        clone.save(f"of the clone {number}")
    clone.ok("serve")
    erased([*company, clone], secret)
    assert len(ids(hub)) == 6
    for host in (bee, clone):
        until(lambda host=host: "another machine is called bee" in check(host, "node_names")["summary"], "it is told")
    for host in (*company, clone):
        assert check(host, "database")["status"] == "pass"


def test_a_backup_that_is_put_back(lan: Lan) -> None:
    """A machine restored to before a purge gets back what it lacks, and not what was purged."""
    company, secret = with_a_secret(lan)
    hub, ant, bee = company
    old = lan.hosts[0].folder / "old.db"
    bee.ok("backup", str(old))
    later = bee.save("saved after the backup")
    until(lambda: later in ids(hub), "it left before the disk died")
    ant.ok("purge", secret, "--yes")
    until(lambda: WORD not in files(bee), "it is erased")
    bee.ok("restore-backup", str(old))
    until(lambda: later in ids(bee), "what was saved after the backup comes back from the others")
    fresh = bee.save("saved after the return")
    until(lambda: fresh in ids(ant), "it goes on sharing")
    erased(company, secret)
