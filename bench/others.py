"""A hub and a spoke beside kioku-mesh 1.2.0 with zenohd and RocksDB on both, each set up as its own documentation says."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import texts
from lab import Lab, Machine, count, has, lab, until
from mcp_client import Agent, ToolError
from measure import percentile
from mesh import MISSED
from places import installed, say
from products import KIOKU_MESH
from report import Row, ms
from zenohd import pins

LIMIT_S = 600.0
ROUTER = "tcp/127.0.0.1:7447"


class Ours:
    """This checkout: the hub is a router in its resident process, or, with `zenohd`, a zenohd that stores."""

    def __init__(self, place: Lab, zenohd: bool) -> None:
        self.name = "ours with zenohd" if zenohd else "ours"
        self.hub, self.spoke = place.machine("hub"), place.machine("spoke")
        self._router = Router(self.hub, self.hub.state / "zenohd.json5") if zenohd else None
        engine = ("--engine", "zenohd") if zenohd else ()
        share = ("--share-existing", "yes")
        at = self.hub.host.address
        self.hub.run("init", "--mode", "hub", *engine, "--listen", at, "--node", "hub", *share)
        if self._router:
            self.hub.run("zenohd", "config", "--force")
            self._router.start()
        self.spoke.run("init", "--mode", "spoke", "--connect", at, "--node", "spoke", *share)
        self.hub.run("serve")
        self.on()

    def on(self) -> None:
        self.spoke.run("serve")

    def off(self) -> None:
        self.spoke.run("serve", "--stop")

    def router_down(self) -> None:
        if self._router:
            self._router.kill()
        else:
            self.hub.run("serve", "--stop")

    def router_up(self) -> None:
        if self._router:
            self._router.start()
        else:
            self.hub.run("serve")

    def agent(self, machine: Machine) -> Agent:
        return _agent(machine, machine.product.at(machine.state))

    def save(self, agent: Agent, text: str) -> None:
        agent.call("save_observation", content=text)

    def seen(self, machine: Machine) -> int:
        return count(machine.state)

    def returned(self, wanted: int, begin: float) -> str:
        """The spoke was just started again: until a search on it finds all."""
        has(self.spoke.state, wanted)
        return ms(time.monotonic() - begin)

    def close(self) -> None:
        if self._router:
            self._router.kill()


class Theirs:
    """kioku-mesh 1.2.0. What a search finds is its index, which a server of an agent that runs keeps."""

    def __init__(self, place: Lab) -> None:
        self.name = KIOKU_MESH.name
        self._installed = KIOKU_MESH.install()
        self.hub, self.spoke = place.machine("hub"), place.machine("spoke")
        local = ("--listen", "127.0.0.1", "--listen")
        self._init(self.hub, "--mode", "hub", *local, self.hub.host.address)
        self._init(self.spoke, "--mode", "spoke", *local, self.spoke.host.address, "--connect", self.hub.host.address)
        config = Path(".config", "kioku-mesh", "zenohd.json5")
        self._routers = {id(each): Router(each, each.state / config) for each in (self.hub, self.spoke)}
        for router in self._routers.values():
            router.start()

    def _init(self, machine: Machine, *words: str) -> None:
        command = [*machine.host.prefix, str(self._installed.command("kioku-mesh")), "init", *words]
        subprocess.run(command, env=self.env(machine), check=True, capture_output=True, stdin=subprocess.DEVNULL)

    def env(self, machine: Machine) -> dict[str, str]:
        env = {name: value for name, value in self._installed.env.items() if not name.startswith(("XDG_", "ZENOH"))}
        return env | {
            "HOME": str(machine.state), "KIOKU_MESH_AGENT_FAMILY": "bench", "KIOKU_MESH_CLIENT_ID": "bench",
            "KIOKU_MESH_BACKEND": "zenoh",
        }  # fmt: skip

    def on(self) -> None:
        self._routers[id(self.spoke)].start()

    def off(self) -> None:
        self._routers[id(self.spoke)].stop()

    def router_down(self) -> None:
        self._routers[id(self.spoke)].kill()

    def router_up(self) -> None:
        self._routers[id(self.spoke)].start()

    def agent(self, machine: Machine) -> Agent:
        agent = _agent(machine, self.env(machine), str(self._installed.command("kioku-mesh-mcp")))
        agent.call("search_memory", query="anything")
        return agent

    def save(self, agent: Agent, text: str) -> None:
        agent.call("save_observation", content=text, subject=text[:60], summary=text[:200])

    def seen(self, machine: Machine) -> int:
        index = machine.state / ".local" / "share" / "kioku-mesh" / "index.db"
        with suppress(sqlite3.OperationalError), sqlite3.connect(f"file:{index}?mode=ro", uri=True) as db:
            return int(db.execute("SELECT count(*) FROM obs_index").fetchone()[0])
        return 0

    def stored(self, machine: Machine) -> int:
        """Records in the machine's own RocksDB."""
        script = str(Path(__file__).with_name("stored.py"))
        command = [*machine.host.prefix, str(self._installed.command("python")), script, ROUTER, "mem/*/obs/**"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.env(machine))
        return int(done.stdout or 0)

    def returned(self, wanted: int, begin: float) -> str:
        """Until the spoke's storage has all; until the server that ran all the time finds all; and one started anew."""
        told: dict[str, float] = {}
        while len(told) < 2 and time.monotonic() - begin < LIMIT_S:
            if "storage" not in told and self.stored(self.spoke) >= wanted:
                told["storage"] = time.monotonic() - begin
                say(f"storage after {told['storage']:.1f} s")
            if "server" not in told and self.seen(self.spoke) >= wanted:
                told["server"] = time.monotonic() - begin
            if "storage" in told and time.monotonic() - begin > told["storage"] + 60:
                break
            time.sleep(0.2)
        found = self.seen(self.spoke)
        again = time.monotonic()
        with self.agent(self.spoke):
            until(lambda: self.seen(self.spoke) >= wanted, "a new server finds all", LIMIT_S, 0.05)
        fresh = time.monotonic() - again
        server = f"{told['server']:.1f} s" if "server" in told else f"not after {time.monotonic() - begin:.0f} s"
        storage = f"{told['storage']:.1f} s" if "storage" in told else f"not after {LIMIT_S:.0f} s"
        return f"storage {storage}; running server {server} ({found} of {wanted}); new server {fresh:.1f} s"

    def close(self) -> None:
        for router in self._routers.values():
            router.kill()


