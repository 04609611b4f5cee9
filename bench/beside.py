"""What a running mesh costs those who save and search: the same calls on a machine with one and on one without, in turn."""

from __future__ import annotations

from pathlib import Path

import texts
from calls import server
from measure import Action, in_turn, medians, process
from mesh import machines, run
from places import Installed, copied, installed
from report import Row, ms


def beside(divisor: int) -> list[Row]:
    product, count = installed(byte_code=True), 10_000 // divisor
    with (
        copied(product, count) as alone,
        copied(product, count) as hub,
        copied(product, 0) as spoke,
        machines(product, hub, spoke),
        server(product, alone) as one,
        server(product, hub) as other,
    ):
        run(product, hub, "serve")
        run(product, spoke, "serve")
        lines, words = texts.fresh(21), iter(texts.queries(100_000, seed=21))
        cli = {**_commands(product, alone, "alone"), **_commands(product, hub, "mesh")}
        times = in_turn(cli, 40 // min(divisor, 4))
        calls: dict[str, Action] = {}
        for name, agent in (("alone", one), ("mesh", other)):
            calls[f"save {name}"] = lambda agent=agent: agent.call("save_observation", content=next(lines))
            calls[f"search {name}"] = lambda agent=agent: agent.call("search_memory", query=next(words))
        warm = in_turn(calls, 400 // divisor)
    rows = []
    for kind, took in (("CLI", medians(times)), ("MCP", medians(warm))):
        for what in ("save", "search"):
            with_, without = took[f"{what} mesh"], took[f"{what} alone"]
            seen = f"{ms(with_)} / {ms(without)}"
            rows.append(Row(f"{kind} {what} while a mesh runs", "without", with_ / without, 1.1, seen=seen))
    return rows


def _commands(product: Installed, state: Path, name: str) -> dict[str, Action]:
    cli, env = product.command("kioku-mesh"), product.at(state)
    line, word = texts.fresh(22).__next__, iter(texts.queries(100_000, seed=22)).__next__
    return {
        f"save {name}": process(cli, "save", line, env=env),
        f"search {name}": process(cli, "search", word, "--json", env=env),
    }
