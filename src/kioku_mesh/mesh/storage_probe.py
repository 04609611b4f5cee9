"""A short visit to a router: write a key, read it, ask what it stores. For checks in a process of their own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..errors import NotAvailable, PeerUnreachable

if TYPE_CHECKING:
    from typing import Self

    import zenoh

_CLOSING = 2.0  # seconds; a frozen router makes closing wait for longer


def available() -> bool:
    """Whether the Zenoh library is here at all."""
    return find_spec("zenoh") is not None


class Visit:
    """A session with the router at `endpoint`, as a client. Close it, or use it in a `with`.

    Raises NotAvailable without the library, PeerUnreachable if nobody answers there within `patience` seconds.
    """

    def __init__(self, endpoint: str, patience: float = 2.0) -> None:
        try:
            import zenoh
        except ImportError:
            raise NotAvailable(
                "the Zenoh library is not installed here", "install it: pip install eclipse-zenoh"
            ) from None
        settings = {
            "mode": "client",
            "connect": {"endpoints": [endpoint], "timeout_ms": int(patience * 1000), "exit_on_failure": True},
            "scouting": {"multicast": {"enabled": False}, "delay": 0},
            "transport": {"shared_memory": {"enabled": False}, "unicast": {"open_timeout": 1000}},
        }
        try:
            self._session: zenoh.Session = zenoh.open(zenoh.Config.from_json5(json.dumps(settings)))
        except zenoh.ZError:
            raise PeerUnreachable(f"no router answers at {endpoint}", "start it: zenohd -c FILE") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session; a router that does not answer any more is left behind."""
        closing = threading.Thread(target=self._session.close, daemon=True)
        closing.start()
        closing.join(_CLOSING)

    def put(self, key: str, payload: bytes) -> None:
        """Write, and wait for nothing: whether it arrived is seen by reading."""
        import zenoh

        self._session.put(key, payload, congestion_control=zenoh.CongestionControl.BLOCK)

    def delete(self, key: str) -> None:
        """Take a key out of the storages."""
        import zenoh

        self._session.delete(key, congestion_control=zenoh.CongestionControl.BLOCK)

    def read(self, key: str, patience: float = 2.0) -> bytes | None:
        """What is stored under a key; None if nobody has it."""
        return next((payload for _, payload in self._replies(key, patience)), None)

    def everything(self, selector: str, patience: float = 5.0) -> dict[str, bytes]:
        """All that is stored under keys that fit."""
        return dict(self._replies(selector, patience))

    def settled(self, key: str, payload: bytes | None, patience: float) -> bool:
        """Whether `key` reads as `payload` within `patience` seconds: a storage takes its time after a write."""
        until = time.monotonic() + patience
        while self.read(key) != payload:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def routers(self) -> tuple[str, ...]:
        """The ids of the routers this session is connected to."""
        return tuple(str(zid) for zid in self._session.info.routers_zid())

    def admin(self, selector: str, patience: float = 2.0) -> dict[str, Any]:
        """Key -> value of the router's own description of itself. Empty if it shows none."""
        found: dict[str, Any] = {}
        for key, payload in self._replies(selector, patience):
            try:
                found[key] = json.loads(payload)
            except ValueError:
                found[key] = payload.decode(errors="replace")
        return found

    def _replies(self, selector: str, patience: float) -> Iterator[tuple[str, bytes]]:
        import zenoh

        # Without consolidation: with it, a timeout returns nothing at all.
        replies = self._session.get(selector, timeout=patience, consolidation=zenoh.ConsolidationMode.NONE)
        for reply in replies:
            if reply.ok is not None:
                yield str(reply.ok.key_expr), reply.ok.payload.to_bytes()
