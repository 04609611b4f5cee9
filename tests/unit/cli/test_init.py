"""`init`: from one machine to a mesh and back, without losing or leaking a memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh import app, config, interfaces
from kioku_mesh.model import Draft, Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.store import log

from .conftest import Ran

Init = Callable[..., Ran]
HUB = ("--mode", "hub", "--listen", "10.0.0.1")


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    """The memory of a machine of its own, which `init` finds by the environment."""
    for name, value in (
        ("STATE_DIR", tmp_path / "state"),
        ("CONFIG_DIR", tmp_path / "config"),
        ("USER_ID", ""),
        ("AUTOSTART", "off"),
    ):
        monkeypatch.setenv(f"KIOKU_MESH_{name}", str(value))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with app.open_memory(config.load()) as opened:
        yield opened


@pytest.fixture
def init(cli: Any, memory: Memory) -> Init:  # noqa: ARG001
    return lambda *arguments, **how: cli("init", *arguments, **how)


def values() -> dict[str, Any]:
    loaded = config.load()
    return {key: loaded.get(key) for key in ("mode", "listen", "connect")}


def save(content: str) -> str:
    """As a process does that starts now, with the settings of now."""
    with app.open_memory(config.load()) as opened:
        return opened.save(Draft(content)).observation_id


def shared(memory: Memory) -> int:
    """How many streams other machines would get."""
    return len(log.heads(memory.store.reader()))


def test_a_hub_is_set_up_once(init: Init) -> None:
    """The addresses are normal, the reply says how others join, doing it again changes nothing."""
    ran = init(*HUB, "--listen", "[fd00::1]:7000")
    assert ran.status == 0, ran.err
    assert values() == {"mode": "hub", "listen": ("tcp/10.0.0.1:7447", "tcp/[fd00::1]:7000"), "connect": ()}
    assert "join with kioku-mesh init --mode spoke --connect 10.0.0.1,[fd00::1]:7000\n" in ran.out
    assert "no one enforces" in ran.err
    again = init(*HUB, "--listen", "[fd00::1]:7000")
    assert again.out.startswith("nothing to change: ")
    assert init("--user-id", "kim").status == 0
    assert values()["mode"] == "hub"


def test_a_hub_without_an_address_gets_a_list(init: Init) -> None:
    """Off a terminal that is an error which names the addresses of this machine; nothing is written."""
    ran = init("--mode", "hub", "--json")
    assert (ran.status, ran.error()["code"]) == (2, "bad_input")
    assert [each["address"] for each in ran.error()["details"]["addresses"]] == [
        each.address for each in interfaces.interfaces()
    ]
    assert values()["mode"] == "local"


def test_a_person_chooses_the_address(init: Init, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its number in the list or as it is; an empty answer changes nothing."""
    found = (interfaces.Interface("10.0.0.7", "eth0"), interfaces.Interface("fd00::7", "eth0"))
    monkeypatch.setattr(interfaces, "interfaces", lambda: found)
    assert init("--mode", "hub", typed="\n").error_line() == "nothing was changed"
    ran = init("--mode", "hub", typed="2, 10.0.0.8:7000\n")
    assert "  2  fd00::7 (eth0)\n" in ran.err
    assert values()["listen"] == ("tcp/[fd00::7]:7447", "tcp/10.0.0.8:7000")
    assert "10.0.0.8 is no address of this machine" in ran.err


def test_a_hub_that_listens_everywhere_names_its_addresses(init: Init, monkeypatch: pytest.MonkeyPatch) -> None:
    """What others type is not 0.0.0.0."""
    monkeypatch.setattr(interfaces, "interfaces", lambda: (interfaces.Interface("10.0.0.7"),))
    ran = init("--mode", "hub", "--listen", "0.0.0.0:7000")
    assert "--connect 10.0.0.7:7000\n" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--mode", "spoke"], "needs the address of a hub"),
        (["--mode", "spoke", "--connect", ","], "needs the address of a hub"),
        (["--mode", "spoke", "--connect", "udp/10.0.0.1"], "connect cannot be"),
        (["--listen", "10.0.0.1"], "would be local"),
        (["--mode", "local", "--connect", "10.0.0.1"], "would be local"),
    ],
)
def test_what_cannot_be_is_bad_input(init: Init, arguments: list[str], said: str) -> None:
    """And nothing is written."""
    ran = init(*arguments, "--json")
    assert (ran.status, ran.error()["code"]) == (2, "bad_input")
    assert said in ran.error()["message"]
    assert values() == {"mode": "local", "listen": (), "connect": ()}


@pytest.mark.parametrize(("answer", "streams"), [("yes", 1), ("no", 0)])
def test_what_was_saved_alone_is_shared_only_when_somebody_says_so(
    init: Init, memory: Memory, answer: str, streams: int
) -> None:
    """Off a terminal the answer must be given, --yes is none; what is said is done, and told."""
    memory.save(Draft("saved before there was a mesh"))
    memory.save(Draft("never leaves", visibility="local"))
    ran = init(*HUB, "--yes", "--json")
    assert (ran.status, ran.error()["code"]) == (2, "bad_input")
    assert ran.error()["details"]["existing"] == {"open": {"mesh": 1}, "withheld": {}}
    assert values()["mode"] == "local"
    ran = init(*HUB, "--share-existing", answer)
    assert ("shared" if answer == "yes" else "withheld") in ran.out
    assert shared(memory) == streams
    assert memory.search(Query()).count == 2
    save("saved in the mesh")
    assert shared(memory) == 1


