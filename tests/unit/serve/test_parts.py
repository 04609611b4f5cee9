"""A part is kept at work: one that fails is tried again, and nobody else notices."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.errors import KiokuError, NotAvailable, Sandboxed
from kioku_mesh.serve.log import Log
from kioku_mesh.serve.parts import LONGEST_S, Driver, told, where
from support.residents import PATIENCE, TwinPart, until

SECRET = "the launch code is 0000"


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(str(tmp_path / "serve.log"), "debug")


@pytest.fixture
def drivers() -> Iterator[list[Driver]]:
    """Ended with the test."""
    begun: list[Driver] = []
    yield begun
    for driver in begun:
        driver.end()
    assert all(driver.ended(PATIENCE) for driver in begun)


def begin(drivers: list[Driver], part: TwinPart, log: Log, first_s: float = 0.01) -> Driver:
    driver = Driver(part, log, first_s)
    drivers.append(driver)
    driver.begin()
    return driver


def test_a_part_is_started_stepped_and_closed(drivers: list[Driver], log: Log) -> None:
    """In this order, in one thread."""
    part = TwinPart()
    driver = begin(drivers, part, log)
    until(lambda: part.count("step") >= 3)
    driver.end()
    assert driver.ended(PATIENCE)
    assert part.calls == ["start", *["step"] * part.count("step"), "close"]
    assert driver.error == ""


@pytest.mark.parametrize("call", ["start", "step", "close"])
def test_a_part_that_fails_is_tried_again(drivers: list[Driver], log: Log, call: str) -> None:
    """Whichever call raises: it is closed, its error is shown, and it starts anew until it works."""
    part = TwinPart(**{call: NotAvailable("no cable", "plug one in")})
    if call == "close":
        part.fails["step"] = NotAvailable("no cable", "plug one in")
    driver = begin(drivers, part, log)
    until(lambda: part.count("start") >= 3)
    assert driver.error == "no cable"
    assert part.count("close") >= 2
    part.fails.clear()
    until(lambda: driver.error == "")
    until(lambda: part.calls[-2:] == ["step", "step"])


def test_pauses_grow(drivers: list[Driver], log: Log, tmp_path: Path) -> None:
    """Each is twice the one before, up to the longest."""
    part = TwinPart(start=NotAvailable("no cable", ""))
    begin(drivers, part, log, first_s=0.002)
    until(lambda: part.count("start") >= 6)
    lines = (tmp_path / "serve.log").read_text().splitlines()
    pauses = [float(line.split()[-2]) for line in lines]
    assert pauses[:5] == [0.002, 0.004, 0.008, 0.016, 0.032]
    assert LONGEST_S == 60


def test_one_that_fails_or_hangs_leaves_the_others_alone(drivers: list[Driver], log: Log) -> None:
    """The third one works on."""
    broken, stuck, well = TwinPart("a", step=ValueError("x")), TwinPart("b"), TwinPart("c")
    stuck.block = threading.Event()
    hanging = begin(drivers, stuck, log)
    begin(drivers, broken, log)
    begin(drivers, well, log)
    until(lambda: well.count("step") > 20 and broken.count("start") > 1)
    hanging.end()
    assert not hanging.ended(0.05)
    assert stuck.count("step") == 1
    stuck.block.set()
    assert hanging.ended(PATIENCE)


def test_what_a_part_says_of_itself_is_shown(drivers: list[Driver], log: Log) -> None:
    """An error that it works on with, and where it can be reached."""
    part = TwinPart()
    driver = begin(drivers, part, log)
    part.error, part.addresses = "the hub is away", ("tcp/10.0.0.1:7447",)
    assert (driver.error, driver.addresses) == ("the hub is away", ("tcp/10.0.0.1:7447",))


def test_a_sandbox_is_counted_from_its_first_refusal(drivers: list[Driver], log: Log) -> None:
    """As long as nothing else comes in between; work, or another failure, is none."""
    part = TwinPart(start=Sandboxed("no network here", "allow it"))
    driver = begin(drivers, part, log)
    first = until(lambda: driver.forbidden_s)
    until(lambda: part.count("start") > 3)
    assert driver.forbidden_s > first
    part.fails["start"] = NotAvailable("no cable", "")
    until(lambda: driver.forbidden_s == 0)
    part.fails["start"] = Sandboxed("no network here", "allow it")
    until(lambda: driver.forbidden_s > 0)
    part.fails.clear()
    until(lambda: driver.forbidden_s == 0 and driver.error == "")


def test_steps_come_when_they_are_asked_for(drivers: list[Driver], log: Log) -> None:
    """One that wants to wait for an hour is not called again, and ends at once all the same."""
    part = TwinPart(seconds=3600)
    driver = begin(drivers, part, log)
    until(lambda: part.count("step"))
    driver.end()
    assert driver.ended(PATIENCE)
    assert part.count("step") == 1


def test_a_defect_is_logged_without_what_it_was_about(drivers: list[Driver], log: Log, tmp_path: Path) -> None:
    """The kind and the places in the code, never the text, which may quote a memory."""

    def fail(secret: str) -> None:
        raise ValueError(f"cannot read {secret}")

    part = TwinPart()
    part.step = lambda now: fail(SECRET)  # type: ignore[assignment,return-value,method-assign]  # noqa: ARG005
    driver = begin(drivers, part, log)
    until(lambda: driver.error)
    file = tmp_path / "serve.log"
    text = until(lambda: file.exists() and file.read_text())
    assert driver.error == "internal error (ValueError)"
    assert "test_parts.py:" in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KiokuError("what happened", "what to do"), "what happened"),
        (FileNotFoundError(2, "No such file", "/x"), "/x: No such file"),
        (OSError(), "OSError"),
        (FileNotFoundError(2, "No such file", "/x\udcff"), "/x?: No such file"),
        (UnicodeDecodeError("utf-8", b"secret", 0, 1, "bad"), "internal error (UnicodeDecodeError)"),
    ],
)
def test_a_failure_in_a_few_words(error: Exception, said: str) -> None:
    """Ours and the system's as they are, of others the kind."""
    assert told(error) == said
    assert where(error) == ("" if "internal" not in said else " at ")
