"""Machines that save, revise, delete and purge while their resident processes are killed and their cables pulled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import ExitStack, suppress
from typing import Any

from mcp_client import Agent

from .hosts import Host
from .meshed import until
from .peers import heads

View = dict[str, tuple[str, str]]  # id -> (state, content)


def unlike(hosts: list[Host], views: list[View]) -> str:
    """What a person needs who asks why machines do not show the same; "" when they do."""
    if all(view == views[0] for view in views):
        return ""
    told = ["the machines do not show the same"]
    for id_ in sorted(set().union(*views)):
        shown = [view.get(id_) for view in views]
        if any(each != shown[0] for each in shown):
            told += [id_, *(f"  {host.name}: {each}" for host, each in zip(hosts, shown, strict=True))]
    for host in hosts:
        told += [host.name, host.run("serve", "--status").out, *map(str, heads(host.state))]
        told += [host.run("mesh", "peers").out, *(host.state / "serve.log").read_text().splitlines()[-20:]]
    return "\n".join(told)


class Chaos:
    """`done` counts what happened; `saved`: ids that were acknowledged; `purged` of these."""

    def __init__(self, hosts: list[Host], seed: int) -> None:
        self.hosts, self.rng = hosts, random.Random(seed)
        self.done: Counter[str] = Counter()
        self.saved: list[str] = []
        self.purged: set[str] = set()
        self.apart: set[str] = set()

    def run(self, seconds: float) -> None:
        """Random acts, one after another, for so long; then everything is healed and running."""
        with ExitStack() as stack:
            agents = {host.name: stack.enter_context(host.agent()) for host in self.hosts}
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                host = self.rng.choice(self.hosts)
                self.act(host, agents[host.name])
        for host in self.hosts:
            if host.name in self.apart:
                host.heal()
            until(lambda host=host: self.start(host), "the resident process runs")  # type: ignore[misc]

    def act(self, host: Host, agent: Agent) -> None:
        what = self.rng.choices(
            ("save", "revise", "delete", "purge", "kill", "cut", "heal", "start"), (40, 8, 6, 1, 2, 2, 4, 6)
        )[0]
        getattr(self, what)(host, agent)
        self.done[what] += 1

    def save(self, host: Host, agent: Agent) -> None:
        text = f"chaos {self.done['save']} says w{self.rng.randrange(10**9)}x on {host.name}"
        self.saved.append(self.ask(agent, "save_observation", content=text)["observation_id"])

    def revise(self, host: Host, agent: Agent) -> None:  # noqa: ARG002
        known = self.known(agent)
        if known:
            text = f"revised w{self.rng.randrange(10**9)}x"
            self.saved.append(self.ask(agent, "save_observation", content=text, supersedes=[known])["observation_id"])

    def delete(self, host: Host, agent: Agent) -> None:  # noqa: ARG002
        known = self.known(agent)
        if known:
            self.ask(agent, "delete_memory", observation_id=known, reason="chaos")

    def purge(self, host: Host, agent: Agent) -> None:
        known = self.known(agent)
        if known:
            host.ok("purge", known, "--yes")
            self.purged.add(known)

    def ask(self, agent: Agent, tool: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = agent.call(tool, **arguments)["structuredContent"]
        return answer

    def known(self, agent: Agent) -> str | None:
        found = self.ask(agent, "search_memory", limit=20)["results"]
        return self.rng.choice(found)["observation_id"] if found else None

    def kill(self, host: Host, agent: Agent) -> None:  # noqa: ARG002
        """The resident process, as the kernel does when memory is short."""
        running = host.run("serve", "--status", "--json").json()["serve"]
        if running is not None:
            with suppress(ProcessLookupError):
                os.kill(running["pid"], signal.SIGKILL)
                self.done["killed"] += 1

    def cut(self, host: Host, agent: Agent) -> None:  # noqa: ARG002
        host.cut()
        self.apart.add(host.name)

    def heal(self, host: Host, agent: Agent) -> None:  # noqa: ARG002
        host.heal()
        self.apart.discard(host.name)

    def start(self, host: Host, agent: Agent | None = None) -> bool:  # noqa: ARG002
        """Does it run now? One that was killed just now may still seem to."""
        with suppress(subprocess.TimeoutExpired):
            host.run("serve")
        return host.run("serve", "--status").status == 0
