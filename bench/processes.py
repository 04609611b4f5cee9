"""Whole processes: what a command costs from its start to its end."""

from __future__ import annotations

import json
from pathlib import Path

import texts
from mcp_client import Agent
from measure import Action, Times, cpu_medians, in_turn, medians, once, percentile, process
from places import Installed, copied, installed
from report import Row, ms

FLOOR = "import sqlite3"


def start(divisor: int) -> list[Row]:
    """Everyday commands at two sizes, and with and without byte code."""
    rows = _commands(installed(byte_code=True), 31 // min(divisor, 6), 100_000 // divisor)
    return rows + _first_start(installed(byte_code=False), 21 // min(divisor, 4))


def _commands(product: Installed, rounds: int, many: int) -> list[Row]:
    few = many // 100
    with copied(product, few) as small, copied(product, many) as large:
        cli = product.command("kioku-mesh")
        word, line = iter(texts.queries(10_000)).__next__, texts.fresh().__next__

        def search(state: Path) -> Action:
            return process(cli, "search", word, "--json", env=product.at(state))

        def save(state: Path) -> Action:
            return process(cli, "save", line, env=product.at(state))

        times = in_turn(
            {
                FLOOR: process(product.command("python"), "-c", "import sqlite3", env=product.env),
                "search small": search(small),
                "search large": search(large),
                "save small": save(small),
                "save large": save(large),
                "--help": process(cli, "--help", env=product.at(small)),
                "--version": process(cli, "--version", env=product.at(small)),
            },
            rounds,
        )
    took = medians(times)
    return [
        _row(f"search WORD --json, {few:,}", times, "search small", 4.5),
        _row(f"search WORD --json, {many:,}", times, "search large", 4.5),
        Row(f"search: {many:,} over {few:,}", "", took["search large"] / took["search small"], 1.3),
        _row(f"save, {few:,}", times, "save small", 5),
        _row(f"save, {many:,}", times, "save large", 5),
        _row("--help", times, "--help", 3),
        _row("--version", times, "--version", 3),
    ]


def _first_start(product: Installed, rounds: int) -> list[Row]:
    with copied(product, 0) as state:
        cli, env = product.command("kioku-mesh"), product.at(state)
        actions = {
            FLOOR: process(product.command("python"), "-c", "import sqlite3", env=env),
            "search": process(cli, "search", "first", "--json", env=env),
            "save": process(cli, "save", texts.fresh().__next__, env=env),
            "--help": process(cli, "--help", env=env),
            "--version": process(cli, "--version", env=env),
        }
        times = in_turn(actions, rounds)
    return [_row(f"{name}, no byte code", times, name, 7) for name in actions if name != FLOOR]


def mcp_start(divisor: int) -> list[Row]:
    """From the start of a server to its list of tools."""
    return [
        _mcp_start("MCP start to tools/list", installed(byte_code=True), 31 // min(divisor, 6), 2.5),
        _mcp_start("MCP start to tools/list, no byte code", installed(byte_code=False), 31 // min(divisor, 6), 3),
    ]


def _mcp_start(what: str, product: Installed, rounds: int, aim: float) -> Row:
    with copied(product, 0) as state:
        floor = process(product.command("python"), "-c", "import sqlite3", env=product.env)
        times = in_turn({FLOOR: floor, "list": lambda: _list_tools(product, state)}, rounds)
    return _row(what, times, "list", aim)


def _list_tools(product: Installed, state: Path) -> None:
    agent = Agent([str(product.command("kioku-mesh-mcp"))], env=product.at(state), patience=None)
    agent.greet()
    agent.tools()
    agent.process.kill()
    agent.close()


def hooks(divisor: int) -> list[Row]:
    """What a client waits for at the start of a session and beside a prompt."""
    product, count, rounds = installed(byte_code=True), 10_000 // divisor, 41 // min(divisor, 6)
    with copied(product, count) as state:
        sessions, asked = iter(range(1_000_000)), iter(texts.sentences(10_000))

        def told(event: str) -> Action:
            command = [product.command("kioku-mesh"), "hook", event, "--client", "claude-code"]

            def call() -> object:
                said = {"session_id": f"s{next(sessions)}", "cwd": str(state), "prompt": next(asked)}
                return once(*command, env=product.at(state), said=json.dumps(said).encode())

            return call

        times = in_turn({"session-start": told("session-start"), "prompt": told("prompt")}, rounds)
    return [
        Row(
            f"hook {event}, {count:,}: p50", "", percentile(took.seconds, 50) * 1000, 100, "ms",
            seen=f"p95 {ms(percentile(took.seconds, 95))}",
        )
        for event, took in times.items()
    ]  # fmt: skip


def _row(what: str, times: dict[str, Times], name: str, aim: float) -> Row:
    """Seconds of the whole process over the floor's; the processor's seconds beside them, as they hold on a busy machine."""
    took, cpu = medians(times), cpu_medians(times)
    seen = f"{ms(took[name])} / {ms(took[FLOOR])}"
    if cpu[name] and cpu[FLOOR]:
        seen += f", cpu {cpu[name] / cpu[FLOOR]:.2f} ×"
    return Row(what, FLOOR, took[name] / took[FLOOR], aim, seen=seen)
