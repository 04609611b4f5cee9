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
    """How a process went: seconds, seconds of the processor, and the most memory it had, in MB."""

    seconds: float
    cpu: float
    peak_mb: float


class Times(NamedTuple):
    """What the rounds of one action took. `cpu` is known for whole processes only."""

    seconds: list[float]
    cpu: list[float]


class Failed(Exception):
    """A measured command did not work, so its time means nothing."""


def in_turn(actions: Mapping[str, Action], rounds: int) -> dict[str, Times]:
    """Each action `rounds` times, one after the other in every round; one round first to warm up."""
    times = {name: Times([], []) for name in actions}
    for round_number in range(rounds + 1):
        for name, action in actions.items():
            start = time.perf_counter()
            ended = action()
            if round_number:
                times[name].seconds.append(time.perf_counter() - start)
                times[name].cpu.append(ended.cpu if isinstance(ended, Ended) else 0.0)
    return times


def medians(times: Mapping[str, Times]) -> dict[str, float]:
    return {name: statistics.median(taken.seconds) for name, taken in times.items()}


def cpu_medians(times: Mapping[str, Times]) -> dict[str, float]:
    return {name: statistics.median(taken.cpu) for name, taken in times.items()}


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def process(*command: str | Path | Callable[[], str], env: Mapping[str, str] | None = None) -> Action:
    """An action that runs a command to its end; a word that is a function is asked anew each time. Raises Failed."""
    return lambda: once(*(word() if callable(word) else word for word in command), env=env)


def once(*command: str | Path, env: Mapping[str, str] | None = None, said: bytes = b"") -> Ended:
    """Run a command to its end, with this on its standard input, and say how it went. Raises Failed."""
    words, start = [str(word) for word in command], time.perf_counter()
    quiet = subprocess.DEVNULL
    stdin = subprocess.PIPE if said else quiet
    running = subprocess.Popen(words, env=env, stdin=stdin, stdout=quiet, stderr=subprocess.PIPE)
    with running:
        if running.stdin:
            running.stdin.write(said)
            running.stdin.close()
        said = running.stderr.read() if running.stderr else b""
        cpu, peak_mb = _wait(running)
    if running.returncode != 0:
        raise Failed(f"{' '.join(words)} exited {running.returncode}: {said.decode(errors='replace').strip()}")
    return Ended(time.perf_counter() - start, cpu, peak_mb)


def _wait(running: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Seconds of the processor and peak memory of a process that is ending."""
    if not hasattr(os, "wait4"):
        running.wait()
        return 0.0, 0.0
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


def server_cpu(pid: int) -> float:
    """Seconds of the processor that a running process has used; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
