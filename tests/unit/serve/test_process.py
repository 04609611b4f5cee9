"""The resident process in a thread of this one: when it ends, what it tells, how it follows the settings."""

from __future__ import annotations

import io
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh import __version__, config
from kioku_mesh.errors import NotAvailable, Refused, Sandboxed
from kioku_mesh.serve import control, lock
from kioku_mesh.serve.log import Log
from kioku_mesh.serve.process import AT_EASE, Pace, run
from kioku_mesh.store.run import Run, Serve
from support.residents import PATIENCE, TwinPart, until

QUICK = Pace(beat_s=0.02, first_s=0.01, grace_s=0.3, sandbox_s=0.2, look_s=0.02)


class Machine:
    """A state directory, a config directory and one resident process with the parts that a test hands in."""

    def __init__(self, folder: Path) -> None:
        self.state, self.config = folder / "state", folder / "config"
        self.config.mkdir()
        self.environ = {
            "HOME": str(folder),
            "KIOKU_MESH_STATE_DIR": str(self.state),
            "KIOKU_MESH_CONFIG_DIR": str(self.config),
        }
        self.parts: list[TwinPart] = [TwinPart()]
        self.composed: list[str] = []
        self.status: int | BaseException | None = None
        self.said = io.StringIO()

    def load(self) -> config.Config:
        return config.load(self.environ, str(self.state.parent))

    def set(self, text: str) -> None:
        fresh = self.config / "fresh"
        fresh.write_text(text)
        os.replace(fresh, self.config / "config.toml")

    def compose(self, settings: config.Config, log: Log) -> Sequence[TwinPart]:
        self.composed.append(settings.get("mode"))
        log.debug(f"composed {len(self.composed)}")
        return self.parts

    def begin(self, pace: Pace = QUICK) -> None:
        ready = threading.Event()

        def work() -> None:
            try:
                self.status = run(self.load(), self.compose, ready.set, self.said, pace)
            except BaseException as error:
                self.status = error
                ready.set()

        self.thread = threading.Thread(target=work)
        self.thread.start()
        assert ready.wait(PATIENCE)

    def ended(self) -> int | BaseException | None:
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        return self.status

    def row(self) -> Serve | None:
        return Run(str(self.state)).serve()

    def log(self) -> str:
        return (self.state / "serve.log").read_text()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    if hasattr(made, "thread") and made.thread.is_alive():
        for part in made.parts:
            if part.block is not None:
                part.block.set()
        control.stop(made.load())
        made.ended()


def test_it_tells_of_itself_and_ends_when_asked(machine: Machine) -> None:
    """Its row is there when it is ready, grows older with it, and is gone when it was asked to end."""
    machine.begin()
    row = machine.row()
    assert row
    assert (row.pid, row.version, row.mode, row.engine, row.error) == (
        os.getpid(),
        __version__,
        "local",
        "embedded",
        "",
    )
    seen = control.state(machine.load())
    assert seen
    assert seen._replace(beat=0) == row._replace(beat=0)
    until(lambda: (machine.row() or row).beat > row.beat)
    assert (machine.row() or row).started == row.started
    assert control.stop(machine.load())
    assert machine.ended() == 0
    assert machine.row() is None
    assert machine.parts[0].calls[-1] == "close"
    assert control.state(machine.load()) is None
    assert "ended: asked to" in machine.log()
    assert machine.said.getvalue() == machine.log()


def test_there_is_no_second_one(machine: Machine) -> None:
    """It is refused before it does anything, and the first one goes on."""
    machine.begin()
    calls = len(machine.composed)
    with pytest.raises(Refused):
        run(machine.load(), machine.compose)
    assert len(machine.composed) == calls
    assert control.state(machine.load())


def test_errors_of_its_parts_are_shown(machine: Machine) -> None:
    """Each with the name of the part; they go when the part works."""
    machine.parts = [TwinPart("a", start=NotAvailable("no cable", "")), TwinPart("b"), TwinPart("c")]
    machine.parts[1].error = "slow"
    machine.parts[2].addresses = ("tcp/10.0.0.1:7447",)
    machine.begin()
    row = until(lambda: (row := machine.row()) and "no cable" in row.error and row)
    assert (row.error, row.addresses) == ("a: no cable; b: slow", ("tcp/10.0.0.1:7447",))
    machine.parts[0].fails.clear()
    until(lambda: (row := machine.row()) and row.error == "b: slow")


