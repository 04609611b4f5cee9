"""Checks of a machine that shares: its resident process, its peers, the way to its hubs and into itself."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import closing

from .. import __version__, endpoints, interfaces
from ..clock import DAY
from ..mesh import talk
from ..results import MeshStatus
from ..service import meshing, modes, residence
from ..service import sharing as service
from ..service.context import Context
from ..store import log, spread
from ..store.run import Run
from ..store.spread import Slot
from .case import Case, failed, not_checked, passed, warned
from .results import Check, plural

START = "`kioku-mesh serve --stop`, then `kioku-mesh serve`"
_LAGGING_S = 60.0  # that a peer which is there may lack something
_OFFSET_S = 300.0  # that a clock may differ; stamps further ahead do not count
_PATIENCE_S = 2.0  # for a connection
_FRESH_FORK = 7 * DAY

Probe = Callable[[str, int], int]  # host and port; 0 when somebody answers, else the error number


def needs_store(check: Callable[[Case, MeshStatus], Check]) -> Callable[[Case], Check]:
    """A check of what the store and run.db say together."""

    def made(case: Case) -> Check:
        if case.broken:
            return not_checked("the database cannot be read")
        return check(case, meshing.status(Context(case.store, case.config, case.config.identity())))

    made.__doc__ = check.__doc__
    return made


@needs_store
def peers(_case: Case, mesh: MeshStatus) -> Check:
    """Has every machine what it should have, and was each heard lately?"""
    if not mesh.peers:
        return passed(mesh.summary)
    rows = {peer.node: {"lag_records": peer.lag_records, "last_seen": peer.last_seen} for peer in mesh.peers}
    troubled = [peer for peer in mesh.peers if peer.counted and peer.last_error]
    if troubled:
        said = "; ".join(f"{peer.node}: {peer.last_error}" for peer in troubled)
        return warned(said, "`kioku-mesh mesh peers` shows more; look at the log of that machine", peers=rows)
    lagging = [peer for peer in mesh.peers if peer.up and peer.lag_seconds > _LAGGING_S]
    if lagging:
        said = "; ".join(f"{p.node} is there and lacks {plural(p.lag_records, 'record')}" for p in lagging)
        return warned(said, "`kioku-mesh doctor` on that machine says whether its disk or its link is full", peers=rows)
    silent = [peer.node for peer in mesh.peers if not peer.counted and peer.scopes]
    if silent:
        return warned(
            f"not heard for 30 days: {', '.join(silent)}",
            f"if it does not come back: kioku-mesh mesh forget {silent[0]}",
            peers=rows,
        )
    return passed(mesh.summary, peers=rows)


@needs_store
def peer_clocks(_case: Case, mesh: MeshStatus) -> Check:
    """Do the clocks agree? Order and expiry go by them."""
    wrong = [peer for peer in mesh.peers if peer.counted and abs(peer.clock_offset_seconds) > _OFFSET_S]
    if wrong:
        said = "; ".join(
            f"the clock of {p.node} is {abs(p.clock_offset_seconds) / 60:,.0f} minutes "
            f"{'ahead of' if p.clock_offset_seconds > 0 else 'behind'} ours"
            for p in wrong
        )
        return warned(said, "set the one that is wrong, and let it follow a time server")
    return passed("the clocks agree" if mesh.peers else mesh.summary)


@needs_store
def peer_versions(_case: Case, mesh: MeshStatus) -> Check:
    """Do all machines speak the same protocol?"""
    counted = [peer for peer in mesh.peers if peer.counted]
    foreign = [f"{peer.node} {peer.protocol}" for peer in counted if peer.protocol != talk.PROTOCOL]
    if foreign:
        return failed(
            f"not all machines speak protocol {talk.PROTOCOL}: {', '.join(foreign)}; what passes is only what both understand",
            "install the same version everywhere",
        )
    other = [f"{peer.node} {peer.version}" for peer in counted if peer.version != __version__]
    if other:
        return warned(
            f"not all machines have version {__version__}: {', '.join(other)}",
            "install the same version everywhere; what they share is exchanged meanwhile",
        )
    return passed("all machines have the same version" if counted else mesh.summary)


def sharing(case: Case) -> Check:
    """Does anything stay here that nobody decided about?"""
    if case.broken:
        return not_checked("the database cannot be read")
    found = service.existing(Context(case.store, case.config, case.config.identity()))
    if any(found.open.values()):
        return warned(
            f"{plural(sum(found.open.values()), 'memory')} saved while this machine shared nothing: nobody "
            "has said whether other machines get them, so they stay here",
            "kioku-mesh init --share-existing yes (or no)",
            **found._asdict(),
        )
    kept = sum(found.withheld.values())
    said = f"{plural(kept, 'memory')} withheld, as was said" if kept else "nothing is kept from the mesh"
    return passed(said, **found._asdict())


def admission(_case: Case) -> Check:
    """Who is let in, said as it is."""
    return passed(f"{modes.ADMISSION}: {modes.OPEN}")


def node_names(case: Case) -> Check:
    """Has every machine a name of its own, and does only one copy of each write?"""
    if case.broken:
        return not_checked("the database cannot be read")
    with case.store.read() as snapshot, closing(Run(case.store.directory, writes=False)) as run:
        node, lives = snapshot.node, spread.lives(snapshot.db)
        # Of a copied machine the other one goes by a life that was ours too.
        passed_lives = lives - {str(snapshot.origin).rpartition(".")[2]}
        same = [peer for peer in run.peers() if peer.node == node]
        twins = [p for p in same if p.incarnation not in lives or (p.up and p.incarnation in passed_lives)]
        forked = [head for head in log.heads(snapshot.db) if len(head.tips) > 1]
        fresh = [
            head.origin
            for head in forked
            if max(spread.stamp(snapshot.db, Slot(*head[:3], tip.seq)) or 0 for tip in head.tips)
            > case.now - _FRESH_FORK
        ]
    if twins:
        return warned(
            f"another machine is called {node} too" + (f" ({twins[0].host})" if twins[0].host else ""),
            "give one of them another name: kioku-mesh init --node NAME"
            if twins[0].up
            else f"if it has another name now: kioku-mesh mesh forget {node}",
        )
    if fresh:
        names = ", ".join(sorted({origin.rpartition(".")[0] for origin in fresh}))
        return warned(
            f"two copies of {names} have written lately; what both wrote is kept",
            "a copied machine needs a name of its own: kioku-mesh init --node NAME",
            streams=fresh,
        )
    once = f"; {plural(len(forked), 'stream')} forked long ago, all of it is kept" if forked else ""
    return passed(f"every machine has a name of its own{once}")


def hubs(case: Case, probe: Probe | None = None) -> Check:
    """Can the hubs be reached?"""
    wanted = case.config.get("connect")
    if not wanted and case.config.get("mode") == "spoke":
        return failed("a spoke without the address of a hub", "kioku-mesh init --mode spoke --connect ADDRESS")
    if not wanted:
        return passed("this hub connects to no other")
    found = {each: (probe or answer)(*endpoints.parts(each)[1:]) for each in wanted}
    away = {each: code for each, code in found.items() if code}
    if not away:
        return passed(f"{plural(len(found), 'hub')} can be reached: {', '.join(found)}")
    said = "; ".join(f"{each}: {_why(code)}" for each, code in away.items())
    told = warned if len(away) < len(found) else failed
    return told(f"not reached: {said}", _remedy(*next(iter(away.items()))), reached=[e for e in found if e not in away])


def _why(code: int) -> str:
    return {
        errno.ECONNREFUSED: "the machine answers, but nothing listens there",
        errno.ETIMEDOUT: "no answer",
        errno.ENOENT: "the name is not known",
        errno.EHOSTUNREACH: "that machine is off, or not in this network",
        errno.ENETUNREACH: "no network leads there",
    }.get(code, errno.errorcode.get(code, str(code)))


def _remedy(endpoint: str, code: int) -> str:
    port = endpoints.parts(endpoint)[2]
    if code == errno.ECONNREFUSED:
        return f"on the hub: is it set up (`kioku-mesh config get listen`), does it run, and is {port} its port?"
    if code == errno.ENOENT:
        return "look at the spelling, or write the address in numbers"
    return (
        f"is the hub on, and are both in one network? A firewall on the hub must let TCP port {port} in "
        f"(for example: sudo ufw allow {port}/tcp)"
    )


def answer(host: str, port: int) -> int:
    """0 when somebody accepts a connection there, else why not."""
    import socket

    try:
        socket.create_connection((host, port), _PATIENCE_S).close()
    except TimeoutError:
        return errno.ETIMEDOUT
    except socket.gaierror:
        return errno.ENOENT
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def bindable(host: str, port: int) -> int:
    """0 when this machine could listen there, else why not."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
    except socket.gaierror:
        return errno.ENOENT
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def ports(case: Case) -> Check:
    """Can others come in where this machine should listen?"""
    wanted = case.config.get("listen")
    if not wanted and case.config.get("mode") == "hub":
        return failed("a hub that listens nowhere", "kioku-mesh init --mode hub --listen ADDRESS")
    if not wanted:
        return passed("a spoke that listens nowhere")
    serve = residence.resident(case.store.directory)
    running = serve is not None and serve.running
    for each in wanted:
        ours = serve is not None and running and each in serve.addresses
        found = _port(each, ours, case.config.get("engine") == "zenohd")
        if found:
            return found
    through = ", ".join(str(n) for n in sorted({endpoints.parts(each)[2] for each in wanted}))
    state = "open" if running else "free, and open when the process that shares runs"
    return passed(f"{', '.join(wanted)}: {state}; a firewall must let TCP port {through} in")


def _port(endpoint: str, ours: bool, router: bool) -> Check | None:
    """What is wrong with one address to listen at; `ours`: we do; `router`: a zenohd shall."""
    _, host, port = endpoints.parts(endpoint)
    code = bindable(host, port)
    if code in (errno.EADDRNOTAVAIL, errno.ENOENT):
        mine = ", ".join(each.address for each in interfaces.interfaces())
        return failed(
            f"{host} is no address of this machine", f"kioku-mesh init --listen ADDRESS; it has {mine or 'none'}"
        )
    if answer({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port) == 0:
        taken = f"another program listens at {endpoint}"
        return (
            None if ours or router else warned(taken, "stop it, or choose another port with kioku-mesh init --listen")
        )
    if code == errno.EACCES:
        return failed(f"{endpoint} may not be opened by you", "choose a port above 1023 with kioku-mesh init --listen")
    if code:
        return failed(f"{endpoint} cannot be opened: {_why(code)}", "choose another with kioku-mesh init --listen")
    if router:
        return failed(f"no zenohd answers at {endpoint}", "kioku-mesh doctor --check zenohd")
    if ours:
        return failed(f"nothing answers at {endpoint} although the process that shares runs", START)
    return None
