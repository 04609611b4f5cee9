"""Writes what is known of the peers into run.db, for everybody who asks where a memory is."""

from __future__ import annotations

from ..clock import SECOND
from ..clock import now as read_clock
from ..store.run import Peer as Noted
from ..store.run import Run
from .heads import Heads, Key
from .node import Node
from .peers import Peer

NOTED = SECOND // 10  # between two writings


class Notes:
    """Of the heads only those that changed are written: each of many peers has as many as there are streams."""

    def __init__(self, directory: str) -> None:
        self._run = Run(directory)
        self._next = 0
        self._heads: dict[str, dict[Key, Heads]] = {}  # by node, as they were written

    def leave(self, node: Node) -> None:
        """Nobody is known to be there when nobody looks."""
        for address in list(node.peers):
            node.down(address)
        self._next = 0
        self.write(node, read_clock())
        self._run.close()

    def write(self, node: Node, now: int) -> None:
        if now < self._next:
            return
        self._next = now + NOTED
        for peer in [peer for peer in node.peers.values() if peer.news]:
            peer.news = False
            _tell_clash(peer, node)
            if not self._run.knows(peer.address.node):  # somebody else forgot it, or this is a new file
                self._heads.pop(peer.address.node, None)
            self._run.put_peer(_noted(peer))
            self._put_heads(peer)

    def _put_heads(self, peer: Peer) -> None:
        node, heads = peer.address.node, {key: known.heads for key, known in peer.known.items()}
        before = self._heads.get(node, {})
        whole = node not in self._heads or any(
            not old.by_name.keys() <= heads.get(key, _NONE).by_name.keys() for key, old in before.items()
        )
        changed = [
            head for key, now in heads.items() for head in now.beside(_NONE if whole else before.get(key, _NONE))
        ]
        if whole or changed:
            self._run.put_heads(node, changed, whole)
        self._heads[node] = heads


_NONE = Heads()


def _tell_clash(peer: Peer, node: Node) -> None:
    """Is somebody else of this name there at the same time?"""
    clash = f"two machines call themselves {peer.address.node}"
    others = [other for other in node.peers.values() if other.up and other is not peer]
    if peer.up and peer.address.node in (node.who.node, *(other.address.node for other in others)):
        peer.error = clash
    elif peer.error == clash:
        peer.error = ""


def _noted(peer: Peer) -> Noted:
    return Noted(
        peer.address.node, peer.address.incarnation, peer.host, peer.version, peer.protocol, peer.at, peer.up,
        peer.heard, peer.counter, peer.ahead, peer.scopes, peer.error,
    )  # fmt: skip
