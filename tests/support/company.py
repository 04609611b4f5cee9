"""Processes that use one store at the same time: savers and readers on the service, started together."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from kioku_mesh import wire
from kioku_mesh.errors import KiokuError
from kioku_mesh.model import Draft, Query

from .stores import body, fact, memory


def save_many(folder: str, name: str, count: str) -> list[str]:
    """Save `count` facts through one service; returns their ids."""
    with memory(folder) as opened:
        return [opened.save(Draft(content=fact(f"{name}-{n}"))).observation_id for n in range(int(count))]


def read_until_told(folder: str, least: str) -> int:
    """Search and count until a line comes on standard input: no answer may be empty or shrink; returns how often."""
    told = _hear()
    rounds, seen = 0, int(least)
    with memory(folder) as opened:
        while not told():
            found = opened.search(Query(limit=5))
            assert found.count >= min(seen, 5), f"{found.count} found after {seen}"
            total = opened.status().counts["states"]["live"]
            assert total >= seen, f"{total} counted after {seen}"
            if seen:
                content = found.results[-1].observation.content
                word = content.split()[1]
                assert content in [hit.observation.content for hit in opened.search(Query(text=word)).results]
            seen, rounds = total, rounds + 1
            time.sleep(0.3)
    return rounds


def save_until_told(folder: str, name: str) -> list[list[Any]]:
    """Save one fact after another until a line comes; returns (id or code of the refusal, begin, end) of each call."""
    told, calls = _hear(), []
    with memory(folder) as opened:
        while not told():
            begin = time.monotonic()
            try:
                outcome = opened.save(Draft(content=fact(f"{name}{len(calls)}"))).observation_id
            except KiokuError as refused:
                outcome = f"{refused.code}: {refused.message}"
                assert refused.hint
            calls.append([outcome, begin, time.monotonic()])
            time.sleep(0.002)
    return calls


def hold(folder: str) -> None:
    """Keep one snapshot open until a line comes on standard input."""
    with memory(folder) as opened, opened.store.read() as snapshot:
        snapshot.counters()
        print("holding", flush=True)
        sys.stdin.readline()


def stall(folder: str, name: str) -> str:
    """Save one fact, and stand still inside its transaction until a line comes on standard input."""
    with memory(folder) as opened, opened.store.write() as transaction:
        header = transaction.append(wire.OBSERVATION, "mesh", body(name, transaction.now))
        print("inside", flush=True)
        sys.stdin.readline()
    return header.id


def _hear() -> Any:
    """Whether a line has come on standard input, asked without waiting."""
    heard = threading.Event()

    def listen() -> None:
        sys.stdin.readline()
        heard.set()

    threading.Thread(target=listen, daemon=True).start()
    return heard.is_set


class Companion:
    """One of the functions above in a process of its own. It waits for `go` before it begins."""

    def __init__(self, work: Any, *arguments: object) -> None:
        tests = str(Path(__file__).resolve().parents[1])
        program = (
            f"import sys, json; sys.path[:0] = {[tests, *sys.path]!r}\n"
            "from support import company\n"
            "print('ready', flush=True); sys.stdin.readline()\n"
            f"print(json.dumps(company.{work.__name__}(*sys.argv[1:])), flush=True)\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.hear()

    def hear(self) -> str:
        """The next line it says."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def go(self) -> None:
        """Let it go on."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def result(self) -> Any:
        """What the function returned. Fails with what the process said when it ended by an error."""
        out, err = self.process.communicate()
        assert self.process.returncode == 0, err
        return json.loads(out.strip().split("\n")[-1])
