"""Taking times: whole processes and calls, candidates in turn so that a busy machine hits all of them alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

Action = Callable[[], object]


class Ended(NamedTuple):
    """How a process went: seconds, and the most memory it had, in MB."""

    seconds: float
    peak_mb: float


class Failed(Exception):
    """A measured command did not work, so its time means nothing."""


def in_turn(actions: Mapping[str, Action], rounds: int) -> dict[str, list[float]]:
    """Seconds of each action, `rounds` times each, one after the other in every round; one round first to warm up."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for round_number in range(rounds + 1):
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            if round_number:
                times[name].append(time.perf_counter() - start)
    return times


def medians(times: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in times.items()}


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def process(*command: str | Path | Callable[[], str], env: Mapping[str, str] | None = None) -> Action:
    """An action that runs a command to its end; a word that is a function is asked anew each time. Raises Failed."""

    def run() -> None:
        words = [str(word() if callable(word) else word) for word in command]
        done = subprocess.run(
            words,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode != 0:
            raise Failed(f"{' '.join(words)} exited {done.returncode}: {done.stderr.decode(errors='replace').strip()}")

    return run


def once(*command: str | Path, env: Mapping[str, str] | None = None) -> Ended:
    """Run a command to its end and say how it went. Raises Failed."""
    start = time.perf_counter()
    running = subprocess.Popen(
        [str(word) for word in command],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if not hasattr(os, "wait4"):
        status, peak = running.wait(), 0.0
    else:
        _, encoded, usage = os.wait4(running.pid, 0)
        status = running.returncode = os.waitstatus_to_exitcode(encoded)
        peak = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    seconds = time.perf_counter() - start
    if status != 0:
        raise Failed(f"{' '.join(map(str, command))} exited {status}")
    return Ended(seconds, peak)


def resident_mb(pid: int) -> float:
    """Memory of a running process that is in RAM."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(pid)])) / 1024
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def synced_write(file: Path) -> Action:
    """An action that appends 4 kB to a file and waits until they are on disk: the floor of every save."""
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    block = os.urandom(4096)

    def write() -> None:
        os.write(descriptor, block)
        os.fsync(descriptor)

    return write
