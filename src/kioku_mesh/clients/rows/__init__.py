"""The table of clients: one row each, see `table.py` for what a row says."""

from __future__ import annotations

from ...config import Config
from ...errors import BadInput
from ..table import SCOPES, Client, Place, place_of
from .editors import EDITORS
from .terminals import TERMINALS

CLIENTS: dict[str, Client] = {client.name: client for client in (*TERMINALS, *EDITORS)}


def client_named(name: str) -> Client:
    """The client of this name. Raises BadInput with the names there are."""
    if name not in CLIENTS:
        raise BadInput(f"no such client: {name}", f"known clients: {', '.join(CLIENTS)}")
    return CLIENTS[name]


def required_place(client: Client, scope: str, config: Config) -> Place:
    """As `place_of`, where the client must have one. Raises BadInput."""
    if scope not in SCOPES:
        raise BadInput(f"no such scope: {scope}", f"scopes: {', '.join(SCOPES)}")
    place = place_of(client, scope, config)
    if place is None:
        other = " and ".join(one.scope for one in client.places if place_of(client, one.scope, config))
        known = f"it has the scope {other}" if other else "it does not run on this platform"
        raise BadInput(f"{client.title} keeps no servers in the scope {scope} here", known)
    return place
