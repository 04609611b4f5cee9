"""What searching by meaning costs: at several sizes, of a save, of memory, and for the strangest queries."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import texts
from calls import server
from mcp_client import Agent
from measure import Action, in_turn, percentile, resident_mb
from places import Installed, copied, dataset, installed
from report import Row, ms

INSIDE = Path(__file__).with_name("inside.py")
POLL_S = 0.02
STRANGE = {
    "endless word": "a" * 19_000,
    "endless words": " ".join(f"{noun}{n}" for n in range(300) for noun in texts.NOUNS)[:19_000],
    "one emoji": "🚀",
    "stop words": "the of and to what is it",
    "punctuation": "?!… --- ((( ''' ***",
    "operators": 'NEAR("a" "b", 5) AND * OR NOT ^x {y} : z-1 " ',
    "SQL": "'; DROP TABLE record; -- %_%",
    "kanji": "検索" * 2_000,
    "slips": " ".join(noun[:-2] + noun[-1] + noun[-2] for noun in texts.NOUNS[:60]),
    "marks": "\u0301\u200d\ufe0f" * 3_000,
}


def meaning(divisor: int) -> list[Row]:
    """Searches of a warm server at three sizes; a save with and without; the table in memory; strange queries."""
    product, rows = installed(byte_code=True), []
    for count, aim in ((1_000 // divisor, 20), (10_000 // divisor, 20), (100_000 // divisor, 20)):
        with copied(product, count) as state, server(product, state) as agent:
            asked = iter(texts.sentences(400))
            took = in_turn({"": lambda: agent.call("search_memory", query=next(asked))}, 300)[""].seconds  # noqa: B023
            seen = f"p95 {ms(percentile(took, 95))}"
            rows.append(
                Row(f"MCP search, a question, {count:,}: p50", "", percentile(took, 50) * 1000, aim, "ms", seen=seen)
            )
            if count == 10_000 // divisor:
                rows += [_strangest(agent, percentile(took, 50)), _resident(product, state), _saves(product, count)]
    return rows


def _strangest(agent: Agent, median: float) -> Row:
    took = {}
    for name, query in STRANGE.items():
        begin = time.perf_counter()
        agent.request("tools/call", {"name": "search_memory", "arguments": {"query": query}})
        took[name] = time.perf_counter() - begin
    worst = max(took, key=lambda name: took[name])
    return Row("the strangest query", "the median one", took[worst] / median, 50, seen=f"{worst}: {ms(took[worst])}")


def _saves(product: Installed, count: int) -> Row:
    with (
        copied(product, count) as one,
        copied(product, count) as other,
        _saver(product, one, "with") as having,
        _saver(product, other, "without") as lacking,
    ):
        took = in_turn({"with": having, "without": lacking}, 300)
    a, b = percentile(took["with"].seconds, 50), percentile(took["without"].seconds, 50)
    return Row("a save with a vector", "one without", a / b, 1.5, seen=f"{ms(a)} / {ms(b)}")


@contextmanager
def _saver(product: Installed, state: Path, table: str) -> Iterator[Action]:
    """A process that saves a text for each line it gets, with the table of meanings or without."""
    command = [product.command("python"), INSIDE, "save-lines", table]
    pipe, lines = subprocess.PIPE, texts.fresh(len(table))
    with subprocess.Popen(command, env=product.at(state), stdin=pipe, stdout=pipe, text=True) as running:
        assert running.stdin
        answers = iter(running.stdout or ())

        def save() -> None:
            print(json.dumps(next(lines)), file=running.stdin, flush=True)
            next(answers)

        yield save
        running.stdin.close()


def _resident(product: Installed, state: Path) -> Row:
    """What a server has in memory after searches, with the table and without."""
    used = {}
    for table in ("with", "without"):
        command = [str(product.command("python")), str(INSIDE), "mcp", table]
        with Agent(command, env=product.at(state), cwd=str(state), patience=None) as agent:
            agent.greet()
            for query in texts.sentences(200):
                agent.call("search_memory", query=query)
            used[table] = resident_mb(agent.process.pid)
    seen = f"{used['with']:.1f} / {used['without']:.1f} MB"
    return Row("memory of a server with the table", "one without", used["with"] - used["without"], 20, "MB", seen=seen)


def taking_in(divisor: int) -> list[Row]:
    """An import, until its memories are found by words and until they all have vectors."""
    product, count = installed(byte_code=True), 50_000 // divisor
    with copied(product, 0) as state:
        before, begin = _known(state), time.perf_counter()
        command = [product.command("kioku-mesh"), "import", dataset(count)]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, env=product.at(state), stdout=quiet, stderr=quiet) as running:
            while _known(state) < before + count and running.poll() is None:
                time.sleep(POLL_S)
            words = time.perf_counter() - begin
        whole = time.perf_counter() - begin
    return [
        Row(f"import of {count:,}: found by words", "", count / words, 3000, "records/s", True, f"{words:.1f} s"),
        Row(f"import of {count:,}: vectors complete", "", count / whole, 1500, "records/s", True, f"{whole:.1f} s"),
    ]


def _known(state: Path) -> int:
    with closing(sqlite3.connect(f"file:{state / 'memory.db'}?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT coalesce(max(n), 0) FROM observation").fetchone()[0])
