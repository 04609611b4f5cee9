"""Much at once on a mesh: four machines that save as fast as they can, and a hub beside a peer that is stuck or slow."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lab import Lab, Machine, count, has, lab, until
from measure import resident_mb, server_cpu
from places import installed, say
from report import Row

SAVERS, SAVING_S = 4, 60.0
MANY = 20_000
STUCK_S = 60.0  # after everything was saved
THIN = 20_000  # bytes a second


class Watch:
    """The resident memory of processes, looked at all the time."""

    def __init__(self, machines: Sequence[Machine]) -> None:
        self.pids = {machine.host.name: machine.pid for machine in machines}
        self.seen: dict[str, list[float]] = {name: [] for name in self.pids}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.5):
            for name, pid in self.pids.items():
                self.seen[name].append(resident_mb(pid))

    def of(self, name: str) -> str:
        """How it went, from the beginning to the end in eight steps."""
        seen = self.seen[name]
        return " ".join(f"{value:.0f}" for value in [*seen[:: max(1, len(seen) // 7)], seen[-1]])


def sustained(divisor: int) -> list[Row]:
    """Four machines save for a minute; how long after that they are equal."""
    seconds = SAVING_S / divisor
    with lab(installed(byte_code=True)) as place, _company(place, SAVERS) as company, Watch(company) as watch:
        cpu = {machine.host.name: server_cpu(machine.pid) for machine in company}
        running = [machine.inside("save", seconds, 10**9) for machine in company]
        said = [process.communicate()[0].split() for process in running]
        saved = [int(words[0]) for words in said]
        end = time.monotonic()
        behind = sum(saved) - min(count(machine.state) for machine in company)
        for machine in company:
            has(machine.state, sum(saved))
        lag = time.monotonic() - end
        used = [server_cpu(machine.pid) - cpu[machine.host.name] for machine in company]
    most = max(max(seen) for seen in watch.seen.values())
    rate = sum(saved) / seconds
    waits = "; ".join(f"{float(words[1]):.1f}/{float(words[2]):.0f} ms" for words in said)
    share = " ".join(f"{part / seconds * 100:.0f} %" for part in used)
    return [
        Row("four save at once: until equal", "", lag, 2, "s", seen=f"{behind} of {sum(saved)} were missing somewhere"),
        Row("four save at once: saves", "", rate, 1, "records/s", at_least=True, seen=f"p50/p99 {waits}"),
        Row("four save at once: memory of serve", "", most, 150, "MB", seen=f"hub {watch.of('hub')}; cpu {share}"),
    ]


def stuck(divisor: int) -> list[Row]:
    """A hub passes on 20,000 memories while one of its peers is stopped, or on a thin line."""
    rows = []
    for how in ("stopped", "on a thin line"):
        with lab(installed(byte_code=True)) as place, _company(place, 4) as (hub, giver, taker, bad):
            if how == "stopped":
                bad.kill(signal.SIGSTOP)
            else:
                bad.host.slow(THIN)
            with Watch((hub, giver, taker)) as watch:
                begin = time.monotonic()
                saving = giver.inside("save", 3600, MANY // divisor)
                saving.communicate()
                saved = time.monotonic() - begin
                has(taker.state, MANY // divisor)
                arrived = time.monotonic() - begin
                time.sleep(STUCK_S / divisor)
            if how == "stopped":
                bad.kill(signal.SIGCONT)
                again = time.monotonic()
                until(lambda bad=bad: count(bad.state) >= MANY // divisor, "the stopped one catches up")
                say(f"it had everything {time.monotonic() - again:.1f} s after it went on")
            seen = f"{watch.of('hub')}; saved in {saved:.0f} s, all at another peer {arrived - saved:.1f} s later"
            rows.append(Row(f"a peer is {how}: memory of the hub", "", max(watch.seen["hub"]), 150, "MB", seen=seen))
            others = max(max(watch.seen[name]) for name in ("spoke1", "spoke2"))
            rows.append(Row(f"a peer is {how}: memory of the others", "", others, 150, "MB"))
    return rows


@contextmanager
def _company(place: Lab, machines: int) -> Iterator[list[Machine]]:
    """A hub and spokes that know each other."""
    hub = place.machine("hub")
    hub.run("init", "--mode", "hub", "--listen", hub.host.address, "--node", "hub", "--share-existing", "yes")
    company = [hub]
    for number in range(1, machines):
        spoke = place.machine(f"spoke{number}")
        spoke.run("init", "--mode", "spoke", "--connect", hub.host.address, "--node", spoke.host.name,
                  "--share-existing", "yes")  # fmt: skip
        company.append(spoke)
    for machine in company:
        machine.run("serve")
    for machine in company:
        until(lambda machine=machine: _up(machine) == machines - 1, "they know each other", look_s=0.2)
    yield company


def _up(machine: Machine) -> int:
    with sqlite3.connect(f"file:{machine.state / 'run.db'}?mode=ro", uri=True) as db:
        return int(db.execute("SELECT count(*) FROM peer WHERE up").fetchone()[0])
