"""Machines of two releases: what a later one says beside what we know is passed over, kept, and handed on as it came."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kioku_mesh.store import exchange
from kioku_mesh.store.store import Store
from support import meshed, residents
from support.hosts import Host, network
from support.meshed import check, ids, until, view
from support.needs import needs

pytestmark = needs("network namespaces")

# A later release: fields beside ours in all that is said and in every header, a body of another version, an operation
# that nobody answers yet, and a kind of record that is unknown.
CHANGES = {
    "wire.py": (
        ("BODY_VERSION = 1", "BODY_VERSION = 2"),
        ("if header.v != BODY_VERSION", "if header.v > BODY_VERSION"),
        ("_encode(header._asdict())", '_encode({**header._asdict(), "color": "blue", "nested": {"a": [1, None]}})'),
    ),
    "mesh/talk.py": (
        ("def _dump(plain: Any) -> bytes:\n", 'def _dump(plain: Any) -> bytes:\n    plain = {**plain, "later": [1, {"x": None}]}\n'),
    ),
    "mesh/repair.py": (
        ("    data = yield Request(\"heads\"", "    yield Request(\"summary\", lane, scope)\n    data = yield Request(\"heads\""),
    ),
}  # fmt: skip
DREAM = """
import sys
from kioku_mesh import wire
from kioku_mesh.store.store import Store
with Store(sys.argv[1]).write() as transaction:
    transaction.append("dream", "mesh", wire.encode_body({"content": "of electric sheep"}))
"""


class Later(Host):
    """A machine with a release that does not exist yet."""

    tree: Path

    def env(self, **settings: str | None) -> dict[str, str]:
        return super().env(**settings) | {"PYTHONPATH": str(self.tree)}


def later_release(folder: Path) -> Path:
    tree = residents.copy_package(folder, "99.0")
    for name, changes in CHANGES.items():
        path = tree / "kioku_mesh" / name
        text = path.read_text()
        for old, new in changes:
            assert old in text, f"{name} has changed: adapt this test"
            text = text.replace(old, new)
        path.write_text(text)
    return tree


@pytest.fixture
def company(tmp_path: Path) -> Iterator[list[Host]]:
    """A hub and a spoke of this release, and a spoke of a later one."""
    with network(tmp_path) as lan:
        hub, third = meshed.company(lan, "third")
        later = lan.host("later")
        later.__class__ = Later
        later.tree = later_release(tmp_path)  # type: ignore[attr-defined]
        later.ok("init", "--mode", "spoke", "--connect", hub.address, "--node", "later")
        later.ok("serve")
        yield [hub, third, later]


def frames(host: Host, node: str) -> list[bytes]:
    """What is here of the streams of a node, byte for byte."""
    with closing(Store(str(host.state))) as store:
        names = [head[:3] for head in exchange.heads(store, "mem", "mesh") if head.origin.startswith(f"{node}.")]
        return [f for n in names for f in exchange.page(store, exchange.Name(*n), 0, None, 1 << 30).frames]


def dream(later: Host) -> None:
    subprocess.run([sys.executable, "-c", DREAM, str(later.state)], env=later.env(), check=True)


def test_a_later_release_among_us(company: list[Host]) -> None:
    """Heads reach the end, records pass through ours unchanged, and both sides see what both understand."""
    hub, third, later = company
    third.ok("serve", "--stop")
    ours = hub.save("of this release")
    until(lambda: ours in ids(later), "the later one reads ours")
    theirs = later.save("of a later release")
    dream(later)
    gone = later.save("to be deleted by us")
    until(lambda: len(frames(hub, "later")) == 3, "all of it is here")
    until(lambda: meshed.peers(later)["hub"]["lag_records"] == 0, "the heads reach the end")
    hub.ok("delete", gone)
    until(lambda: ids(later) == {ours, theirs}, "our deletion of what we cannot read counts there")
    later.ok("serve", "--stop")
    third.ok("serve")
    until(lambda: len(frames(third, "later")) == 3, "all of it is handed on")
    assert frames(third, "later") == frames(hub, "later") == frames(later, "later")
    assert b'"color":"blue"' in b"".join(frames(third, "later"))
    assert {content for _, content in view(third).values()} == {"of this release", ""}
    assert check(third, "database")["status"] == "pass"
    assert "later 99.0" in check(hub, "peer_versions")["summary"]


def test_an_upgrade_shows_what_was_kept(company: list[Host]) -> None:
    """What could not be read is there once the machine has the release that reads it."""
    _, third, later = company
    theirs = later.save("of a later release")
    until(lambda: len(frames(third, "later")) == 1, "it is here")
    assert view(third)[theirs] == ("live", "")
    third.__class__ = Later
    third.tree = later.tree  # type: ignore[attr-defined]
    third.ok("serve")
    third.save("the first save of the new release")
    until(lambda: view(third)[theirs] == ("live", "of a later release"), "its text is shown")
