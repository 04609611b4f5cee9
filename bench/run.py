"""Measure the installed product, each figure beside a floor taken in the same run: ratios travel, seconds do not."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time

import beside
import calls
import crowd
import load
import meaning
import mesh
import others
import processes
import volume
from report import Row, show

PARTS = {
    "start": processes.start,
    "mcp-start": processes.mcp_start,
    "hooks": processes.hooks,
    "calls": calls.calls,
    "sources": calls.sources,
    "memory": calls.memory,
    "parallel": calls.parallel,
    "import": volume.importing,
    "size": volume.size,
    "meaning": meaning.meaning,
    "taking-in": meaning.taking_in,
    "mesh": mesh.mesh,
    "beside": beside.beside,
    "crowd": crowd.crowd,
    "sustained": load.sustained,
    "stuck": load.stuck,
    "mesh-other": others.others,
}


def speed() -> str:
    """How fast this machine is just now, for figures that have no floor."""
    times = []
    for _ in range(5):
        begin, total = time.perf_counter(), 0
        for number in range(1_000_000):
            total += number
        times.append(time.perf_counter() - begin)
    return f"a million additions in {min(times) * 1000:.0f} to {max(times) * 1000:.0f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds and of the memories")
    parser.add_argument("--list", action="store_true", help="name the parts and end")
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(PARTS))
        return 0
    if unknown := set(asked.parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))} (there are {', '.join(PARTS)})")
    rows: list[Row] = []
    for name in asked.parts or PARTS:
        rows += PARTS[name](10 if asked.quick else 1)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}, {speed()}"
    if asked.json:
        print(
            json.dumps(
                {"machine": machine, "rows": [row._asdict() | {"reached": row.reached} for row in rows]}, indent=2
            )
        )
    else:
        print(show(rows, machine))
    return 0


if __name__ == "__main__":
    sys.exit(main())