@pytest.mark.parametrize(
    ("typed", "mode", "streams"), [("y\n", "hub", 1), ("no\n", "hub", 0), ("perhaps\n", "local", 0)]
)
def test_a_person_is_asked(init: Init, memory: Memory, typed: str, mode: str, streams: int) -> None:
    """At a terminal the question says how many and in which scopes; no answer changes nothing."""
    memory.save(Draft("saved before there was a mesh"))
    ran = init(*HUB, typed=typed)
    assert "1 memory was saved while this machine shared nothing (1 mesh)" in ran.err
    assert (values()["mode"], shared(memory)) == (mode, streams)


def test_withheld_memories_are_shared_at_any_time(init: Init, memory: Memory) -> None:
    """`init --share-existing yes` does it in a mesh; `no` does not call anything back and says so."""
    memory.save(Draft("saved before there was a mesh"))
    init(*HUB, "--share-existing", "no")
    assert "shares already" not in init("--share-existing", "no").err
    assert init("--share-existing", "yes", "--json").json()["decision"] == "shared"
    assert shared(memory) == 1
    ran = init("--share-existing", "no")
    assert "shares already" in ran.err
    assert shared(memory) == 1


def test_old_names_of_the_machine_are_withheld_too(init: Init, memory: Memory) -> None:
    """What was saved under another name of this machine was saved here."""
    memory.save(Draft("saved under the first name"))
    init("--node", "desk-2")
    with app.open_memory(config.load()) as renamed:
        renamed.save(Draft("saved under the second name"))
    init(*HUB, "--share-existing", "no")
    assert shared(memory) == 0


def test_modes_are_switched_back_and_forth(init: Init, memory: Memory) -> None:
    """Every memory stays; a hub that becomes a spoke stops listening; a change needs consent."""
    init(*HUB)
    save("saved in the mesh")
    ran = init("--mode", "spoke", "--connect", "10.0.0.2", "--json")
    assert ran.error()["code"] == "refused"
    assert "--print" in ran.error()["hint"]
    assert values()["mode"] == "hub"
    ran = init("--mode", "spoke", "--connect", "10.0.0.2", "--yes", "--json")
    assert ran.json()["changes"] == {"listen": None, "connect": ["tcp/10.0.0.2:7447"], "mode": "spoke"}
    assert values() == {"mode": "spoke", "listen": (), "connect": ("tcp/10.0.0.2:7447",)}
    assert init("--mode", "local", "--yes").err == ""
    assert memory.search(Query()).count == 1
    assert init("--mode", "spoke", "--share-existing", "yes", "--yes").status == 0
    assert values()["connect"] == ("tcp/10.0.0.2:7447",)


def test_a_mode_written_by_hand_leaks_nothing(init: Init, cli: Any, memory: Memory) -> None:
    """What was saved alone stays here until somebody decides; status and doctor say so, with the command for it."""
    memory.save(Draft("saved alone"))
    Path(config.load().config_dir).mkdir(exist_ok=True)
    Path(config.load().file).write_text('mode = "spoke"\nconnect = "10.0.0.1"\n')
    save("saved in the mesh")
    assert shared(memory) == 1
    (note,) = [note for note in cli("mesh", "status", "--json").json()["notes"] if note["code"] == "undecided"]
    assert note["message"].startswith("1 memory that was saved while this machine shared nothing stays here")
    (check,) = cli("doctor", "--check", "sharing", "--json").json()["checks"]
    assert (check["status"], check["details"]["open"]) == ("warn", {"mesh": 1})
    assert init("--share-existing", "no", "--json").json()["decision"] == "withheld"
    (check,) = cli("doctor", "--check", "sharing", "--json").json()["checks"]
    assert (check["status"], check["details"]["withheld"]) == ("pass", {"mesh": 1})
    assert "undecided" not in cli("mesh", "status", "--json").out
    init("--share-existing", "yes")
    assert shared(memory) == 2


def test_settings_that_cannot_be_used_are_replaced_by_force(init: Init) -> None:
    """Without it nothing is done and the reply says what helps. A copy stays, what can be read stays in force."""
    init("--user-id", "kim")
    path = Path(config.load().file)
    path.write_text('user_id = "kim"\nmode = "hbu"\n')
    ran = init("--mode", "local", "--json")
    assert (ran.status, "--force" in ran.error()["hint"]) == (2, True)
    ran = init(*HUB, "--force")
    assert "config.toml.bak" in ran.err
    assert Path(f"{path}.bak").read_text() == 'user_id = "kim"\nmode = "hbu"\n'
    assert (values()["mode"], config.load().get("user_id")) == ("hub", "kim")
    path.write_text('mode = "hub\n')
    assert init("--mode", "local", "--force", "--print").status == 2
    assert init("--mode", "local", "--force").status == 0
    assert Path(f"{path}.bak2").read_text() == 'mode = "hub\n'
    assert values()["mode"] == "local"
    assert init("--mode", "local", "--force").out.startswith("nothing to change")


def test_printing_changes_nothing(init: Init, memory: Memory) -> None:
    """Not even a question is asked."""
    memory.save(Draft("saved before there was a mesh"))
    ran = init(*HUB, "--print", "--share-existing", "no", "--json")
    assert ran.json()["written"] is False
    assert ran.json()["existing"] == {"open": {"mesh": 1}, "withheld": {}}
    assert (values()["mode"], shared(memory)) == ("local", 0)


@pytest.mark.usefixtures("memory")
def test_the_mode_is_not_changed_past_the_question(cli: Any) -> None:
    """`config set mode hub` would share what nobody was asked about."""
    ran = cli("config", "set", "mode", "hub", "--json")
    assert (ran.status, ran.error()["hint"]) == (2, "use kioku-mesh init --mode hub")
    assert cli("config", "set", "mode", "local").status == 0


def test_addresses_are_of_other_machines_use() -> None:
    """No loopback and no link-local address is offered."""
    for each in interfaces.interfaces():
        assert not each.address.startswith(("127.", "169.254.", "fe80", "::"))
