"""Much at once: importing, rebuilding, the room it takes, and what it does to somebody who saves meanwhile."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import texts
from calls import server
from measure import once, percentile
from places import Installed, copied, dataset, installed, store, text_size
from report import Row

PAUSE = 0.02  # seconds between the saves of the one who saves meanwhile


def importing(divisor: int) -> list[Row]:
    """Import beside a saver, then alone, then rebuild what was imported."""
    product, count = installed(byte_code=True), 50_000 // divisor
    file = dataset(count)
    with copied(product, 0) as state:
        waits = _saves_during(product, state, file)
    with copied(product, 0) as state:
        base = once(product.command("kioku-mesh"), "import", dataset(100), env=product.at(state))
        whole = once(product.command("kioku-mesh"), "import", file, env=product.at(state))
        again = once(product.command("kioku-mesh"), "rebuild", env=product.at(state))
    rate, extra = count / whole.seconds, whole.peak_mb - base.peak_mb
    seen = f"{again.seconds:.1f} s / {whole.seconds:.1f} s"
    return [
        Row(f"import of {count:,}", "", rate, 5000, "records/s", at_least=True, seen=f"{whole.seconds:.1f} s"),
        Row(f"import of {count:,}: memory", "import of 100", extra, 40, "MB", seen=f"peak {whole.peak_mb:.0f} MB"),
        Row("a saver meanwhile: p50", "", percentile(waits, 50) * 1000, 100, "ms", seen=f"{len(waits)} saves"),
        Row("a saver meanwhile: p99", "", percentile(waits, 99) * 1000, 300, "ms"),
        Row(f"rebuild of {count:,}", "their import", again.seconds / whole.seconds, 1.2, seen=seen),
    ]


def _saves_during(product: Installed, state: Path, file: Path) -> list[float]:
    """Seconds that each save of an agent took while an import ran."""
    waits, lines = [], texts.fresh()
    with server(product, state) as agent:
        agent.call("save_observation", content=next(lines))
        running = subprocess.Popen(
            [product.command("kioku-mesh"), "import", file],
            env=product.at(state),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while running.poll() is None:
            begin = time.perf_counter()
            agent.call("save_observation", content=next(lines))
            waits.append(time.perf_counter() - begin)
            time.sleep(PAUSE)
    if running.returncode != 0:
        raise SystemExit(f"error: the import exited {running.returncode}")
    return waits


def size(divisor: int) -> list[Row]:
    """Bytes on disk over the bytes of text that were saved."""
    product, count = installed(byte_code=True), 50_000 // divisor
    used = sum(path.stat().st_size for path in store(product, count).rglob("*") if path.is_file())
    stored = text_size(count)
    seen = f"{used / 1e6:.0f} MB / {stored / 1e6:.0f} MB"
    return [Row(f"size of the store, {count:,}", "its text", used / stored, 5, seen=seen)]
