"""What is measured: the product's own search path, and SQLite's full text as it comes."""

from __future__ import annotations

import math
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import apsw
from metrics import DEPTH

from kioku_mesh import wire
from kioku_mesh.clock import DAY, SECOND, parse_time
from kioku_mesh.ids import new_id
from kioku_mesh.model import Query
from kioku_mesh.search import engine
from kioku_mesh.store import vectors
from kioku_mesh.store.store import Store

START = 1_600_000_000 * SECOND  # when the first filler was saved
BATCH = 500


class Unmeasured(Exception):
    """A system cannot be measured here; the message says why."""


class Answer(NamedTuple):
    """Ids, best first; how sure the answer was, None if the system does not say; milliseconds."""

    shown: Sequence[str]
    verdict: str | None
    cpu_ms: float
    wall_ms: float


class Watch:
    """Milliseconds since it was made: of the processor and on the wall."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> tuple[float, float]:
        return 1000 * (time.process_time() - self._cpu), 1000 * (time.perf_counter() - self._wall)


class System(Protocol):
    """A store with memories in it."""

    def ask(self, text: str) -> Answer: ...

    def close(self) -> None: ...


class Ours:
    """kioku-mesh, as every interface searches."""

    def __init__(self, docs: Sequence[dict[str, Any]], filler: Sequence[str]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._store = Store(self._folder.name)
        self._names: dict[str, str] = {}
        self._clock = START
        entries = [{"id": "filler", "body": text} for text in filler] + list(docs)
        for at in range(0, len(entries), BATCH):
            self._save(entries[at : at + BATCH])
        vectors.fill(self._store, math.inf)

    def _save(self, docs: Sequence[dict[str, Any]]) -> None:
        with self._store.write(self._clock) as transaction:
            for doc in docs:
                written = doc.get("time")
                self._clock = parse_time(written, local=False) if written else self._clock + SECOND
                fields = {
                    "content": doc["body"], "subject": doc.get("subject"), "memory_type": doc.get("type") or "note",
                    "project": doc.get("project"), "importance": 2, "created_at": self._clock, "agent_family": "bench",
                    "client_id": "bench", "pc_id": "", "host": "",
                }  # fmt: skip
                if doc.get("session") is not None:
                    fields["session_id"] = str(doc["session"])
                body = wire.encode_body({key: value for key, value in fields.items() if value is not None})
                id_ = new_id()
                transaction.append(wire.OBSERVATION, "mesh", body, id=id_, hlc=self._clock)
                self._names[id_] = doc["id"]

    def ask(self, text: str) -> Answer:
        now = self._clock + DAY
        watch = Watch()
        with self._store.read(now=now) as snapshot:
            found = engine.find(snapshot, Query(text, limit=DEPTH), None, now)
            took = watch.read()
            shown = [self._names[id_] for id_ in snapshot.ids([hit.row for hit in found.hits])]
        return Answer(shown, found.verdict, *took)

    def close(self) -> None:
        self._store.close()
        self._folder.cleanup()


class PlainFts5:
    """The words of a question, any of them, by SQLite's FTS5 with its default tokenizer and BM25."""

    def __init__(self, docs: Sequence[dict[str, Any]], filler: Sequence[str]) -> None:
        self._db = apsw.Connection(":memory:")
        self._db.execute("CREATE VIRTUAL TABLE t USING fts5(id UNINDEXED, subject, body)")
        rows = [("filler", "", text) for text in filler] + [(d["id"], d.get("subject") or "", d["body"]) for d in docs]
        self._db.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)

    def ask(self, text: str) -> Answer:
        watch = Watch()
        asked = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", text))
        rows = self._db.execute("SELECT id FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?", (asked, DEPTH)).fetchall()
        return Answer([id_ for (id_,) in rows], None, *watch.read())

    def close(self) -> None:
        self._db.close()


Open = Callable[[Sequence[dict[str, Any]], Sequence[str]], System]  # a store of these memories among these other texts

SYSTEMS: dict[str, Open] = {"kioku-mesh": Ours, "plain FTS5": PlainFts5}