def test_a_sandbox_ends_it(machine: Machine) -> None:
    """After a while without the work of a part; why stays there to be read."""
    machine.parts = [TwinPart("mesh", start=Sandboxed("sockets are forbidden", "allow the network"))]
    machine.begin()
    assert machine.ended() == 1
    row = machine.row()
    assert row
    assert (row.beat, "sockets are forbidden" in row.error) == (0, True)
    assert AT_EASE.sandbox_s == 60


def test_a_directory_that_is_gone_ends_it(machine: Machine) -> None:
    """It makes nothing anew in its place."""
    machine.begin()
    shutil.rmtree(machine.state)
    assert machine.ended() == 1
    assert not machine.state.exists()


def test_a_directory_that_was_replaced_ends_it(machine: Machine) -> None:
    """The lock of another directory is another lock."""
    machine.begin()
    machine.state.rename(machine.state.with_name("old"))
    machine.state.mkdir()
    other = lock.take(str(machine.state))
    assert machine.ended() == 1
    assert lock.holder(str(machine.state)) == other.who
    other.release()


def test_a_part_that_does_not_end_is_left_behind(machine: Machine) -> None:
    """Ending takes no longer than it may, and the lock is free."""
    machine.parts[0].block = threading.Event()
    machine.begin()
    until(lambda: machine.parts[0].count("step"))
    assert control.stop(machine.load())
    assert machine.ended() == 0
    assert "did not end in time: twin" in machine.log()
    machine.parts[0].block.set()


def test_changed_settings_come_into_force(machine: Machine) -> None:
    """Parts are made anew for them; a file that says the same again changes nothing."""
    machine.begin()
    until(lambda: machine.parts[0].count("step"))
    machine.set("mode = 'hub'\n")
    until(lambda: machine.composed == ["local", "hub"])
    until(lambda: (row := machine.row()) and row.mode == "hub")
    assert machine.parts[0].count("close") == 1
    machine.set("mode = 'hub'  # a remark\n")
    before = machine.row()
    until(lambda: before and (row := machine.row()) and row.beat > before.beat + 100_000)
    assert machine.composed == ["local", "hub"]


def test_how_much_is_logged_follows_the_settings(machine: Machine) -> None:
    """From the moment they change."""
    machine.begin()
    machine.set("log = 'debug'\n")
    until(lambda: len(machine.composed) == 2)
    machine.set("log = 'error'\n")
    until(lambda: len(machine.composed) == 3)
    until(lambda: "composed 2" in machine.log())
    assert "composed 1" not in machine.log()
    assert "composed 3" not in machine.log()


def test_settings_that_cannot_be_used_change_nothing(machine: Machine) -> None:
    """Those before stay in force; the error is shown until the file is right again."""
    machine.begin()
    machine.set("mode = 'psychic'\n")
    until(lambda: (row := machine.row()) and row.error.startswith("settings: mode cannot be"))
    assert machine.composed == ["local"]
    machine.set("mode = 'spoke'\n")
    until(lambda: (row := machine.row()) and row.error == "" and row.mode == "spoke")


def test_a_table_that_is_removed_is_made_anew(machine: Machine) -> None:
    """What it tells is found again by others."""
    machine.begin()
    for name in ("run.db", "run.db-wal", "run.db-shm"):
        (machine.state / name).unlink(missing_ok=True)
    until(machine.row)


def test_a_defect_while_it_begins_is_logged(machine: Machine) -> None:
    """And raised: nobody else would tell."""

    def compose(*_: Any) -> Any:
        raise ZeroDivisionError

    machine.compose = compose  # type: ignore[method-assign]
    machine.begin()
    assert isinstance(machine.ended(), ZeroDivisionError)
    assert "internal error (ZeroDivisionError) at " in machine.log()
    assert lock.holder(str(machine.state)) == ""


def test_asking_costs_no_file(machine: Machine, tmp_path: Path) -> None:
    """Where nothing ever ran, looking and stopping leave nothing behind."""
    look: Callable[[config.Config], object] = control.state
    assert (look(machine.load()), control.stop(machine.load())) == (None, False)
    assert os.listdir(tmp_path) == ["config"]