class Router:
    """A real zenohd on a machine."""

    def __init__(self, machine: Machine, config: Path) -> None:
        self._machine, self._config, self._process = machine, config, None

    def start(self) -> None:
        folder = pins.folder(os.environ)
        data = self._machine.state / "rocksdb"
        data.mkdir(exist_ok=True)
        env = dict(os.environ) | {"ZENOH_BACKEND_ROCKSDB_ROOT": str(data)}
        with (self._machine.state / "zenohd.log").open("a") as log:
            command = [*self._machine.host.prefix, str(folder / "zenohd"), "-c", str(self._config)]
            self._process = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=self._machine.state)
        until(self._answers, "zenohd answers", 60, 0.02)

    def _answers(self) -> bool:
        """Somebody listens on its port: the line of the kernel's table says so."""
        table = subprocess.run([*self._machine.host.prefix, "ss", "-Hltn"], check=True, capture_output=True, text=True)
        return ":7447" in table.stdout

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None


Side = Ours | Theirs


def others(divisor: int) -> list[Row]:
    rows: list[Row] = []
    for make in (lambda place: Ours(place, False), lambda place: Ours(place, True), Theirs):
        with lab(installed(byte_code=True)) as place, _closing(make(place)) as side:
            say(f"measuring {side.name}")
            rows += [*_spread(side, 100 // divisor), *_away(side, MISSED // divisor), *_without(side)]
    return rows


@contextmanager
def _closing(side: Side) -> Iterator[Side]:
    try:
        yield side
    finally:
        side.close()


def _spread(side: Side, rounds: int) -> list[Row]:
    """Saving, and until it is found on the other machine."""
    lines, saves, spreads = texts.fresh(9), [], []
    with side.agent(side.spoke) as giver, side.agent(side.hub):
        side.save(giver, next(lines))
        until(lambda: side.seen(side.hub) >= 1, "the first memory arrives")
        for number in range(rounds):
            begin = time.perf_counter()
            side.save(giver, next(lines))
            saves.append(time.perf_counter() - begin)
            until(lambda number=number: side.seen(side.hub) >= number + 2, "it arrives", 60)
            spreads.append(time.perf_counter() - begin)
    return [
        _figure(side, "save p50", percentile(saves, 50) * 1000, "ms", f"p99 {ms(percentile(saves, 99))}"),
        _figure(side, "save to found there p50", percentile(spreads, 50) * 1000, "ms",
                f"p99 {ms(percentile(spreads, 99))}"),
    ]  # fmt: skip


def _away(side: Side, missed: int) -> list[Row]:
    """The spoke's line to the mesh is off while the hub saves; its agent stays."""
    lines = texts.fresh(11)
    with side.agent(side.hub) as giver, side.agent(side.spoke):
        before = side.seen(side.hub)
        side.off()
        for _ in range(missed):
            side.save(giver, next(lines))
        until(lambda: side.seen(side.hub) >= before + missed, "the hub has all")
        begin = time.monotonic()
        side.on()
        told = side.returned(before + missed, begin)
    return [_figure(side, f"returning, {missed:,} missed", time.monotonic() - begin, "s", told)]


def _without(side: Side) -> list[Row]:
    """The router is away: what becomes of saves."""
    lines, took, refused = texts.fresh(13), [], 0
    with side.agent(side.hub), side.agent(side.spoke) as giver:
        here, there = side.seen(side.spoke), side.seen(side.hub)
        side.router_down()
        for _ in range(5):
            begin = time.perf_counter()
            try:
                side.save(giver, next(lines))
            except ToolError:
                refused += 1
            took.append(time.perf_counter() - begin)
        kept = side.seen(side.spoke) - here
        side.router_up()
        begin = time.monotonic()
        while side.seen(side.hub) < there + 5 and time.monotonic() - begin < 90:
            time.sleep(0.1)
        arrived = side.seen(side.hub) - there
    seen = f"{refused} refused, {kept} found here, {arrived} of 5 at the hub {time.monotonic() - begin:.1f} s after it is back"
    return [_figure(side, "router away: 5 saves, slowest", max(took) * 1000, "ms", seen)]


def _figure(side: Side, what: str, value: float, unit: str, seen: str) -> Row:
    return Row(f"{side.name}: {what}", "", value, float("inf"), unit, seen=seen)


def _agent(machine: Machine, env: dict[str, str], program: str = "") -> Agent:
    command = [*machine.host.prefix, program] if program else machine.words("kioku-mesh-mcp")
    agent = Agent(command, env=env, cwd=str(machine.state), stderr=subprocess.DEVNULL, patience=120)
    agent.greet()
    return agent
