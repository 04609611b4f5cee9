"""Opening a Zenoh session as a node of the mesh: the only settings of Zenoh there are, each with its reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import PeerUnreachable, Sandboxed

if TYPE_CHECKING:
    import zenoh


def settings(listen: Sequence[str], connect: Sequence[str]) -> dict[str, object]:
    """What Zenoh is told.

    Every node is a router: as a client it could not start without its hub, and two peers on one hub do not see each
    other. A node that does not listen is a router that only connects out.
    """
    return {
        "mode": "router",
        "listen": {"endpoints": list(listen)},
        "connect": {
            "endpoints": list(connect),
            "timeout_ms": -1,  # for ever, in the background: a hub may be away for days
            "exit_on_failure": False,
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


def open_session(listen: Sequence[str], connect: Sequence[str]) -> zenoh.Session:
    """Raises PeerUnreachable when an endpoint cannot be listened on, or Zenoh is not installed."""
    try:
        import zenoh
    except ImportError as error:
        raise PeerUnreachable(
            f"the mesh needs the package eclipse-zenoh, which cannot be loaded here ({error})",
            "install it: pip install eclipse-zenoh (there are no wheels for musl and for Windows on ARM)",
        ) from None
    try:
        return zenoh.open(zenoh.Config.from_json5(json.dumps(settings(listen, connect))))
    except zenoh.ZError as error:
        if "not permitted" in str(error) or "ermission denied" in str(error):
            raise Sandboxed(
                "this process may not use the network", "start it outside of the sandbox: kioku-mesh serve"
            ) from None
        raise PeerUnreachable(
            f"cannot listen on {', '.join(listen)}: {_why(error)}" if listen else f"cannot open a session: {error}",
            "see which program has the port, or choose another with `kioku-mesh init --listen`",
        ) from None


def _why(error: Exception) -> str:
    """What the system said (`Address already in use`), out of the story that Zenoh tells of it."""
    said, number, _ = str(error).partition(" (os error")
    return said.rpartition(": ")[2] if number else said.split(" at ")[0]
