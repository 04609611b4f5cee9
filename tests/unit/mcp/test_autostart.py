"""The resident process is had running by the server of an agent: rarely looked at, never waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from kioku_mesh.errors import NotAvailable
from kioku_mesh.mcp.autostart import LONGEST_S, Autostart
from support.residents import until

HOUR = 3600.0


class Starter:
    """Answers or raises what it is told to, and counts."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.answers = list(answers)
        self.calls = 0

    def __call__(self) -> bool:
        self.calls += 1
        answer = self.answers.pop(0) if self.answers else False
        if isinstance(answer, Exception):
            raise answer
        return answer


def touched(starter: Starter, again_s: float) -> Autostart:
    made = Autostart(starter, breath_s=0, again_s=again_s)
    made.touch()
    until(lambda: starter.calls)
    return made


def test_many_calls_look_once() -> None:
    """The first one does; those of the next while do not."""
    starter = Starter()
    made = touched(starter, HOUR)
    for _ in range(100):
        made.touch()
    assert starter.calls == 1


def test_after_a_while_it_looks_again() -> None:
    """Whoever was ended meanwhile is started again."""
    starter = Starter()
    made = touched(starter, 0.01)
    until(lambda: made.touch() or starter.calls >= 3)  # type: ignore[func-returns-value]


def test_a_call_does_not_wait_for_it() -> None:
    """Starting may take as long as it likes."""
    over = threading.Event()
    made = Autostart(lambda: over.wait(60), breath_s=0)
    made.touch()
    made.touch()
    over.set()


@pytest.mark.parametrize("answer", [True, NotAvailable("no", "")])
def test_one_that_does_not_last_is_started_ever_more_rarely(
    answer: Any, capsys: pytest.CaptureFixture[str], waited: Callable[..., Any]
) -> None:
    """As in a sandbox that ends it: each time after twice as long."""
    starter = Starter(*[answer] * 20)
    pauses = waited(starter)
    assert pauses[:4] == [120, 240, 480, 960]
    assert pauses[-1] == LONGEST_S
    if isinstance(answer, Exception):
        assert capsys.readouterr().err == "note: no\n" * len(pauses)


@pytest.fixture
def waited() -> Callable[[Starter], list[float]]:
    """The pauses that follow the answers of a starter."""

    def wait(starter: Starter) -> list[float]:
        made = Autostart(starter, breath_s=0)
        pauses = []
        for _ in range(6):
            made._look()
            pauses.append(made._pause)
        return pauses

    return wait
