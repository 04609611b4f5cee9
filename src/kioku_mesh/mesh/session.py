"""Opening a Zenoh session as a node of the mesh: the only settings of Zenoh there are, each with its reason."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import PeerUnreachable, Sandboxed

if TYPE_CHECKING:
    import zenoh


def settings(listen: Sequence[str], connect: Sequence[str]) -> dict[str, object]:
    """What Zenoh is told.

    Who listens is a router; who only connects is a client, which has one hub at a time and tries them in turn. (Two routers
    whose line breaks may end up in a state in which one can no longer ask the other, and two peers on one hub do not see
    each other.)
    """
    router = bool(listen)
    return {
        "mode": "router" if router else "client",
        "listen": {"endpoints": list(listen)},
        "connect": {
            "endpoints": list(connect),
            # A router goes on trying in the background, for days; a client fails to open at once, and later comes back
            # to its hubs by itself.
            "timeout_ms": -1 if router else 0,
            "exit_on_failure": not router,
            "retry": {"period_init_ms": 100, "period_max_ms": 500, "period_increase_factor": 1.5},
        },
        "scouting": {"multicast": {"enabled": False}, "gossip": {"enabled": False}, "delay": 0},
        "timestamping": {"enabled": {"router": True, "peer": False, "client": False}},  # storages need it
        "transport": {
            "shared_memory": {"enabled": False},  # leaves files behind killed processes
            "unicast": {"open_timeout": 1000},  # instead of 10 s for an address where nobody is
            # A page on a thin line may keep the signs of life behind it waiting for some seconds.
            "link": {"tx": {"lease": 10_000}},
        },
    }


def check() -> None:
    """Raises PeerUnreachable when Zenoh is not installed."""
    try:
        import zenoh  # noqa: F401
    except ImportError as error:
        raise PeerUnreachable(
            f"the mesh needs the package eclipse-zenoh, which cannot be loaded here ({error})",
            "install it: pip install eclipse-zenoh (there are no wheels for musl and for Windows on ARM)",
        ) from None


def open_session(listen: Sequence[str], connect: Sequence[str]) -> zenoh.Session:
    """Raises PeerUnreachable when an endpoint cannot be listened on, when none can be reached by who does not listen, or
    when Zenoh is not installed; Sandboxed where this process may not use the network."""
    check()
    import zenoh

    try:
        return zenoh.open(zenoh.Config.from_json5(json.dumps(settings(listen, connect))))
    except zenoh.ZError as error:
        if "not permitted" in str(error) or "ermission denied" in str(error) or _is_forbidden():
            raise Sandboxed(
                "this process may not use the network", "start it outside of the sandbox: kioku-mesh serve"
            ) from None
        if not listen:
            raise PeerUnreachable(
                f"none of its hubs can be reached: {', '.join(connect)}", "see whether `kioku-mesh serve` runs there"
            ) from None
        raise PeerUnreachable(
            f"cannot listen on {', '.join(listen)}: {_why(error)}",
            "see which program has the port, or choose another with `kioku-mesh init --listen`",
        ) from None


def _is_forbidden() -> bool:
    """Zenoh does not say why it could not connect."""
    try:
        socket.socket().close()
    except OSError as error:
        return error.errno in (errno.EPERM, errno.EACCES)
    return False


def _why(error: Exception) -> str:
    """What the system said (`Address already in use`), out of the story that Zenoh tells of it."""
    said, number, _ = str(error).partition(" (os error")
    return said.rpartition(": ")[2] if number else said.split(" at ")[0]
