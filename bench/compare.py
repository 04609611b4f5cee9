"""Measure beside other products, installed into environments of their own: one table, the same work for each."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import texts
from mcp_client import Agent, ToolError, text_of
from measure import Failed, in_turn, medians, percentile, process, resident_mb
from places import Installed, say, scratch
from products import PRODUCTS, Product, set_up
from report import ms, plain, table

FLOOR = "floor"


class Bench(NamedTuple):
    """A product at work in a home of its own."""

    product: Product
    installed: Installed
    home: Path
    env: dict[str, str]

    def command(self, *words: Any) -> Callable[[], object]:
        return process(self.installed.command(self.product.program), *words, env=self.env)

    def save(self, lines: Callable[[], str]) -> Callable[[], object]:
        def run() -> None:
            self.command(*self.product.save(lines()))()

        return run

    def ask(self, words: Callable[[], str]) -> Callable[[], object]:
        def run() -> None:
            self.command(*self.product.ask(words()))()

        return run

    @contextmanager
    def server(self) -> Any:
        agent = Agent(
            [str(self.installed.command(self.product.server))],
            env=self.env,
            cwd=str(self.home),
            stderr=subprocess.DEVNULL,
        )
        with agent:
            agent.greet()
            yield agent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--memories", type=int, default=1000, help="in the store before anything is asked (default: 1000)"
    )
    parser.add_argument("--saves", type=int, default=25, help="of each of eight processes at once (default: 25)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    with scratch() as folder:
        benches = [prepared(product, folder / str(number)) for number, product in enumerate(PRODUCTS)]
        figures = {bench.product.name: figures_of(bench, asked.memories) for bench in benches}
        for bench in benches:
            figures[bench.product.name][f"8 × {asked.saves} saves at once"] = at_once(bench, asked.saves)
        commands(benches, figures)
    if asked.json:
        print(json.dumps(figures, indent=2))
    else:
        names = list(figures)
        rows = [(what, *(figures[name].get(what, "-") for name in names)) for what in figures[names[0]]]
        print(table([("what", *names), *rows]))
    return 0


def prepared(product: Product, home: Path) -> Bench:
    installed = product.install()
    return Bench(product, installed, home, set_up(installed, home, product.setup))


def figures_of(bench: Bench, count: int) -> dict[str, str]:
    """Everything but the whole commands, which are measured in turn with each other."""
    say(f"measuring {bench.product.name}")
    rows = {"installed": f"{folder_mb(bench.installed.folder):.0f} MB"}
    facts = texts.facts(200)
    lines = mixed([memory["content"] for memory in texts.memories(count)], [fact.content for fact in facts])
    before = folder_mb(bench.home)
    with bench.server() as agent:
        saves = [_timed(lambda text=text: save(bench, agent, text)) for text in lines]
        asks = [_timed(lambda text=text: ask(bench, agent, text, 10)) for text in texts.queries(200)]
        memory = resident_mb(agent.process.pid)
        first, ten = recall(bench, agent, facts, 1), recall(bench, agent, facts, 10)
    text_mb = sum(len(text.encode()) for text in lines) / 1e6
    rows["MCP save p50 / p99"] = f"{ms(percentile(saves, 50))} / {ms(percentile(saves, 99))}"
    rows[f"MCP search p50 / p99, {count:,} memories"] = f"{ms(percentile(asks, 50))} / {ms(percentile(asks, 99))}"
    rows["MCP server, memory"] = f"{memory:.0f} MB"
    rows["200 known facts: first / in ten"] = f"{first} / {ten}"
    rows["size of the store over its text"] = f"{plain((folder_mb(bench.home) - before) / text_mb)} ×"
    rows["MCP start to tools/list"] = ms(percentile([_timed(lambda: listed(bench)) for _ in range(7)], 50))
    return rows


def mixed(memories: list[str], facts: list[str]) -> list[str]:
    """The facts spread evenly among the memories."""
    step = max(1, len(memories) // len(facts))
    lines = list(memories)
    for number, fact in enumerate(facts):
        lines.insert(number * (step + 1), fact)
    return lines


def save(bench: Bench, agent: Agent, text: str) -> None:
    tool, arguments = bench.product.save_tool(text)
    agent.call(tool, **arguments)


def ask(bench: Bench, agent: Agent, text: str, limit: int) -> str:
    tool, arguments = bench.product.ask_tool(text, limit)
    result = agent.call(tool, **arguments)
    return text_of(result) + json.dumps(result.get("structuredContent", ""), ensure_ascii=False)


def recall(bench: Bench, agent: Agent, facts: list[texts.Fact], limit: int) -> int:
    """How many of the facts are among the first `limit` answers to their questions."""
    found = 0
    for fact in facts:
        try:
            found += fact.content in ask(bench, agent, fact.question, limit)
        except ToolError:
            continue
    return found


def listed(bench: Bench) -> None:
    with bench.server() as agent:
        agent.tools()
        agent.process.kill()


def at_once(bench: Bench, saves: int) -> str:
    """Eight processes at a time: how many of their saves were accepted, and how fast."""
    from concurrent.futures import ThreadPoolExecutor

    def work(seed: int) -> int:
        accepted = 0
        for text, _ in zip(texts.fresh(seed), range(saves), strict=False):
            try:
                bench.command(*bench.product.save(text))()
            except Failed:
                continue
            accepted += 1
        return accepted

    begin = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        accepted = sum(pool.map(work, range(100, 108)))
    return f"{accepted} of {8 * saves}, {accepted / (time.perf_counter() - begin):.0f}/s"


def commands(benches: list[Bench], figures: dict[str, dict[str, str]]) -> None:
    """Whole processes, the products in turn."""
    say("measuring the commands")
    python = benches[0].installed.command("python")
    actions = {FLOOR: process(python, "-c", "import sqlite3", env=benches[0].installed.env)}
    for bench in benches:
        name = bench.product.name
        actions[f"{name} help"] = bench.command("--help")
        actions[f"{name} save"] = bench.save(texts.fresh(7).__next__)
        actions[f"{name} search"] = bench.ask(iter(texts.queries(1000, seed=8)).__next__)
    took = medians(in_turn(actions, 11))
    for name, rows in figures.items():
        for what in ("help", "save", "search"):
            seconds = took[f"{name} {what}"]
            rows[f"command: {what}"] = f"{ms(seconds)} ({plain(seconds / took[FLOOR])} × import sqlite3)"


def folder_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


def _timed(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main())
