"""What every driver does: keep one store of another product, and answer requests until the input ends.

A driver runs under the interpreter of its product, so this needs the standard library alone. Requests and results are those
of JSON-RPC, a line each: `save` {memories} gives {ids}, `ask` {text, limit} gives {ids, cpu_ms, wall_ms}.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

Memory = dict[str, Any]

RESULTS = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # what the product prints is no result


def converse(save: Callable[[Memory], str | None], ask: Callable[[str, int], list[str]]) -> None:
    """`save` gives the id of a memory, None if it was refused; `ask` the ids of what was found, best first."""
    for line in sys.stdin.buffer:
        request = json.loads(line)
        given = request["params"]
        if request["method"] == "save":
            result: dict[str, Any] = {"ids": [save(memory) for memory in given["memories"]]}
        else:
            cpu, wall = time.process_time(), time.perf_counter()
            ids = ask(given["text"], given["limit"])
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            result = {"ids": ids, "cpu_ms": 1000 * cpu, "wall_ms": 1000 * wall}
        RESULTS.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}) + "\n")
        RESULTS.flush()
