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
QUIET_MAX = 100  # machines above which those that said nothing yet are not noted


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
        for name in sorted({peer.address.node for peer in node.peers.values() if peer.news}):
            self._note(node, [peer for peer in node.peers.values() if peer.address.node == name])

    def _note(self, node: Node, same: list[Peer]) -> None:
        """One row for a name: of several that had it, the one that is there, or was heard last."""
        for each in same:
            each.news = False
        peer = max(same, key=lambda each: (each.up, each.heard))
        if not peer.scopes and len(node.peers) > QUIET_MAX:
            return
        clash = f"two machines call themselves {peer.address.node}"
        if peer.up and (peer.address.node == node.who.node or sum(each.up for each in same) > 1):
            peer.error = clash
        elif peer.error == clash:
            peer.error = ""
        if not self._run.knows(peer.address.node):  # somebody else forgot it, or this is a new file
            self._heads.pop(peer.address.node, None)
        if peer.scopes or not self._recall(peer):
            self._run.put_peer(_noted(peer))
            self._put_heads(peer)

    def _recall(self, peer: Peer) -> bool:
        """One that is there and has not spoken yet: what it said before stands, but for the heads of another life."""
        before = next((noted for noted in self._run.peers() if noted.node == peer.address.node), None)
        if before is None:
            return False
        node, incarnation = peer.address
        self._run.put_peer(before._replace(incarnation=incarnation, up=peer.up, heard=peer.heard, error=peer.error))
        if before.incarnation != incarnation:
            self._run.put_heads(node, (), whole=True)
            self._heads.pop(node, None)
        return True

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


def _noted(peer: Peer) -> Noted:
    return Noted(
        peer.address.node, peer.address.incarnation, peer.host, peer.version, peer.protocol, peer.at, peer.up,
        peer.heard, peer.counter, peer.ahead, peer.scopes, peer.error,
    )  # fmt: skip
