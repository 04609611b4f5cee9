"""Calls of a warm MCP server: saving and searching, alone and beside others, and the memory it takes."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import texts
from mcp_client import Agent
from measure import Action, in_turn, medians, percentile, process, resident_mb, server_cpu, synced_write
from places import Installed, copied, installed, scratch
from report import Row, ms


@contextmanager
def server(product: Installed, state: Path, cwd: Path | None = None) -> Iterator[Agent]:
    where = str(cwd or state)
    agent = Agent([str(product.command("kioku-mesh-mcp"))], env=product.at(state), cwd=where, patience=None)
    with agent:
        agent.greet()
        yield agent


def calls(divisor: int) -> list[Row]:
    """Saving and searching at two sizes; the floor of a save is a 4 kB write with fsync, in turn with it."""
    product = installed(byte_code=True)
    rows = []
    for count in (10_000 // divisor, 100_000 // divisor):
        with copied(product, count) as state, server(product, state) as agent:
            rows += _saves(agent, state, count, 500 // min(divisor, 5))
            rows += _searches(agent, count, 500 // min(divisor, 5))
        rows.append(_first_search(product, count, 15 // min(divisor, 3)))
    return rows


def _saves(agent: Agent, state: Path, count: int, rounds: int) -> list[Row]:
    lines = texts.fresh()
    actions = {
        "fsync": synced_write(state / "floor"),
        "save": lambda: agent.call("save_observation", content=next(lines), project="shop"),
    }
    before = server_cpu(agent.process.pid)
    times = in_turn(actions, rounds)
    cpu = (server_cpu(agent.process.pid) - before) / (rounds + 1)
    took = medians(times)
    aim = max(3 * took["fsync"], 0.002) * 1000
    p99 = percentile(times["save"].seconds, 99) * 1000
    floor = f"fsync {ms(took['fsync'])}"
    slowest = f"fsync p99 {ms(percentile(times['fsync'].seconds, 99))}"
    return [
        Row(f"MCP save, {count:,}: p50", floor, took["save"] * 1000, aim, "ms", seen=f"cpu {ms(cpu)}"),
        Row(f"MCP save, {count:,}: p99", slowest, p99, 30, "ms"),
    ]


def sources(divisor: int) -> list[Row]:
    """What it adds to a save to note what its files are; the floor names the same files in another project, unread."""
    product, rows = installed(byte_code=True), []
    with copied(product, 10_000 // divisor) as state, scratch() as top:
        files = [repository(top, number) for number in range(50)]
        with server(product, state, top) as agent:
            for count in (5, 50):
                rows.append(_noting(agent, files[:count], top.name, 500 // min(divisor, 5)))
    return rows


def repository(top: Path, number: int) -> str:
    """A file of 4 kB in a repository with a commit."""
    for folder in ("objects", "refs"):
        (top / ".git" / folder).mkdir(parents=True, exist_ok=True)
    (top / ".git" / "HEAD").write_text("0123456789abcdef0123456789abcdef01234567\n")
    (top / "src").mkdir(exist_ok=True)
    (top / "src" / f"{number}.txt").write_text(f"{number:07} " * 512)
    return f"src/{number}.txt"


def _noting(agent: Agent, files: list[str], project: str, rounds: int) -> Row:
    lines = texts.fresh(len(files))

    def save(into: str) -> Action:
        return lambda: agent.call("save_observation", content=next(lines), project=into, source_files=files)

    took = medians(in_turn({"unread": save(f"{project}-2"), "noted": save(project)}, rounds))
    adds = (took["noted"] - took["unread"]) * 1000
    seen = f"{ms(took['noted'])} / {ms(took['unread'])}, adds {adds:.2f} ms"
    return Row(
        f"MCP save that notes {len(files)} files of 4 kB", "unread", took["noted"] / took["unread"], 1.5, seen=seen
    )


def _searches(agent: Agent, count: int, rounds: int) -> list[Row]:
    words = iter(texts.queries(rounds + 1))
    before = server_cpu(agent.process.pid)
    times = in_turn({"search": lambda: agent.call("search_memory", query=next(words))}, rounds)["search"].seconds
    cpu = (server_cpu(agent.process.pid) - before) / (rounds + 1)
    return [
        Row(f"MCP search, {count:,}: p50", "", percentile(times, 50) * 1000, 5, "ms", seen=f"cpu {ms(cpu)}"),
        Row(f"MCP search, {count:,}: p99", "", percentile(times, 99) * 1000, 15, "ms"),
    ]


def _first_search(product: Installed, count: int, rounds: int) -> Row:
    words, times = iter(texts.queries(rounds, seed=5)), []
    with copied(product, count) as state:
        for word in words:
            with server(product, state) as agent:
                begin = time.perf_counter()
                agent.call("search_memory", query=word)
                times.append(time.perf_counter() - begin)
    return Row(f"MCP search, {count:,}: first call", "", percentile(times, 50) * 1000, 60, "ms")


def memory(divisor: int) -> list[Row]:
    """Resident memory of a server that has saved and searched, above that of a bare interpreter."""
    product, count = installed(byte_code=True), 100_000 // divisor
    idle = subprocess.Popen([product.command("python"), "-c", "input()"], stdin=subprocess.PIPE, env=product.env)
    with copied(product, count) as state, server(product, state) as agent:
        for word, line in zip(texts.queries(50), texts.fresh(), strict=False):
            agent.call("search_memory", query=word)
            agent.call("save_observation", content=line)
        bare, ours = resident_mb(idle.pid), resident_mb(agent.process.pid)
    idle.communicate(b"\n")
    return [
        Row(
            f"MCP server, {count:,}: resident memory",
            f"python {bare:.1f} MB",
            ours - bare,
            25,
            "MB",
            seen=f"{ours:.1f} MB",
        )
    ]


def parallel(divisor: int) -> list[Row]:
    """Saves per second of eight processes over those of one, for the CLI and for MCP servers."""
    product = installed(byte_code=True)
    rows = []
    for kind, saver, each, aim in (("CLI processes", _cli_saver, 25, 1.0), ("MCP servers", _mcp_saver, 200, 0.7)):
        with copied(product, 10_000 // divisor) as state:
            one, eight = [], []
            for _ in range(3):
                one.append(_rate(saver, product, state, 1, each))
                eight.append(_rate(saver, product, state, 8, each))
        rate1, rate8 = percentile(one, 50), percentile(eight, 50)
        seen = f"{rate8:.0f}/s / {rate1:.0f}/s"
        rows.append(Row(f"saves per second, 8 {kind}", "one of them", rate8 / rate1, aim, at_least=True, seen=seen))
    return rows


Saver = Callable[[Installed, Path, ExitStack], Callable[[str], Any]]
SEED = iter(range(1000, 1_000_000))


def _cli_saver(product: Installed, state: Path, _: ExitStack) -> Callable[[str], Any]:
    return lambda line: process(product.command("kioku-mesh"), "save", line, env=product.at(state))()


def _mcp_saver(product: Installed, state: Path, stack: ExitStack) -> Callable[[str], Any]:
    agent = stack.enter_context(server(product, state))
    agent.call("search_memory", query="warm")
    return lambda line: agent.call("save_observation", content=line)


def _rate(saver: Saver, product: Installed, state: Path, workers: int, each: int) -> float:
    """Saves per second of `workers` that start together."""
    with ExitStack() as stack:
        savers = [saver(product, state, stack) for _ in range(workers)]
        lines = [[line for line, _ in zip(texts.fresh(next(SEED)), range(each), strict=False)] for _ in savers]
        failures: list[BaseException] = []

        def work(save: Callable[[str], Any], own: list[str]) -> None:
            try:
                for line in own:
                    save(line)
            except Exception as error:  # noqa: BLE001 (handed to the thread that waits)
                failures.append(error)

        threads = [threading.Thread(target=work, args=pair) for pair in zip(savers, lines, strict=True)]
        begin = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - begin
    if failures:
        raise failures[0]
    return workers * each / seconds
