"""The Zenoh binding: carries what a node wants to say, and brings what comes in, through one queue.

Zenoh calls back from its own threads, and a callback that takes long stalls a link. So callbacks only enqueue; requests of
others are answered by a thread of their own, and so is sending, which may block while a link is full.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import NotAvailable, PeerUnreachable
from ..store.exchange import Page
from . import keys, talk
from .outgoing import Announce, Ask, Load, Out, Push, Recall
from .peers import Address
from .session import check, open_session

if TYPE_CHECKING:
    import zenoh

EVENTS_MAX = 10_000  # that wait to be looked at; announcements and records beyond are dropped, and asked for later
ASKED_MAX = 64  # requests of others that wait; more are not answered, and asked again
OUTGOING_MAX = 4096  # messages that wait to be sent; more are dropped, and repaired later
CLOSING_S = 3.0  # closing a session with a frozen remote would take 10 s
REACHING_S = 0.5  # between two attempts to reach a hub

Event = tuple[str, Any, Any]  # what, and its two values

_END = None


class Line:
    """One session. `events`: ("up" | "down", address, -), ("heard" | "pushed", bytes, -), ("answered", number, bytes),
    ("linked" | "failed", error, -).

    Who listens has it from the beginning. Who does not has it as soon as one of its hubs can be reached.
    """

    def __init__(
        self,
        me: Address,
        scopes: frozenset[str],
        listen: Sequence[str],
        connect: Sequence[str],
        answer: Callable[[bytes], bytes | None],
    ) -> None:
        """`answer` is called in a thread of its own. Raises PeerUnreachable when `listen` cannot be listened on."""
        check()
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()  # cheaper to wait for than a Queue
        self._answer = answer
        self._asked: queue.Queue[zenoh.Query | None] = queue.Queue(maxsize=ASKED_MAX)
        self._outgoing: queue.Queue[tuple[str, bytes, bool] | None] = queue.Queue(maxsize=OUTGOING_MAX)
        self._me, self._scopes = me, scopes
        self._session: zenoh.Session | None = None
        self._kept: list[Any] = []  # Zenoh forgets what nobody refers to
        self._over = threading.Event()
        if listen:
            self._begin(open_session(listen, connect))
        for run in (self._answering, self._sending):
            threading.Thread(target=run, daemon=True).start()
        self._reaching = threading.Thread(target=self._reach, args=(connect,), daemon=True)
        if not listen:
            self._reaching.start()

    def _reach(self, connect: Sequence[str]) -> None:
        """Open the session as soon as that is possible."""
        while not self._over.is_set():
            try:
                self._begin(open_session((), connect))
                return
            except PeerUnreachable:
                self._over.wait(REACHING_S)
            except NotAvailable as error:
                self.events.put(("failed", error, None))
                return

    def _begin(self, session: zenoh.Session) -> None:
        try:
            self._declare(session, self._me, self._scopes)
        except BaseException:
            session.close()  # type: ignore[no-untyped-call]
            raise
        self._session = session

    def _declare(self, session: zenoh.Session, me: Address, scopes: frozenset[str]) -> None:
        lane = "mem"
        for scope in sorted(scopes):
            self._kept += [
                session.declare_subscriber(keys.records(lane, scope), self._on("pushed")),
                session.declare_subscriber(keys.announcements(lane, scope), self._on("heard")),
                session.declare_queryable(keys.sync(lane, scope, me), self._on_query),
            ]
        self._kept.append(session.info.declare_transport_events_listener(self._on_link, history=True))
        liveliness = session.liveliness()
        self._kept.append(liveliness.declare_subscriber(keys.all_alive(lane), self._on_alive, history=True))
        self._kept.append(liveliness.declare_token(keys.alive(lane, me)))

    # --- what comes in

    def _on(self, what: str) -> Callable[[Any], None]:
        def take(sample: Any) -> None:
            payload = sample.payload
            if len(payload) <= talk.MESSAGE_MAX and self.events.qsize() < EVENTS_MAX:
                self.events.put((what, payload.to_bytes(), None))

        return take

    def _on_link(self, event: Any) -> None:
        if str(event.kind).endswith("PUT"):
            self.events.put(("linked", None, None))

    def _on_alive(self, sample: Any) -> None:
        there = str(sample.kind).endswith("PUT")
        self.events.put(("up" if there else "down", keys.address(str(sample.key_expr)), None))

    def _on_query(self, query: Any) -> None:
        with suppress(queue.Full):
            self._asked.put_nowait(query)

    def _answering(self) -> None:
        while (query := self._asked.get()) is not _END:
            with suppress(Exception):  # whatever a peer sends costs it its answer alone
                payload = query.payload
                data = self._answer(payload.to_bytes()) if payload is not None else None
                if data is not None:
                    query.reply(query.key_expr, data)
            query.drop()  # type: ignore[no-untyped-call]

    # --- what goes out

    def send(self, messages: Sequence[Out]) -> None:
        """Hand over; nothing is known of the fate of any of them but by answers and announcements."""
        for message in messages:
            if isinstance(message, (Announce, Push)):
                with suppress(queue.Full):
                    self._outgoing.put_nowait(_keyed(message, self._me))
            else:
                self._get(message)

    def _sending(self) -> None:
        import zenoh

        while (message := self._outgoing.get()) is not _END:
            session = self._session
            if session is None:
                continue  # there is nobody
            with suppress(zenoh.ZError):
                key, payload, urgent = message
                # Blocking would make everybody wait for the thinnest line; what is dropped is asked for, in pages.
                session.put(
                    key,
                    payload,
                    congestion_control=zenoh.CongestionControl.DROP,
                    priority=zenoh.Priority.INTERACTIVE_HIGH if urgent else zenoh.Priority.DATA_LOW,
                )

    def _get(self, asked: Ask | Load | Recall) -> None:
        """Ask, and put the end of it among the events, whatever came."""
        import zenoh

        found: list[bytes] = []

        def reply(received: Any) -> None:
            sample = received.ok
            if sample is not None and sum(map(len, found)) + len(sample.payload) <= talk.MESSAGE_MAX:
                found.append(sample.payload.to_bytes())

        def end() -> None:
            self.events.put(_ended(asked, found))

        session = self._session
        if session is None:
            end()
            return
        key, payload = _question(asked)
        try:
            session.get(
                key,
                zenoh.handlers.Callback(reply, end),
                payload=payload,
                target=zenoh.QueryTarget.ALL,
                timeout=asked.timeout / 1e6,
                consolidation=zenoh.ConsolidationMode.NONE,
            )
        except zenoh.ZError:
            end()

    def close(self) -> None:
        """End the session; what waits to be sent is not sent any more."""
        for waiting in (self._asked, self._outgoing):
            with suppress(queue.Empty):
                while True:
                    waiting.get_nowait()
            waiting.put_nowait(_END)
        self._over.set()
        closing = threading.Thread(target=self._closing, daemon=True)
        closing.start()
        closing.join(CLOSING_S)

    def _closing(self) -> None:
        if self._reaching.ident:
            self._reaching.join()  # it may have reached somebody just now
        if self._session is not None:
            self._session.close()  # type: ignore[no-untyped-call]


def _keyed(message: Announce | Push, me: Address) -> tuple[str, bytes, bool]:
    """Key, bytes, and whether it overtakes the others."""
    if isinstance(message, Announce):
        said = message.said
        return keys.announcement(said.lane, said.scope, me), talk.encode_announcement(said), True
    return keys.record(message.header, message.digest), message.frame, False


def _question(asked: Ask | Load | Recall) -> tuple[str, bytes | None]:
    if isinstance(asked, Ask):
        request = asked.request
        return keys.sync(request.lane, request.scope, asked.to), talk.encode_request(request)
    if isinstance(asked, Load):
        return keys.bucket(asked.name, asked.bucket), None
    return keys.announcements(asked.lane, asked.scope), None


def _ended(asked: Ask | Load | Recall, found: list[bytes]) -> Event:
    if isinstance(asked, Ask):
        return "answered", asked.number, found[0] if found else None
    if isinstance(asked, Load):
        return "loaded", asked.number, talk.encode_page(Page(tuple(found), 0, False))
    return "recalled", found, None
