"""Fifty machines and two hundred streams: what their lines carry when nothing happens, and when something does."""

from __future__ import annotations

import shutil
import time

from lab import Lab, Machine, has, lab
from measure import percentile, resident_mb, server_cpu
from places import installed, say
from report import Row

NODES, STREAMS = 50, 200
IDLE_S = 300.0  # two announcements of everybody
QUIET = 3000.0  # bytes a second of a spoke


def crowd(divisor: int) -> list[Row]:
    nodes, streams = max(6, NODES // divisor), max(20, STREAMS // divisor)
    with lab(installed(byte_code=True)) as place:
        hub, spokes = _company(place, nodes, streams)
        has(spokes[-1].state, streams)
        say("waiting until they are quiet")
        took, _ = place.until_quiet(QUIET, 10)
        say(f"quiet after {took:.0f} s")
        return [
            *_idle(place, hub, spokes, IDLE_S / divisor),
            *_save(place, spokes),
            *_restart(place, hub, spokes),
            *_newcomer(place, spokes, streams),
        ]


def _company(place: Lab, nodes: int, streams: int) -> tuple[Machine, list[Machine]]:
    """All with the same streams, and their resident processes started."""
    hub = place.machine("hub")
    made = hub.inside("streams", hub.state, streams)
    if made.wait():
        raise SystemExit("error: no streams")
    first = place.machine("spoke1")
    shutil.copytree(hub.state, first.state, dirs_exist_ok=True)
    hub.run("init", "--mode", "hub", "--listen", hub.host.address, "--node", "hub", "--share-existing", "yes")
    hub.run("serve")
    share = ("--share-existing", "yes")
    first.run("init", "--mode", "spoke", "--connect", hub.host.address, "--node", "spoke1", *share)
    first.run("serve", "--stop")
    spokes = [first]
    for number in range(2, nodes):
        spoke = place.machine(f"spoke{number}")
        _twin(first, spoke)
        spokes.append(spoke)
    for spoke in spokes:
        spoke.run("serve")
    return hub, spokes


def _twin(one: Machine, other: Machine) -> None:
    """Another machine with the same memories and settings, under its own name."""
    shutil.copytree(one.state, other.state, dirs_exist_ok=True)
    for name in ("run.db", "run.db-wal", "run.db-shm", "serve.lock"):
        (other.state / name).unlink(missing_ok=True)
    _rename(other, one.host.name)


def _rename(machine: Machine, old: str) -> None:
    file = machine.state / "config.toml"
    text = file.read_text()
    assert f'"{old}"' in text, text
    file.write_text(text.replace(f'"{old}"', f'"{machine.host.name}"'))


def _idle(place: Lab, hub: Machine, spokes: list[Machine], seconds: float) -> list[Row]:
    pids = [each.pid for each in spokes]
    cpu, hub_cpu = [server_cpu(pid) for pid in pids], server_cpu(hub.pid)
    rates = {name: total / seconds for name, total in place.during(seconds).items()}
    used = [(server_cpu(pid) - before) / seconds * 100 for pid, before in zip(pids, cpu, strict=True)]
    of_hub = (server_cpu(hub.pid) - hub_cpu) / seconds * 100
    crowd = [rate for name, rate in rates.items() if name != "hub"]
    what = f"{len(rates)} nodes, idle"
    seen = f"p50 {percentile(crowd, 50):.0f} B/s"
    return [
        Row(f"{what}: a spoke, at most", "", max(crowd), 3000, "B/s", seen=seen),
        Row(f"{what}: the hub", "", rates["hub"], 3000 * len(crowd), "B/s"),
        Row(f"{what}: processor of a spoke", "a core", percentile(used, 50), 1.0, "%", seen=f"hub {of_hub:.2f} %"),
        Row(f"{what}: memory of a spoke", "", resident_mb(pids[0]), 80, "MB", seen=f"hub {resident_mb(hub.pid):.1f}"),
    ]


def _save(place: Lab, spokes: list[Machine]) -> list[Row]:
    """What one memory costs another spoke until everybody has it and has said so."""
    seconds = 15.0
    rest = place.during(seconds)
    before = place.bytes()
    spokes[0].run("save", "the pump of pier nine is replaced in March")
    time.sleep(seconds)
    now = place.bytes()
    cost = {name: now[name] - before[name] - rest[name] for name in now}
    others = [cost[spoke.host.name] for spoke in spokes[1:]]
    return [
        Row("one memory saved: bytes on the line of a spoke", "", percentile(others, 50), 60_000, "B"),
        Row("one memory saved: on the hub's", "", cost["hub"], 60_000 * len(spokes), "B"),
    ]


def _restart(place: Lab, hub: Machine, spokes: list[Machine]) -> list[Row]:
    """The hub dies and comes back."""
    hub.kill()
    time.sleep(5)
    before = place.bytes()
    hub.run("serve")
    took, carried = place.until_quiet(QUIET, first=before)
    others = [carried[spoke.host.name] for spoke in spokes]
    seen = f"hub {carried['hub'] / 1e6:.1f} MB"
    return [
        Row("the hub restarted: until quiet", "", took, 30, "s"),
        Row("the hub restarted: bytes of a spoke", "", percentile(others, 50), 1_000_000, "B", seen=seen),
    ]


def _newcomer(place: Lab, spokes: list[Machine], streams: int) -> list[Row]:
    """A fresh machine joins."""
    fresh = place.machine("fresh")
    file = spokes[0].state / "config.toml"
    (fresh.state / "config.toml").write_text(file.read_text())
    _rename(fresh, spokes[0].host.name)
    before, begin = place.bytes(), time.monotonic()
    fresh.run("serve")
    has(fresh.state, streams)
    all_there = time.monotonic() - begin
    took, carried = place.until_quiet(QUIET, first=before)
    others = [carried[spoke.host.name] for spoke in spokes]
    seen = f"its own {carried['fresh'] / 1e3:.0f} kB, all memories after {all_there:.1f} s"
    return [
        Row("a fresh machine: until quiet", "", took, 30, "s"),
        Row("a fresh machine: bytes of another spoke", "", percentile(others, 50), 200_000, "B", seen=seen),
    ]
