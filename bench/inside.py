"""What runs inside the measured installation: making streams, and saving as an agent that stays does."""

from __future__ import annotations

import json
import os
import sys
import time

from kioku_mesh import config, wire
from kioku_mesh.app import open_memory
from kioku_mesh.model import Draft
from kioku_mesh.store import meaning
from kioku_mesh.store.store import Store


def streams(state: str, count: str) -> None:
    """As many machines as `count` have each saved one memory."""
    for number in range(int(count)):
        store = Store(state, node=f"old-machine-{number}")
        with store.write() as transaction:
            body = {
                "content": f"memory {number} of an old machine",
                "memory_type": "note",
                "importance": 2,
                "created_at": transaction.now,
                "agent_family": "bench",
                "client_id": "bench",
            }
            transaction.append(wire.OBSERVATION, "mesh", wire.encode_body(body))
        store.close()


def save(seconds: str, count: str) -> None:
    """Save one memory after the other, as fast as it goes, until the time is over or `count` are saved; print how many."""
    settings = config.load(os.environ, os.getcwd(), {})
    memory, saved, waits = open_memory(settings), 0, [0.0]
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end and saved < int(count):
        begin = time.perf_counter()
        memory.save(Draft(content=f"{os.getpid()} noted fact {saved} of the harbour: " + f"pier {saved * 7919} " * 40))
        waits.append(time.perf_counter() - begin)
        saved += 1
    waits.sort()
    print(saved, waits[len(waits) // 2] * 1000, waits[len(waits) * 99 // 100] * 1000, waits[-1] * 1000)


def save_lines(table: str) -> None:
    """Save the text in each line of standard input, and say so when it is done; `table`: with the table of meanings or
    without."""
    _table(table)
    memory = open_memory(config.load(os.environ, os.getcwd(), {}))
    for line in sys.stdin:
        memory.save(Draft(content=json.loads(line)))
        print("saved", flush=True)


def serve_mcp(table: str) -> None:
    """The MCP server, with the table of meanings or without."""
    _table(table)
    from kioku_mesh.mcp.main import main

    sys.exit(main([]))


def _table(wanted: str) -> None:
    if wanted == "without":
        meaning.Model.__init__.__defaults__ = (os.devnull + "/none", None)  # type: ignore[misc]


if __name__ == "__main__":
    parts = {"streams": streams, "save": save, "save-lines": save_lines, "mcp": serve_mcp}
    parts[sys.argv[1]](*sys.argv[2:])
