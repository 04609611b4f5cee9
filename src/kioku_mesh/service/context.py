"""What every use case needs: the store, the settings, who is asking, and which scopes that one may see."""

from __future__ import annotations

from .. import ids
from ..config import Config
from ..errors import BadInput, Refused
from ..model import VISIBILITIES, Filter, Identity
from ..store.store import Store
from ..values import NamedTuple


class Context(NamedTuple):
    store: Store
    config: Config
    identity: Identity

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes that this reader is entitled to."""
        own = {"mesh", "local"}
        if self.identity.user_id:
            own.add(f"user/{self.identity.user_id}")
        if self.identity.team_id:
            own.add(f"team/{self.identity.team_id}")
        return frozenset(own)

    def scope(self, visibility: str | None) -> str:
        """The scope that a visibility means for this writer. Raises BadInput when it needs a name that is not set."""
        wanted = visibility or self.config.get("default_visibility")
        if wanted not in VISIBILITIES:
            raise BadInput(f"no such visibility: {wanted[:40]!r}", f"choose one of {', '.join(VISIBILITIES)}")
        if wanted == "user":
            return f"user/{_needed(self.identity.user_id, 'user_id', 'KIOKU_MESH_USER_ID')}"
        if wanted == "team":
            return f"team/{_needed(self.identity.team_id, 'team_id', 'KIOKU_MESH_TEAM_ID')}"
        return wanted

    def project(self, given: str | None) -> str | None:
        """The project of a save: given, else the current one. Raises Refused outside the only project of this process."""
        only = self.config.only_project
        if only and given and given != only:
            raise Refused(f"this process works in project {only!r} alone", "leave the project out")
        return only or given or self.config.project()[0]

    def within(self, where: Filter) -> Filter:
        """The filter, confined to the only project of this process if there is one."""
        only = self.config.only_project
        if only and where.project and where.project != only:
            raise Refused(f"this process works in project {only!r} alone", "leave the project out")
        return where._replace(project=only) if only else where


def _needed(value: str | None, key: str, variable: str) -> str:
    if not value or not ids.is_slug(value):
        raise BadInput(
            f"visibility {key[:-3]} needs a {key}", f"set it with `kioku-mesh config set {key} NAME` or {variable}"
        )
    return value
