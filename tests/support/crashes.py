"""Processes that work on a store until they are killed, and say what they finished by lines in a file.

They are forked from one process that has imported everything, so that a hundred deaths cost seconds.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from kioku_mesh.model import Draft

from .stores import fact, memory

Ack = Callable[..., None]


def _token() -> str:
    return os.urandom(6).hex()


def saving(folder: str, ack: Ack) -> None:
    """Save; revise and delete some of it."""
    with memory(folder) as opened:
        while True:
            token = _token()
            saved = opened.save(Draft(content=fact(token), tags=(token,), project="shop")).observation_id
            ack("saved", saved, token)
            if token[0] in "0123":
                newer = opened.revise(saved, Draft(content=fact(f"{token}-2"))).observation_id
                ack("saved", newer, f"{token}-2")
                opened.delete([newer])
                ack("deleted", newer)


def importing(folder: str, ack: Ack) -> None:
    """Import sixty lines at a time, each line known as taken once the call is over."""
    with memory(folder) as opened:
        while True:
            tokens = [_token() for _ in range(60)]
            lines = [{"observation_id": (token * 3)[:32], "content": fact(token)} for token in tokens]
            taken = opened.import_records(lines)
            assert taken.added == len(lines), taken
            for line, token in zip(lines, tokens, strict=True):
                ack("saved", line["observation_id"], token)


def backing_up(folder: str, ack: Ack) -> None:
    """Save and make backups in turn."""
    with memory(folder) as opened:
        while True:
            token = _token()
            ack("saved", opened.save(Draft(content=fact(token))).observation_id, token)
            ack("backup", opened.backup(keep=2).path)


def erasing(folder: str, ack: Ack) -> None:
    """Save pairs, purge one of each, delete and collect others."""
    with memory(folder, retention_days=0) as opened:
        while True:
            kept, purged, deleted = _token(), _token(), _token()
            ids = [opened.save(Draft(content=fact(token))).observation_id for token in (kept, purged, deleted)]
            ack("saved", ids[0], kept)
            opened.purge([ids[1]])
            ack("deleted", ids[1])
            opened.delete([ids[2]])
            opened.gc()
            ack("deleted", ids[2])


def rebuilding(folder: str, ack: Ack) -> None:
    """Save and make the derived tables anew in turn."""
    with memory(folder) as opened:
        while True:
            token = _token()
            ack("saved", opened.save(Draft(content=fact(token))).observation_id, token)
            opened.rebuild()


def restoring(folder: str, ack: Ack) -> None:
    """Save, back up, put that backup back: nothing is lost by it, and a new life of the file begins."""
    with memory(folder) as opened:
        while True:
            token = _token()
            ack("saved", opened.save(Draft(content=fact(token))).observation_id, token)
            copy = f"{folder}.{token}.copy"
            opened.restore_backup(opened.backup(copy).path)
            os.unlink(copy)
            ack("restored", token)


WORKS: dict[str, Callable[[str, Ack], None]] = {
    work.__name__: work for work in (saving, importing, backing_up, erasing, rebuilding, restoring)
}


class Nursery:
    """Forks workers and kills them. Use it in a `with`."""

    def __init__(self) -> None:
        source = str(Path(__file__).resolve().parents[1])
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([source, *sys.path])}
        command = [sys.executable, "-m", "support.crashes"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True)

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def start(self, work: str, folder: Path, acks: Path) -> int:
        """The process id of a new worker."""
        return int(self._ask({"work": work, "folder": str(folder), "acks": str(acks)}))

    def kill(self, pid: int) -> int:
        """Kill -9 and wait for the end; the signal that ended it, or a negative exit status when it had ended itself."""
        return int(self._ask({"kill": pid}))

    def _ask(self, request: dict[str, Any]) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def crash(self, work: str, folder: Path, acks: Path, steps: int, seconds: float) -> list[list[str]]:
        """Let a worker do `steps` and then live for `seconds`; returns what all acknowledged. Fails if it ended by itself."""
        before = len(read(acks))
        pid = self.start(work, folder, acks)
        patience = time.monotonic() + 60
        while len(read(acks)) < before + steps:
            assert time.monotonic() < patience, f"{work} does nothing"
            time.sleep(0.001)
        time.sleep(seconds)
        ended = self.kill(pid)
        said = read(acks)
        failed = [words for words in said if words[0] == "failed"]
        assert (ended, failed) == (signal.SIGKILL, []), f"{work} ended by itself: {failed}"
        return said


def read(acks: Path) -> list[list[str]]:
    """The lines that workers left, whole ones only."""
    with suppress(FileNotFoundError):
        return [json.loads(line) for line in acks.read_text().split("\n")[:-1]]
    return []


def _serve() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "kill" in request:
            os.kill(request["kill"], signal.SIGKILL)
            _, status = os.waitpid(request["kill"], 0)
            answer = os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)
        else:
            answer = os.fork()
            if not answer:
                _work(**request)
        print(answer, flush=True)


def _work(work: str, folder: str, acks: str) -> None:
    file = os.open(acks, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def ack(*words: str) -> None:
        os.write(file, (json.dumps(words) + "\n").encode())

    try:
        WORKS[work](folder, ack)
    except BaseException:
        ack("failed", traceback.format_exc())
    os._exit(1)


def _warm_up() -> None:
    """Import everything that is imported late, by using it."""
    with tempfile.TemporaryDirectory() as folder, memory(folder) as opened:
        first, second = (opened.save(Draft(content=fact(number))).observation_id for number in range(2))
        opened.delete([first])
        opened.purge([second])
        opened.import_records([])
        opened.gc()
        opened.restore_backup(opened.backup(f"{folder}/copy").path)
        opened.rebuild()


if __name__ == "__main__":
    _warm_up()
    _serve()
